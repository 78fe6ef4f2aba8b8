//! The pure half of an aggregate actor: events in, state out; a request in, a decision out.

use crate::{
    aggregate::{Aggregate, event_entry, shown},
    decision::Decision,
    desk::DeskEntry,
    moment::Moment,
    refusal::Refused,
    status::Status,
};
use hecate_event_store::Json;
use serde_json::{Value, value::to_raw_value};

/// The detail of a refusal that names the fact which a thing that is not born yet begins with.
pub const BEGINS_WITH: &str = "begins_with";

/// An aggregate and the version of the last event it holds.
#[derive(Default)]
pub struct Folded<A> {
    aggregate: A,
    version: Option<u64>,
}

/// An event that this build cannot fold.
#[derive(Debug)]
pub enum Unfoldable {
    /// No desk of the aggregate records this type.
    UnknownType(String),
    /// The data does not fit the type.
    BadData(String, serde_json::Error),
}

impl<A: Aggregate> Folded<A> {
    /// The aggregate now.
    pub fn aggregate(&self) -> &A {
        &self.aggregate
    }

    /// Version of the last event, counted from 0; none before the first.
    pub fn version(&self) -> Option<u64> {
        self.version
    }

    /// Folds one event more.
    pub fn fold(&mut self, event_type: &str, data: &str) -> Result<(), Unfoldable> {
        let entry =
            event_entry::<A>(event_type).ok_or_else(|| Unfoldable::UnknownType(event_type.to_owned()))?;
        (entry.evolve)(data, &mut self.aggregate)
            .map_err(|error| Unfoldable::BadData(event_type.to_owned(), error))?;
        self.version = Some(self.version.map_or(0, |version| version + 1));
        Ok(())
    }

    /// The same aggregate, to be folded on without it.
    pub(crate) fn ahead_of(aggregate: &A) -> serde_json::Result<Self> {
        Ok(Folded { aggregate: serde_json::from_value(serde_json::to_value(aggregate)?)?, version: None })
    }

    /// The aggregate as JSON, for a snapshot.
    pub(crate) fn state(&self) -> serde_json::Result<Json> {
        Ok(to_raw_value(&self.aggregate)?.into())
    }

    /// What [`Folded::state`] wrote after the event of this version.
    pub(crate) fn restore(state: &str, version: u64) -> serde_json::Result<Self> {
        Ok(Folded { aggregate: serde_json::from_str(state)?, version: Some(version) })
    }

    /// What a load from a snapshot would give.
    ///
    /// # Panics
    /// When the aggregate cannot be written and read.
    #[cfg(any(test, feature = "kit"))]
    pub(crate) fn through_a_snapshot(&self) -> Self {
        let state = self.state().expect("an aggregate can be written");
        let aggregate = serde_json::from_str(state.get()).expect("an aggregate can be read back");
        Folded { aggregate, version: self.version }
    }

    /// True when the desk is open in the state as it is.
    pub(crate) fn is_open(&self, desk: &DeskEntry<A>) -> bool {
        desk.spec.allowed_in.allows(self.aggregate.status())
    }

    /// True for the refusal of a desk that a hand-off may open, and for one that hangs on what was handed over.
    pub(crate) fn may_be_early(&self, desk: &DeskEntry<A>, refused: &Refused) -> bool {
        if !self.is_open(desk) {
            return A::is_opened_by_hand_offs(self.aggregate.status());
        }
        desk.spec.refuses.iter().any(|refusal| refusal.may_be_early && refused.is(*refusal))
    }

    /// Decides one request: first whether the desk is open, then what it records.
    ///
    /// # Panics
    /// When the desk records an event type that it does not list: a bug, which must not reach the log.
    pub fn decide(&self, desk: &DeskEntry<A>, body: Value, at: &Moment) -> Result<Decision<A>, Refused> {
        if !self.is_open(desk) {
            return Err(self.explain(A::wrong_state(self.aggregate.status(), &desk.spec).into()));
        }
        let decision = (desk.decide)(body, &self.aggregate, at).map_err(|refused| self.explain(refused))?;
        for event in &decision.events {
            let listed = desk.records.iter().any(|entry| entry.event_type == event.event_type);
            assert!(listed, "{} records {} without listing it", desk.spec.name, event.event_type);
        }
        Ok(decision)
    }

    /// Adds what the caller could do instead.
    fn explain(&self, refused: Refused) -> Refused {
        let status = self.aggregate.status();
        if status == Status::UNBORN {
            let awaited = A::begins_with().filter(|_| refused.status == 404);
            return awaited.map_or(refused.clone(), |fact| refused.about(BEGINS_WITH, fact));
        }
        let shown = shown::<A>(status);
        refused
            .about("status", status.0)
            .about("status_label", shown.label)
            .about("available_actions", shown.available_actions)
    }
}
