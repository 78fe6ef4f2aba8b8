//! Something is wrong in operation: it waits to be rescued.

use super::incident::{OpenIncident, Severity, Signal};
use super::{HEALTH_CHECK_NOT_FOUND, Monitoring};
use hecate_desk::lifecycle::Division;
use hecate_desk::prelude::*;
use hecate_proto::id::IncidentId;

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
    pub(super) release_id: Option<Text<100>>,
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

pub(super) const INCIDENT_ALREADY_OPEN: Refusal = Refusal::new(
    409,
    "incident_already_open",
    "An incident of the same check, signal or release is open already.",
);
const INCIDENT_ALREADY_RAISED: Refusal =
    Refusal::new(409, "incident_already_raised", "There is an incident with this id.");
const TOO_MANY_INCIDENTS: Refusal =
    Refusal::new(422, "too_many_incidents", "A division has at most 1,000 open incidents.");
/// All of them travel in one event when the monitoring is archived.
const OPEN_INCIDENTS_MAX: usize = 1_000;

impl Desk<Monitoring> for RaiseIncident {
    const SPEC: DeskSpec = DeskSpec {
        name: "raise_incident",
        path: "incident",
        aliases: &[],
        says: "Raise an incident",
        allowed_in: StateMask::ACTIVE,
        refuses: &[
            HEALTH_CHECK_NOT_FOUND,
            INCIDENT_ALREADY_OPEN,
            INCIDENT_ALREADY_RAISED,
            TOO_MANY_INCIDENTS,
        ],
    };
    const RECORDS: &'static [EventEntry<Monitoring>] = &[event::<_, IncidentRaised>()];

    fn decide(self, monitoring: &Monitoring, at: &Moment) -> Result<Decision<Monitoring>, Refused> {
        self.demand_news(monitoring)?;
        let incident_id = self.incident_id.map_or_else(|| at.mint(IncidentId::KIND), |id| id.to_string());
        if monitoring.knows_incident(&incident_id) {
            return Err(INCIDENT_ALREADY_RAISED.about("field", "incident_id"));
        }
        let release_id = self.release_id.map(String::from);
        Ok(Decision::from(IncidentRaised {
            of: monitoring.dossier.of.clone(),
            cycle: monitoring.dossier.cycle,
            incident_id,
            incident_title: self.incident_title.into(),
            severity: self.severity.unwrap_or_default(),
            description: self.description.map(String::from),
            check_id: self.check_id,
            signal: self.signal,
            release_id: release_id.or_else(|| monitoring.current_release()),
            raised_by: at.actor.clone(),
            raised_at: at.at_us,
        }))
    }
}

impl RaiseIncident {
    /// Refuses what somebody works on already.
    fn demand_news(&self, monitoring: &Monitoring) -> Result<(), Refused> {
        if let Some(check_id) = &self.check_id {
            monitoring.check(check_id)?;
        }
        let is_same = |open: &OpenIncident| match self {
            RaiseIncident { check_id: Some(check_id), .. } => open.check_id.as_ref() == Some(check_id),
            RaiseIncident { signal: Some(signal), .. } => open.signal == Some(*signal),
            RaiseIncident { release_id: Some(id), .. } => open.release_id.as_deref() == Some(id.as_str()),
            _ => false,
        };
        if let Some((id, _)) = monitoring.open_incidents.iter().find(|(_, open)| is_same(open)) {
            return Err(INCIDENT_ALREADY_OPEN.about("incident_id", id.as_str()));
        }
        if monitoring.open_incidents.len() >= OPEN_INCIDENTS_MAX {
            return Err(TOO_MANY_INCIDENTS.about("open_incidents_max", OPEN_INCIDENTS_MAX));
        }
        Ok(())
    }
}

impl Event<Monitoring> for IncidentRaised {
    const TYPE: &'static str = "incident_raised_v1";
    const EMITS: Emits = Emits::GroupAndMesh;

    fn evolve(self, monitoring: &mut Monitoring) {
        let IncidentRaised { incident_id, severity, check_id, signal, release_id, raised_at, .. } = self;
        let open = OpenIncident { severity, check_id, signal, release_id, raised_at };
        monitoring.open_incidents.insert(incident_id, open);
        monitoring.flag_incidents();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::monitor_division::kit::{a_watched_division, check_id};
    use serde_json::json;

    #[test]
    fn a_check_a_signal_and_a_release_have_one_open_incident_each() {
        let watched = a_watched_division();
        for about in [
            json!({"check_id": check_id("shop")}),
            json!({"signal": "error_rate"}),
            json!({"release_id": "rel-1"}),
        ] {
            let mut raise = json!({"incident_title": "Down"});
            raise.as_object_mut().unwrap().extend(about.as_object().cloned().unwrap());
            let open = a_watched_division().asked::<RaiseIncident>(raise.clone());
            assert!(open.when::<RaiseIncident>(raise).unwrap_err().is(INCIDENT_ALREADY_OPEN), "{about}");
        }
        let unknown = json!({"incident_title": "Down", "check_id": check_id("cart")});
        assert!(watched.when::<RaiseIncident>(unknown).unwrap_err().is(HEALTH_CHECK_NOT_FOUND));
    }

    #[test]
    fn an_incident_names_the_current_release_and_has_an_id_of_its_own() {
        let watched = a_watched_division();
        let raised = watched.when::<RaiseIncident>(json!({"incident_title": "Slow"})).unwrap();
        let said = ["release_id", "severity"].map(|field| raised[0].1[field].clone());
        assert_eq!(said, [json!("rel-1"), json!("medium")]);
        let named = json!({"incident_title": "Slow", "incident_id": "inc-01ARZ3NDEKTSV4RRFFQ69G5FAA"});
        let open = watched.asked::<RaiseIncident>(named.clone());
        assert_eq!(open.aggregate().dossier.status.0, 5 | 32);
        assert!(open.when::<RaiseIncident>(named).unwrap_err().is(INCIDENT_ALREADY_RAISED));
        let raised: IncidentRaised = serde_json::from_value(raised[0].1.clone()).unwrap();
        let full = (1..OPEN_INCIDENTS_MAX).fold(open, |so_far, nth| {
            so_far.event(IncidentRaised { incident_id: format!("inc-{nth}"), ..raised.clone() })
        });
        let more = full.when::<RaiseIncident>(json!({"incident_title": "Slow"})).unwrap_err();
        assert!(more.is(TOO_MANY_INCIDENTS));
    }
}
