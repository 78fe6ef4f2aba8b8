//! Work is done: the process's own gate says whether, and what is handed over to the next.

use super::{long_lived::LongLived, stage::Step};
use crate::prelude::*;

/// Complete it.
#[derive(Deserialize, JsonSchema)]
#[serde(bound = "")]
#[schemars(bound = "", rename = "Complete")]
pub struct Complete<A: LongLived> {
    #[serde(flatten)]
    asked: A::CompleteAsked,
}

/// It is done, and this is what the next process begins with.
#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(bound = "")]
#[schemars(bound = "", rename = "Completed")]
pub struct Completed<A: LongLived> {
    /// What it is about.
    #[serde(flatten)]
    pub of: A::Of,
    /// The pass that ends.
    pub cycle: u32,
    /// What is handed over.
    #[serde(flatten)]
    pub handover: A::HandOver,
    /// Who.
    pub completed_by: String,
    /// When, microseconds.
    pub completed_at: i64,
}

impl<A: LongLived> Desk<A> for Complete<A> {
    const SPEC: DeskSpec = DeskSpec {
        name: A::NAMES.complete.name,
        path: "complete",
        aliases: &[],
        says: A::NAMES.complete.says,
        allowed_in: StateMask::ACTIVE,
        refuses: A::COMPLETE_REFUSES,
    };
    const RECORDS: &'static [EventEntry<A>] = &[event::<_, Completed<A>>()];

    fn decide(self, aggregate: &A, at: &Moment) -> Result<Decision<A>, Refused> {
        Ok(Decision::from(Completed {
            of: aggregate.dossier().of.clone(),
            cycle: aggregate.dossier().cycle,
            handover: aggregate.complete(self.asked, at)?,
            completed_by: at.actor.clone(),
            completed_at: at.at_us,
        }))
    }
}

impl<A: LongLived> Event<A> for Completed<A> {
    const TYPE: &'static str = A::NAMES.completed;
    const EMITS: Emits = Emits::GroupAndMesh;

    fn evolve(self, aggregate: &mut A) {
        aggregate.dossier_mut().step_with::<A>(Step::Completed, A::flags_of(&self.handover));
    }
}
