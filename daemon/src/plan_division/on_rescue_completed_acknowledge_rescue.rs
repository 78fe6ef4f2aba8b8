//! A rescue was completed: the plan shows how it ended.

use super::{Plan, acknowledge_rescue::AcknowledgeRescue};
use hecate_desk::prelude::*;

/// What a plan uses of a completed rescue.
#[derive(Deserialize, JsonSchema)]
pub(super) struct RescueCompleted {
    division_id: String,
    incident_id: String,
    outcome: String,
}

impl Listener<Plan> for RescueCompleted {
    const NAME: &'static str = "on_rescue_completed_acknowledge_rescue";
    const HEARS: &'static str = "rescue_completed_v1";
    type Asks = AcknowledgeRescue;

    fn hear(self, source: &Source<'_>) -> Heard<AcknowledgeRescue> {
        let RescueCompleted { division_id, incident_id, outcome } = self;
        let source_event_id = source.event_id;
        Ask::of("division_id", &division_id, AcknowledgeRescue { source_event_id, incident_id, outcome })
            .into()
    }
}
