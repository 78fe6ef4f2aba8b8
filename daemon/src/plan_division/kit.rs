//! Plans for the desks' own tests.

use super::Plan;
use super::inventory_desk::InventoryDesk;
use hecate_desk::kit::{Given, ULID, given};
use hecate_desk::lifecycle::{Initiate, Start};
use serde_json::{Value, json};

/// The id of a fact.
pub(super) fn nth_fact(nth: u64) -> Value {
    format!("01890000-0000-7000-8000-{nth:012}").into()
}

/// A request that a fact leads to.
pub(super) fn a_fact(nth: u64, mut says: Value) -> Value {
    says["source_event_id"] = nth_fact(nth);
    says
}

/// A design of an order that is taken and paid, with this many characters about the second.
pub(super) fn a_design(characters: usize) -> Value {
    let field = json!({"name": "sku", "type": "s".repeat(characters), "required": true});
    let event = |name: &str, fields: Value| json!({"event_name": name, "aggregate_name": "order", "payload_fields": fields});
    json!({"aggregates": [{"aggregate_name": "order"}],
        "events": [event("order_taken_v1", json!([])), event("order_paid_v1", json!([field]))]})
}

pub(super) fn initiate(handoff: Value, nth: u64) -> Value {
    let says = json!({"venture_id": format!("v-{ULID}"), "division_id": format!("d-{ULID}"),
        "division_name": "orders", "handoff": handoff, "visibility": "realm", "start": false});
    a_fact(nth, says)
}

pub(super) fn an_active_plan() -> Given<Plan> {
    given().asked::<Initiate<Plan>>(initiate(a_design(1), 0)).asked::<Start<Plan>>(json!({}))
}

/// A desk for commands.
pub(super) fn desk(name: &str) -> Value {
    json!({"desk_name": name, "department": "cmd", "aggregate_name": "order"})
}

pub(super) fn id_of(name: &str) -> String {
    format!("desk-d-{ULID}-{name}")
}

/// A plan of these desks.
pub(super) fn a_plan_of(desks: &[&str]) -> Given<Plan> {
    desks.iter().fold(an_active_plan(), |plan, name| plan.asked::<InventoryDesk>(desk(name)))
}

pub(super) fn sprint(sprint_number: u32, desks: &[&str]) -> Value {
    json!({"sprint_number": sprint_number, "desk_ids": desks})
}
