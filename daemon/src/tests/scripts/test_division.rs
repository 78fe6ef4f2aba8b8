//! Testing in each of its states.

use super::super::desk_states::{Steps, a_hand_off, id, lifecycle, lifecycle_asks};
use serde_json::{Value, json};
use std::collections::BTreeMap;

pub(in crate::tests) fn scripts() -> (BTreeMap<&'static str, Steps>, BTreeMap<&'static str, Value>) {
    let of = json!({"venture_id": id("v-"), "division_id": id("d-"), "division_name": "orders"});
    let hand_off = a_hand_off(of.clone(), json!({"modules": [], "tests": []}));
    let work = vec![("run_test_suite", json!({"suite_name": "unit", "suite_id": id("suite-")}))];
    let mut asks = lifecycle_asks("testing", of, hand_off.clone());
    asks.insert("set_quality_gate", json!({"max_failures": 1}));
    asks.insert(
        "run_test_suite",
        json!({"suite_name": "e2e", "suite_id": "suite-01ARZ3NDEKTSV4RRFFQ69G5FAA"}),
    );
    asks.insert(
        "record_test_result",
        json!({"suite_id": id("suite-"), "test_name": "sells", "status": "passed"}),
    );
    asks.insert("conclude_test_suite", json!({"suite_id": id("suite-")}));
    // Beside a run that is still open.
    let complete = json!({"override_reason": "The customer waits"});
    let mut states = lifecycle("testing", &hand_off, work);
    states.get_mut("completed").and_then(|steps| steps.last_mut()).unwrap().1 = complete.clone();
    asks.insert("complete_testing", complete);
    (states, asks)
}
