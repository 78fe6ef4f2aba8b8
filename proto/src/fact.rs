//! A fact as it crosses the socket: one stored event in the frame of the fact stream.

use serde::{Deserialize, Serialize};
use serde_json::Value;
use uuid::Uuid;

/// The `data:` of a fact frame on `GET /api/facts/stream` and `GET /api/stream?topics=facts`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct FactFrame {
    /// The event's type, for example `venture_setup_v1`.
    pub fact_type: String,
    /// UUIDv7 of the event.
    pub event_id: Uuid,
    /// The stream it was recorded in, for example `setup-v-01J…`.
    pub stream_id: String,
    /// Version in that stream, counted from 0.
    pub version: u64,
    /// Global position in the log; also the frame's id on the facts-only stream.
    pub position: u64,
    /// When it was recorded, RFC 3339 in UTC.
    pub at: String,
    /// The event's own fields; times in it are RFC 3339.
    pub data: Value,
    /// Who and why: `actor`, `node_id`, `realm`, `correlation_id`, `causation_id`, `command_id`, …
    pub metadata: Value,
}
