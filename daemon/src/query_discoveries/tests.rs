//! A discovery at work, and what is seen of it.

use super::Discoveries;
use crate::discover_divisions::Discovery;
use hecate_desk::Refused;
use hecate_proto::answer::CommandAnswer;
use hecate_read_model::kit::{Dice, Step, Trial, stroll};
use serde_json::{Value, json};

fn venture(nth: u64) -> Value {
    json!({"venture_id": format!("v-01ARZ3NDEKTSV4RRFFQ69G5FA{nth}")})
}

fn division_id(nth: u64) -> String {
    format!("d-01ARZ3NDEKTSV4RRFFQ69G5F{nth:02}")
}

fn division(nth: u64) -> Value {
    json!({"division_id": division_id(nth)})
}

async fn initiate(trial: &Trial, nth: u64, source: u64) -> Result<CommandAnswer, Refused> {
    let handoff = json!({"brief": "Sell", "repos": [], "skills": ["rust"], "context_map": {}});
    let source = format!("01890000-0000-7000-8000-{source:012}");
    let ask = json!({"venture_name": "Shop", "handoff": handoff, "visibility": "realm",
        "source_event_id": source, "start": false});
    trial.ask("initiate_discovery", venture(nth), ask).await
}

async fn discover(trial: &Trial, nth: u64, name: &str, description: &str) {
    let ask = json!({"division_id": division_id(nth), "division_name": name, "description": description});
    trial.ask("discover_division", venture(1), ask).await.unwrap();
}

async fn begun(folder: &tempfile::TempDir) -> Trial {
    let trial = Trial::of::<Discovery, Discoveries>(folder.path()).await;
    initiate(&trial, 1, 0).await.unwrap();
    trial.ask("start_discovery", venture(1), json!({})).await.unwrap();
    trial
}

fn column<'r>(rows: &'r [Value], name: &str) -> Vec<&'r str> {
    rows.iter().map(|row| row[name].as_str().unwrap()).collect()
}

#[tokio::test]
async fn a_discovery_shows_where_it_stands_and_how_much_it_found() {
    let folder = tempfile::tempdir().unwrap();
    let trial = begun(&folder).await;
    discover(&trial, 1, "orders", "What is sold").await;
    discover(&trial, 2, "stock", "What is there").await;
    let dismiss = json!({"division_id": division_id(2), "reason": "Part of orders"});
    let told = trial.ask("dismiss_division", venture(1), dismiss).await.unwrap();
    let answer = trial.query("get_discovery_by_venture", venture(1), &[]).await.unwrap();
    let discovery = &answer["discovery"];
    assert_eq!((&discovery["venture_name"], &discovery["division_count"]), (&json!("Shop"), &json!(1)));
    assert_eq!(discovery["handoff"]["skills"], json!(["rust"]));
    assert_eq!(discovery["available_actions"], json!(told.available_actions));
    assert_eq!(discovery["last_event_id"], json!(told.events[0].event_id));
    assert_eq!((&discovery["version"], &discovery["started_by"]), (&json!(4), &json!("uid:1@kit")));
    let updated_at = discovery["updated_at"].as_str().unwrap();
    assert!(discovery["started_at"].as_str().unwrap() < updated_at, "{discovery}");
    assert_eq!(answer["as_of_position"], told.position);
    trial.close().await;
}

#[tokio::test]
async fn divisions_are_listed_as_they_were_found_without_the_dismissed_ones() {
    let folder = tempfile::tempdir().unwrap();
    let trial = begun(&folder).await;
    for (nth, name) in ["orders", "stock", "billing", "returns", "shipping"].into_iter().enumerate() {
        discover(&trial, nth as u64, name, if name == "stock" { "What is THERE" } else { "Something" }).await;
    }
    let dismiss = json!({"division_id": division_id(2), "reason": "Somebody else's"});
    trial.ask("dismiss_division", venture(1), dismiss).await.unwrap();
    let list = "get_divisions_page";
    for limit in 1..=6 {
        let live = trial.pages(list, &venture(1), &[], limit).await;
        assert_eq!(column(&live, "division_name"), ["orders", "stock", "returns", "shipping"], "{limit}");
    }
    let all = trial.pages(list, &venture(1), &[("include_dismissed", "true"), ("order", "desc")], 2).await;
    assert_eq!(column(&all, "division_name"), ["shipping", "returns", "billing", "stock", "orders"]);
    let there = trial.pages(list, &venture(1), &[("q", "there")], 50).await;
    assert_eq!(column(&there, "division_name"), ["stock"]);
    let foreign = trial.query(list, venture(1), &[("limit", "2")]).await.unwrap()["next_cursor"].clone();
    let params = [("q", "there"), ("cursor", foreign.as_str().unwrap())];
    let refused = trial.query(list, venture(1), &params).await.unwrap_err();
    assert_eq!(&*refused.code, "invalid_cursor");
    trial.close().await;
}

#[tokio::test]
async fn a_division_says_whose_it_is_and_whether_it_was_dismissed() {
    let folder = tempfile::tempdir().unwrap();
    let trial = begun(&folder).await;
    discover(&trial, 1, "orders", "What is sold").await;
    let shown = trial.query("get_division_by_id", division(1), &[]).await.unwrap()["division"].clone();
    assert_eq!((&shown["venture_id"], &shown["venture_name"]), (&venture(1)["venture_id"], &json!("Shop")));
    assert_eq!((&shown["dismissed"], &shown["dismissed_at"]), (&json!(false), &json!(null)));
    let archived = trial.ask("archive_discovery", venture(1), json!({"reason": "Over"})).await.unwrap();
    let shown = trial.query("get_division_by_id", division(1), &[]).await.unwrap()["division"].clone();
    assert_eq!((&shown["dismissed"], &shown["dismiss_reason"]), (&json!(true), &json!("Over")));
    let discovery =
        trial.query("get_discovery_by_venture", venture(1), &[]).await.unwrap()["discovery"].clone();
    assert_eq!((&discovery["status"], &discovery["division_count"]), (&json!(archived.status), &json!(0)));
    trial.close().await;
}

#[tokio::test]
async fn an_id_that_two_ventures_use_is_listed_by_both_and_belongs_to_the_first() {
    let folder = tempfile::tempdir().unwrap();
    let trial = begun(&folder).await;
    discover(&trial, 1, "orders", "What is sold").await;
    initiate(&trial, 2, 0).await.unwrap();
    trial.ask("start_discovery", venture(2), json!({})).await.unwrap();
    let same = json!({"division_id": division_id(1), "division_name": "stock"});
    trial.ask("discover_division", venture(2), same).await.unwrap();
    let dismiss = json!({"division_id": division_id(1), "reason": "None"});
    trial.ask("dismiss_division", venture(2), dismiss).await.unwrap();
    let shown = trial.query("get_division_by_id", division(1), &[]).await.unwrap()["division"].clone();
    assert_eq!((&shown["division_name"], &shown["dismissed"]), (&json!("orders"), &json!(false)));
    let all = trial.pages("get_divisions_page", &venture(2), &[("include_dismissed", "true")], 1).await;
    assert_eq!(column(&all, "division_name"), ["stock"]);
    trial.close().await;
}

#[tokio::test]
async fn what_is_not_there_is_not_found() {
    let folder = tempfile::tempdir().unwrap();
    let trial = begun(&folder).await;
    for (query, ids, code) in [
        ("get_discovery_by_venture", venture(2), "discovery_not_initiated"),
        ("get_divisions_page", venture(2), "discovery_not_initiated"),
        ("get_division_by_id", division(2), "division_not_found"),
    ] {
        let refused = trial.query(query, ids, &[]).await.unwrap_err();
        assert_eq!((refused.status, &*refused.code), (404, code), "{query}");
    }
    trial.close().await;
}

async fn any_step(trial: &Trial, dice: &mut Dice, step: u64) -> Step {
    let (nth, any) = (dice.below(9), dice.below(99));
    let (desk, ask) = match dice.below(20) {
        0..=2 => return (venture(nth), initiate(trial, nth, step).await),
        3..=5 => ("start_discovery", json!({})),
        6..=10 => (
            "discover_division",
            json!({"division_id": division_id(any % 20), "division_name": format!("part{}", any % 7)}),
        ),
        11..=12 => ("dismiss_division", json!({"division_id": division_id(any % 20), "reason": "None"})),
        13 => ("pause_discovery", json!({"reason": "Lunch"})),
        14..=15 => ("resume_discovery", json!({})),
        16 => ("complete_discovery", json!({})),
        17..=18 => ("reopen_discovery", json!({"reason": "More"})),
        _ if any < 30 => ("archive_discovery", json!({"cascade": any % 2 == 0})),
        _ if any < 40 => ("bury_discovery", json!({"venture_name": "Shop"})),
        _ => ("start_discovery", json!({})),
    };
    (venture(nth), trial.ask(desk, venture(nth), ask).await)
}

#[tokio::test]
async fn rows_say_what_the_aggregate_says_and_a_file_drawn_anew_holds_the_same() {
    stroll::<Discovery, Discoveries>("get_discovery_by_venture", any_step).await;
}
