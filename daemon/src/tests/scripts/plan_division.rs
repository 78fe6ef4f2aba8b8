//! Planning: two desks of an order in their sprint; what comes back to it is acknowledged in any state.

use crate::tests::desk_states::{Steps, a_hand_off, id, lifecycle, lifecycle_asks};
use serde_json::{Value, json};
use std::collections::BTreeMap;

pub(in crate::tests) fn scripts() -> (BTreeMap<&'static str, Steps>, BTreeMap<&'static str, Value>) {
    let of = json!({"venture_id": id("v-"), "division_id": id("d-"), "division_name": "orders"});
    let design = json!({"aggregates": [{"aggregate_name": "order"}], "events": []});
    let hand_off = a_hand_off(of.clone(), design);
    let desk = |name: &str| json!({"desk_name": name, "department": "cmd", "aggregate_name": "order"});
    let sequence = |number: u32| json!({"sprint_number": number, "desk_ids": ["take_order", "pay_order"]});
    let work = vec![
        ("inventory_desk", desk("take_order")),
        ("inventory_desk", desk("pay_order")),
        ("sequence_desks", sequence(0)),
    ];
    let mut asks = lifecycle_asks("plan", of, hand_off.clone());
    asks.insert("inventory_desk", desk("send_order"));
    asks.insert("sequence_desks", sequence(1));
    asks.insert("plan_dependency", json!({"from_desk": "pay_order", "to_desk": "take_order"}));
    let fact = "01890000-0000-7000-8000-000000000002";
    let totals = json!({"suites": 1, "passed": 1, "failed": 0, "skipped": 0, "errored": 0});
    for (acknowledge, mut says) in [
        ("acknowledge_generation", json!({"desk_id": "desk-1"})),
        ("acknowledge_testing", json!({"gate_passed": true, "totals": totals})),
        ("acknowledge_deployment", json!({"release_id": "rel-1", "version": "1.0.0", "env": "prod"})),
        ("acknowledge_incident", json!({"incident_id": "inc-1", "severity": "high"})),
        ("acknowledge_rescue", json!({"incident_id": "inc-1", "outcome": "fixed"})),
    ] {
        says["source_event_id"] = fact.into();
        asks.insert(acknowledge, says);
    }
    (lifecycle("plan", &hand_off, work), asks)
}
