//! Something broke in operation: the plan takes note.

use super::{Plan, feedback::Feedback};
use hecate_desk::prelude::*;
use uuid::Uuid;

/// Acknowledge that something broke.
#[derive(Serialize, Deserialize, JsonSchema)]
pub(super) struct AcknowledgeIncident {
    pub(super) source_event_id: Uuid,
    pub(super) incident_id: String,
    pub(super) severity: String,
}

#[derive(Serialize, Deserialize, JsonSchema)]
pub(crate) struct IncidentAcknowledged {
    #[serde(flatten)]
    pub(crate) feedback: Feedback,
    pub(crate) incident_id: String,
    pub(crate) severity: String,
}

impl Desk<Plan> for AcknowledgeIncident {
    const SPEC: DeskSpec = DeskSpec {
        name: "acknowledge_incident",
        path: "",
        aliases: &[],
        says: "Take note that something broke in operation",
        allowed_in: StateMask::LIVE,
        refuses: &[],
    };
    const RECORDS: &'static [EventEntry<Plan>] = &[event::<_, IncidentAcknowledged>()];

    fn decide(self, plan: &Plan, at: &Moment) -> Result<Decision<Plan>, Refused> {
        let AcknowledgeIncident { source_event_id, incident_id, severity } = self;
        Ok(plan.acknowledge(source_event_id, at, |feedback| IncidentAcknowledged {
            feedback,
            incident_id,
            severity,
        }))
    }
}

impl Event<Plan> for IncidentAcknowledged {
    const TYPE: &'static str = "incident_acknowledged_v1";
    const EMITS: Emits = Emits::Group;

    fn evolve(self, plan: &mut Plan) {
        plan.keep_feedback(&self.feedback);
    }
}

#[cfg(test)]
#[test]
fn each_incident_is_acknowledged_once() {
    use super::kit::{a_fact, an_active_plan, nth_fact};
    let ask = a_fact(1, serde_json::json!({"incident_id": "inc-1", "severity": "high"}));
    let told = an_active_plan().asked::<AcknowledgeIncident>(ask.clone());
    assert!(told.when::<AcknowledgeIncident>(ask).unwrap().is_empty());
    let another = told
        .when::<AcknowledgeIncident>(a_fact(
            2,
            serde_json::json!({"incident_id": "inc-1", "severity": "high"}),
        ))
        .unwrap();
    assert_eq!(
        (&*another[0].0, &another[0].1["source_event_id"]),
        ("incident_acknowledged_v1", &nth_fact(2))
    );
}
