//! Testing at work, and what is seen of it.

use super::Tests;
use crate::test_division::Testing;
use hecate_desk::Refused;
use hecate_proto::answer::CommandAnswer;
use hecate_read_model::kit::{Dice, Step, Trial, column, division, handing_over, stroll};
use serde_json::{Value, json};
use std::collections::BTreeSet;

const STATUSES: [&str; 4] = ["passed", "failed", "skipped", "error"];

fn suite_id(nth: u64) -> String {
    format!("suite-01ARZ3NDEKTSV4RRFFQ69G5FA{nth}")
}

async fn initiate(trial: &Trial, nth: u64, source: u64) -> Result<CommandAnswer, Refused> {
    let module =
        json!({"module_id": "mod-1", "module_name": "sell", "module_type": "handler", "file_path": "s.rs"});
    let handoff = json!({"language": "rust", "workspace_path": "shop", "modules": [module], "tests": []});
    trial.ask("initiate_testing", division(nth), handing_over(handoff, source)).await
}

async fn did(trial: &Trial, desk: &str, ask: Value) -> CommandAnswer {
    trial.ask(desk, division(1), ask).await.unwrap()
}

async fn begun(folder: &tempfile::TempDir) -> Trial {
    let trial = Trial::of::<Testing, Tests>(folder.path()).await;
    initiate(&trial, 1, 0).await.unwrap();
    did(&trial, "start_testing", json!({})).await;
    trial
}

fn run(name: &str, nth: u64) -> Value {
    json!({"suite_name": name, "suite_id": suite_id(nth), "suite_type": "e2e", "desk_id": "desk-1"})
}

fn result(nth: u64, test_name: &str, status: &str) -> Value {
    json!({"suite_id": suite_id(nth), "test_name": test_name, "status": status, "duration_ms": 3})
}

async fn testing(trial: &Trial) -> Value {
    trial.query("get_testing_by_division", division(1), &[]).await.unwrap()["testing"].clone()
}

#[tokio::test]
async fn a_testing_shows_its_gate_and_what_it_came_to_until_it_is_reopened() {
    let folder = tempfile::tempdir().unwrap();
    let trial = begun(&folder).await;
    assert_eq!(
        (&testing(&trial).await["gate"], &testing(&trial).await["totals"]),
        (&Value::Null, &Value::Null)
    );
    let criteria = json!([{"id": "a1", "text": "It sells"}]);
    let gate = json!({"min_coverage_pct": 50, "required_suites": ["unit"], "acceptance_criteria": criteria});
    did(&trial, "set_quality_gate", gate).await;
    did(&trial, "run_test_suite", run("unit", 1)).await;
    did(&trial, "record_test_result", json!([result(1, "a", "passed"), result(1, "b", "skipped")])).await;
    did(&trial, "conclude_test_suite", json!({"suite_id": suite_id(1), "coverage_pct": 62.5})).await;
    let told = did(&trial, "complete_testing", json!({})).await;
    let row = testing(&trial).await;
    assert_eq!((&row["status"], &row["gate_passed"]), (&json!(1 | 16 | 32), &json!(true)));
    assert_eq!(
        row["gate"],
        json!({"min_coverage_pct": 50.0, "required_suites": ["unit"], "max_failures": 0,
        "acceptance_criteria": criteria})
    );
    assert_eq!(row["totals"], json!({"suites": 1, "passed": 1, "failed": 0, "skipped": 1, "errored": 0}));
    assert_eq!((&row["coverage_pct"], &row["override_reason"]), (&json!(62.5), &Value::Null));
    assert_eq!((&row["version"], &row["handoff"]["language"]), (&json!(told.version), &json!("rust")));
    did(&trial, "reopen_testing", json!({"reason": "More"})).await;
    let row = testing(&trial).await;
    assert_eq!(
        (&row["status"], &row["gate_passed"], &row["totals"]),
        (&json!(5), &Value::Null, &Value::Null)
    );
    assert_eq!(row["gate"]["max_failures"], 0);
    did(&trial, "complete_testing", json!({"override_reason": "Late"})).await;
    let row = testing(&trial).await;
    assert_eq!((&row["gate_passed"], &row["override_reason"]), (&json!(false), &json!("Late")));
    assert_eq!(row["status"], 1 | 16);
    trial.close().await;
}

#[tokio::test]
async fn runs_are_listed_by_name_kind_and_state_with_what_was_counted_so_far() {
    let folder = tempfile::tempdir().unwrap();
    let trial = begun(&folder).await;
    did(&trial, "run_test_suite", json!({"suite_name": "unit", "suite_id": suite_id(1)})).await;
    did(&trial, "run_test_suite", run("walk", 2)).await;
    let all = STATUSES.map(|status| result(2, status, status));
    did(&trial, "record_test_result", json!(all)).await;
    did(&trial, "conclude_test_suite", json!({"suite_id": suite_id(1), "duration_ms": 7})).await;
    did(&trial, "run_test_suite", json!({"suite_name": "unit", "suite_id": suite_id(3)})).await;
    let list = "get_test_suites_page";
    for limit in 1..=4 {
        let rows = trial.pages(list, &division(1), &[], limit).await;
        assert_eq!(column(&rows, "suite_name"), ["unit", "walk", "unit"], "{limit}");
        assert_eq!(column(&rows, "state"), ["concluded", "open", "open"]);
        assert_eq!((&rows[0]["duration_ms"], &rows[2]["run_number"]), (&json!(7), &json!(2)));
        for count in ["passed", "failed", "skipped", "errored"] {
            assert_eq!((&rows[0][count], &rows[1][count]), (&json!(0), &json!(1)), "{count}");
        }
    }
    for (params, found) in [
        (("name", "unit"), vec![suite_id(1), suite_id(3)]),
        (("type", "e2e"), vec![suite_id(2)]),
        (("state", "open"), vec![suite_id(2), suite_id(3)]),
        (("state", "concluded"), vec![suite_id(1)]),
    ] {
        let rows = trial.pages(list, &division(1), &[params], 1).await;
        assert_eq!(column(&rows, "suite_id"), found, "{params:?}");
    }
    trial.close().await;
}

#[tokio::test]
async fn results_are_listed_by_run_and_by_how_they_ended() {
    let folder = tempfile::tempdir().unwrap();
    let trial = begun(&folder).await;
    for nth in [1, 2] {
        did(&trial, "run_test_suite", run(&format!("s{nth}"), nth)).await;
        did(&trial, "record_test_result", json!([result(nth, "a", "passed"), result(nth, "b", "failed")]))
            .await;
    }
    let list = "get_test_results_page";
    let rows = trial.pages(list, &division(1), &[], 3).await;
    assert_eq!(column(&rows, "test_name"), ["a", "b", "a", "b"]);
    assert_eq!(rows[3]["result_id"], format!("{}/b", suite_id(2)));
    let of_one = trial.pages(list, &division(1), &[("suite_id", &suite_id(2))], 1).await;
    assert_eq!(column(&of_one, "suite_id"), [suite_id(2), suite_id(2)]);
    let failed = trial.pages(list, &division(1), &[("status", "failed")], 1).await;
    assert_eq!(column(&failed, "test_name"), ["b", "b"]);
    trial.close().await;
}

#[tokio::test]
async fn what_is_sent_together_is_recorded_together_or_not_at_all() {
    let folder = tempfile::tempdir().unwrap();
    let trial = begun(&folder).await;
    let begun = did(&trial, "run_test_suite", run("unit", 1)).await;
    let many =
        |count: u64| json!((0..count).map(|nth| result(1, &nth.to_string(), "passed")).collect::<Vec<_>>());
    let refused = trial.ask("record_test_result", division(1), many(1_001)).await.unwrap_err();
    assert_eq!((refused.status, &refused.details["rule"]), (400, &json!("too_long")));
    let twice = json!([result(1, "a", "passed"), result(1, "a", "failed")]);
    let refused = trial.ask("record_test_result", division(1), twice).await.unwrap_err();
    assert_eq!((&*refused.code, &refused.details["item"]), ("result_already_recorded", &json!(1)));
    assert_eq!(testing(&trial).await["version"], json!(begun.version));
    let told = did(&trial, "record_test_result", many(1_000)).await;
    assert_eq!((told.events.len(), told.version), (1_000, begun.version + 1_000));
    assert_eq!(trial.pages("get_test_results_page", &division(1), &[], 400).await.len(), 1_000);
    trial.close().await;
}

#[tokio::test]
async fn what_was_never_handed_over_is_not_found_and_what_was_dismissed_first_is_archived() {
    let folder = tempfile::tempdir().unwrap();
    let trial = begun(&folder).await;
    trial.shows_no_unborn::<Testing>("get_testing_by_division").await;
    trial.close().await;
}

async fn any_step(trial: &Trial, dice: &mut Dice, step: u64) -> Step {
    let (nth, any) = (dice.below(5), dice.below(99));
    let (suite, test) = (any % 7, format!("t{}", any % 11));
    let (desk, ask) = match dice.below(24) {
        0..=2 => return (division(nth), initiate(trial, nth, step).await),
        3..=5 => ("start_testing", json!({})),
        6..=8 => ("run_test_suite", run(&format!("s{}", any % 3), suite)),
        9..=12 => ("record_test_result", result(suite, &test, STATUSES[any as usize % 4])),
        13 => ("record_test_result", json!([result(suite, "x", "passed"), result(suite, &test, "error")])),
        14..=16 => ("conclude_test_suite", json!({"suite_id": suite_id(suite), "coverage_pct": any})),
        17 => ("pause_testing", json!({"reason": "Lunch"})),
        18 => ("resume_testing", json!({})),
        19 => ("complete_testing", json!({})),
        20 => ("complete_testing", json!({"override_reason": "Late"})),
        21 => ("reopen_testing", json!({"reason": "More"})),
        22 => ("set_quality_gate", json!({"max_failures": any % 4, "min_coverage_pct": any})),
        _ if any < 20 => ("archive_testing", json!({})),
        _ => ("resume_testing", json!({})),
    };
    (division(nth), trial.ask(desk, division(nth), ask).await)
}

#[tokio::test]
async fn rows_say_what_the_aggregate_says_and_a_file_drawn_anew_holds_the_same() {
    let met = stroll::<Testing, Tests>("get_testing_by_division", any_step).await;
    let gates: BTreeSet<u32> = met.iter().map(|status| status & 32).collect();
    assert_eq!(gates.len(), 2, "a gate was passed, and was not");
}
