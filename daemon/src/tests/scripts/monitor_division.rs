//! Monitoring: a check and an open incident while it is at work; completed with none.

use crate::tests::desk_states::{Steps, a_hand_off, id, lifecycle, lifecycle_asks};
use serde_json::{Value, json};
use std::collections::BTreeMap;

pub(in crate::tests) fn scripts() -> (BTreeMap<&'static str, Steps>, BTreeMap<&'static str, Value>) {
    let of = json!({"venture_id": id("v-"), "division_id": id("d-"), "division_name": "orders"});
    let release = json!({"release_id": "rel-1", "release_version": "1.0.0", "target_env": "prod",
        "endpoints": [], "rollout": []});
    let hand_off = a_hand_off(of.clone(), release);
    let check = |name| json!({"check_name": name, "endpoint": "http://localhost/health"});
    let resolve = json!({"incident_id": id("inc-"), "resolution": "Turned it on"});
    let raise = ("raise_incident", json!({"incident_title": "Slow"}));
    let work = vec![("register_health_check", check("shop")), raise];
    let mut states = lifecycle("monitoring", &hand_off, work.clone());
    let over = ("resolve_incident", resolve.clone());
    let work = [work, vec![over]].concat();
    states.extend(lifecycle("monitoring", &hand_off, work).remove_entry("completed"));
    let check_id = format!("check-{}-shop", id("d-"));
    let mut asks = lifecycle_asks("monitoring", of, hand_off);
    asks.extend([
        ("register_health_check", check("cart")),
        ("deregister_health_check", json!({"check_id": check_id})),
        ("set_sla_threshold", json!({"signal": "error_rate", "threshold": 0.1})),
        ("record_health_status", json!({"check_id": check_id, "status": "healthy"})),
        ("resolve_incident", resolve),
        (
            "withdraw_release",
            json!({"source_event_id": "01890000-0000-7000-8000-000000000002", "release_id": "rel-1"}),
        ),
        (
            "raise_incident",
            json!({"incident_title": "Down", "incident_id": "inc-01ARZ3NDEKTSV4RRFFQ69G5FAA"}),
        ),
    ]);
    (states, asks)
}
