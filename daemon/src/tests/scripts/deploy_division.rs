//! Deployment: two releases stand, so that one may be rolled back and the other goes on.

use crate::tests::desk_states::{Steps, a_hand_off, id, lifecycle, lifecycle_asks};
use serde_json::{Value, json};
use std::collections::BTreeMap;

pub(in crate::tests) fn scripts() -> (BTreeMap<&'static str, Steps>, BTreeMap<&'static str, Value>) {
    let of = json!({"venture_id": id("v-"), "division_id": id("d-"), "division_name": "orders"});
    let totals = json!({"suites": 1, "passed": 1, "failed": 0, "skipped": 0, "errored": 0});
    let hand_off = a_hand_off(of.clone(), json!({"gate_passed": true, "totals": totals}));
    let release =
        |id: &str, version: &str| json!({"release_id": id, "release_version": version, "target_env": "prod"});
    let other = "rel-01ARZ3NDEKTSV4RRFFQ69G5FAA";
    let work =
        vec![("deploy_release", release(&id("rel-"), "1.0.0")), ("deploy_release", release(other, "1.1.0"))];
    let mut asks = lifecycle_asks("deployment", of, hand_off.clone());
    asks.insert(
        "deploy_release",
        json!({"release_version": "1.2.0", "target_env": "prod",
        "release_id": "rel-01ARZ3NDEKTSV4RRFFQ69G5FAB"}),
    );
    asks.insert("stage_rollout", json!({"release_id": other, "stage_name": "some", "stage_percentage": 10}));
    asks.insert("roll_back_release", json!({"release_id": other, "reason": "Slow"}));
    (lifecycle("deployment", &hand_off, work), asks)
}
