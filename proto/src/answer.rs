//! The shape of every JSON answer: `{"ok":true, …}` or `{"ok":false, "error": code, …}`.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use uuid::Uuid;

/// What a command changed, answered after its events are on disk.
///
/// The ids of the thing (`venture_id`, `division_id`, …) and what its folded state shows beside them
/// (`cycle`, …) lie at the top level in [`CommandAnswer::about`].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct CommandAnswer {
    /// Always true; a refusal is an [`ErrorAnswer`].
    pub ok: bool,
    /// Version of the last event in the stream, counted from 0.
    pub version: u64,
    /// Global position of the last event in the log; give it to `Hecate-Min-Position` to read your own write.
    pub position: u64,
    /// Status flags, see `GET /api/desks`.
    pub status: u32,
    /// The status in one word, for people.
    pub status_label: String,
    /// Public desks that are open in this state, in the order of the process.
    pub available_actions: Vec<String>,
    /// False when nothing was left to record; `events` is empty then.
    pub recorded: bool,
    /// What was recorded, in order.
    pub events: Vec<EventRef>,
    /// Names the whole flow in events, log lines and mesh messages.
    pub correlation_id: Uuid,
    /// Ids and further fields of the thing, at the top level.
    #[serde(flatten)]
    pub about: Map<String, Value>,
}

/// One recorded event, named.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct EventRef {
    /// UUIDv7 of the event.
    pub event_id: Uuid,
    /// For example `venture_setup_v1`.
    pub event_type: String,
    /// Version in its stream, counted from 0.
    pub version: u64,
}

/// A no, in the same shape on every route.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ErrorAnswer {
    /// Always false.
    pub ok: bool,
    /// Stable snake_case code for programs.
    pub error: String,
    /// One sentence for people.
    pub message: String,
    /// What a program may want to know: `field`, `rule`, `hint`, `status`, `available_actions`, …
    #[serde(default)]
    pub details: Map<String, Value>,
    /// Names the flow, also in the log.
    pub correlation_id: Uuid,
}
