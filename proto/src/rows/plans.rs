//! Rows of plans, of what they say, and of what came back to them.

use super::DossierColumns;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The plan of one division, as `GET /api/divisions/{division_id}/plans` shows it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct PlanRow {
    /// The division.
    pub division_id: String,
    /// What the division is called.
    pub division_name: String,
    /// The venture that it belongs to.
    pub venture_id: String,
    /// Where it stands.
    #[serde(flatten)]
    pub dossier: DossierColumns,
    /// Desks in the inventory.
    pub desk_count: u32,
    /// Sprints that have a desk.
    pub sprint_count: u32,
    /// Desks that were generated.
    pub generated_count: u32,
    /// Generated desks that it was told of, once for each time.
    pub generation_acks: u32,
    /// Completed tests that it was told of.
    pub testing_acks: u32,
    /// Releases that it was told of.
    pub deployment_acks: u32,
    /// Incidents that it was told of.
    pub incident_acks: u32,
    /// Completed rescues that it was told of.
    pub rescue_acks: u32,
}

/// One desk of a plan, as `GET /api/divisions/{division_id}/plans/desks` lists it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct PlannedDeskRow {
    /// `desk-`, the division and the name.
    pub desk_id: String,
    /// The division.
    pub division_id: String,
    /// The venture.
    pub venture_id: String,
    /// What it is called.
    pub desk_name: String,
    /// `cmd`, `qry` or `prj`.
    pub department: String,
    /// The aggregate that it works on.
    pub aggregate_name: Option<String>,
    /// How soon it is needed, from 0, the walking skeleton, to 3.
    pub priority: u8,
    /// The sprint that it is in.
    pub sprint_number: Option<u32>,
    /// Its place in that sprint, from 0.
    pub sprint_order: Option<u32>,
    /// What it does.
    pub description: Option<String>,
    /// Where its requests come in.
    pub inboxes: Vec<String>,
    /// What it does by itself.
    pub policies: Vec<String>,
    /// What it tells.
    pub emitters: Vec<String>,
    /// When it was last generated.
    pub generated_at: Option<String>,
    /// Who put it into the inventory.
    pub inventoried_by: String,
    /// When.
    pub inventoried_at: String,
}

/// One dependency of a plan, as `GET /api/divisions/{division_id}/plans/dependencies` lists it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct PlannedDependencyRow {
    /// `dep-` and both desks.
    pub dependency_id: String,
    /// The division.
    pub division_id: String,
    /// The venture.
    pub venture_id: String,
    /// The desk that triggers, requires or reads.
    pub from_desk: String,
    /// The desk that is triggered, required or read.
    pub to_desk: String,
    /// `triggers`, `requires` or `reads`.
    pub dependency_type: String,
    /// Why.
    pub description: Option<String>,
    /// Who planned it.
    pub planned_by: String,
    /// When.
    pub planned_at: String,
}

/// What came back to a plan, as `GET /api/divisions/{division_id}/plans/feedback` lists it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct PlanFeedbackRow {
    /// The fact that it was told.
    pub source_event_id: String,
    /// The division.
    pub division_id: String,
    /// The venture.
    pub venture_id: String,
    /// `generation`, `testing`, `deployment`, `incident` or `rescue`.
    pub kind: String,
    /// The fact in a few words.
    pub summary: String,
    /// When it was told.
    pub acknowledged_at: String,
}
