//! No fix is enough for what goes wrong in operation: what was designed is designed anew.

use super::{Design, DivisionHandOff};
use hecate_desk::lifecycle::{Division, Initiate};
use hecate_desk::prelude::*;

/// What design uses of an escalated incident.
#[derive(Deserialize, JsonSchema)]
pub(super) struct RedesignEscalated {
    #[serde(flatten)]
    of: Division,
    reason: String,
    affected_aggregates: Vec<String>,
}

impl Listener<Design> for RedesignEscalated {
    const NAME: &'static str = "on_redesign_escalated_initiate_design";
    const HEARS: &'static str = "redesign_escalated_v1";
    type Asks = Initiate<Design>;

    fn hear(self, source: &Source<'_>) -> Heard<Initiate<Design>> {
        let RedesignEscalated { of, reason, affected_aggregates } = self;
        let division_id = of.division_id.clone();
        let handoff = DivisionHandOff {
            reason: Some(reason.clone()),
            affected_aggregates,
            ..DivisionHandOff::default()
        };
        let initiate = Initiate::because_of(source, of, handoff).for_the_reason(reason);
        Ask::of("division_id", &division_id, initiate).into()
    }
}

#[cfg(test)]
#[test]
fn a_completed_design_is_reopened_for_the_reason_of_the_escalation() {
    use super::{design_event::DesignEvent, kit};
    use hecate_desk::AutoStart;
    use hecate_desk::kit::{ULID, hears};
    use hecate_desk::lifecycle::Complete;
    use serde_json::json;
    let fact = json!({"venture_id": format!("v-{ULID}"), "division_id": format!("d-{ULID}"),
        "division_name": "orders", "reason": "It falls over", "affected_aggregates": ["order"]});
    let asked = hears::<Design, RedesignEscalated>(fact, AutoStart::Never).remove(0);
    let design = kit::a_design_of_an_order().asked::<DesignEvent>(kit::event("order_taken_v1"));
    let told = design.asked::<Complete<Design>>(json!({})).when::<Initiate<Design>>(asked).unwrap();
    assert_eq!((told[0].0.as_str(), &told[0].1["cycle"]), ("design_reopened_v1", &json!(2)));
    assert_eq!(
        (&told[0].1["reason"], &told[0].1["handoff"]["affected_aggregates"]),
        (&json!("It falls over"), &json!(["order"]))
    );
}
