//! Work begins.

use super::{long_lived::LongLived, stage::Step};
use crate::prelude::*;
use std::marker::PhantomData;

/// Start it.
#[derive(Deserialize, JsonSchema)]
#[serde(bound = "")]
#[schemars(bound = "", rename = "Start")]
pub struct Start<A: LongLived> {
    #[serde(skip)]
    of: PhantomData<fn(A)>,
}

/// It is at work.
#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(bound = "")]
#[schemars(bound = "", rename = "Started")]
pub struct Started<A: LongLived> {
    /// What it is about.
    #[serde(flatten)]
    pub of: A::Of,
    /// The pass that begins.
    pub cycle: u32,
    /// Who.
    pub started_by: String,
    /// When, microseconds.
    pub started_at: i64,
}

impl<A: LongLived> Started<A> {
    pub(super) fn now(of: A::Of, cycle: u32, at: &Moment) -> Self {
        Started { of, cycle, started_by: at.actor.clone(), started_at: at.at_us }
    }
}

impl<A: LongLived> Desk<A> for Start<A> {
    const SPEC: DeskSpec = DeskSpec {
        name: A::NAMES.start.name,
        path: "start",
        aliases: &[],
        says: A::NAMES.start.says,
        allowed_in: StateMask::LIVE.without(Status::ACTIVE.and(Status::PAUSED).and(Status::COMPLETED)),
        refuses: &[],
    };
    const RECORDS: &'static [EventEntry<A>] = &[event::<_, Started<A>>()];

    fn decide(self, aggregate: &A, at: &Moment) -> Result<Decision<A>, Refused> {
        let dossier = aggregate.dossier();
        Ok(Started::now(dossier.of.clone(), dossier.cycle, at).into())
    }
}

impl<A: LongLived> Event<A> for Started<A> {
    const TYPE: &'static str = A::NAMES.started;
    const EMITS: Emits = Emits::GroupAndMesh;

    fn evolve(self, aggregate: &mut A) {
        aggregate.dossier_mut().step::<A>(Step::Started);
    }
}
