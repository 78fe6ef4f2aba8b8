//! Work goes on.

use super::{long_lived::LongLived, stage::Step};
use crate::prelude::*;
use std::marker::PhantomData;

/// Resume it.
#[derive(Deserialize, JsonSchema)]
#[serde(bound = "")]
#[schemars(bound = "", rename = "Resume")]
pub struct Resume<A: LongLived> {
    /// What changed.
    note: Option<Text<1000>>,
    #[serde(skip)]
    of: PhantomData<fn(A)>,
}

/// It is at work again.
#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(bound = "")]
#[schemars(bound = "", rename = "Resumed")]
pub struct Resumed<A: LongLived> {
    /// What it is about.
    #[serde(flatten)]
    pub of: A::Of,
    /// The pass that goes on.
    pub cycle: u32,
    /// What changed.
    pub note: Option<String>,
    /// How long it rested, milliseconds.
    pub paused_for_ms: i64,
    /// Who.
    pub resumed_by: String,
    /// When, microseconds.
    pub resumed_at: i64,
}

impl<A: LongLived> Desk<A> for Resume<A> {
    const SPEC: DeskSpec = DeskSpec {
        name: A::NAMES.resume.name,
        path: "resume",
        aliases: &[],
        says: A::NAMES.resume.says,
        allowed_in: StateMask::LIVE.with(Status::PAUSED),
        refuses: &[],
    };
    const RECORDS: &'static [EventEntry<A>] = &[event::<_, Resumed<A>>()];

    fn decide(self, aggregate: &A, at: &Moment) -> Result<Decision<A>, Refused> {
        let dossier = aggregate.dossier();
        // A clock that was set back in between makes no negative rest.
        let rested_us = at.at_us.saturating_sub(dossier.paused_at.unwrap_or(at.at_us)).max(0);
        Ok(Decision::from(Resumed {
            of: dossier.of.clone(),
            cycle: dossier.cycle,
            note: self.note.map(String::from),
            paused_for_ms: rested_us / 1_000,
            resumed_by: at.actor.clone(),
            resumed_at: at.at_us,
        }))
    }
}

impl<A: LongLived> Event<A> for Resumed<A> {
    const TYPE: &'static str = A::NAMES.resumed;
    const EMITS: Emits = Emits::Group;

    fn evolve(self, aggregate: &mut A) {
        let dossier = aggregate.dossier_mut();
        dossier.step::<A>(Step::Resumed);
        dossier.paused_at = None;
    }
}
