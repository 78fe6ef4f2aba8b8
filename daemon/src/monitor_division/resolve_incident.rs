//! An incident is over: how it ended, and how long it lasted.

use super::incident::{Outcome, Severity};
use super::{INCIDENT_NOT_FOUND, Monitoring};
use hecate_desk::lifecycle::Pass;
use hecate_desk::prelude::*;
use hecate_proto::id::IncidentId;

/// Resolve an incident.
#[derive(Serialize, Deserialize, JsonSchema)]
pub(super) struct ResolveIncident {
    /// Which one.
    pub(super) incident_id: IncidentId,
    /// What was done.
    pub(super) resolution: Text<4000>,
    /// How it ended; `fixed` unless said otherwise.
    pub(super) outcome: Option<Outcome>,
}

#[derive(Serialize, Deserialize, JsonSchema)]
pub(crate) struct IncidentResolved {
    #[serde(flatten)]
    pub(crate) pass: Pass,
    pub(crate) incident_id: String,
    pub(crate) severity: Severity,
    pub(crate) outcome: Outcome,
    pub(crate) resolution: String,
    pub(crate) open_for_ms: i64,
    pub(crate) resolved_by: String,
    pub(crate) resolved_at: i64,
}

pub(super) const INCIDENT_ALREADY_RESOLVED: Refusal =
    Refusal::new(409, "incident_already_resolved", "The incident is resolved already.");

impl Desk<Monitoring> for ResolveIncident {
    const SPEC: DeskSpec = DeskSpec {
        name: "resolve_incident",
        path: "incident/resolve",
        aliases: &[],
        says: "Resolve an incident",
        allowed_in: Monitoring::AT_WORK_OR_PAUSED,
        refuses: &[INCIDENT_NOT_FOUND, INCIDENT_ALREADY_RESOLVED],
    };
    const RECORDS: &'static [EventEntry<Monitoring>] = &[event::<_, IncidentResolved>()];

    fn decide(self, monitoring: &Monitoring, at: &Moment) -> Result<Decision<Monitoring>, Refused> {
        let id = self.incident_id.as_str();
        let Some(open) = monitoring.open_incidents.get(id) else {
            let is_known = monitoring.knows_incident(id);
            let refusal = if is_known { INCIDENT_ALREADY_RESOLVED } else { INCIDENT_NOT_FOUND };
            return Err(refusal.about("field", "incident_id"));
        };
        Ok(Decision::from(IncidentResolved {
            pass: monitoring.dossier.pass(),
            incident_id: id.to_owned(),
            severity: open.severity,
            outcome: self.outcome.unwrap_or_default(),
            resolution: self.resolution.into(),
            // A clock that was set back in between makes no negative time.
            open_for_ms: at.at_us.saturating_sub(open.raised_at).max(0) / 1_000,
            resolved_by: at.actor.clone(),
            resolved_at: at.at_us,
        }))
    }
}

impl Event<Monitoring> for IncidentResolved {
    const TYPE: &'static str = "incident_resolved_v1";
    const EMITS: Emits = Emits::GroupAndMesh;

    fn evolve(self, monitoring: &mut Monitoring) {
        let signal = monitoring.open_incidents.remove(&self.incident_id).and_then(|open| open.signal);
        monitoring.resolved_incidents.insert(self.incident_id);
        monitoring.flag_incidents();
        // What was seen before is settled with it.
        if let Some(kept) = signal.and_then(|signal| monitoring.thresholds.get_mut(&signal)) {
            kept.judged_from = self.resolved_at;
        }
    }
}

#[cfg(test)]
#[test]
fn a_resolution_says_for_how_long_the_incident_was_open() {
    use super::{kit::a_watched_division, raise_incident::RaiseIncident};
    use serde_json::json;
    let id = format!("inc-{}", hecate_desk::kit::ULID);
    let resolve = json!({"incident_id": id, "resolution": "Turned it on"});
    let open = a_watched_division().asked::<RaiseIncident>(json!({"incident_title": "Down"})).at(2_500_000);
    let recorded = open.when::<ResolveIncident>(resolve).unwrap();
    let said = ["open_for_ms", "outcome", "severity"].map(|field| recorded[0].1[field].clone());
    assert_eq!(said, [json!(2_500), json!("fixed"), json!("medium")]);
}
