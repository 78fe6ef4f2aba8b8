//! Rows of designs, and of what they say.

use super::DossierColumns;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The design of one division, as `GET /api/divisions/{division_id}/designs` shows it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct DesignRow {
    /// The division.
    pub division_id: String,
    /// What the division is called.
    pub division_name: String,
    /// The venture that it belongs to.
    pub venture_id: String,
    /// Where it stands.
    #[serde(flatten)]
    pub dossier: DossierColumns,
    /// Aggregates designed.
    pub aggregate_count: u32,
    /// Events designed.
    pub event_count: u32,
}

/// One aggregate of a design, as `GET /api/divisions/{division_id}/designs/aggregates` lists it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct DesignedAggregateRow {
    /// `agg-`, the division and the name.
    pub aggregate_id: String,
    /// The division.
    pub division_id: String,
    /// The venture.
    pub venture_id: String,
    /// What it is called.
    pub aggregate_name: String,
    /// How its streams are called.
    pub stream_pattern: String,
    /// The flags of its status.
    pub status_flags: Vec<StatusFlagRow>,
    /// What it is.
    pub description: Option<String>,
    /// How often it was revised.
    pub revision: u32,
    /// Who designed it.
    pub designed_by: String,
    /// When.
    pub designed_at: String,
}

/// One flag of a designed aggregate's status.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct StatusFlagRow {
    /// What it says.
    pub name: String,
    /// Its bit, a power of two.
    pub bit: u32,
}

/// One event of a design, as `GET /api/divisions/{division_id}/designs/events` lists it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct DesignedEventRow {
    /// `evt-`, the division and the name.
    pub designed_event_id: String,
    /// The division.
    pub division_id: String,
    /// The venture.
    pub venture_id: String,
    /// What it is called.
    pub event_name: String,
    /// The aggregate that it happens to.
    pub aggregate_name: String,
    /// What it carries.
    pub payload_fields: Vec<PayloadFieldRow>,
    /// What it says.
    pub description: Option<String>,
    /// How often it was revised.
    pub revision: u32,
    /// Who designed it.
    pub designed_by: String,
    /// When.
    pub designed_at: String,
}

/// One field of a designed event's payload.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct PayloadFieldRow {
    /// What it is called.
    pub name: String,
    /// What it holds.
    #[serde(rename = "type")]
    pub of_type: String,
    /// Whether every event has it.
    pub required: bool,
}
