//! Rows of read models that a front-end treats specially. Times are RFC 3339 in UTC.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// One venture, as `GET /api/ventures` lists it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct VentureRow {
    /// `v-` and a ULID.
    pub venture_id: String,
    /// What it is called.
    pub name: String,
    /// What it is about.
    pub brief: Option<String>,
    /// Repositories it lives in.
    pub repos: Vec<String>,
    /// What it takes to build it.
    pub skills: Vec<String>,
    /// Named contexts around it, free form.
    pub context_map: Value,
    /// `private`, `realm` or `public`: how far its facts travel.
    pub visibility: String,
    /// How often the vision was refined.
    pub revision: u32,
    /// Status flags: INITIATED 1, ARCHIVED 2, VISION_REFINED 32, VISION_SUBMITTED 64.
    pub status: u32,
    /// The status in one word.
    pub status_label: String,
    /// Desks open in this state.
    pub available_actions: Vec<String>,
    /// When it was set up.
    pub setup_at: String,
    /// By whom.
    pub setup_by: String,
    /// When the vision was submitted.
    pub vision_submitted_at: Option<String>,
    /// When it was archived.
    pub archived_at: Option<String>,
    /// Version of its last event; give it to `If-Match`.
    pub version: u64,
    /// When it last changed.
    pub updated_at: String,
}

/// One revision of a venture's vision, as `GET /api/ventures/{venture_id}/vision` lists it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct VisionRevisionRow {
    /// The venture.
    pub venture_id: String,
    /// Counted from 1.
    pub revision: u32,
    /// The brief after this revision.
    pub brief: Option<String>,
    /// The repositories after this revision.
    pub repos: Vec<String>,
    /// The skills after this revision.
    pub skills: Vec<String>,
    /// The context map after this revision.
    pub context_map: Value,
    /// Who refined it.
    pub refined_by: String,
    /// When.
    pub refined_at: String,
}

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
