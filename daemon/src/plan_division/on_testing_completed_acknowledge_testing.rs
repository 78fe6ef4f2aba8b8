//! Tests were completed: the plan shows how that went.

use super::Plan;
use super::acknowledge_testing::{TestingNews, Totals};
use super::feedback::{Acknowledge, acknowledge};
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
    type Asks = Acknowledge<TestingNews>;

    fn hear(self, source: &Source<'_>) -> Heard<Acknowledge<TestingNews>> {
        let TestingCompleted { division_id, gate_passed, totals } = self;
        acknowledge(source, &division_id, TestingNews { gate_passed, totals })
    }
}
