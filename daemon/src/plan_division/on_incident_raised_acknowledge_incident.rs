//! An incident was raised: the plan shows what broke.

use super::Plan;
use super::acknowledge_incident::IncidentNews;
use super::feedback::{Acknowledge, acknowledge};
use hecate_desk::prelude::*;

/// What a plan uses of an incident.
#[derive(Deserialize, JsonSchema)]
pub(super) struct IncidentRaised {
    division_id: String,
    incident_id: String,
    severity: String,
}

impl Listener<Plan> for IncidentRaised {
    const NAME: &'static str = "on_incident_raised_acknowledge_incident";
    const HEARS: &'static str = "incident_raised_v1";
    type Asks = Acknowledge<IncidentNews>;

    fn hear(self, source: &Source<'_>) -> Heard<Acknowledge<IncidentNews>> {
        let IncidentRaised { division_id, incident_id, severity } = self;
        acknowledge(source, &division_id, IncidentNews { incident_id, severity })
    }
}
