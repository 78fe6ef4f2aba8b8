//! What a desk records: one type of event, how it changes its aggregate, whom it is told to.

use crate::{aggregate::Aggregate, schema, version::version_of};
use schemars::JsonSchema;
use serde::{Serialize, de::DeserializeOwned};

/// Who hears of an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Emits {
    /// The process groups of this node.
    Group,
    /// The process groups and the mesh, as far as the venture's visibility allows.
    GroupAndMesh,
}

impl Emits {
    /// As the catalogue says it.
    pub const fn name(self) -> &'static str {
        match self {
            Emits::Group => "group",
            Emits::GroupAndMesh => "group_and_mesh",
        }
    }
}

/// One type of stored event. Its name ends in a version and its schema never changes.
pub trait Event<A: Aggregate>: Serialize + DeserializeOwned + JsonSchema + 'static {
    /// For example `venture_setup_v1`.
    const TYPE: &'static str;
    /// Who hears of it.
    const EMITS: Emits;
    /// Changes the aggregate. Total and pure: what is recorded has happened.
    fn evolve(self, aggregate: &mut A);
}

/// An event type with its Rust type rubbed off.
pub struct EventEntry<A> {
    /// See [`Event::TYPE`].
    pub event_type: &'static str,
    /// See [`Event::EMITS`].
    pub emits: Emits,
    /// JSON Schema of its data.
    pub schema: fn() -> schemars::Schema,
    /// Decodes the data and changes the aggregate.
    pub evolve: fn(&str, &mut A) -> serde_json::Result<()>,
}

/// Rubs the type off an event. A type name without its `_vN` does not compile.
pub const fn event<A: Aggregate, E: Event<A>>() -> EventEntry<A> {
    const { assert!(version_of(E::TYPE).is_some(), "an event type ends in _v and a number") };
    EventEntry {
        event_type: E::TYPE,
        emits: E::EMITS,
        schema: schema::of::<E>,
        evolve: |data, aggregate| {
            serde_json::from_str::<E>(data)?.evolve(aggregate);
            Ok(())
        },
    }
}
