//! What was done is taken up again: another pass through the same dossier.

use super::{long_lived::LongLived, stage::Step};
use crate::prelude::*;
use std::marker::PhantomData;
use uuid::Uuid;

/// Reopen it.
#[derive(Deserialize, JsonSchema)]
#[serde(bound = "")]
#[schemars(bound = "", rename = "Reopen")]
pub struct Reopen<A: LongLived> {
    /// Why.
    reason: Text<1000>,
    #[serde(skip)]
    of: PhantomData<fn(A)>,
}

/// Another pass begins.
#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(bound = "")]
#[schemars(bound = "", rename = "Reopened")]
pub struct Reopened<A: LongLived> {
    /// What it is about.
    #[serde(flatten)]
    pub of: A::Of,
    /// The pass that begins.
    pub cycle: u32,
    /// Why.
    pub reason: String,
    /// What it was handed, where another process reopened it.
    pub handoff: Option<A::HandOff>,
    /// The fact that handed it over, where there was one.
    pub source_event_id: Option<Uuid>,
    /// Who.
    pub reopened_by: String,
    /// When, microseconds.
    pub reopened_at: i64,
}

impl<A: LongLived> Desk<A> for Reopen<A> {
    const SPEC: DeskSpec = DeskSpec {
        name: A::NAMES.reopen.name,
        path: "reopen",
        aliases: &[],
        says: A::NAMES.reopen.says,
        allowed_in: StateMask::LIVE.with(Status::COMPLETED),
        refuses: &[],
    };
    const RECORDS: &'static [EventEntry<A>] = &[event::<_, Reopened<A>>()];

    fn decide(self, aggregate: &A, at: &Moment) -> Result<Decision<A>, Refused> {
        Ok(Decision::from(Reopened {
            of: aggregate.dossier().of.clone(),
            cycle: aggregate.dossier().cycle + 1,
            reason: self.reason.into(),
            handoff: None,
            source_event_id: None,
            reopened_by: at.actor.clone(),
            reopened_at: at.at_us,
        }))
    }
}

impl<A: LongLived> Event<A> for Reopened<A> {
    const TYPE: &'static str = A::NAMES.reopened;
    const EMITS: Emits = Emits::GroupAndMesh;

    fn evolve(self, aggregate: &mut A) {
        let dossier = aggregate.dossier_mut();
        dossier.step::<A>(Step::Reopened);
        dossier.cycle = self.cycle;
        if let (Some(handoff), Some(source)) = (self.handoff, self.source_event_id) {
            dossier.take(handoff, source);
        }
        aggregate.begin_cycle();
    }
}
