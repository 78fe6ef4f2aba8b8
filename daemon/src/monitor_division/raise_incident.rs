//! Something is wrong in operation: it waits to be rescued.

use super::incident::{ALREADY_OPEN, OpenIncident, Severity, Signal, TOO_MANY_INCIDENTS};
use super::{HEALTH_CHECK_NOT_FOUND, Monitoring};
use hecate_desk::lifecycle::Division;
use hecate_desk::prelude::*;
use hecate_proto::id::{IncidentId, ReleaseId};

/// Raise an incident.
#[derive(Serialize, Deserialize, JsonSchema)]
pub(super) struct RaiseIncident {
    /// What is wrong.
    pub(super) incident_title: Text<200>,
    /// How bad it is; `medium` unless said otherwise.
    pub(super) severity: Option<Severity>,
    /// What is known of it.
    pub(super) description: Option<Text<4000>>,
    /// The check that has seen it.
    pub(super) check_id: Option<String>,
    /// The service level that it breaks.
    pub(super) signal: Option<Signal>,
    /// The release that is to blame; the current one unless said otherwise.
    pub(super) release_id: Option<ReleaseId>,
    /// Its id; a new one unless said otherwise.
    pub(super) incident_id: Option<IncidentId>,
}

#[derive(Clone, Serialize, Deserialize, JsonSchema)]
pub(crate) struct IncidentRaised {
    #[serde(flatten)]
    pub(crate) of: Division,
    pub(crate) cycle: u32,
    pub(crate) incident_id: String,
    pub(crate) incident_title: String,
    pub(crate) severity: Severity,
    pub(crate) description: Option<String>,
    pub(crate) check_id: Option<String>,
    pub(crate) signal: Option<Signal>,
    pub(crate) release_id: Option<String>,
    pub(crate) raised_by: String,
    pub(crate) raised_at: i64,
}

pub(super) const ALREADY_RAISED: Refusal =
    Refusal::new(409, "incident_already_raised", "There is an incident with this id.");

impl Desk<Monitoring> for RaiseIncident {
    const SPEC: DeskSpec = DeskSpec {
        name: "raise_incident",
        path: "incident",
        aliases: &[],
        says: "Raise an incident",
        allowed_in: StateMask::ACTIVE,
        refuses: &[HEALTH_CHECK_NOT_FOUND, ALREADY_OPEN, ALREADY_RAISED, TOO_MANY_INCIDENTS],
    };
    const RECORDS: &'static [EventEntry<Monitoring>] = &[event::<_, IncidentRaised>()];

    fn decide(self, monitoring: &Monitoring, at: &Moment) -> Result<Decision<Monitoring>, Refused> {
        monitoring.demand_news(&self)?;
        let incident_id = self.incident_id.map_or_else(|| at.mint(IncidentId::KIND), |id| id.to_string());
        if monitoring.knows_incident(&incident_id) {
            return Err(ALREADY_RAISED.about("field", "incident_id"));
        }
        let current = || monitoring.current_release().cloned();
        Ok(Decision::from(IncidentRaised {
            of: monitoring.dossier.of.clone(),
            cycle: monitoring.dossier.cycle,
            incident_id,
            incident_title: self.incident_title.into(),
            severity: self.severity.unwrap_or_default(),
            description: self.description.map(String::from),
            check_id: self.check_id,
            signal: self.signal,
            release_id: self.release_id.map(|id| id.to_string()).or_else(current),
            raised_by: at.actor.clone(),
            raised_at: at.at_us,
        }))
    }
}

impl Event<Monitoring> for IncidentRaised {
    const TYPE: &'static str = "incident_raised_v1";
    const EMITS: Emits = Emits::GroupAndMesh;

    fn evolve(self, monitoring: &mut Monitoring) {
        let IncidentRaised { incident_id, severity, check_id, signal, release_id, raised_at, .. } = self;
        monitoring.open(incident_id, OpenIncident { severity, check_id, signal, release_id, raised_at });
    }
}

#[cfg(test)]
#[test]
fn an_incident_names_the_current_release() {
    use {super::kit::a_watched_division, serde_json::json};
    let raised = a_watched_division().when::<RaiseIncident>(json!({"incident_title": "Slow"})).unwrap();
    let said = ["release_id", "severity"].map(|field| raised[0].1[field].clone());
    assert_eq!(said, [json!("rel-1"), json!("medium")]);
}
