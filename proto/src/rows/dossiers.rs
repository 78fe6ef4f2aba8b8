//! What every dossier's row says, whatever the process.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// The columns that the rows of all dossiers have; they lie flat beside the process's own.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct DossierColumns {
    /// Passes through the dossier, from 1; 0 when it was archived before it was born.
    pub cycle: u32,
    /// Status flags: INITIATED 1, ARCHIVED 2, ACTIVE 4, PAUSED 8, COMPLETED 16, from 32 on the process's own.
    pub status: u32,
    /// The status in one word.
    pub status_label: String,
    /// Desks open in this state.
    pub available_actions: Vec<String>,
    /// What it was handed last; null when it was archived before it was born.
    pub handoff: Value,
    /// When it was born.
    pub initiated_at: Option<String>,
    /// When work began.
    pub started_at: Option<String>,
    /// Who began it.
    pub started_by: Option<String>,
    /// Since when it rests; not while it is at work.
    pub paused_at: Option<String>,
    /// Why it rests.
    pub pause_reason: Option<String>,
    /// When its last pass was completed; not while it is open again.
    pub completed_at: Option<String>,
    /// Who completed it.
    pub completed_by: Option<String>,
    /// When it was archived.
    pub archived_at: Option<String>,
    /// Version of its last event; give it to `If-Match`.
    pub version: u64,
    /// Its last event.
    pub last_event_id: String,
    /// When it last changed.
    pub updated_at: String,
}
