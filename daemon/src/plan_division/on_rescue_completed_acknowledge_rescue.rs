//! A rescue was completed: the plan shows how it ended.

use super::Plan;
use super::acknowledge_rescue::RescueNews;
use super::feedback::{Acknowledge, acknowledge};
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
    type Asks = Acknowledge<RescueNews>;

    fn hear(self, source: &Source<'_>) -> Heard<Acknowledge<RescueNews>> {
        let RescueCompleted { division_id, incident_id, outcome } = self;
        acknowledge(source, &division_id, RescueNews { incident_id, outcome })
    }
}
