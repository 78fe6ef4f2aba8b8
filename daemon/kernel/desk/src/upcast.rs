//! A new version of an event comes with a pure function from the old one, and that function is `From`.
//!
//! The old version stays beside the new one as a plain struct that no desk records. Its process lists the
//! step in [`Aggregate::UPCASTS`](crate::Aggregate::UPCASTS), and every reader sees the new version alone.

use crate::version::follows;
use hecate_event_store::UpcastEntry;
use serde::{Serialize, de::DeserializeOwned};
use serde_json::value::to_raw_value;

/// Rubs the types off one step: events stored as `from`, which hold an `Old`, are read as `to`, which holds
/// a `New`.
///
/// # Panics
/// When `to` is not a later version of `from`. In a constant, where upcasts are listed, it does not compile.
pub const fn upcast<Old, New>(from: &'static str, to: &'static str) -> UpcastEntry
where
    Old: DeserializeOwned,
    New: From<Old> + Serialize,
{
    assert!(follows(from, to), "an event is raised to a later version of itself");
    UpcastEntry {
        from,
        to,
        raise: |data| Ok(to_raw_value(&New::from(serde_json::from_str::<Old>(data)?))?.into()),
    }
}
