//! Work on a division that leaves everything where it stands: an entry of the journal each, in the words that the
//! process's file has for it.

use super::journal::{Entry, enter};
use super::{GuideVenture, Guided};
use hecate_desk::Event;
use hecate_desk::lifecycle::{Division, Incident, Pass};
use hecate_read_model::{Project, Recorded};
use rusqlite::{OptionalExtension, Result, Transaction};

/// A fact that only the journal tells of.
pub(super) trait Tells: Event<Self::Of> {
    /// The process that records it.
    type Of: Guided;

    /// The venture and the division.
    fn ids(&self) -> (&str, &str);

    /// What happened to the division of this name.
    fn says(&self, division: &str) -> String;

    /// Who did it.
    fn actor(&self) -> &str;
}

/// A key that names a division.
pub(super) trait OfDivision {
    /// The venture and the division.
    fn ids(&self) -> (&str, &str);
}

impl OfDivision for Pass {
    fn ids(&self) -> (&str, &str) {
        (&self.venture_id, &self.division_id)
    }
}

impl OfDivision for Division {
    fn ids(&self) -> (&str, &str) {
        (&self.venture_id, &self.division_id)
    }
}

impl OfDivision for Incident {
    fn ids(&self) -> (&str, &str) {
        self.division.ids()
    }
}

/// Facts of one process, whose they are, who did it, and their sentences.
macro_rules! tells {
    ($of:ty; $($event:ty, of $key:ident, by $by:ident: |$fact:ident, $division:ident| $says:expr;)+) => {$(
        impl $crate::guide_venture::tells::Tells for $event {
            type Of = $of;

            fn ids(&self) -> (&str, &str) {
                $crate::guide_venture::tells::OfDivision::ids(&self.$key)
            }

            fn says(&self, $division: &str) -> String {
                let $fact = self;
                $says
            }

            fn actor(&self) -> &str {
                &self.$by
            }
        }
    )+};
}
pub(super) use tells;

impl<E: Tells> Project<E> for GuideVenture {
    fn project(tx: &Transaction<'_>, recorded: &Recorded<E>) -> Result<()> {
        let (venture_id, division_id) = recorded.event.ids();
        let says = recorded.event.says(&name(tx, venture_id, division_id)?);
        let entry = Entry {
            venture_id,
            division_id: Some(division_id),
            process: E::Of::TURN,
            event_type: E::TYPE,
            says,
            actor: Some(recorded.event.actor()),
            moves: false,
        };
        enter(tx, recorded, entry)
    }
}

/// The division's name, which these facts leave out.
pub(super) fn name(tx: &Transaction<'_>, venture_id: &str, division_id: &str) -> Result<String> {
    let known = tx
        .prepare_cached("SELECT name FROM division_progress WHERE venture_id = ?1 AND division_id = ?2")?
        .query_row([venture_id, division_id], |row| row.get(0))
        .optional()?;
    Ok(known.unwrap_or_else(|| division_id.to_owned()))
}
