//! What a process does because of a fact: it asks one of its own desks.
//!
//! A listener names the fact as text and decodes only the fields that it uses, so a process imports no other.
//! It uses nothing but the fact: no read model, no clock.

use crate::{aggregate::Aggregate, desk::Desk, policy::AutoStart, schema};
use hecate_event_store::RecordedEvent;
use schemars::JsonSchema;
use serde::{Serialize, de::DeserializeOwned};
use serde_json::{Map, Value};
use std::marker::PhantomData;
use uuid::Uuid;

/// Hears one type of fact, and asks a desk of its own process because of it. The type is the part of the fact's
/// data that it uses.
pub trait Listener<A: Aggregate>: DeserializeOwned + JsonSchema + 'static {
    /// `on_{fact}_{desk}`, the name of its file.
    const NAME: &'static str;
    /// The event type that it hears.
    const HEARS: &'static str;
    /// The desk that it asks.
    type Asks: Desk<A> + Serialize;
    /// What is asked because of this fact. Total and pure.
    fn hear(self, source: &Source) -> Heard<Self::Asks>;
}

/// The fact that a listener hears, apart from its data.
#[derive(Clone, Copy, Debug)]
pub struct Source<'a> {
    /// Its id.
    pub event_id: Uuid,
    /// When it happened, microseconds.
    pub at_us: i64,
    /// How far it may travel.
    pub visibility: &'a str,
    /// When what it hands over starts by itself.
    pub auto_start: AutoStart,
}

/// What a listener makes of a fact.
#[derive(Debug)]
pub enum Heard<D> {
    /// It asks this, in order: one append each.
    Asks(Vec<Ask<D>>),
    /// It wants nothing of this fact, for this reason.
    Passes(&'static str),
}

/// One request of a listener.
#[derive(Debug)]
pub struct Ask<D> {
    ids: Map<String, Value>,
    body: D,
}

impl<D> Ask<D> {
    /// Asks about the thing with this id in this field.
    pub fn of(field: &str, id: &str, body: D) -> Ask<D> {
        Ask { ids: Map::from_iter([(field.to_owned(), id.into())]), body }
    }
}

impl<D> From<Ask<D>> for Heard<D> {
    fn from(ask: Ask<D>) -> Self {
        Heard::Asks(vec![ask])
    }
}

/// A listener with its types rubbed off.
pub struct ListenerEntry<A: Aggregate> {
    /// See [`Listener::NAME`].
    pub name: &'static str,
    /// See [`Listener::HEARS`].
    pub hears: &'static str,
    /// The name of the desk that it asks.
    pub asks: &'static str,
    /// JSON Schema of what it uses of the fact.
    pub schema: fn() -> schemars::Schema,
    pub(crate) hear: Hear,
    of: PhantomData<fn(A)>,
}

/// From a fact to the requests that it leads to.
type Hear = fn(&RecordedEvent, AutoStart) -> serde_json::Result<Heard<Map<String, Value>>>;

/// Rubs the types off a listener.
pub const fn listener<A: Aggregate, L: Listener<A>>() -> ListenerEntry<A> {
    ListenerEntry {
        name: L::NAME,
        hears: L::HEARS,
        asks: <L::Asks as Desk<A>>::SPEC.name,
        schema: schema::of::<L>,
        hear: |fact, auto_start| {
            let visibility = fact.metadata.visibility.as_deref().unwrap_or(NOBODY_ELSE);
            let source = Source { event_id: fact.event_id, at_us: fact.at_us, visibility, auto_start };
            match serde_json::from_str::<L>(fact.data.get())?.hear(&source) {
                Heard::Passes(why) => Ok(Heard::Passes(why)),
                Heard::Asks(asks) => asks.into_iter().map(written).collect::<Result<_, _>>().map(Heard::Asks),
            }
        },
        of: PhantomData,
    }
}

/// How far a fact travels that does not say so.
const NOBODY_ELSE: &str = "private";

/// The request as the desk's schema knows it: what is not said is left out.
pub(crate) fn written<D: Serialize>(
    Ask { ids, body }: Ask<D>,
) -> serde_json::Result<Ask<Map<String, Value>>> {
    let mut body: Map<String, Value> = serde_json::from_value(serde_json::to_value(body)?)?;
    body.retain(|_, said| !said.is_null());
    Ok(Ask { ids, body })
}

impl Ask<Map<String, Value>> {
    pub(crate) fn into_parts(self) -> (Map<String, Value>, Map<String, Value>) {
        (self.ids, self.body)
    }
}
