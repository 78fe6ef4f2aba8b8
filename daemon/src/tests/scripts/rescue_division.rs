//! A rescue in each of its states. Each request says which incident it is about.

use super::super::desk_states::{Steps, a_hand_off, id, lifecycle, lifecycle_asks};
use serde_json::{Value, json};
use std::collections::BTreeMap;

pub(in crate::tests) fn scripts() -> (BTreeMap<&'static str, Steps>, BTreeMap<&'static str, Value>) {
    let of = json!({"venture_id": id("v-"), "division_id": id("d-"), "division_name": "orders",
        "incident_id": id("inc-")});
    let hand_off = a_hand_off(of.clone(), json!({"incident_title": "Down", "severity": "high"}));
    let fix = json!({"fix_type": "rollback", "fix_description": "Back"});
    let mut states = lifecycle("rescue", &hand_off, vec![("apply_fix", fix.clone())]);
    let mut asks = lifecycle_asks("rescue", of, hand_off);
    asks.insert("diagnose_incident", json!({"diagnosis": "Full", "root_cause": "Logs"}));
    asks.insert("apply_fix", fix);
    asks.insert("escalate_to_redesign", json!({"reason": "Again", "affected_aggregates": []}));
    asks.iter_mut()
        .chain(states.values_mut().flatten().map(|(desk, asked)| (&*desk, asked)))
        .for_each(said_in_full);
    (states, asks)
}

fn said_in_full((desk, asked): (&&'static str, &mut Value)) {
    asked["incident_id"] = id("inc-").into();
    if *desk == "complete_rescue" {
        asked["resolution"] = "Back".into();
    }
}
