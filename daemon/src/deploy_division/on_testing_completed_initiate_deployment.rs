//! Tests were completed: what passed its gate, or was let through for a reason, can be deployed.

use super::{Deployment, TestingHandOff};
use hecate_desk::lifecycle::{Division, Initiate};
use hecate_desk::prelude::*;

/// What a deployment uses of completed tests.
#[derive(Deserialize, JsonSchema)]
pub(super) struct TestingCompleted {
    #[serde(flatten)]
    of: Division,
    #[serde(flatten)]
    handoff: TestingHandOff,
}

impl Listener<Deployment> for TestingCompleted {
    const NAME: &'static str = "on_testing_completed_initiate_deployment";
    const HEARS: &'static str = "testing_completed_v1";
    type Asks = Initiate<Deployment>;

    fn hear(self, source: &Source<'_>) -> Heard<Initiate<Deployment>> {
        if !self.handoff.gate_passed && self.handoff.override_reason.is_none() {
            return Heard::Passes("the tests did not pass their gate, and nobody let them through");
        }
        let division_id = self.of.division_id.clone();
        let initiate = Initiate::because_of(source, self.of, self.handoff);
        let initiate = initiate.for_the_reason("The tests were completed anew.".to_owned());
        Ask::of("division_id", &division_id, initiate).into()
    }
}
