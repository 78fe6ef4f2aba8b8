//! What no desk shows alone: the gate, what is handed over, and the next pass.

use super::generate_desk::{DeskGenerated, GenerateDesk};
use super::generate_module::{GenerateModule, ModuleGenerated};
use super::generate_skeleton::GenerateSkeleton;
use super::generate_test::GenerateTest;
use super::path::ESCAPES;
use super::{GENERATION_INCOMPLETE, GENERATION_TOO_LARGE, Generation, INVALID_FILE_PATH, kit};
use hecate_desk::kit::Given;
use hecate_desk::lifecycle::{Complete, Initiate, Reopen};
use hecate_desk::{Refusal, Sha256};
use hecate_event_store::EVENT_BYTES_MAX;
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
    let lines: String = by_path.into_iter().map(|(path, sha256)| format!("{sha256}  {path}\n")).collect();
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

/// A module at this place.
fn module_at(name: &str, path: &str) -> Value {
    let mut module = kit::module(name);
    module["file_path"] = path.into();
    module
}

#[test]
fn no_file_lies_where_another_part_has_its_own_nor_in_a_file_nor_in_place_of_a_folder() {
    let bare = kit::a_generation_with_a_skeleton();
    let generation = bare
        .asked::<GenerateDesk>(json!({"desk_id": "take_order"}))
        .asked::<GenerateModule>(kit::module("tea"))
        .asked::<GenerateTest>(test());
    for (path, whose) in [
        ("Cargo.toml", "the skeleton"),
        ("cargo.toml", "the skeleton"),
        ("Cargo.toml/x", "the skeleton"),
        ("kernel/src", "the skeleton"),
        ("desks", "the skeleton"),
        ("desks/take_order/src/handler.rs", "the desk take_order"),
        // Planned, and not there yet.
        ("desks/show_order/src/query.rs", "the desk show_order"),
        ("desks/show_order", "the desk show_order"),
        ("src/tea.rs", "the module tea"),
        ("src", "the module tea"),
        ("tests/tea.rs/more", "the test Tea is hot"),
    ] {
        let refused = generation.when::<GenerateModule>(module_at("cake", path)).unwrap_err();
        assert!(refused.is(INVALID_FILE_PATH), "{path}");
        let hint = refused.details["hint"].as_str().unwrap();
        assert!(hint.contains(whose), "{path}: {hint}");
        let mut test = test();
        (test["test_name"], test["file_path"]) = ("Tea is green".into(), path.into());
        assert!(generation.when::<GenerateTest>(test).unwrap_err().is(INVALID_FILE_PATH), "{path}");
    }
    assert!(generation.when::<GenerateModule>(module_at("cake", "src/cake.rs")).is_ok());
    // One file may hold several tests.
    let mut test = test();
    test["test_name"] = "Tea is green".into();
    assert!(generation.when::<GenerateTest>(test).is_ok());
}

#[test]
fn a_desk_is_not_generated_over_what_somebody_wrote_and_the_next_pass_may_take_its_own_paths_again() {
    let at = "desks/take_order/src/query.rs";
    let generation = kit::a_generation_with_a_skeleton().asked::<GenerateModule>(module_at("query", at));
    let ask = json!({"desk_id": "take_order", "template": "qry"});
    let refused = generation.when::<GenerateDesk>(ask).unwrap_err();
    assert!(refused.is(INVALID_FILE_PATH));
    assert_eq!(
        (&refused.details["field"], &refused.details["hint"]),
        (&json!("desk_id"), &json!(format!("`{at}` is a file of the module query.")))
    );
    let generation = generation.asked::<GenerateDesk>(json!({"desk_id": "take_order"}));
    let partial = json!({"allow_partial": true, "reason": "Enough"});
    let again = generation
        .asked::<Complete<Generation>>(partial)
        .asked::<Reopen<Generation>>(json!({"reason": "More"}))
        .asked::<GenerateSkeleton>(kit::skeleton());
    assert!(again.when::<GenerateModule>(module_at("query", at)).is_ok());
}

/// The kit's plan again, from the nth source, with this changed in the plan of a desk.
fn handed_over(nth: u8, desk: usize, field: &str, value: Value) -> Value {
    let mut ask = kit::handed_over(nth);
    ask["handoff"]["desks"][desk][field] = value;
    ask
}

#[test]
fn what_the_plan_tells_otherwise_by_now_is_generated_anew() {
    let missing = |generation: &Given<Generation>| {
        let refused = generation.when::<Complete<Generation>>(json!({})).unwrap_err();
        refused.details["missing"].clone()
    };
    // The same plan, and one that differs in nothing that files are made of.
    for same in [kit::handed_over(2), handed_over(2, 0, "priority", json!(2))] {
        let again = with_both_desks().asked::<Initiate<Generation>>(same);
        assert!(again.when::<Complete<Generation>>(json!({})).is_ok());
    }
    let described = handed_over(2, 1, "description", json!("All of them"));
    let again = with_both_desks().asked::<Initiate<Generation>>(described);
    assert_eq!(missing(&again), json!(["the skeleton", "show_order"]));
    // Read models name the events of others.
    let told = json!([{"event_name": "order_taken_v2", "payload_fields": []}]);
    let renamed = with_both_desks().asked::<Initiate<Generation>>(handed_over(2, 0, "events", told));
    assert_eq!(missing(&renamed), json!(["the skeleton", "take_order", "show_order"]));
    let mut elsewhere = kit::skeleton();
    elsewhere["workspace_path"] = "shop/elsewhere".into();
    let refused = again.when::<GenerateSkeleton>(elsewhere).unwrap_err();
    assert_eq!(refused.code, "skeleton_already_generated");
    let whole = again
        .asked::<GenerateDesk>(json!({"desk_id": "show_order"}))
        .asked::<GenerateSkeleton>(kit::skeleton());
    assert!(whole.when::<Complete<Generation>>(json!({})).is_ok());
    assert!(whole.when::<GenerateSkeleton>(kit::skeleton()).is_err());
}

/// However many modules there are, each planned desk fits in beside them.
#[test]
fn a_generation_that_was_filled_before_its_desks_can_be_handed_over() {
    const DESKS: u32 = 450;
    let mut ask = kit::handed_over(1);
    let planned = ask["handoff"]["desks"][0].clone();
    let name = |nth: u32| format!("take_an_order_of_many_words_that_are_as_long_as_it_is_{nth:08}");
    let desk = |nth: u32| {
        let mut desk = planned.clone();
        desk["desk_id"] = format!("desk-d-{}-{}", hecate_desk::kit::ULID, name(nth)).into();
        desk["desk_name"] = name(nth).into();
        desk
    };
    ask["handoff"]["desks"] = (0..DESKS).map(desk).collect();
    ask["start"] = true.into();
    let mut generation = hecate_desk::kit::given::<Generation>()
        .asked::<Initiate<Generation>>(ask)
        .asked::<GenerateSkeleton>(kit::skeleton());
    let told = generation.when::<GenerateModule>(kit::module("tea")).unwrap()[0].1.clone();
    let module = |nth: u32| {
        let mut told = told.clone();
        told["module_name"] = format!("m{nth}").into();
        told["file_path"] = format!("{}/m{nth}.rs", vec!["deep"; 30].join("/")).into();
        serde_json::from_value::<ModuleGenerated>(told).unwrap()
    };
    let mut modules = 0;
    while generation.when::<GenerateModule>(kit::module("tea")).is_ok() {
        generation = (modules..modules + 50).fold(generation, |made, nth| made.event(module(nth)));
        modules += 50;
    }
    let told = generation.when::<GenerateDesk>(json!({"desk_id": name(0)})).unwrap()[0].1.clone();
    for nth in 0..DESKS {
        let mut told = told.clone();
        (told["desk_id"], told["desk_name"]) = (desk(nth)["desk_id"].clone(), name(nth).into());
        told["files"] = json!([]);
        generation = generation.event(serde_json::from_value::<DeskGenerated>(told).unwrap());
    }
    let whole = generation.when::<Complete<Generation>>(json!({})).unwrap()[0].1.to_string();
    assert!(modules > 0 && whole.len() < EVENT_BYTES_MAX, "{modules} modules, {} bytes", whole.len());
}
