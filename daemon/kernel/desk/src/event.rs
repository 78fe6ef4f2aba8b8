//! What a desk records: one type of event, how it changes its aggregate, whom it is told to.

use crate::{aggregate::Aggregate, schema};
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
    const { assert!(is_versioned(E::TYPE), "an event type ends in _v and a number") };
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

const fn is_versioned(name: &str) -> bool {
    let bytes = name.as_bytes();
    let mut at = bytes.len();
    while at > 0 && bytes[at - 1].is_ascii_digit() {
        at -= 1;
    }
    at < bytes.len() && bytes[at] != b'0' && at > 2 && bytes[at - 1] == b'v' && bytes[at - 2] == b'_'
}

#[cfg(test)]
mod tests {
    use super::is_versioned;

    #[test]
    fn a_type_name_wears_its_version() {
        for good in ["venture_setup_v1", "a_v12"] {
            assert!(is_versioned(good), "{good}");
        }
        for bad in ["venture_setup", "venture_setup_v", "venture_setup_v0", "venture_setup_1", "_v1", "v1"] {
            assert!(!is_versioned(bad), "{bad}");
        }
    }
}
