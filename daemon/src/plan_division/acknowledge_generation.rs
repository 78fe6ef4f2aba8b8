//! A planned desk was generated: the plan takes note, so that it shows what is there.

use super::{Plan, feedback::Feedback};
use hecate_desk::prelude::*;
use uuid::Uuid;

/// Acknowledge that a desk was generated.
#[derive(Serialize, Deserialize, JsonSchema)]
pub(super) struct AcknowledgeGeneration {
    pub(super) source_event_id: Uuid,
    pub(super) desk_id: String,
}

#[derive(Serialize, Deserialize, JsonSchema)]
pub(crate) struct GenerationAcknowledged {
    #[serde(flatten)]
    pub(crate) feedback: Feedback,
    pub(crate) desk_id: String,
}

impl Desk<Plan> for AcknowledgeGeneration {
    const SPEC: DeskSpec = DeskSpec {
        name: "acknowledge_generation",
        path: "",
        aliases: &[],
        says: "Take note that a desk was generated",
        allowed_in: StateMask::LIVE,
        refuses: &[],
    };
    const RECORDS: &'static [EventEntry<Plan>] = &[event::<_, GenerationAcknowledged>()];

    fn decide(self, plan: &Plan, at: &Moment) -> Result<Decision<Plan>, Refused> {
        let AcknowledgeGeneration { source_event_id, desk_id } = self;
        Ok(plan.acknowledge(source_event_id, at, |feedback| GenerationAcknowledged { feedback, desk_id }))
    }
}

impl Event<Plan> for GenerationAcknowledged {
    const TYPE: &'static str = "generation_acknowledged_v1";
    const EMITS: Emits = Emits::Group;

    fn evolve(self, plan: &mut Plan) {
        plan.keep_feedback(&self.feedback);
    }
}

#[cfg(test)]
#[test]
fn each_generated_desk_is_acknowledged_once() {
    use super::kit::{a_fact, an_active_plan, nth_fact};
    let ask = a_fact(1, serde_json::json!({"desk_id": "desk-d-1-take_order"}));
    let told = an_active_plan().asked::<AcknowledgeGeneration>(ask.clone());
    assert!(told.when::<AcknowledgeGeneration>(ask).unwrap().is_empty());
    let another = told
        .when::<AcknowledgeGeneration>(a_fact(2, serde_json::json!({"desk_id": "desk-d-1-take_order"})))
        .unwrap();
    assert_eq!(
        (&*another[0].0, &another[0].1["source_event_id"]),
        ("generation_acknowledged_v1", &nth_fact(2))
    );
}
