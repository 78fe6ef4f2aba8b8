//! A deployment at work, and what is seen of it.

use super::Deployments;
use crate::deploy_division::Deployment;
use hecate_desk::Refused;
use hecate_proto::answer::CommandAnswer;
use hecate_read_model::kit::{Dice, Step, Trial, column, division, handing_over, stroll};
use serde_json::{Value, json};

fn release_id(nth: u64) -> String {
    format!("rel-01ARZ3NDEKTSV4RRFFQ69G5FA{nth}")
}

async fn initiate(trial: &Trial, nth: u64, source: u64) -> Result<CommandAnswer, Refused> {
    let totals = json!({"suites": 1, "passed": 9, "failed": 0, "skipped": 0, "errored": 0});
    let handoff = json!({"gate_passed": true, "totals": totals, "coverage_pct": 81.5});
    trial.ask("initiate_deployment", division(nth), handing_over(handoff, source)).await
}

async fn did(trial: &Trial, desk: &str, ask: Value) -> CommandAnswer {
    trial.ask(desk, division(1), ask).await.unwrap()
}

async fn begun(folder: &tempfile::TempDir) -> Trial {
    let trial = Trial::of::<Deployment, Deployments>(folder.path()).await;
    initiate(&trial, 1, 0).await.unwrap();
    did(&trial, "start_deployment", json!({})).await;
    trial
}

fn release(nth: u64, version: &str, env: &str) -> Value {
    let artifact = json!({"name": "shop", "uri": "oci://shop", "digest": "sha256:00"});
    json!({"release_id": release_id(nth), "release_version": version, "target_env": env,
        "artifacts": [artifact], "endpoints": ["https://shop.example"]})
}

fn stage(nth: u64, percentage: u64) -> Value {
    json!({"release_id": release_id(nth), "stage_name": format!("to {percentage}"), "stage_percentage": percentage})
}

fn roll_back(nth: u64) -> Value {
    json!({"release_id": release_id(nth), "reason": "Slow"})
}

async fn seen(trial: &Trial) -> Value {
    trial.query("get_deployment_by_division", division(1), &[]).await.unwrap()["deployment"].clone()
}

#[tokio::test]
async fn a_deployment_shows_where_it_stands_and_which_release_does() {
    let folder = tempfile::tempdir().unwrap();
    let trial = begun(&folder).await;
    let current = async |trial: &Trial| {
        let seen = seen(trial).await;
        json!([seen["current_release_id"], seen["current_version"], seen["target_env"], seen["status"]])
    };
    assert_eq!(current(&trial).await, json!([null, null, null, 5]));
    did(&trial, "deploy_release", release(2, "1.0.0", "prod")).await;
    did(&trial, "deploy_release", release(1, "1.0.0", "staging")).await;
    assert_eq!(current(&trial).await, json!([release_id(2), "1.0.0", "prod", 5]));
    did(&trial, "roll_back_release", roll_back(2)).await;
    assert_eq!(current(&trial).await, json!([release_id(1), "1.0.0", "staging", 37]));
    did(&trial, "deploy_release", release(3, "1.0.1", "prod")).await;
    did(&trial, "roll_back_release", roll_back(1)).await;
    let told = did(&trial, "complete_deployment", json!({})).await;
    assert_eq!(current(&trial).await, json!([release_id(3), "1.0.1", "prod", 49]));
    let told_last = did(&trial, "roll_back_release", roll_back(3)).await;
    assert_eq!(current(&trial).await, json!([null, null, null, 49]));
    let deployment = seen(&trial).await;
    assert_eq!(deployment["status_label"], "Completed");
    assert_eq!(deployment["available_actions"], json!(told.available_actions));
    assert_eq!(
        (&deployment["handoff"]["coverage_pct"], &deployment["completed_by"]),
        (&json!(81.5), &json!("uid:1@kit"))
    );
    assert_eq!(deployment["version"], json!(told_last.version));
    trial.close().await;
}

#[tokio::test]
async fn releases_are_listed_by_environment_and_version_with_how_far_they_came() {
    let folder = tempfile::tempdir().unwrap();
    let trial = begun(&folder).await;
    for (nth, version, env) in [(3, "1.0.0", "staging"), (2, "1.0.0", "prod"), (1, "1.1.0", "prod")] {
        did(&trial, "deploy_release", release(nth, version, env)).await;
    }
    did(&trial, "stage_rollout", stage(2, 40)).await;
    did(&trial, "roll_back_release", roll_back(1)).await;
    let list = "get_releases_page";
    for (params, expected) in [
        (vec![], vec![3, 2, 1]),
        (vec![("env", "prod")], vec![2, 1]),
        (vec![("version", "1.0.0")], vec![3, 2]),
        (vec![("version", "1.0.0"), ("env", "prod")], vec![2]),
        (vec![("env", "test")], vec![]),
    ] {
        let expected: Vec<_> = expected.into_iter().map(release_id).collect();
        for limit in 1..=4 {
            let rows = trial.pages(list, &division(1), &params, limit).await;
            assert_eq!(column(&rows, "release_id"), expected, "{params:?} {limit}");
        }
    }
    let rows = trial.pages(list, &division(1), &[], 9).await;
    let rollouts: Vec<_> = rows.iter().map(|row| row["rollout_pct"].clone()).collect();
    assert_eq!(rollouts, [json!(null), json!(40), json!(null)]);
    assert_eq!((&rows[0]["rolled_back_at"], &rows[2]["rollback_reason"]), (&json!(null), &json!("Slow")));
    assert!(rows[2]["rolled_back_at"].is_string());
    assert_eq!(
        (&rows[0]["artifacts"][0]["uri"], &rows[0]["endpoints"]),
        (&json!("oci://shop"), &json!(["https://shop.example"]))
    );
    trial.close().await;
}

#[tokio::test]
async fn rollouts_are_listed_stage_by_stage_of_one_release_if_asked() {
    let folder = tempfile::tempdir().unwrap();
    let trial = begun(&folder).await;
    did(&trial, "deploy_release", release(1, "1.0.0", "prod")).await;
    did(&trial, "deploy_release", release(2, "1.1.0", "prod")).await;
    for (nth, percentage) in [(1, 10), (2, 5), (1, 100)] {
        did(&trial, "stage_rollout", stage(nth, percentage)).await;
    }
    let first = release_id(1);
    for limit in 1..=3 {
        let rows = trial.pages("get_rollouts_page", &division(1), &[("release_id", &first)], limit).await;
        assert_eq!(column(&rows, "stage_name"), ["to 10", "to 100"], "{limit}");
    }
    let all = trial.pages("get_rollouts_page", &division(1), &[("order", "desc")], 2).await;
    assert_eq!(column(&all, "stage_name"), ["to 100", "to 5", "to 10"]);
    assert_eq!((&all[1]["stage_percentage"], &all[1]["staged_by"]), (&json!(5), &json!("uid:1@kit")));
    trial.close().await;
}

/// Whoever mints its own id may mint that of another division's release.
#[tokio::test]
async fn two_divisions_may_have_a_release_of_the_same_id() {
    let folder = tempfile::tempdir().unwrap();
    let trial = begun(&folder).await;
    initiate(&trial, 2, 1).await.unwrap();
    trial.ask("start_deployment", division(2), json!({})).await.unwrap();
    did(&trial, "deploy_release", release(1, "1.0.0", "prod")).await;
    trial.ask("deploy_release", division(2), release(1, "2.0.0", "test")).await.unwrap();
    trial.ask("stage_rollout", division(2), stage(1, 7)).await.unwrap();
    trial.ask("roll_back_release", division(2), roll_back(1)).await.unwrap();
    let rows = trial.pages("get_releases_page", &division(1), &[], 9).await;
    let kept = ["release_version", "rollout_pct", "rolled_back_at"].map(|column| rows[0][column].clone());
    assert_eq!(kept, [json!("1.0.0"), json!(null), json!(null)]);
    assert_eq!(seen(&trial).await["current_version"], "1.0.0");
    trial.close().await;
}

#[tokio::test]
async fn what_was_never_handed_over_is_not_found_and_what_was_dismissed_first_is_archived() {
    let folder = tempfile::tempdir().unwrap();
    let trial = begun(&folder).await;
    trial.shows_no_unborn::<Deployment>("get_deployment_by_division").await;
    let releases = trial.query("get_releases_page", division(2), &[]).await.unwrap();
    assert_eq!(releases["releases"], json!([]));
    trial.close().await;
}

async fn any_step(trial: &Trial, dice: &mut Dice, step: u64) -> Step {
    let (nth, any) = (dice.below(9), dice.below(99));
    let (one, other) = (dice.below(6), dice.below(6));
    let (desk, ask) = match dice.below(24) {
        0..=2 => return (division(nth), initiate(trial, nth, step).await),
        3..=5 => ("start_deployment", json!({})),
        6..=10 => (
            "deploy_release",
            release(one, &format!("1.{}.0", any % 4), ["test", "staging", "prod"][any as usize % 3]),
        ),
        11..=13 => ("stage_rollout", stage(one, any + 2)),
        14..=15 => ("roll_back_release", roll_back(one)),
        16 => (
            "roll_back_release",
            json!({"release_id": release_id(one), "to_release_id": release_id(other), "reason": "Why"}),
        ),
        17 => ("pause_deployment", json!({"reason": "Lunch"})),
        18..=19 => ("resume_deployment", json!({})),
        20 => ("complete_deployment", json!({})),
        21..=22 => ("reopen_deployment", json!({"reason": "More"})),
        _ if any < 30 => ("archive_deployment", json!({})),
        _ => ("start_deployment", json!({})),
    };
    (division(nth), trial.ask(desk, division(nth), ask).await)
}

#[tokio::test]
async fn rows_say_what_the_aggregate_says_and_a_file_drawn_anew_holds_the_same() {
    let met = stroll::<Deployment, Deployments>("get_deployment_by_division", any_step).await;
    assert!(met.iter().any(|status| status & 32 != 0), "no release was rolled back");
}
