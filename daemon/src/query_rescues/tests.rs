//! Rescues at work, and what is seen of them.

use super::Rescues;
use crate::rescue_division::Rescue;
use hecate_desk::Refused;
use hecate_proto::answer::CommandAnswer;
use hecate_read_model::kit::{Dice, Step, Trial, column, handing_over, stroll};
use serde_json::{Value, json};
use std::collections::BTreeSet;

const SEVERITIES: [&str; 4] = ["critical", "high", "medium", "low"];

fn division() -> Value {
    json!({"division_id": "d-01ARZ3NDEKTSV4RRFFQ69G5FAV"})
}

fn incident_id(nth: u64) -> String {
    format!("inc-01ARZ3NDEKTSV4RRFFQ69G5FA{nth}")
}

fn both(nth: u64) -> Value {
    json!({"division_id": "d-01ARZ3NDEKTSV4RRFFQ69G5FAV", "incident_id": incident_id(nth)})
}

async fn initiate(trial: &Trial, nth: u64, source: u64) -> Result<CommandAnswer, Refused> {
    let severity = SEVERITIES[nth as usize % 4];
    let handoff = json!({"incident_title": format!("Down {nth}"), "severity": severity});
    let mut ask = handing_over(handoff, source);
    ask["start"] = nth.is_multiple_of(2).into();
    trial.ask("initiate_rescue", both(nth), ask).await
}

async fn ask(trial: &Trial, nth: u64, desk: &str, mut asked: Value) -> Result<CommandAnswer, Refused> {
    asked["incident_id"] = incident_id(nth).into();
    trial.ask(desk, division(), asked).await
}

async fn did(trial: &Trial, nth: u64, desk: &str, asked: Value) -> CommandAnswer {
    ask(trial, nth, desk, asked).await.unwrap()
}

/// Rescues of these incidents, at work.
async fn begun(folder: &tempfile::TempDir, incidents: &[u64]) -> Trial {
    let trial = Trial::of::<Rescue, Rescues>(folder.path()).await;
    for nth in incidents {
        initiate(&trial, *nth, *nth).await.unwrap();
        if nth % 2 == 1 {
            did(&trial, *nth, "start_rescue", json!({})).await;
        }
    }
    trial
}

fn fix(fix_type: &str, diagnosis_id: Option<&Value>) -> Value {
    json!({"fix_type": fix_type, "fix_description": "Again", "diagnosis_id": diagnosis_id, "affected_desks": ["sell"]})
}

fn why() -> Value {
    json!({"reason": "It comes back", "affected_aggregates": ["order"]})
}

async fn rescue(trial: &Trial, nth: u64) -> Value {
    trial.query("get_rescue_by_incident", both(nth), &[]).await.unwrap()["rescue"].clone()
}

#[tokio::test]
async fn a_rescue_shows_what_it_came_to_and_how_long_it_took_until_it_is_reopened() {
    let folder = tempfile::tempdir().unwrap();
    let trial = begun(&folder, &[1]).await;
    let born = rescue(&trial, 1).await;
    assert_eq!((&born["incident_title"], &born["severity"]), (&json!("Down 1"), &json!("high")));
    assert_eq!((&born["outcome"], &born["mitigated_at"]), (&Value::Null, &Value::Null));
    let told = did(&trial, 1, "apply_fix", fix("redirect", None)).await;
    assert!(told.about["fix_id"].is_string());
    let first = rescue(&trial, 1).await;
    assert_eq!(first["status"], 1 | 4 | 32);
    assert!(first["time_to_mitigate_ms"].as_i64().is_some_and(|ms| ms > 0));
    did(&trial, 1, "apply_fix", fix("scale_up", None)).await;
    let second = rescue(&trial, 1).await;
    assert_eq!((&second["mitigated_at"], &second["severity"]), (&first["mitigated_at"], &first["severity"]));
    let done = json!({"resolution": "Calm", "lessons_learned": ["Scale"], "action_items": ["Test"]});
    let told = did(&trial, 1, "complete_rescue", done).await;
    let row = rescue(&trial, 1).await;
    assert_eq!((&row["outcome"], &row["resolution"]), (&json!("mitigated"), &json!("Calm")));
    assert_eq!((&row["lessons_learned"], &row["action_items"]), (&json!(["Scale"]), &json!(["Test"])));
    assert_eq!((&row["status"], &row["version"]), (&json!(1 | 16 | 32), &json!(told.version)));
    assert!(row["time_to_resolve_ms"].as_i64() > row["time_to_mitigate_ms"].as_i64());
    did(&trial, 1, "reopen_rescue", json!({"reason": "Again"})).await;
    let row = rescue(&trial, 1).await;
    assert_eq!((&row["status"], &row["cycle"], &row["lessons_learned"]), (&json!(5), &json!(2), &json!([])));
    for column in ["outcome", "resolution", "mitigated_at", "time_to_mitigate_ms", "time_to_resolve_ms"] {
        assert_eq!(row[column], Value::Null, "{column}");
    }
    trial.close().await;
}

#[tokio::test]
async fn another_pass_takes_as_long_as_it_takes_and_not_since_the_first_one_began() {
    let folder = tempfile::tempdir().unwrap();
    let trial = begun(&folder, &[1]).await;
    let first = json!({"resolution": "Calm", "outcome": "false_alarm"});
    did(&trial, 1, "complete_rescue", first).await;
    trial.wait(4 * 24 * 3_600);
    did(&trial, 1, "reopen_rescue", json!({"reason": "Again"})).await;
    did(&trial, 1, "apply_fix", fix("redirect", None)).await;
    did(&trial, 1, "complete_rescue", json!({"resolution": "Calm"})).await;
    let row = rescue(&trial, 1).await;
    for column in ["time_to_mitigate_ms", "time_to_resolve_ms"] {
        assert!(row[column].as_i64().is_some_and(|ms| (0..3_600_000).contains(&ms)), "{column}: {row}");
    }
    trial.close().await;
}

#[tokio::test]
async fn rescues_are_listed_newest_first_by_severity_outcome_and_status() {
    let folder = tempfile::tempdir().unwrap();
    let trial = begun(&folder, &[1, 2, 3, 4]).await;
    did(&trial, 1, "complete_rescue", json!({"resolution": "Nothing", "outcome": "false_alarm"})).await;
    did(&trial, 2, "pause_rescue", json!({"reason": "Lunch"})).await;
    did(&trial, 3, "archive_rescue", json!({})).await;
    let list = "get_rescues_page";
    let ids = |all: &[u64]| all.iter().map(|nth| incident_id(*nth)).collect::<Vec<_>>();
    for limit in 1..=4 {
        let rows = trial.pages(list, &division(), &[], limit).await;
        assert_eq!(column(&rows, "incident_id"), ids(&[4, 2, 1]), "{limit}");
    }
    for (params, found) in [
        (("include_archived", "true"), ids(&[4, 3, 2, 1])),
        (("order", "asc"), ids(&[1, 2, 4])),
        (("severity", "critical"), ids(&[4])),
        (("outcome", "false_alarm"), ids(&[1])),
        (("status", "Paused"), ids(&[2])),
        (("status", "Archived"), ids(&[3])),
    ] {
        let rows = trial.pages(list, &division(), &[params], 2).await;
        assert_eq!(column(&rows, "incident_id"), found, "{params:?}");
    }
    let nobody = json!({"division_id": "d-01ARZ3NDEKTSV4RRFFQ69G5FAA"});
    assert_eq!(trial.query(list, nobody, &[]).await.unwrap()["rescues"], json!([]));
    trial.close().await;
}

#[tokio::test]
async fn what_was_found_done_and_escalated_is_listed_of_one_incident_if_asked() {
    let folder = tempfile::tempdir().unwrap();
    let trial = begun(&folder, &[1, 2]).await;
    for nth in [1, 2] {
        let found = json!({"diagnosis": "Full", "root_cause": "Logs", "category": "data"});
        let told = did(&trial, nth, "diagnose_incident", found).await;
        did(&trial, nth, "apply_fix", fix("patch", told.about.get("diagnosis_id"))).await;
        let told = did(&trial, nth, "escalate_to_redesign", why()).await;
        assert_eq!((told.status, &rescue(&trial, nth).await["status"]), (1 | 4 | 64, &json!(1 | 4 | 64)));
    }
    for list in ["get_diagnoses_page", "get_fixes_page", "get_escalations_page"] {
        let rows = trial.pages(list, &division(), &[], 1).await;
        assert_eq!(column(&rows, "incident_id"), [incident_id(1), incident_id(2)], "{list}");
        let one = trial.pages(list, &division(), &[("incident_id", &incident_id(2))], 1).await;
        assert_eq!(one, rows[1..], "{list}");
    }
    let found = trial.pages("get_diagnoses_page", &division(), &[], 9).await.remove(0);
    let fixed = trial.pages("get_fixes_page", &division(), &[], 9).await.remove(0);
    assert_eq!((&found["category"], &found["root_cause"]), (&json!("data"), &json!("Logs")));
    assert_eq!((&fixed["fix_type"], &fixed["mitigation"]), (&json!("patch"), &json!(false)));
    assert_eq!(
        (&fixed["diagnosis_id"], &fixed["affected_desks"]),
        (&found["diagnosis_id"], &json!(["sell"]))
    );
    let escalated = trial.pages("get_escalations_page", &division(), &[], 9).await.remove(0);
    assert_eq!((&escalated["root_cause"], &escalated["cycle"]), (&json!("Logs"), &json!(1)));
    assert_eq!(
        (&escalated["reason"], &escalated["affected_aggregates"]),
        (&why()["reason"], &json!(["order"]))
    );
    trial.close().await;
}

#[tokio::test]
async fn what_was_never_handed_over_is_not_found_and_what_was_archived_first_stays_so() {
    let folder = tempfile::tempdir().unwrap();
    let trial = begun(&folder, &[]).await;
    let refused = trial.query("get_rescue_by_incident", both(2), &[]).await.unwrap_err();
    assert_eq!((refused.status, &*refused.code), (404, "rescue_not_initiated"));
    for list in ["get_diagnoses_page", "get_fixes_page", "get_escalations_page"] {
        let refused = trial.query(list, division(), &[]).await.unwrap_err();
        assert_eq!((refused.status, &*refused.code), (404, "rescue_not_initiated"), "{list}");
    }
    let of = json!({"division_name": "stock", "venture_id": "v-01ARZ3NDEKTSV4RRFFQ69G5FAV"});
    trial.ask("bury_rescue", both(2), of).await.unwrap();
    let row = rescue(&trial, 2).await;
    assert_eq!((&row["status"], &row["incident_title"]), (&json!(2), &Value::Null));
    assert_eq!(&*initiate(&trial, 2, 0).await.unwrap_err().code, "rescue_archived");
    trial.close().await;
}

async fn any_step(trial: &Trial, dice: &mut Dice, step: u64) -> Step {
    let (nth, any) = (dice.below(7), dice.below(99));
    let (desk, asked) = match dice.below(20) {
        0..=2 => return (both(nth), initiate(trial, nth, step).await),
        3..=5 => ("start_rescue", json!({})),
        6..=7 => ("diagnose_incident", json!({"diagnosis": "Full", "root_cause": any.to_string()})),
        8..=9 => ("apply_fix", fix("rollback", None)),
        10 => ("apply_fix", fix("hotfix", None)),
        11..=12 => ("escalate_to_redesign", why()),
        13 => ("pause_rescue", json!({"reason": "Lunch"})),
        14 => ("resume_rescue", json!({})),
        15..=16 => ("complete_rescue", json!({"resolution": any.to_string()})),
        17..=18 => ("reopen_rescue", json!({"reason": "More"})),
        _ if any < 30 => ("archive_rescue", json!({})),
        _ => ("resume_rescue", json!({})),
    };
    (both(nth), ask(trial, nth, desk, asked).await)
}

#[tokio::test]
async fn rows_say_what_the_aggregate_says_and_a_file_drawn_anew_holds_the_same() {
    let met = stroll::<Rescue, Rescues>("get_rescue_by_incident", any_step).await;
    let flags: BTreeSet<u32> = met.iter().map(|status| status & (32 | 64)).collect();
    assert_eq!(flags.len(), 4, "mitigated, escalated, both, neither");
}
