//! A plan at work, and what is seen of it.

use super::Plans;
use crate::plan_division::Plan;
use hecate_desk::Refused;
use hecate_proto::answer::CommandAnswer;
use hecate_read_model::kit::{Dice, Step, Trial, because_of, column, division, handing_over, stroll};
use serde_json::{Value, json};

fn id(nth: u64) -> String {
    format!("d-01ARZ3NDEKTSV4RRFFQ69G5FA{nth}")
}

fn desk_id(division: u64, name: &str) -> String {
    format!("desk-{}-{name}", id(division))
}

async fn initiate(trial: &Trial, nth: u64, source: u64) -> Result<CommandAnswer, Refused> {
    let handoff = json!({"aggregates": [{"aggregate_name": "order"}], "events": []});
    trial.ask("initiate_plan", division(nth), handing_over(handoff, source)).await
}

async fn did(trial: &Trial, desk: &str, ask: Value) -> CommandAnswer {
    trial.ask(desk, division(1), ask).await.unwrap()
}

async fn begun(folder: &tempfile::TempDir) -> Trial {
    let trial = Trial::of::<Plan, Plans>(folder.path()).await;
    initiate(&trial, 1, 0).await.unwrap();
    did(&trial, "start_plan", json!({})).await;
    trial
}

fn desk(name: &str, department: &str, priority: u64) -> Value {
    json!({"desk_name": name, "department": department, "aggregate_name": "order", "priority": priority,
        "inboxes": ["POST /orders"], "emitters": ["order_taken_v1_to_pg"]})
}

/// A plan of a desk of each department.
async fn inventoried(folder: &tempfile::TempDir) -> Trial {
    let trial = begun(folder).await;
    for (name, department, priority) in [("take", "cmd", 0), ("show", "qry", 1), ("draw", "prj", 1)] {
        did(&trial, "inventory_desk", desk(name, department, priority)).await;
    }
    trial
}

#[tokio::test]
async fn a_plan_shows_where_it_stands_and_how_much_of_it_there_is() {
    let folder = tempfile::tempdir().unwrap();
    let trial = inventoried(&folder).await;
    let sprints =
        [(0, json!(["take", "draw"])), (4, json!(["show"])), (0, json!(["take"])), (4, json!(["draw"]))];
    for (number, desks) in sprints {
        did(&trial, "sequence_desks", json!({"sprint_number": number, "desk_ids": desks})).await;
    }
    let generated = json!({"desk_id": desk_id(1, "take")});
    for nth in [7, 8, 8] {
        did(&trial, "acknowledge_generation", because_of(nth, generated.clone())).await;
    }
    let told = did(&trial, "complete_plan", json!({})).await;
    let plan = trial.query("get_plan_by_division", division(1), &[]).await.unwrap()["plan"].clone();
    let counts = ["desk_count", "sprint_count", "generated_count", "generation_acks", "testing_acks"];
    assert_eq!(counts.map(|count| plan[count].as_u64().unwrap()), [3, 2, 1, 2, 0]);
    assert_eq!((&plan["division_name"], &plan["status_label"]), (&json!("orders"), &json!("Completed")));
    assert_eq!(plan["available_actions"], json!(told.available_actions));
    assert_eq!(plan["handoff"]["aggregates"][0]["aggregate_name"], "order");
    assert_eq!((&plan["version"], &plan["completed_by"]), (&json!(told.version), &json!("uid:1@kit")));
    // In the next pass nothing is generated yet.
    did(&trial, "reopen_plan", json!({"reason": "More"})).await;
    let plan = trial.query("get_plan_by_division", division(1), &[]).await.unwrap()["plan"].clone();
    assert_eq!(counts.map(|count| plan[count].as_u64().unwrap()), [3, 2, 0, 2, 0]);
    let rest = trial.pages("get_planned_desks_page", &division(1), &[("generated", "false")], 9).await;
    assert_eq!(rest.len(), 3);
    trial.close().await;
}

#[tokio::test]
async fn desks_are_listed_by_department_priority_sprint_and_whether_they_are_there() {
    let folder = tempfile::tempdir().unwrap();
    let trial = inventoried(&folder).await;
    did(&trial, "sequence_desks", json!({"sprint_number": 2, "desk_ids": ["draw", "take"]})).await;
    did(&trial, "acknowledge_generation", because_of(7, json!({"desk_id": desk_id(1, "show")}))).await;
    for (params, expected) in [
        (vec![], vec!["take", "show", "draw"]),
        (vec![("department", "qry")], vec!["show"]),
        (vec![("priority", "1")], vec!["show", "draw"]),
        (vec![("sprint", "2")], vec!["take", "draw"]),
        (vec![("sprint", "0")], vec![]),
        (vec![("generated", "true")], vec!["show"]),
        (vec![("generated", "false"), ("priority", "0")], vec!["take"]),
    ] {
        for limit in 1..=4 {
            let rows = trial.pages("get_planned_desks_page", &division(1), &params, limit).await;
            assert_eq!(column(&rows, "desk_name"), expected, "{params:?} {limit}");
        }
    }
    let rows = trial.pages("get_planned_desks_page", &division(1), &[], 9).await;
    let places: Vec<_> = rows.iter().map(|row| (&row["sprint_number"], &row["sprint_order"])).collect();
    let none = (&json!(null), &json!(null));
    assert_eq!(places, [(&json!(2), &json!(1)), none, (&json!(2), &json!(0))]);
    assert_eq!((&rows[0]["inboxes"], &rows[0]["policies"]), (&json!(["POST /orders"]), &json!([])));
    let wrong = trial.query("get_planned_desks_page", division(1), &[("department", "x")]).await.unwrap_err();
    assert_eq!((wrong.status, &wrong.details["rule"]), (400, &json!("enum")));
    trial.close().await;
}

#[tokio::test]
async fn dependencies_are_listed_as_they_were_planned() {
    let folder = tempfile::tempdir().unwrap();
    let trial = inventoried(&folder).await;
    let triggers = json!({"from_desk": "take", "to_desk": desk_id(1, "draw"), "dependency_type": "triggers"});
    did(&trial, "plan_dependency", triggers).await;
    let told = did(&trial, "plan_dependency", json!({"from_desk": "show", "to_desk": "draw"})).await;
    for limit in 1..=3 {
        let rows = trial.pages("get_planned_dependencies_page", &division(1), &[], limit).await;
        assert_eq!(column(&rows, "dependency_type"), ["triggers", "requires"], "{limit}");
        let froms = ["take", "show"].map(|name| desk_id(1, name));
        assert_eq!(column(&rows, "from_desk"), froms);
        assert_eq!(rows[1]["to_desk"], desk_id(1, "draw"));
    }
    trial.agrees("get_plan_by_division", division(1), &told, "after a dependency").await;
    trial.close().await;
}

#[tokio::test]
async fn what_came_back_is_listed_of_one_kind_if_asked_and_counted() {
    let folder = tempfile::tempdir().unwrap();
    let trial = begun(&folder).await;
    did(&trial, "pause_plan", json!({"reason": "Rain"})).await;
    let totals = json!({"suites": 2, "passed": 5, "failed": 1, "skipped": 0, "errored": 0});
    for (nth, (kind, says)) in (7..).zip([
        ("generation", json!({"desk_id": "desk-1"})),
        ("testing", json!({"gate_passed": false, "totals": totals})),
        ("deployment", json!({"release_id": "rel-1", "version": "1.0.0", "env": "prod"})),
        ("incident", json!({"incident_id": "inc-1", "severity": "high"})),
        ("rescue", json!({"incident_id": "inc-1", "outcome": "fixed"})),
    ]) {
        did(&trial, &format!("acknowledge_{kind}"), because_of(nth, says)).await;
        let rows = trial.pages("get_plan_feedback_page", &division(1), &[("kind", kind)], 1).await;
        assert_eq!(column(&rows, "kind"), [kind]);
    }
    let all = trial.pages("get_plan_feedback_page", &division(1), &[], 2).await;
    let summaries = [
        "desk-1 was generated",
        "Gate not passed: 2 suites, 5 passed, 1 failed, 0 skipped, 0 errored",
        "1.0.0 was deployed to prod as rel-1",
        "inc-1 was raised, severity high",
        "inc-1 came to its end: fixed",
    ];
    assert_eq!(column(&all, "summary"), summaries);
    let plan = trial.query("get_plan_by_division", division(1), &[]).await.unwrap()["plan"].clone();
    for kind in ["generation", "testing", "deployment", "incident", "rescue"] {
        assert_eq!(plan[format!("{kind}_acks")], 1, "{kind}");
    }
    assert_eq!((&plan["generated_count"], &plan["status_label"]), (&json!(0), &json!("Paused")));
    trial.close().await;
}

#[tokio::test]
async fn what_was_never_handed_over_is_not_found_and_what_was_dismissed_first_is_archived() {
    let folder = tempfile::tempdir().unwrap();
    let trial = begun(&folder).await;
    trial.shows_no_unborn::<Plan>("get_plan_by_division").await;
    let desks = trial.query("get_planned_desks_page", division(2), &[]).await.unwrap();
    assert_eq!(desks["desks"], json!([]));
    trial.close().await;
}

fn any_desk(dice: &mut Dice) -> String {
    format!("desk{}", dice.below(5))
}

async fn any_step(trial: &Trial, dice: &mut Dice, step: u64) -> Step {
    let (nth, any) = (dice.below(9), dice.below(99));
    let (one, other) = (any_desk(dice), any_desk(dice));
    let (desk, ask) = match dice.below(24) {
        0..=2 => return (division(nth), initiate(trial, nth, step).await),
        3..=5 => ("start_plan", json!({})),
        6..=9 => ("inventory_desk", desk(&one, ["cmd", "qry", "prj"][any as usize % 3], any % 4)),
        10..=13 => ("sequence_desks", json!({"sprint_number": any % 3, "desk_ids": [one, other]})),
        14 => ("sequence_desks", json!({"sprint_number": any % 3, "desk_ids": [one]})),
        15..=16 => ("plan_dependency", json!({"from_desk": one, "to_desk": other})),
        17 => ("acknowledge_generation", because_of(step, json!({"desk_id": desk_id(nth, &one)}))),
        18 => ("acknowledge_incident", because_of(step, json!({"incident_id": "inc-1", "severity": "low"}))),
        19 => ("pause_plan", json!({"reason": "Lunch"})),
        20 => ("resume_plan", json!({})),
        21 => ("complete_plan", json!({})),
        22 => ("reopen_plan", json!({"reason": "More"})),
        _ if any < 30 => ("archive_plan", json!({})),
        _ => ("start_plan", json!({})),
    };
    (division(nth), trial.ask(desk, division(nth), ask).await)
}

#[tokio::test]
async fn rows_say_what_the_aggregate_says_and_a_file_drawn_anew_holds_the_same() {
    stroll::<Plan, Plans>("get_plan_by_division", any_step).await;
}
