//! Rows of read models, as their operators look at them.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// One read model, as `GET /api/read-models` lists it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ReadModelRow {
    /// Its name, `query_ventures`.
    pub model: String,
    /// Events that it could not draw.
    pub parked: u64,
    /// When it was last asked to be drawn anew.
    pub rebuild_requested_at: Option<String>,
    /// By whom.
    pub rebuild_requested_by: Option<String>,
    /// Why.
    pub rebuild_reason: Option<String>,
    /// Where in the log that stands.
    pub rebuild_position: Option<u64>,
}

/// One event that a read model could not draw, as `GET /api/read-models/{model}/parked` lists it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ParkedEventRow {
    /// The read model.
    pub model: String,
    /// Where the event stands in the log; give it to retry and skip.
    pub position: u64,
    /// The event's stream, which waits with it.
    pub stream_id: String,
    /// The event's type.
    pub event_type: String,
    /// Why it does not draw.
    pub error: String,
    /// How often it was tried.
    pub tries: u32,
    /// When it was parked.
    pub parked_at: String,
}
