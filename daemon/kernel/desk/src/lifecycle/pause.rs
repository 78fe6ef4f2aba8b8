//! Work is put on the shelf, with a reason.

use super::{long_lived::LongLived, stage::Step};
use crate::prelude::*;
use std::marker::PhantomData;

/// Pause it.
#[derive(Deserialize, JsonSchema)]
#[serde(bound = "")]
#[schemars(bound = "", rename = "Pause")]
pub struct Pause<A: LongLived> {
    /// Why.
    reason: Text<1000>,
    /// What kind of reason; `blocked` unless said otherwise.
    category: Option<Category>,
    #[serde(skip)]
    of: PhantomData<fn(A)>,
}

/// What kind of reason there is for a pause.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(inline)]
pub enum Category {
    /// Something stands in the way.
    #[default]
    Blocked,
    /// Somebody else is awaited.
    Waiting,
    /// Something else comes first.
    Break,
}

/// It is on the shelf.
#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(bound = "")]
#[schemars(bound = "", rename = "Paused")]
pub struct Paused<A: LongLived> {
    /// What it is about.
    #[serde(flatten)]
    pub of: A::Of,
    /// The pass that rests.
    pub cycle: u32,
    /// Why.
    pub reason: String,
    /// What kind of reason.
    pub category: Category,
    /// Who.
    pub paused_by: String,
    /// When, microseconds.
    pub paused_at: i64,
}

impl<A: LongLived> Desk<A> for Pause<A> {
    const SPEC: DeskSpec = DeskSpec {
        name: A::NAMES.pause.name,
        path: "pause",
        aliases: &[],
        says: A::NAMES.pause.says,
        allowed_in: StateMask::ACTIVE,
        refuses: &[],
    };
    const RECORDS: &'static [EventEntry<A>] = &[event::<_, Paused<A>>()];

    fn decide(self, aggregate: &A, at: &Moment) -> Result<Decision<A>, Refused> {
        Ok(Decision::from(Paused {
            of: aggregate.dossier().of.clone(),
            cycle: aggregate.dossier().cycle,
            reason: self.reason.into(),
            category: self.category.unwrap_or_default(),
            paused_by: at.actor.clone(),
            paused_at: at.at_us,
        }))
    }
}

impl<A: LongLived> Event<A> for Paused<A> {
    const TYPE: &'static str = A::NAMES.paused;
    const EMITS: Emits = Emits::Group;

    fn evolve(self, aggregate: &mut A) {
        let dossier = aggregate.dossier_mut();
        dossier.step::<A>(Step::Paused);
        dossier.paused_at = Some(self.paused_at);
    }
}
