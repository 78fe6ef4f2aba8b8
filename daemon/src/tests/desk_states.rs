//! Every desk in every state, from one table: it is open there, or refuses with exactly that code.

use super::scripts::{
    deploy_division, generate_division, monitor_division, plan_division, rescue_division, test_division,
};
use crate::PROCESSES;
use hecate_desk::{ProcessEntry, kit::ULID};
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// Requests that are granted one after the other.
pub(super) type Steps = Vec<(&'static str, Value)>;

/// One process in the table: its states, and a row of cells for each desk.
struct Block {
    process: &'static str,
    states: Vec<&'static str>,
    rows: Vec<(&'static str, Vec<&'static str>)>,
}

fn table() -> Vec<Block> {
    let mut blocks: Vec<Block> = Vec::new();
    let lines = include_str!("desk_states.txt").lines().filter(|line| !line.starts_with('#'));
    for words in lines.map(|line| line.split_whitespace().collect::<Vec<_>>()) {
        match &words[..] {
            [] => {}
            [process, "none", ..] => {
                blocks.push(Block { process, states: words[1..].to_vec(), rows: Vec::new() });
            }
            [desk, cells @ ..] => blocks.last_mut().unwrap().rows.push((desk, cells.to_vec())),
        }
    }
    blocks
}

pub(super) fn id(prefix: &str) -> String {
    format!("{prefix}{ULID}")
}

pub(super) fn a_hand_off(of: Value, handoff: Value) -> Value {
    let mut asked = json!({"handoff": handoff, "visibility": "realm", "start": false,
        "source_event_id": "01890000-0000-7000-8000-000000000000"});
    asked.as_object_mut().unwrap().extend(of.as_object().cloned().unwrap());
    asked
}

/// The same from another fact.
fn another(mut hand_off: Value) -> Value {
    hand_off["source_event_id"] = "01890000-0000-7000-8000-000000000001".into();
    hand_off
}

/// How each state of a process is reached, and a request for each desk that is granted wherever it is open.
pub(super) type Script = (BTreeMap<&'static str, Steps>, BTreeMap<&'static str, Value>);

fn script(process: &str) -> Script {
    match process {
        "setup_venture" => setup_venture(),
        "discover_divisions" => discover_divisions(),
        "design_division" => design_division(),
        "plan_division" => plan_division::scripts(),
        "generate_division" => generate_division::scripts(),
        "test_division" => test_division::scripts(),
        "deploy_division" => deploy_division::scripts(),
        "monitor_division" => monitor_division::scripts(),
        "rescue_division" => rescue_division::scripts(),
        other => panic!("{other} has no script"),
    }
}

fn setup_venture() -> (BTreeMap<&'static str, Steps>, BTreeMap<&'static str, Value>) {
    let asks = BTreeMap::from([
        ("setup_venture", json!({"name": "Shop", "brief": "Sell"})),
        ("refine_vision", json!({"brief": "Sell more"})),
        ("submit_vision", json!({})),
        ("archive_venture", json!({})),
    ]);
    let steps = |desks: &[&'static str]| desks.iter().map(|desk| (*desk, asks[desk].clone())).collect();
    let mut states: BTreeMap<_, Steps> = BTreeMap::from([
        ("none", Steps::new()),
        ("set_up", steps(&["setup_venture"])),
        ("refined", steps(&["setup_venture", "refine_vision"])),
        ("submitted", steps(&["setup_venture", "submit_vision"])),
        ("archived", steps(&["setup_venture", "archive_venture"])),
    ]);
    states.get_mut("refined").unwrap()[1].1 = json!({"brief": "Sell less"});
    (states, asks)
}

/// The six states of whatever has a lifecycle, once `work` has made it fit to be completed.
pub(super) fn lifecycle(noun: &str, hand_off: &Value, work: Steps) -> BTreeMap<&'static str, Steps> {
    let desk = |verb: &str| -> &'static str { format!("{verb}_{noun}").leak() };
    let pending = vec![(desk("initiate"), hand_off.clone())];
    let active = [pending.clone(), vec![(desk("start"), json!({}))], work].concat();
    let and = |verb: &str, asks: Value| [active.clone(), vec![(desk(verb), asks)]].concat();
    BTreeMap::from([
        ("none", Steps::new()),
        ("pending", pending),
        ("paused", and("pause", json!({"reason": "Rain"}))),
        ("completed", and("complete", json!({}))),
        ("archived", and("archive", json!({}))),
        ("active", active),
    ])
}

/// A request for each desk of the lifecycle.
pub(super) fn lifecycle_asks(noun: &str, of: Value, hand_off: Value) -> BTreeMap<&'static str, Value> {
    let desk = |verb: &str| -> &'static str { format!("{verb}_{noun}").leak() };
    BTreeMap::from([
        (desk("initiate"), another(hand_off)),
        (desk("start"), json!({})),
        (desk("pause"), json!({"reason": "Rain"})),
        (desk("resume"), json!({})),
        (desk("complete"), json!({})),
        (desk("reopen"), json!({"reason": "Sun"})),
        (desk("archive"), json!({})),
        (desk("bury"), of),
    ])
}

fn discover_divisions() -> (BTreeMap<&'static str, Steps>, BTreeMap<&'static str, Value>) {
    let of = json!({"venture_id": id("v-"), "venture_name": "Shop"});
    let vision = json!({"brief": "Sell", "repos": [], "skills": [], "context_map": {}});
    let hand_off = a_hand_off(of.clone(), vision);
    let work = vec![("discover_division", json!({"division_name": "orders", "division_id": id("d-")}))];
    let mut asks = lifecycle_asks("discovery", of, hand_off.clone());
    let other = "d-01ARZ3NDEKTSV4RRFFQ69G5FAA";
    asks.insert("discover_division", json!({"division_name": "stock", "division_id": other}));
    asks.insert("dismiss_division", json!({"division_id": id("d-"), "reason": "None"}));
    (lifecycle("discovery", &hand_off, work), asks)
}

fn design_division() -> (BTreeMap<&'static str, Steps>, BTreeMap<&'static str, Value>) {
    let of = json!({"venture_id": id("v-"), "division_id": id("d-"), "division_name": "orders"});
    let hand_off = a_hand_off(of.clone(), json!({"affected_aggregates": []}));
    let aggregate = |name| json!({"aggregate_name": name, "stream_pattern": "order-{order_id}"});
    let event = |name| json!({"aggregate_name": "order", "event_name": name});
    let work = vec![("design_aggregate", aggregate("order")), ("design_event", event("order_taken_v1"))];
    let mut asks = lifecycle_asks("design", of, hand_off.clone());
    asks.insert("design_aggregate", aggregate("stock"));
    asks.insert("design_event", event("order_sent_v1"));
    asks.insert(
        "revise_aggregate",
        json!({"aggregate_name": "order", "description": "Sold", "reason": "New"}),
    );
    asks.insert(
        "revise_event",
        json!({"event_name": "order_taken_v1", "description": "Sold", "reason": "New"}),
    );
    (lifecycle("design", &hand_off, work), asks)
}

fn process(name: &str) -> &'static ProcessEntry {
    PROCESSES.iter().find(|process| process.spec.name == name).expect("the process is listed")
}

#[test]
fn each_desk_is_open_or_refuses_as_the_table_says() {
    let (mut wrong, mut cells) = (Vec::new(), 0);
    for Block { process: name, states, rows } in table() {
        let (scripts, asks) = script(name);
        for (desk, expected) in rows {
            assert_eq!(expected.len(), states.len(), "{desk} has a cell for each state");
            for (state, expected) in states.iter().zip(expected) {
                let judged = (process(name).judge)(&scripts[state], desk, asks[desk].clone());
                let found = match judged {
                    Ok(recorded) if recorded.is_empty() => "nothing recorded".to_owned(),
                    Ok(_) => "open".to_owned(),
                    Err(refused) => refused.code.to_string(),
                };
                cells += 1;
                if found != expected {
                    wrong.push(format!("{desk} when {state}: {expected} in the table, {found} in truth"));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{cells} cells\n{}", wrong.join("\n"));
}

/// A desk that the table leaves out would never be tried.
#[test]
fn the_table_has_each_desk_of_each_process_that_a_venture_walks_through() {
    let tabled: BTreeMap<_, Vec<_>> = table()
        .into_iter()
        .map(|block| (block.process, block.rows.iter().map(|(desk, _)| *desk).collect()))
        .collect();
    let house = crate::house::a_house();
    for process in &house.processes {
        let desks: Vec<_> = process.doors().iter().map(|door| door.spec.name).collect();
        let name = process.spec().name;
        if name == "tend_read_models" {
            // Always open: no state of it closes a desk.
            continue;
        }
        let mut tabled = tabled.get(name).cloned().unwrap_or_default();
        let mut desks = desks.clone();
        tabled.sort_unstable();
        desks.sort_unstable();
        assert_eq!(tabled, desks, "{name}");
    }
}

/// The data of the event of this type that is kept for ever.
fn sample(event_type: &str) -> Value {
    let file = format!("{}/../tests/goldens/events/{event_type}.json", env!("CARGO_MANIFEST_DIR"));
    let text = std::fs::read_to_string(&file).unwrap_or_else(|error| panic!("{file}: {error}"));
    serde_json::from_str::<Value>(&text).unwrap()["data"].take()
}

/// No process imports another, so nothing but this compares what one tells with what another hears.
#[test]
fn each_fact_that_is_heard_is_told_with_all_that_is_used_of_it() {
    let house = crate::house::a_house();
    let told: BTreeMap<String, Value> = house
        .processes
        .iter()
        .flat_map(|process| process.doors())
        .flat_map(|door| door.sheet.records.iter().map(|told| (told.event_type.clone(), told.data.clone())))
        .collect();
    let mut heard_count = 0;
    for heard in house.processes.iter().flat_map(|process| process.hears()) {
        let told = told.get(heard.event_type).unwrap_or_else(|| panic!("nobody tells {}", heard.event_type));
        let uses = (heard.schema)().to_value();
        for field in uses["properties"].as_object().unwrap().keys() {
            let carried = &told["properties"][field];
            assert!(carried.is_object(), "{}: {} carries no {field}", heard.listener, heard.event_type);
            let needed = uses["required"].as_array().is_some_and(|required| required.contains(&json!(field)));
            let always = told["required"].as_array().is_some_and(|required| required.contains(&json!(field)));
            assert!(!needed || always, "{}: {} need not carry {field}", heard.listener, heard.event_type);
        }
        let sample = sample(heard.event_type);
        let unheard = jsonschema::validate(&uses, &sample).err();
        assert!(unheard.is_none(), "{}: {unheard:?}", heard.listener);
        heard_count += 1;
    }
    assert!(heard_count > 0);
}
