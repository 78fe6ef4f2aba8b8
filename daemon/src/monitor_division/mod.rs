//! Monitoring: what runs is probed, and what goes wrong becomes an incident.
//!
//! It begins when a deployment is completed. It ends when what it watches is taken out of operation, with no
//! incident left open.

mod check;
mod deregister_health_check;
mod incident;
mod monitoring_archived;
mod on_deployment_completed_initiate_monitoring;
mod on_health_status_recorded_raise_incident;
mod on_release_rolled_back_raise_incident;
mod on_release_rolled_back_withdraw_release;
mod on_rescue_completed_resolve_incident;
mod probing;
mod raise_incident;
mod record_health_status;
mod register_health_check;
mod resolve_incident;
mod set_sla_threshold;
#[cfg(test)]
mod tests;
mod withdraw_release;

use check::Seen;
use hecate_desk::lifecycle::{Archived, Division, Dossier, LongLived, Names, Nothing, OnDivisionDismissed};
use hecate_desk::prelude::*;
use hecate_desk::{
    AutoStart, DeskEntry, ListenerEntry, ProcessSpec, lifecycle_desks, lifecycle_names, listener,
};
use incident::OpenIncident;
use std::collections::{BTreeMap, BTreeSet};

pub(crate) use check::{CheckSpec, CheckType, Health};
pub(crate) use deregister_health_check::HealthCheckDeregistered;
pub(crate) use incident::{Severity, Signal, Threshold};
pub(crate) use probing::Probing;
pub(crate) use raise_incident::IncidentRaised;
pub(crate) use record_health_status::HealthStatusRecorded;
pub(crate) use register_health_check::HealthCheckRegistered;
pub(crate) use resolve_incident::IncidentResolved;
pub(crate) use set_sla_threshold::SlaThresholdSet;
pub(crate) use withdraw_release::ReleaseWithdrawn;

const INCIDENTS_OPEN: Refusal =
    Refusal::new(422, "incidents_open", "A monitoring is complete when no incident is open.")
        .that_may_be_early();
const HEALTH_CHECK_NOT_FOUND: Refusal =
    Refusal::new(404, "health_check_not_found", "There is no health check with this id.");
pub(crate) const INCIDENT_NOT_FOUND: Refusal =
    Refusal::new(404, "incident_not_found", "There is no incident with this id.");

/// The flag of a monitoring with an open incident.
pub(crate) const INCIDENT_OPEN: Status = Status(32);

/// The monitoring of one division.
#[derive(Default, Serialize, Deserialize)]
pub(crate) struct Monitoring {
    dossier: Dossier<Division, DeploymentHandOff>,
    checks: BTreeMap<String, Check>,
    thresholds: BTreeMap<Signal, Kept>,
    open_incidents: BTreeMap<String, OpenIncident>,
    /// Their ids, 30 bytes each, for as long as there is the monitoring: none is given twice, and whoever comes late
    /// to one is told so.
    resolved_incidents: BTreeSet<String>,
}

/// A check, and what was last kept of what it has seen.
#[derive(Default, Serialize, Deserialize)]
struct Check {
    spec: CheckSpec,
    kept: Seen,
}

/// A threshold, and since when it is judged, microseconds: what was seen before is settled.
#[derive(Serialize, Deserialize)]
struct Kept {
    threshold: Threshold,
    judged_from: i64,
}

/// The release that runs; an empty id where none does.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub(crate) struct DeploymentHandOff {
    pub(crate) release_id: String,
    pub(crate) release_version: String,
    pub(crate) target_env: String,
    pub(crate) endpoints: Vec<String>,
    pub(crate) rollout: Vec<RolloutStage>,
}

/// A stage in which it came to its users.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub(crate) struct RolloutStage {
    pub(crate) stage_name: String,
    pub(crate) stage_percentage: u32,
}

/// What is asked when a monitoring is completed.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub(crate) struct CompleteMonitoring {
    /// Why nothing is watched any more; `decommissioned` unless said otherwise.
    reason: Option<Ending>,
}

/// Why nothing is watched any more.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(inline)]
pub(crate) enum Ending {
    /// It runs no more.
    #[default]
    Decommissioned,
    /// Something else runs in its place.
    Superseded,
}

/// What monitoring hands over.
#[derive(Serialize, Deserialize, JsonSchema)]
pub(crate) struct Monitored {
    pub(crate) reason: Ending,
}

impl LongLived for Monitoring {
    const PROCESS: ProcessSpec = ProcessSpec {
        name: "monitor_division",
        noun: "monitoring",
        says: "Monitoring: what runs is probed, and what goes wrong becomes an incident.",
        base: "/api/divisions/{division_id}/monitor",
        stream: "monitoring-{division_id}",
    };
    const NAMES: Names = lifecycle_names!("monitoring");
    /// What runs is watched from the start.
    const AUTO_START: AutoStart = AutoStart::Always;
    const DESKS: &'static [DeskEntry<Self>] = lifecycle_desks![
        register_health_check::RegisterHealthCheck,
        deregister_health_check::DeregisterHealthCheck,
        set_sla_threshold::SetSlaThreshold,
        record_health_status::RecordHealthStatus,
        raise_incident::RaiseIncident,
        resolve_incident::ResolveIncident,
        withdraw_release::WithdrawRelease,
    ];
    const LISTENERS: &'static [ListenerEntry<Self>] = &[
        listener::<_, on_deployment_completed_initiate_monitoring::DeploymentCompleted>(),
        listener::<_, on_health_status_recorded_raise_incident::HealthStatusRecorded>(),
        listener::<_, on_release_rolled_back_withdraw_release::ReleaseRolledBack>(),
        listener::<_, on_release_rolled_back_raise_incident::ReleaseRolledBack>(),
        listener::<_, on_rescue_completed_resolve_incident::RescueCompleted>(),
        listener::<_, OnDivisionDismissed>(),
    ];

    type Of = Division;
    type HandOff = DeploymentHandOff;
    type CompleteAsked = CompleteMonitoring;
    type HandOver = Monitored;
    type ArchiveAsked = Nothing;

    const COMPLETE_REFUSES: &'static [Refusal] = &[INCIDENTS_OPEN];
    const ARCHIVE_RECORDS: &'static [EventEntry<Self>] =
        &[event::<_, monitoring_archived::MonitoringArchived>()];

    fn dossier(&self) -> &Dossier<Division, DeploymentHandOff> {
        &self.dossier
    }

    fn dossier_mut(&mut self) -> &mut Dossier<Division, DeploymentHandOff> {
        &mut self.dossier
    }

    fn complete(&self, asked: CompleteMonitoring, _: &Moment) -> Result<Monitored, Refused> {
        let open: Vec<_> = self.open_incidents.keys().cloned().collect();
        if !open.is_empty() {
            return Err(INCIDENTS_OPEN.about("open_incidents", open));
        }
        Ok(Monitored { reason: asked.reason.unwrap_or_default() })
    }

    fn archived(&self, along: Decision<Self>, archived: Archived<Self>) -> Decision<Self> {
        let open_incidents = self.open_incidents.keys().cloned().collect();
        along.and(monitoring_archived::MonitoringArchived { archived, open_incidents })
    }
}

impl Monitoring {
    /// Open while at work or on the shelf.
    const AT_WORK_OR_PAUSED: StateMask = StateMask::LIVE.with_one_of(Status::ACTIVE.and(Status::PAUSED));

    fn check(&self, check_id: &str) -> Result<&Check, Refused> {
        let refused = || HEALTH_CHECK_NOT_FOUND.about("field", "check_id").choose_from(self.checks.keys());
        self.checks.get(check_id).ok_or_else(refused)
    }

    fn knows_incident(&self, id: &str) -> bool {
        self.open_incidents.contains_key(id) || self.resolved_incidents.contains(id)
    }

    fn current_release(&self) -> Option<&String> {
        Some(&self.dossier.handoff.release_id).filter(|id| !id.is_empty())
    }

    fn flag_incidents(&mut self) {
        let status = self.dossier.status.without(INCIDENT_OPEN);
        let is_open = !self.open_incidents.is_empty();
        self.dossier.status = if is_open { status.and(INCIDENT_OPEN) } else { status };
    }
}

/// Words that others chose, cut where they are too long; `instead` where nothing is left.
fn worded<const MAX: usize>(words: &str, instead: &'static str) -> Text<MAX> {
    let cut: String = words.chars().take(MAX).collect();
    Text::try_from(cut).or_else(|_| Text::try_from(instead.to_owned())).expect("the words of the house fit")
}

#[cfg(test)]
mod kit {
    //! Monitorings for the desks' own tests.
    use super::{Monitoring, register_health_check::RegisterHealthCheck};
    use hecate_desk::kit::{Given, ULID, given};
    use hecate_desk::lifecycle::{Initiate, Start};
    use serde_json::{Value, json};

    pub(super) fn check(name: &str) -> Value {
        json!({"check_name": name, "endpoint": "http://localhost:8080/health"})
    }

    pub(super) fn check_id(name: &str) -> String {
        format!("check-d-{ULID}-{name}")
    }

    pub(super) fn withdrawal(release_id: &str, standing: Value) -> Value {
        json!({"source_event_id": "01890000-0000-7000-8000-000000000001", "release_id": release_id,
            "standing": standing})
    }

    pub(super) fn an_active_monitoring() -> Given<Monitoring> {
        let handoff = json!({"release_id": "rel-1", "release_version": "1.0.0", "target_env": "prod",
            "endpoints": [], "rollout": []});
        let initiate = json!({"venture_id": format!("v-{ULID}"), "division_id": format!("d-{ULID}"),
            "division_name": "orders", "handoff": handoff, "visibility": "realm",
            "source_event_id": "01890000-0000-7000-8000-000000000000", "start": false});
        given().asked::<Initiate<Monitoring>>(initiate).asked::<Start<Monitoring>>(json!({}))
    }

    pub(super) fn a_watched_division() -> Given<Monitoring> {
        an_active_monitoring().asked::<RegisterHealthCheck>(check("shop"))
    }
}
