//! What a plan hands over, when it does, and how large that may be.

use super::inventory_desk::InventoryDesk;
use super::kit::*;
use super::plan_dependency::PlanDependency;
use super::sequence_desks::SequenceDesks;
use super::{PLAN_INCOMPLETE, PLAN_TOO_LARGE, Plan};
use hecate_desk::lifecycle::{Complete, Initiate};
use serde_json::{Value, json};

/// A desk of priority 0 that emits this.
fn first_desk(name: &str, emitters: &[&str]) -> Value {
    let mut asked = desk(name);
    (asked["priority"], asked["emitters"]) = (0.into(), emitters.into());
    asked
}

#[test]
fn a_plan_is_complete_once_it_has_a_desk_and_each_of_priority_0_its_sprint() {
    let plan = an_active_plan();
    let refused = plan.when::<Complete<Plan>>(json!({})).unwrap_err();
    assert!(refused.is(PLAN_INCOMPLETE));
    assert_eq!(refused.details["missing"], json!(["a desk"]));
    let plan = plan.asked::<InventoryDesk>(desk("pay")).asked::<InventoryDesk>(first_desk("take_order", &[]));
    let refused = plan.when::<Complete<Plan>>(json!({})).unwrap_err();
    assert_eq!(refused.details["missing"], json!(["a sprint for take_order"]));
    let plan = plan.asked::<SequenceDesks>(sprint(0, &["take_order"]));
    assert!(plan.when::<Complete<Plan>>(json!({})).is_ok());
    // Left out of its sprint it is in none.
    let plan = plan.asked::<SequenceDesks>(sprint(0, &["pay"]));
    assert!(plan.when::<Complete<Plan>>(json!({})).unwrap_err().is(PLAN_INCOMPLETE));
}

#[test]
fn a_desk_is_handed_over_with_the_events_of_its_aggregate_that_it_emits() {
    let mut reads = first_desk("show_order", &["order_paid_v1"]);
    reads["department"] = "qry".into();
    let plan = an_active_plan()
        .asked::<InventoryDesk>(first_desk("take_order", &["order_taken_v1_to_pg", "order_taken_v1_to_mesh"]))
        .asked::<InventoryDesk>(first_desk("pay_order", &["order_paid_v1", "stock_sold_v1"]))
        .asked::<InventoryDesk>(reads)
        .asked::<PlanDependency>(json!({"from_desk": "pay_order", "to_desk": "take_order"}))
        .asked::<SequenceDesks>(sprint(3, &["take_order", "pay_order", "show_order"]));
    let [(event_type, planned)] = &plan.when::<Complete<Plan>>(json!({})).unwrap()[..] else {
        panic!("one event")
    };
    assert_eq!(event_type, "plan_completed_v1");
    let events = |nth: usize| planned["desks"][nth]["events"].clone();
    let paid = json!([{"event_name": "order_paid_v1",
        "payload_fields": [{"name": "sku", "type": "s", "required": true}]}]);
    let taken = json!([{"event_name": "order_taken_v1", "payload_fields": []}]);
    assert_eq!([events(0), events(1), events(2)], [paid, json!([]), taken]);
    let ids = ["take_order", "pay_order", "show_order"].map(id_of);
    assert_eq!(planned["sprints"], json!([{"sprint_number": 3, "desk_ids": ids}]));
    let dependency_id = format!("dep-{}-{}", ids[1], ids[0]);
    let dependency = json!({"dependency_id": dependency_id, "from_desk": ids[1], "to_desk": ids[0],
        "dependency_type": "requires"});
    assert_eq!(planned["dependencies"], json!([dependency]));
}

#[test]
fn a_plan_stays_small_enough_to_be_handed_over() {
    let mut large = desk("desk");
    large["description"] = "x".repeat(4000).into();
    let named = |nth: u32| {
        let mut asked = large.clone();
        asked["desk_name"] = format!("desk_{nth}").into();
        asked
    };
    let mut plan = an_active_plan();
    for nth in 0..46 {
        plan = plan.asked::<InventoryDesk>(named(nth));
    }
    let refused = plan.when::<InventoryDesk>(named(46)).unwrap_err();
    assert!(refused.is(PLAN_TOO_LARGE), "{refused:?}");
    let mut small = 0;
    let full = loop {
        let name = format!("small_{small}");
        match plan.when::<InventoryDesk>(desk(&name)) {
            Ok(_) => plan = plan.asked::<InventoryDesk>(desk(&name)),
            Err(refused) => break refused,
        }
        small += 1;
    };
    assert!(full.is(PLAN_TOO_LARGE));
    let all: Vec<_> = (0..46).map(|nth| format!("desk_{nth}")).collect();
    let all: Vec<_> = all.iter().map(String::as_str).collect();
    assert!(plan.when::<SequenceDesks>(sprint(0, &all)).unwrap_err().is(PLAN_TOO_LARGE));
    let long = json!({"from_desk": "desk_0", "to_desk": "desk_1"});
    assert!(plan.when::<PlanDependency>(long).unwrap_err().is(PLAN_TOO_LARGE));
    assert!(plan.when::<Complete<Plan>>(json!({})).is_ok());
}

/// A design that is completed anew says more than the plan was made for.
#[test]
fn a_plan_whose_events_grew_too_large_is_not_handed_over() {
    let plan = an_active_plan().asked::<InventoryDesk>(first_desk("pay", &["order_paid_v1"]));
    let plan = plan.asked::<SequenceDesks>(sprint(0, &["pay"]));
    assert!(plan.when::<Complete<Plan>>(json!({})).is_ok());
    let grown = plan.asked::<Initiate<Plan>>(initiate(a_design(200 * 1024), 1));
    assert!(grown.when::<Complete<Plan>>(json!({})).unwrap_err().is(PLAN_TOO_LARGE));
}

#[test]
fn a_completed_plan_is_reopened_by_the_design_that_was_completed_anew() {
    let plan = a_plan_of(&["pay"]).asked::<Complete<Plan>>(json!({}));
    let reopened = plan.when::<Initiate<Plan>>(initiate(a_design(2), 1)).unwrap();
    assert_eq!((&*reopened[0].0, &reopened[0].1["cycle"]), ("plan_reopened_v1", &json!(2)));
    // What was planned before is planned still.
    let reopened = plan.asked::<Initiate<Plan>>(initiate(a_design(2), 1));
    assert!(reopened.when::<InventoryDesk>(desk("pay")).is_err());
    assert!(reopened.when::<Complete<Plan>>(json!({})).is_ok());
}
