//! Rows of monitorings: what is probed, what was seen, what went wrong.

use super::DossierColumns;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The monitoring of one division, as `GET /api/divisions/{division_id}/monitoring` shows it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct MonitoringRow {
    /// The division.
    pub division_id: String,
    /// What the division is called.
    pub division_name: String,
    /// The venture that it belongs to.
    pub venture_id: String,
    /// Where it stands.
    #[serde(flatten)]
    pub dossier: DossierColumns,
    /// Checks registered now.
    pub check_count: u32,
    /// Incidents that nobody has resolved.
    pub open_incident_count: u32,
    /// The worst that its checks have seen last: `healthy`, `unknown`, `degraded`, `unhealthy`.
    pub health: String,
}

/// One health check, as `GET /api/divisions/{division_id}/monitoring/checks` lists it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct HealthCheckRow {
    /// `check-`, the division and the name.
    pub check_id: String,
    /// The division.
    pub division_id: String,
    /// The venture.
    pub venture_id: String,
    /// What it is called.
    pub check_name: String,
    /// How the endpoint is asked: `http`, `tcp`, `command`, `mesh_rpc`.
    pub check_type: String,
    /// What is asked.
    pub endpoint: String,
    /// From one probe to the next.
    pub interval_ms: u32,
    /// What is not answered by then has failed.
    pub timeout_ms: u32,
    /// So many failures in a row raise an incident.
    pub unhealthy_after: u32,
    /// The status of a right answer.
    pub expected_status: u16,
    /// What was kept last: `healthy`, `unknown`, `degraded`, `unhealthy`.
    pub last_status: String,
    /// How long that answer took.
    pub last_latency_ms: Option<u32>,
    /// When that was kept, which is not the last probe: as long as nothing changes, every 20th is kept.
    pub last_checked_at: Option<String>,
    /// How many times in a row it was seen like that.
    pub consecutive: u32,
    /// When it was registered.
    pub registered_at: String,
    /// When it was deregistered.
    pub deregistered_at: Option<String>,
}

/// One thing that a check has seen, as `GET /api/divisions/{division_id}/monitoring/samples` lists it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct HealthSampleRow {
    /// The check.
    pub check_id: String,
    /// The division.
    pub division_id: String,
    /// The venture.
    pub venture_id: String,
    /// `healthy`, `unknown`, `degraded`, `unhealthy`.
    pub status: String,
    /// How long the answer took.
    pub latency_ms: u32,
    /// For how many samples it stands.
    pub samples: u32,
    /// When.
    pub recorded_at: String,
}

/// The threshold of one signal, as `GET /api/divisions/{division_id}/monitoring/sla` lists it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct SlaThresholdRow {
    /// The division.
    pub division_id: String,
    /// The venture.
    pub venture_id: String,
    /// What is measured.
    pub signal: String,
    /// Its bound.
    pub threshold: f64,
    /// The samples of so many seconds are judged together.
    pub window_s: u32,
    /// How bad a breach is: `critical`, `high`, `medium`, `low`.
    pub severity: String,
    /// Who set it.
    pub set_by: String,
    /// When.
    pub set_at: String,
}

/// One incident, as `GET /api/incidents` and `GET /api/divisions/{division_id}/monitoring/incidents` list it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct IncidentRow {
    /// `inc-` and a ULID.
    pub incident_id: String,
    /// The division.
    pub division_id: String,
    /// What the division is called.
    pub division_name: String,
    /// The venture.
    pub venture_id: String,
    /// The pass in which it happened.
    pub cycle: u32,
    /// What is wrong.
    pub incident_title: String,
    /// How bad it is: `critical`, `high`, `medium`, `low`.
    pub severity: String,
    /// What is known of it.
    pub description: Option<String>,
    /// The check that has seen it.
    pub check_id: Option<String>,
    /// The service level that it breaks.
    pub signal: Option<String>,
    /// The release that is to blame.
    pub release_id: Option<String>,
    /// `open`, `resolved`, or `abandoned` where its monitoring was archived first.
    pub state: String,
    /// How it ended: `fixed`, `mitigated`, `false_alarm`, `escalated`.
    pub outcome: Option<String>,
    /// What was done.
    pub resolution: Option<String>,
    /// Who raised it.
    pub raised_by: String,
    /// When.
    pub raised_at: String,
    /// When it was resolved.
    pub resolved_at: Option<String>,
}
