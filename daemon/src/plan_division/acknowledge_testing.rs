//! The division was tested: the plan takes note of how that went.

use super::feedback::Totals;
use super::{Plan, feedback::Feedback};
use hecate_desk::prelude::*;
use uuid::Uuid;

/// Acknowledge that the division was tested.
#[derive(Serialize, Deserialize, JsonSchema)]
pub(super) struct AcknowledgeTesting {
    pub(super) source_event_id: Uuid,
    pub(super) gate_passed: bool,
    pub(super) totals: Totals,
}

#[derive(Serialize, Deserialize, JsonSchema)]
pub(crate) struct TestingAcknowledged {
    #[serde(flatten)]
    pub(crate) feedback: Feedback,
    pub(crate) gate_passed: bool,
    pub(crate) totals: Totals,
}

impl Desk<Plan> for AcknowledgeTesting {
    const SPEC: DeskSpec = DeskSpec {
        name: "acknowledge_testing",
        path: "",
        aliases: &[],
        says: "Take note that the division was tested",
        allowed_in: StateMask::LIVE,
        refuses: &[],
    };
    const RECORDS: &'static [EventEntry<Plan>] = &[event::<_, TestingAcknowledged>()];

    fn decide(self, plan: &Plan, at: &Moment) -> Result<Decision<Plan>, Refused> {
        let AcknowledgeTesting { source_event_id, gate_passed, totals } = self;
        Ok(plan.acknowledge(source_event_id, at, |feedback| TestingAcknowledged {
            feedback,
            gate_passed,
            totals,
        }))
    }
}

impl Event<Plan> for TestingAcknowledged {
    const TYPE: &'static str = "testing_acknowledged_v1";
    const EMITS: Emits = Emits::Group;

    fn evolve(self, plan: &mut Plan) {
        plan.keep_feedback(&self.feedback);
    }
}

#[cfg(test)]
#[test]
fn each_completed_test_is_acknowledged_once() {
    use super::kit::{a_fact, an_active_plan, nth_fact};
    let ask = a_fact(1, serde_json::json!({"gate_passed": true, "totals": super::kit::totals()}));
    let told = an_active_plan().asked::<AcknowledgeTesting>(ask.clone());
    assert!(told.when::<AcknowledgeTesting>(ask).unwrap().is_empty());
    let another = told
        .when::<AcknowledgeTesting>(a_fact(
            2,
            serde_json::json!({"gate_passed": true, "totals": super::kit::totals()}),
        ))
        .unwrap();
    assert_eq!((&*another[0].0, &another[0].1["source_event_id"]), ("testing_acknowledged_v1", &nth_fact(2)));
}
