//! No fix is enough: the division has to be designed anew. That closes the circle.

use super::{ESCALATED, Rescue};
use hecate_desk::lifecycle::Incident;
use hecate_desk::prelude::*;

/// Escalate to a redesign.
#[derive(Deserialize, JsonSchema)]
pub(super) struct EscalateToRedesign {
    /// Why.
    reason: Text<1000>,
    /// The aggregates that are concerned, by name.
    #[schemars(length(max = 100))]
    affected_aggregates: Vec<Text<200>>,
}

#[derive(Serialize, Deserialize, JsonSchema)]
pub(crate) struct RedesignEscalated {
    #[serde(flatten)]
    pub(crate) of: Incident,
    pub(crate) cycle: u32,
    pub(crate) reason: String,
    /// As the current diagnosis has it.
    pub(crate) root_cause: Option<String>,
    pub(crate) affected_aggregates: Vec<String>,
    pub(crate) escalated_by: String,
    pub(crate) escalated_at: i64,
}

const ALREADY_ESCALATED: Refusal =
    Refusal::new(409, "already_escalated", "This pass through the rescue was escalated before.");

impl Desk<Rescue> for EscalateToRedesign {
    const SPEC: DeskSpec = DeskSpec {
        name: "escalate_to_redesign",
        path: "escalate",
        aliases: &[],
        says: "Escalate an incident: the division is designed anew",
        allowed_in: StateMask::ACTIVE,
        refuses: &[ALREADY_ESCALATED],
    };
    const RECORDS: &'static [EventEntry<Rescue>] = &[event::<_, RedesignEscalated>()];

    fn decide(self, rescue: &Rescue, at: &Moment) -> Result<Decision<Rescue>, Refused> {
        if rescue.dossier.status.has(ESCALATED) {
            return Err(ALREADY_ESCALATED.into());
        }
        Ok(Decision::from(RedesignEscalated {
            of: rescue.dossier.of.clone(),
            cycle: rescue.dossier.cycle,
            reason: self.reason.into(),
            root_cause: rescue.diagnoses.last().map(|current| current.root_cause.clone()),
            affected_aggregates: self.affected_aggregates.into_iter().map(String::from).collect(),
            escalated_by: at.actor.clone(),
            escalated_at: at.at_us,
        }))
    }
}

impl Event<Rescue> for RedesignEscalated {
    const TYPE: &'static str = "redesign_escalated_v1";
    const EMITS: Emits = Emits::GroupAndMesh;

    fn evolve(self, rescue: &mut Rescue) {
        rescue.dossier.raise(ESCALATED);
    }
}

#[cfg(test)]
#[test]
fn a_pass_is_escalated_once_with_the_cause_that_was_found() {
    use serde_json::json;
    let ask = super::kit::about(json!({"reason": "It comes back", "affected_aggregates": ["order"]}));
    let rescue = super::kit::a_diagnosed_rescue();
    let told = rescue.when::<EscalateToRedesign>(ask.clone()).unwrap()[0].1.clone();
    assert_eq!((&told["root_cause"], &told["division_name"]), (&json!("Logs are kept"), &json!("orders")));
    assert_eq!((&told["affected_aggregates"], &told["cycle"]), (&json!(["order"]), &json!(1)));
    let escalated = rescue.asked::<EscalateToRedesign>(ask.clone());
    assert!(escalated.when::<EscalateToRedesign>(ask).unwrap_err().is(ALREADY_ESCALATED));
}
