//! A snapshot saves an aggregate the replay of a long stream. It is a cache: the code that wrote it may
//! use it again, any other code replays the events.

use crate::event::Json;

/// The state of a stream after one of its events.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Snapshot {
    /// Version of the last event that the state holds.
    pub version: u64,
    /// Position of that event.
    pub position: u64,
    /// SHA-256 of the program that made the state.
    pub code: [u8; 32],
    /// The state; the store does not look into it.
    pub state: Json,
}
