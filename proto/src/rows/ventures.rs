//! Rows of ventures.

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
