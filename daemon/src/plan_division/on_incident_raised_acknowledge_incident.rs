//! An incident was raised: the plan shows what broke.

use super::{Plan, acknowledge_incident::AcknowledgeIncident};
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
    type Asks = AcknowledgeIncident;

    fn hear(self, source: &Source<'_>) -> Heard<AcknowledgeIncident> {
        let IncidentRaised { division_id, incident_id, severity } = self;
        let source_event_id = source.event_id;
        Ask::of("division_id", &division_id, AcknowledgeIncident { source_event_id, incident_id, severity })
            .into()
    }
}
