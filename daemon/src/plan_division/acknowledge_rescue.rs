//! A rescue came to its end: the plan takes note of how.

use super::{Plan, feedback::Feedback};
use hecate_desk::prelude::*;
use uuid::Uuid;

/// Acknowledge that a rescue came to its end.
#[derive(Serialize, Deserialize, JsonSchema)]
pub(super) struct AcknowledgeRescue {
    pub(super) source_event_id: Uuid,
    pub(super) incident_id: String,
    pub(super) outcome: String,
}

#[derive(Serialize, Deserialize, JsonSchema)]
pub(crate) struct RescueAcknowledged {
    #[serde(flatten)]
    pub(crate) feedback: Feedback,
    pub(crate) incident_id: String,
    pub(crate) outcome: String,
}

impl Desk<Plan> for AcknowledgeRescue {
    const SPEC: DeskSpec = DeskSpec {
        name: "acknowledge_rescue",
        path: "",
        aliases: &[],
        says: "Take note that a rescue came to its end",
        allowed_in: StateMask::LIVE,
        refuses: &[],
    };
    const RECORDS: &'static [EventEntry<Plan>] = &[event::<_, RescueAcknowledged>()];

    fn decide(self, plan: &Plan, at: &Moment) -> Result<Decision<Plan>, Refused> {
        let AcknowledgeRescue { source_event_id, incident_id, outcome } = self;
        Ok(plan.acknowledge(source_event_id, at, |feedback| RescueAcknowledged {
            feedback,
            incident_id,
            outcome,
        }))
    }
}

impl Event<Plan> for RescueAcknowledged {
    const TYPE: &'static str = "rescue_acknowledged_v1";
    const EMITS: Emits = Emits::Group;

    fn evolve(self, plan: &mut Plan) {
        plan.keep_feedback(&self.feedback);
    }
}

#[cfg(test)]
#[test]
fn each_rescue_is_acknowledged_once() {
    use super::kit::{a_fact, an_active_plan, nth_fact};
    let ask = a_fact(1, serde_json::json!({"incident_id": "inc-1", "outcome": "fixed"}));
    let told = an_active_plan().asked::<AcknowledgeRescue>(ask.clone());
    assert!(told.when::<AcknowledgeRescue>(ask).unwrap().is_empty());
    let another = told
        .when::<AcknowledgeRescue>(a_fact(2, serde_json::json!({"incident_id": "inc-1", "outcome": "fixed"})))
        .unwrap();
    assert_eq!((&*another[0].0, &another[0].1["source_event_id"]), ("rescue_acknowledged_v1", &nth_fact(2)));
}
