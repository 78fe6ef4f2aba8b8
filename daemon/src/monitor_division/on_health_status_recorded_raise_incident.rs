//! A check failed once too often: an incident is raised, unless one is open.

use super::{Monitoring, check::Health, incident::Severity, raise_incident::RaiseIncident, worded};
use hecate_desk::prelude::*;

/// What is used of a recorded health.
#[derive(Deserialize, JsonSchema)]
pub(super) struct HealthStatusRecorded {
    division_id: String,
    check_id: String,
    check_name: String,
    status: Health,
    consecutive: u32,
    unhealthy_after: u32,
    details: Option<String>,
}

impl Listener<Monitoring> for HealthStatusRecorded {
    const NAME: &'static str = "on_health_status_recorded_raise_incident";
    const HEARS: &'static str = "health_status_recorded_v1";
    type Asks = RaiseIncident;

    fn hear(self, _: &Source<'_>) -> Heard<RaiseIncident> {
        if self.status != Health::Unhealthy || self.consecutive < self.unhealthy_after {
            return Heard::Passes("the check has not failed often enough");
        }
        let title = worded(&format!("{} is unhealthy", self.check_name), "A check is unhealthy");
        let details = self.details.unwrap_or_default();
        let raise = RaiseIncident {
            incident_title: title,
            severity: Some(Severity::High),
            description: Some(worded(
                &format!("It failed {} times in a row. {details}", self.consecutive),
                "It failed.",
            )),
            check_id: Some(self.check_id),
            signal: None,
            release_id: None,
            incident_id: None,
        };
        Ask::of("division_id", &self.division_id, raise).into()
    }
}
