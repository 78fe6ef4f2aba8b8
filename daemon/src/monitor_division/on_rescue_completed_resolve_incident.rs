//! A rescue is over, and with it its incident.

use super::{Monitoring, incident::Outcome, resolve_incident::ResolveIncident};
use hecate_desk::prelude::*;
use hecate_proto::id::IncidentId;

/// What monitoring uses of a completed rescue.
#[derive(Deserialize, JsonSchema)]
pub(super) struct RescueCompleted {
    division_id: String,
    incident_id: IncidentId,
    outcome: Outcome,
    resolution: Text<4000>,
}

impl Listener<Monitoring> for RescueCompleted {
    const NAME: &'static str = "on_rescue_completed_resolve_incident";
    const HEARS: &'static str = "rescue_completed_v1";
    type Asks = ResolveIncident;

    fn hear(self, _: &Source<'_>) -> Heard<ResolveIncident> {
        let RescueCompleted { division_id, incident_id, outcome, resolution } = self;
        let resolve = ResolveIncident { incident_id, resolution, outcome: Some(outcome) };
        Ask::of("division_id", &division_id, resolve).into()
    }
}
