//! Rows of rescues, and of what was found and done in them.

use super::DossierColumns;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The rescue of one incident, as `GET /api/divisions/{division_id}/rescues` lists it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct RescueRow {
    /// The division.
    pub division_id: String,
    /// The incident.
    pub incident_id: String,
    /// What the division is called.
    pub division_name: String,
    /// The venture that it belongs to.
    pub venture_id: String,
    /// Where it stands.
    #[serde(flatten)]
    pub dossier: DossierColumns,
    /// What happened, in short; null when it was archived before it was born.
    pub incident_title: Option<String>,
    /// `critical`, `high`, `medium` or `low`.
    pub severity: Option<String>,
    /// `fixed`, `mitigated`, `false_alarm` or `escalated`; null while it is open.
    pub outcome: Option<String>,
    /// What it came to.
    pub resolution: Option<String>,
    /// What is done otherwise from now on.
    pub lessons_learned: Vec<String>,
    /// What is still to be done.
    pub action_items: Vec<String>,
    /// When the first mitigation of the pass was applied.
    pub mitigated_at: Option<String>,
    /// From the beginning of the pass until then.
    pub time_to_mitigate_ms: Option<i64>,
    /// From the beginning of the pass until it was completed.
    pub time_to_resolve_ms: Option<i64>,
}

/// One diagnosis, as `GET /api/divisions/{division_id}/rescues/diagnoses` lists it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct DiagnosisRow {
    /// `diag-` and a ULID.
    pub diagnosis_id: String,
    /// The incident.
    pub incident_id: String,
    /// The division.
    pub division_id: String,
    /// The venture.
    pub venture_id: String,
    /// What was found.
    pub diagnosis: String,
    /// What caused it.
    pub root_cause: String,
    /// `deployment`, `capacity`, `dependency`, `data`, `code` or `unknown`.
    pub category: String,
    /// Who found it.
    pub diagnosed_by: String,
    /// When.
    pub diagnosed_at: String,
}

/// One fix, as `GET /api/divisions/{division_id}/rescues/fixes` lists it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct FixRow {
    /// `fix-` and a ULID.
    pub fix_id: String,
    /// The incident.
    pub incident_id: String,
    /// The division.
    pub division_id: String,
    /// The venture.
    pub venture_id: String,
    /// The diagnosis that it follows from.
    pub diagnosis_id: Option<String>,
    /// `rollback`, `feature_disable`, `scale_up`, `redirect`, `hotfix`, `config`, `data_repair` or `patch`.
    pub fix_type: String,
    /// True where it takes away the effect, not the cause.
    pub mitigation: bool,
    /// What was done.
    pub fix_description: String,
    /// The desks that it concerns.
    pub affected_desks: Vec<String>,
    /// Who did it.
    pub applied_by: String,
    /// When.
    pub applied_at: String,
}

/// One escalation, as `GET /api/divisions/{division_id}/rescues/escalations` lists it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct EscalationRow {
    /// The incident.
    pub incident_id: String,
    /// The division.
    pub division_id: String,
    /// The venture.
    pub venture_id: String,
    /// The pass through the rescue that it belongs to.
    pub cycle: u32,
    /// Why the division has to be designed anew.
    pub reason: String,
    /// What caused the incident, as far as it is known.
    pub root_cause: Option<String>,
    /// The aggregates that are concerned.
    pub affected_aggregates: Vec<String>,
    /// Who escalated it.
    pub escalated_by: String,
    /// When.
    pub escalated_at: String,
}
