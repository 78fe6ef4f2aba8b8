//! How a generation comes into each of its states, and what each of its desks is asked.

use super::super::desk_states::{Script, a_hand_off, id, lifecycle, lifecycle_asks};
use serde_json::json;

pub(in crate::tests) fn scripts() -> Script {
    let of = json!({"venture_id": id("v-"), "division_id": id("d-"), "division_name": "orders"});
    let desk = |name: &str| {
        json!({"desk_id": format!("desk-{name}"), "desk_name": name, "department": "cmd", "priority": 0,
            "inboxes": [], "policies": [], "emitters": [], "events": []})
    };
    let desks = [desk("take_order"), desk("pay_order")];
    let hand_off = a_hand_off(of.clone(), json!({"desks": desks, "sprints": [], "dependencies": []}));
    let skeleton = json!({"language": "go", "workspace_path": "shop/orders"});
    let module = |name: &str| json!({"module_name": name, "file_path": format!("{name}.go"), "content": "package tea\n"});
    let work = vec![
        ("generate_skeleton", skeleton.clone()),
        ("generate_desk", json!({"desk_id": "take_order"})),
        ("generate_module", module("tea")),
    ];
    let partly = json!({"allow_partial": true, "reason": "A walking skeleton"});
    let mut asks = lifecycle_asks("generation", of, hand_off.clone());
    asks.insert("generate_skeleton", skeleton);
    asks.insert("generate_desk", json!({"desk_id": "pay_order"}));
    asks.insert("generate_module", module("cup"));
    let test =
        json!({"test_name": "Tea is hot", "module_name": "tea", "file_path": "tea_test.go", "content": ""});
    asks.insert("generate_test", test);
    asks.insert("complete_generation", partly.clone());
    let mut states = lifecycle("generation", &hand_off, work);
    for (desk, ask) in states.values_mut().flatten() {
        // One of its desks is left to be generated, so that it can be asked for.
        if *desk == "complete_generation" {
            ask.clone_from(&partly);
        }
    }
    (states, asks)
}
