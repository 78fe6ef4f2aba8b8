//! What it would work for is no longer: it is archived, even before it is born.
//!
//! Only listeners ask. The tombstone of an unborn dossier refuses the hand-off that is still on its way.

use super::{archive::Archived, dossier::Division, long_lived::LongLived};
use crate::prelude::*;

/// Archive it, born or not.
#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(bound = "")]
#[schemars(bound = "", rename = "Bury")]
pub struct Bury<A: LongLived> {
    #[serde(flatten)]
    of: A::Of,
    reason: Option<String>,
    #[serde(flatten)]
    asked: A::ArchiveAsked,
}

impl<A: LongLived> Bury<A> {
    /// Archives what is about this, and what goes along.
    pub fn of(of: A::Of, reason: Option<String>, asked: A::ArchiveAsked) -> Self {
        Bury { of, reason, asked }
    }
}

impl<A: LongLived> Desk<A> for Bury<A> {
    const SPEC: DeskSpec = DeskSpec {
        name: A::NAMES.bury,
        path: "",
        aliases: &[],
        says: "Archive what is no longer needed, born or not",
        allowed_in: StateMask::ALWAYS,
        refuses: &[Refusal::BELONGS_ELSEWHERE, A::NAMES.is_archived],
    };
    const RECORDS: &'static [EventEntry<A>] = A::ARCHIVE_RECORDS;

    fn decide(self, aggregate: &A, at: &Moment) -> Result<Decision<A>, Refused> {
        let dossier = aggregate.dossier();
        dossier.demand_about(&self.of)?;
        if dossier.status == Status::UNBORN {
            return Ok(aggregate.archived(Decision::nothing(), Archived::now(self.of, 0, self.reason, at)));
        }
        let along = aggregate.archive(self.asked, self.reason.as_deref(), at);
        match dossier.status.has(Status::ARCHIVED) {
            // It was archived alone; what was left behind goes now.
            true if along.is_nothing() => Err(A::NAMES.is_archived.into()),
            true => Ok(along),
            false => {
                let archived = Archived::now(dossier.of.clone(), dossier.cycle, self.reason, at);
                Ok(aggregate.archived(along, archived))
            }
        }
    }
}

/// A division was dismissed: whatever worked for it is archived.
#[derive(Deserialize, JsonSchema)]
pub struct OnDivisionDismissed {
    #[serde(flatten)]
    of: Division,
    reason: Option<String>,
}

impl<A: LongLived<Of = Division>> Listener<A> for OnDivisionDismissed {
    const NAME: &'static str = A::NAMES.on_dismissed;
    const HEARS: &'static str = "division_dismissed_v1";
    type Asks = Bury<A>;

    fn hear(self, _: &Source) -> Heard<Bury<A>> {
        let division_id = self.of.division_id.clone();
        Ask::of("division_id", &division_id, Bury::of(self.of, self.reason, A::ArchiveAsked::default()))
            .into()
    }
}
