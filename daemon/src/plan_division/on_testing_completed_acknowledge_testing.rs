//! Tests were completed: the plan shows how that went.

use super::feedback::Totals;
use super::{Plan, acknowledge_testing::AcknowledgeTesting};
use hecate_desk::prelude::*;

/// What a plan uses of completed tests.
#[derive(Deserialize, JsonSchema)]
pub(super) struct TestingCompleted {
    division_id: String,
    gate_passed: bool,
    totals: Totals,
}

impl Listener<Plan> for TestingCompleted {
    const NAME: &'static str = "on_testing_completed_acknowledge_testing";
    const HEARS: &'static str = "testing_completed_v1";
    type Asks = AcknowledgeTesting;

    fn hear(self, source: &Source<'_>) -> Heard<AcknowledgeTesting> {
        let TestingCompleted { division_id, gate_passed, totals } = self;
        let source_event_id = source.event_id;
        Ask::of("division_id", &division_id, AcknowledgeTesting { source_event_id, gate_passed, totals })
            .into()
    }
}
