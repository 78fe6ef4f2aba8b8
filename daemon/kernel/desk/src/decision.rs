//! What a desk decided: none, one or several events that are recorded together or not at all.

use crate::{aggregate::Aggregate, event::Event};
use serde_json::value::{RawValue, to_raw_value};
use std::collections::BTreeMap;
use std::marker::PhantomData;

/// The events that a desk wants recorded, in order.
pub struct Decision<A> {
    pub(crate) events: Vec<Decided>,
    of: PhantomData<fn(A)>,
}

/// One event on its way to the log.
#[derive(Debug)]
pub(crate) struct Decided {
    pub(crate) event_type: &'static str,
    pub(crate) data: Box<RawValue>,
}

impl<A: Aggregate> Decision<A> {
    /// Nothing is left to record: the answer says `recorded: false`.
    pub fn nothing() -> Self {
        Decision { events: Vec::new(), of: PhantomData }
    }

    /// True when nothing is to be recorded.
    pub fn is_nothing(&self) -> bool {
        self.events.is_empty()
    }

    /// One event more in the same append.
    ///
    /// # Panics
    /// When the event does not serialise, which plain data always does.
    #[must_use]
    pub fn and<E: Event<A>>(mut self, event: E) -> Self {
        let data = to_raw_value(&event).expect("an event is plain data");
        self.events.push(Decided { event_type: E::TYPE, data });
        self
    }
}

impl Decided {
    /// The ids that the event names, so that whoever asked learns what was minted. What belongs to the flow of
    /// facts is nobody's to name.
    pub(crate) fn ids(&self) -> impl Iterator<Item = (String, String)> {
        let fields: BTreeMap<String, &RawValue> = serde_json::from_str(self.data.get()).unwrap_or_default();
        let ids =
            fields.into_iter().filter(|(field, _)| field.ends_with("_id") && field != "source_event_id");
        ids.filter_map(|(field, id)| Some((field, serde_json::from_str(id.get()).ok()?)))
    }
}

impl<A: Aggregate, E: Event<A>> From<E> for Decision<A> {
    fn from(event: E) -> Self {
        Decision::nothing().and(event)
    }
}
