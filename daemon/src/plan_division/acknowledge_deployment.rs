//! A release was deployed: the plan takes note of what is out, and where.

use super::{Plan, feedback::Feedback};
use hecate_desk::prelude::*;
use uuid::Uuid;

/// Acknowledge that a release was deployed.
#[derive(Serialize, Deserialize, JsonSchema)]
pub(super) struct AcknowledgeDeployment {
    pub(super) source_event_id: Uuid,
    pub(super) release_id: String,
    pub(super) version: String,
    pub(super) env: String,
}

#[derive(Serialize, Deserialize, JsonSchema)]
pub(crate) struct DeploymentAcknowledged {
    #[serde(flatten)]
    pub(crate) feedback: Feedback,
    pub(crate) release_id: String,
    pub(crate) version: String,
    pub(crate) env: String,
}

impl Desk<Plan> for AcknowledgeDeployment {
    const SPEC: DeskSpec = DeskSpec {
        name: "acknowledge_deployment",
        path: "",
        aliases: &[],
        says: "Take note that a release was deployed",
        allowed_in: StateMask::LIVE,
        refuses: &[],
    };
    const RECORDS: &'static [EventEntry<Plan>] = &[event::<_, DeploymentAcknowledged>()];

    fn decide(self, plan: &Plan, at: &Moment) -> Result<Decision<Plan>, Refused> {
        let AcknowledgeDeployment { source_event_id, release_id, version, env } = self;
        Ok(plan.acknowledge(source_event_id, at, |feedback| DeploymentAcknowledged {
            feedback,
            release_id,
            version,
            env,
        }))
    }
}

impl Event<Plan> for DeploymentAcknowledged {
    const TYPE: &'static str = "deployment_acknowledged_v1";
    const EMITS: Emits = Emits::Group;

    fn evolve(self, plan: &mut Plan) {
        plan.keep_feedback(&self.feedback);
    }
}

#[cfg(test)]
#[test]
fn each_release_is_acknowledged_once() {
    use super::kit::{a_fact, an_active_plan, nth_fact};
    let ask = a_fact(1, serde_json::json!({"release_id": "rel-1", "version": "1.0.0", "env": "prod"}));
    let told = an_active_plan().asked::<AcknowledgeDeployment>(ask.clone());
    assert!(told.when::<AcknowledgeDeployment>(ask).unwrap().is_empty());
    let another = told
        .when::<AcknowledgeDeployment>(a_fact(
            2,
            serde_json::json!({"release_id": "rel-1", "version": "1.0.0", "env": "prod"}),
        ))
        .unwrap();
    assert_eq!(
        (&*another[0].0, &another[0].1["source_event_id"]),
        ("deployment_acknowledged_v1", &nth_fact(2))
    );
}
