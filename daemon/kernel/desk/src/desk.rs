//! The desk itself, and the plain data that it becomes.

use crate::{
    aggregate::Aggregate,
    decision::Decision,
    event::EventEntry,
    folded::Folded,
    moment::Moment,
    refusal::Refusal,
    refusal::{Refused, Rule},
    schema,
    status::StateMask,
};
use schemars::JsonSchema;
use serde::de::DeserializeOwned;
use serde_json::Value;

/// What a desk says of itself.
#[derive(Clone, Copy, Debug)]
pub struct DeskSpec {
    /// A verb and a noun, the name of its file: `refine_vision`.
    pub name: &'static str,
    /// Its route below the process's base path; from the root where it begins with `/`; empty for a desk
    /// that only listeners use.
    pub path: &'static str,
    /// Older routes that still lead here, written like `path`.
    pub aliases: &'static [&'static str],
    /// One sentence: what it does.
    pub says: &'static str,
    /// The states in which it is open.
    pub allowed_in: StateMask,
    /// What it may refuse beyond the refusals common to all desks.
    pub refuses: &'static [Refusal],
}

impl DeskSpec {
    /// True when clients may ask this desk.
    pub const fn is_public(&self) -> bool {
        !self.path.is_empty()
    }
}

/// Reads one request against one aggregate, and either records events or refuses.
pub trait Desk<A: Aggregate>: DeserializeOwned + JsonSchema + 'static {
    /// Its name, route, states and refusals.
    const SPEC: DeskSpec;
    /// The event types that it may record; another type is a bug and stops the append.
    const RECORDS: &'static [EventEntry<A>];
    /// How many requests one body may hold, as an array. Each is decided on what those before it have recorded, and
    /// all are recorded together or none.
    const AT_ONCE_MAX: usize = 1;
    /// Whether [`Content`](crate::Content) is part of its request.
    const TAKES_CONTENT: bool = false;
    /// Total and pure: time, actor and ids arrive in the moment.
    fn decide(self, aggregate: &A, at: &Moment) -> Result<Decision<A>, Refused>;
}

/// A desk with its types rubbed off.
pub struct DeskEntry<A: Aggregate> {
    /// See [`Desk::SPEC`].
    pub spec: DeskSpec,
    /// See [`Desk::RECORDS`].
    pub records: &'static [EventEntry<A>],
    /// See [`Desk::AT_ONCE_MAX`].
    pub at_once_max: usize,
    /// See [`Desk::TAKES_CONTENT`].
    pub takes_content: bool,
    /// JSON Schema of its request.
    pub schema: fn() -> schemars::Schema,
    /// Decodes a request that fits the schema, or an array of them, and decides.
    pub decide: fn(Value, &A, &Moment) -> Result<Decision<A>, Refused>,
}

/// Rubs the types off a desk.
pub const fn desk<A: Aggregate, D: Desk<A>>() -> DeskEntry<A> {
    DeskEntry {
        spec: D::SPEC,
        records: D::RECORDS,
        at_once_max: D::AT_ONCE_MAX,
        takes_content: D::TAKES_CONTENT,
        schema: schema::of::<D>,
        decide: |body, aggregate, at| match body {
            Value::Array(bodies) => decide_each::<A, D>(bodies, aggregate, at),
            body => decide_one::<A, D>(body, aggregate, at),
        },
    }
}

fn decide_one<A: Aggregate, D: Desk<A>>(
    body: Value,
    aggregate: &A,
    at: &Moment,
) -> Result<Decision<A>, Refused> {
    // What fits the schema fits the type, but for a whole number that is written as a fraction: 1.0.
    let asked = serde_json::from_value::<D>(body).map_err(|error| {
        tracing::warn!(desk = D::SPEC.name, %error, "the schema lets through what the type does not take");
        Refusal::VALIDATION.about("rule", Rule::Type.name()).about("hint", error.to_string())
    })?;
    asked.decide(aggregate, at)
}

/// Decides each request on what those before it will have recorded. `details.item` says which one is refused.
fn decide_each<A: Aggregate, D: Desk<A>>(
    bodies: Vec<Value>,
    aggregate: &A,
    at: &Moment,
) -> Result<Decision<A>, Refused> {
    let mut ahead = Folded::ahead_of(aggregate).map_err(odd::<A, D>)?;
    let mut all = Decision::nothing();
    for (nth, body) in bodies.into_iter().enumerate() {
        let decision = decide_one::<A, D>(body, ahead.aggregate(), &at.of_item(nth))
            .map_err(|refused| refused.about("item", nth))?;
        for event in decision.events {
            ahead.fold(event.event_type, event.data.get()).map_err(odd::<A, D>)?;
            all.events.push(event);
        }
    }
    Ok(all)
}

/// A bug: plain data is written and read, and what a desk records folds.
fn odd<A: Aggregate, D: Desk<A>>(why: impl std::fmt::Debug) -> Refused {
    tracing::error!(desk = D::SPEC.name, ?why, "what was decided does not fold");
    Refusal::INTERNAL.into()
}
