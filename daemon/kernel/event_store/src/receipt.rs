//! A receipt remembers what a request did, so that a repeated request gets the first answer again,
//! also after a crash. It commits with the events of its append, or with none of them.

use std::sync::Arc;

use serde_json::value::RawValue;
use uuid::Uuid;

/// A receipt to be kept with an append.
#[derive(Debug, Clone)]
pub struct NewReceipt {
    /// Unique in the store while it is kept.
    pub key: String,
    /// Tells a repetition from another request under the same key.
    pub body_hash: [u8; 32],
    /// JSON that the caller wants back; the store does not look into it.
    pub note: Box<RawValue>,
    /// Now, microseconds since the Unix epoch, by the caller's clock: it decides what has expired.
    pub at_us: i64,
    /// How long to remember.
    pub keep: Keep,
}

/// How long a receipt is remembered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Keep {
    /// Never forgotten: for listeners, whose source event can come again at any time.
    Forever,
    /// Absent from this moment on, microseconds since the Unix epoch.
    UntilUs(i64),
}

/// What an earlier append under the same key did.
#[derive(Debug, Clone)]
pub struct Receipt {
    /// The key that it is kept under.
    pub key: String,
    /// The hash that the first request came with.
    pub body_hash: [u8; 32],
    /// The JSON that the first request left.
    pub note: Box<RawValue>,
    /// The stream that the first request appended to.
    pub stream_id: Arc<str>,
    /// Position of its first event; `None` when it recorded none.
    pub first_position: Option<u64>,
    /// Position of its last event; `None` when it recorded none.
    pub last_position: Option<u64>,
    /// Version of the stream after the first request; `None` when the stream had no event.
    pub last_version: Option<u64>,
    /// The events that it recorded, in order.
    pub events: Vec<EventRef>,
    /// How long it is kept.
    pub keep: Keep,
}

/// The name of a recorded event, as command answers list it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EventRef {
    /// The caller's id of the event.
    pub event_id: Uuid,
    /// The event type with its version.
    pub event_type: Arc<str>,
    /// Its place in the stream, from 0.
    pub version: u64,
}

impl Keep {
    /// Whether a receipt kept like this still exists at `at_us`.
    pub fn holds_at(self, at_us: i64) -> bool {
        match self {
            Self::Forever => true,
            Self::UntilUs(until_us) => at_us < until_us,
        }
    }
}
