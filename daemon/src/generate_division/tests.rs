//! What no desk shows alone: the gate, what is handed over, and the next pass.

use super::generate_desk::GenerateDesk;
use super::generate_module::{GenerateModule, ModuleGenerated};
use super::generate_skeleton::GenerateSkeleton;
use super::generate_test::GenerateTest;
use super::path::ESCAPES;
use super::{GENERATION_INCOMPLETE, GENERATION_TOO_LARGE, Generation, INVALID_FILE_PATH, kit};
use hecate_desk::kit::Given;
use hecate_desk::lifecycle::{Complete, Reopen};
use hecate_desk::{Refusal, Sha256};
use serde_json::{Value, json};
use std::collections::BTreeMap;

fn with_both_desks() -> Given<Generation> {
    let desk = |name: &str| json!({"desk_id": name});
    let one = kit::a_generation_with_a_skeleton().asked::<GenerateDesk>(desk("take_order"));
    one.asked::<GenerateDesk>(desk("show_order"))
}

fn test() -> Value {
    json!({"test_name": "Tea is hot", "module_name": "tea", "file_path": "tests/tea.rs", "content": "// Hot\n"})
}

#[test]
fn a_generation_is_complete_with_all_that_was_planned_or_with_part_of_it_for_a_reason() {
    let bare = kit::an_active_generation();
    let refusal = |given: &Given<Generation>, ask| given.when::<Complete<Generation>>(ask).unwrap_err();
    let partly = json!({"allow_partial": true, "reason": "A walking skeleton"});
    let nothing = refusal(&bare, partly.clone());
    assert!(nothing.is(GENERATION_INCOMPLETE));
    assert_eq!(nothing.details["missing"], json!(["the skeleton", "take_order", "show_order"]));
    let skeleton = kit::a_generation_with_a_skeleton();
    assert!(refusal(&skeleton, json!({})).is(GENERATION_INCOMPLETE));
    let unreasoned = refusal(&skeleton, json!({"allow_partial": true}));
    assert_eq!(
        (&unreasoned.details["field"], &unreasoned.details["rule"]),
        (&json!("reason"), &json!("required"))
    );
    let part = skeleton.when::<Complete<Generation>>(partly.clone()).unwrap();
    assert_eq!((&part[0].1["allow_partial"], &part[0].1["reason"]), (&json!(true), &partly["reason"]));
    let whole = with_both_desks().when::<Complete<Generation>>(partly).unwrap();
    assert_eq!((&whole[0].1["allow_partial"], &whole[0].1["reason"]), (&json!(false), &Value::Null));
}

#[test]
fn all_that_was_made_is_handed_over_and_its_manifest_is_that_of_its_files() {
    let made = with_both_desks().asked::<GenerateModule>(kit::module("tea")).asked::<GenerateTest>(test());
    let told = made.when::<Complete<Generation>>(json!({})).unwrap()[0].1.clone();
    assert_eq!((&told["language"], &told["workspace_path"]), (&json!("rust"), &json!("shop/orders")));
    assert_eq!(told["desks"].as_array().unwrap().len(), 2);
    assert_eq!(told["modules"][0]["file_path"], "src/tea.rs");
    assert_eq!(told["modules"][0]["module_type"], "other");
    assert_eq!(
        (&told["tests"][0]["module_name"], &told["tests"][0]["test_type"]),
        (&json!("tea"), &json!("unit"))
    );
    let by_path: BTreeMap<_, _> = made.aggregate().made.places.named().collect();
    let lines: String =
        by_path.into_iter().map(|(path, sha256)| format!("{sha256}  {path}\n")).collect();
    assert!(lines.contains(&format!("{}  tests/tea.rs\n", Sha256::of(b"// Hot\n"))), "{lines}");
    assert_eq!(told["manifest_sha256"], json!(Sha256::of(lines.as_bytes())));
}

#[test]
fn the_next_pass_begins_with_nothing() {
    let done = with_both_desks().asked::<Complete<Generation>>(json!({}));
    let again = done.asked::<Reopen<Generation>>(json!({"reason": "Redesigned"}));
    assert!(again.when::<Complete<Generation>>(json!({})).unwrap_err().is(GENERATION_INCOMPLETE));
    let made = again.when::<GenerateSkeleton>(kit::skeleton()).unwrap();
    assert_eq!(made[0].1["cycle"], 2);
}

#[test]
fn no_file_is_recorded_that_would_lie_outside_of_its_workspace() {
    let generation = kit::a_generation_with_a_skeleton().asked::<GenerateModule>(kit::module("tea"));
    for way in ESCAPES {
        let wanted = if way.trim().is_empty() { Refusal::VALIDATION } else { INVALID_FILE_PATH };
        let (mut module, mut test) = (kit::module("cake"), test());
        (module["file_path"], test["file_path"]) = (way.into(), way.into());
        assert!(generation.when::<GenerateModule>(module).unwrap_err().is(wanted), "{way:?}");
        assert!(generation.when::<GenerateTest>(test).unwrap_err().is(wanted), "{way:?}");
    }
}

#[test]
fn what_could_not_be_handed_over_in_one_event_is_refused() {
    let mut generation = kit::a_generation_with_a_skeleton();
    let told = generation.when::<GenerateModule>(kit::module("tea")).unwrap()[0].1.clone();
    let made = |nth: u32| {
        let mut told = told.clone();
        told["module_name"] = format!("m{nth}").into();
        told["file_path"] = format!("{}/m{nth}.rs", vec!["deep"; 30].join("/")).into();
        serde_json::from_value::<ModuleGenerated>(told).unwrap()
    };
    for nth in 0..500 {
        generation = generation.event(made(nth));
    }
    assert!(generation.when::<GenerateModule>(kit::module("tea")).is_ok());
    for nth in 500..1_000 {
        generation = generation.event(made(nth));
    }
    assert!(generation.when::<GenerateModule>(kit::module("tea")).unwrap_err().is(GENERATION_TOO_LARGE));
    let mut test = test();
    test["module_name"] = "m1".into();
    assert!(generation.when::<GenerateTest>(test).unwrap_err().is(GENERATION_TOO_LARGE));
}
