//! It is put away for good, with whatever goes along.

use super::{long_lived::LongLived, stage::Step};
use crate::prelude::*;

/// Archive it.
#[derive(Deserialize, JsonSchema)]
#[serde(bound = "")]
#[schemars(bound = "", rename = "Archive")]
pub struct Archive<A: LongLived> {
    /// Why.
    reason: Option<Text<1000>>,
    #[serde(flatten)]
    asked: A::ArchiveAsked,
}

/// It is put away.
#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(bound = "")]
#[schemars(bound = "", rename = "Archived")]
pub struct Archived<A: LongLived> {
    /// What it is about.
    #[serde(flatten)]
    pub of: A::Of,
    /// The pass that it ended in; 0 when it was never born.
    pub cycle: u32,
    /// Why.
    pub reason: Option<String>,
    /// Who.
    pub archived_by: String,
    /// When, microseconds.
    pub archived_at: i64,
}

impl<A: LongLived> Archived<A> {
    pub(super) fn now(of: A::Of, cycle: u32, reason: Option<String>, at: &Moment) -> Self {
        Archived { of, cycle, reason, archived_by: at.actor.clone(), archived_at: at.at_us }
    }
}

impl<A: LongLived> Desk<A> for Archive<A> {
    const SPEC: DeskSpec = DeskSpec {
        name: A::NAMES.archive.name,
        path: "archive",
        aliases: &[],
        says: A::NAMES.archive.says,
        allowed_in: StateMask::LIVE,
        refuses: &[],
    };
    const RECORDS: &'static [EventEntry<A>] = A::ARCHIVE_RECORDS;

    fn decide(self, aggregate: &A, at: &Moment) -> Result<Decision<A>, Refused> {
        let (dossier, reason) = (aggregate.dossier(), self.reason.map(String::from));
        let along = aggregate.archive(self.asked, reason.as_deref(), at);
        let archived = Archived::now(dossier.of.clone(), dossier.cycle, reason, at);
        Ok(aggregate.archived(along, archived))
    }
}

impl<A: LongLived> Event<A> for Archived<A> {
    const TYPE: &'static str = A::NAMES.archived;
    const EMITS: Emits = Emits::Group;

    fn evolve(self, aggregate: &mut A) {
        let dossier = aggregate.dossier_mut();
        dossier.step::<A>(Step::Archived);
        // One that was never born learns only now what it would have been about.
        (dossier.of, dossier.cycle) = (self.of, self.cycle);
    }
}
