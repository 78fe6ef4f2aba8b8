//! A design at work, and what is seen of it.

use super::Designs;
use crate::design_division::Design;
use hecate_desk::Refused;
use hecate_proto::answer::CommandAnswer;
use hecate_read_model::kit::{Dice, Step, Trial, column, division, handing_over, stroll};
use serde_json::{Value, json};

async fn initiate(trial: &Trial, nth: u64, source: u64) -> Result<CommandAnswer, Refused> {
    let handoff = json!({"description": "What is sold", "affected_aggregates": []});
    trial.ask("initiate_design", division(nth), handing_over(handoff, source)).await
}

async fn did(trial: &Trial, desk: &str, ask: Value) -> CommandAnswer {
    trial.ask(desk, division(1), ask).await.unwrap()
}

async fn begun(folder: &tempfile::TempDir) -> Trial {
    let trial = Trial::of::<Design, Designs>(folder.path()).await;
    initiate(&trial, 1, 0).await.unwrap();
    did(&trial, "start_design", json!({})).await;
    trial
}

fn aggregate(name: &str) -> Value {
    json!({"aggregate_name": name, "stream_pattern": format!("{name}-{{id}}"),
        "status_flags": [{"name": "paid", "bit": 1}]})
}

fn event(name: &str, aggregate: &str) -> Value {
    json!({"event_name": name, "aggregate_name": aggregate,
        "payload_fields": [{"name": "sku", "type": "string"}]})
}

#[tokio::test]
async fn a_design_shows_where_it_stands_and_how_much_it_says() {
    let folder = tempfile::tempdir().unwrap();
    let trial = begun(&folder).await;
    did(&trial, "design_aggregate", aggregate("order")).await;
    did(&trial, "design_event", event("order_taken_v1", "order")).await;
    did(&trial, "design_event", event("order_paid_v1", "order")).await;
    let told = did(&trial, "complete_design", json!({})).await;
    let design = trial.query("get_design_by_division", division(1), &[]).await.unwrap()["design"].clone();
    assert_eq!((&design["aggregate_count"], &design["event_count"]), (&json!(1), &json!(2)));
    assert_eq!((&design["division_name"], &design["status_label"]), (&json!("orders"), &json!("Completed")));
    assert_eq!(design["available_actions"], json!(told.available_actions));
    assert_eq!(design["handoff"]["description"], "What is sold");
    assert_eq!((&design["version"], &design["completed_by"]), (&json!(told.version), &json!("uid:1@kit")));
    trial.close().await;
}

#[tokio::test]
async fn aggregates_are_listed_as_they_are_designed_now() {
    let folder = tempfile::tempdir().unwrap();
    let trial = begun(&folder).await;
    for name in ["order", "basket", "parcel"] {
        did(&trial, "design_aggregate", aggregate(name)).await;
    }
    let flags = json!([{"name": "open", "bit": 1}, {"name": "full", "bit": 2}]);
    let revise = json!({"aggregate_name": "basket", "status_flags": flags, "reason": "Clearer"});
    let told = did(&trial, "revise_aggregate", revise).await;
    for limit in 1..=4 {
        let rows = trial.pages("get_designed_aggregates_page", &division(1), &[], limit).await;
        assert_eq!(column(&rows, "aggregate_name"), ["order", "basket", "parcel"], "{limit}");
        assert_eq!((&rows[1]["revision"], &rows[1]["status_flags"]), (&json!(1), &flags));
        assert_eq!((&rows[0]["revision"], &rows[0]["stream_pattern"]), (&json!(0), &json!("order-{id}")));
    }
    let design = trial.query("get_design_by_division", division(1), &[]).await.unwrap();
    assert_eq!(design["design"]["last_event_id"], json!(told.events[0].event_id));
    assert_eq!(design["design"]["aggregate_count"], 3);
    trial.close().await;
}

#[tokio::test]
async fn events_are_listed_as_they_are_designed_now_of_one_aggregate_if_asked() {
    let folder = tempfile::tempdir().unwrap();
    let trial = begun(&folder).await;
    for name in ["order", "basket"] {
        did(&trial, "design_aggregate", aggregate(name)).await;
    }
    for (name, aggregate) in
        [("order_taken_v1", "order"), ("basket_filled_v1", "basket"), ("order_paid_v1", "order")]
    {
        did(&trial, "design_event", event(name, aggregate)).await;
    }
    let revise = json!({"event_name": "order_paid_v1", "payload_fields": [], "reason": "Clearer"});
    did(&trial, "revise_event", revise).await;
    let list = "get_designed_events_page";
    let of_order = trial.pages(list, &division(1), &[("aggregate", "order")], 1).await;
    assert_eq!(column(&of_order, "event_name"), ["order_taken_v1", "order_paid_v1"]);
    let kept = json!([{"name": "sku", "type": "string", "required": false}]);
    assert_eq!((&of_order[0]["payload_fields"], &of_order[0]["revision"]), (&kept, &json!(0)));
    assert_eq!((&of_order[1]["payload_fields"], &of_order[1]["revision"]), (&json!([]), &json!(1)));
    let all = trial.pages(list, &division(1), &[("order", "desc")], 2).await;
    assert_eq!(column(&all, "event_name"), ["order_paid_v1", "basket_filled_v1", "order_taken_v1"]);
    trial.close().await;
}

#[tokio::test]
async fn what_was_never_handed_over_is_not_found_and_what_was_dismissed_first_is_archived() {
    let folder = tempfile::tempdir().unwrap();
    let trial = begun(&folder).await;
    trial.shows_no_unborn::<Design>("get_design_by_division").await;
    let events = trial.query("get_designed_events_page", division(2), &[]).await.unwrap();
    assert_eq!(events["events"], json!([]));
    trial.close().await;
}

async fn any_step(trial: &Trial, dice: &mut Dice, step: u64) -> Step {
    let (nth, any) = (dice.below(9), dice.below(99));
    let (name, happened) = (format!("part{}", any % 5), format!("part_moved_v{}", any % 9 + 1));
    let (desk, ask) = match dice.below(24) {
        0..=2 => return (division(nth), initiate(trial, nth, step).await),
        3..=5 => ("start_design", json!({})),
        6..=8 => ("design_aggregate", aggregate(&name)),
        9..=12 => ("design_event", event(&happened, &name)),
        13..=14 => (
            "revise_aggregate",
            json!({"aggregate_name": name, "description": any.to_string(), "reason": "Why"}),
        ),
        15..=16 => {
            ("revise_event", json!({"event_name": happened, "description": any.to_string(), "reason": "Why"}))
        }
        17 => ("pause_design", json!({"reason": "Lunch"})),
        18..=19 => ("resume_design", json!({})),
        20 => ("complete_design", json!({})),
        21..=22 => ("reopen_design", json!({"reason": "More"})),
        _ if any < 30 => ("archive_design", json!({})),
        _ => ("start_design", json!({})),
    };
    (division(nth), trial.ask(desk, division(nth), ask).await)
}

#[tokio::test]
async fn rows_say_what_the_aggregate_says_and_a_file_drawn_anew_holds_the_same() {
    stroll::<Design, Designs>("get_design_by_division", any_step).await;
}
