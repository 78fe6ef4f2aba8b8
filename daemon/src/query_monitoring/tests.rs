//! A monitoring at work, and what is seen of it.

use super::Monitorings;
use crate::monitor_division::Monitoring;
use hecate_desk::Refused;
use hecate_proto::answer::CommandAnswer;
use hecate_read_model::kit::{Dice, Step, Trial, column, division, handing_over, stroll};
use serde_json::{Value, json};

fn check_id(nth: u64, name: &str) -> String {
    format!("check-d-01ARZ3NDEKTSV4RRFFQ69G5FA{nth}-{name}")
}

fn incident_id(nth: u64) -> String {
    format!("inc-01ARZ3NDEKTSV4RRFFQ69G5{nth:03}")
}

async fn initiate(trial: &Trial, nth: u64, source: u64) -> Result<CommandAnswer, Refused> {
    let release = json!({"release_id": format!("rel-{nth}"), "release_version": "1.0.0", "target_env": "prod",
        "endpoints": ["http://localhost"], "rollout": [{"stage_name": "all", "stage_percentage": 100}]});
    trial.ask("initiate_monitoring", division(nth), handing_over(release, source)).await
}

async fn did(trial: &Trial, desk: &str, ask: Value) -> CommandAnswer {
    trial.ask(desk, division(1), ask).await.unwrap()
}

async fn begun(folder: &tempfile::TempDir) -> Trial {
    let trial = Trial::of::<Monitoring, Monitorings>(folder.path()).await;
    initiate(&trial, 1, 0).await.unwrap();
    did(&trial, "start_monitoring", json!({})).await;
    trial
}

async fn shown(trial: &Trial) -> Value {
    trial.query("get_monitoring_by_division", division(1), &[]).await.unwrap()["monitoring"].clone()
}

fn check(name: &str) -> Value {
    json!({"check_name": name, "endpoint": "http://localhost/health"})
}

fn saw(name: &str, status: &str, consecutive: u64) -> Value {
    json!({"check_id": check_id(1, name), "status": status, "consecutive": consecutive, "latency_ms": 7})
}

#[tokio::test]
async fn a_monitoring_is_as_well_as_the_worst_of_its_checks() {
    let folder = tempfile::tempdir().unwrap();
    let trial = begun(&folder).await;
    assert_eq!(shown(&trial).await["health"], "unknown");
    for name in ["shop", "cart"] {
        did(&trial, "register_health_check", check(name)).await;
        did(&trial, "record_health_status", saw(name, "healthy", 1)).await;
    }
    assert_eq!(shown(&trial).await["health"], "healthy");
    did(&trial, "record_health_status", saw("cart", "unhealthy", 1)).await;
    did(&trial, "record_health_status", saw("shop", "degraded", 1)).await;
    let monitoring = shown(&trial).await;
    assert_eq!((&monitoring["health"], &monitoring["check_count"]), (&json!("unhealthy"), &json!(2)));
    did(&trial, "deregister_health_check", json!({"check_id": check_id(1, "cart")})).await;
    let monitoring = shown(&trial).await;
    assert_eq!((&monitoring["health"], &monitoring["check_count"]), (&json!("degraded"), &json!(1)));
    let list = "get_checks_page";
    let rows = trial.pages(list, &division(1), &[], 1).await;
    assert_eq!((column(&rows, "check_name"), column(&rows, "last_status")), (vec!["shop"], vec!["degraded"]));
    let all = trial.pages(list, &division(1), &[("include_deregistered", "true")], 1).await;
    assert_eq!(column(&all, "check_name"), ["shop", "cart"]);
    assert!(all[1]["deregistered_at"].is_string() && all[0]["deregistered_at"].is_null());
    assert!(trial.pages(list, &division(1), &[("type", "tcp")], 1).await.is_empty());
    trial.close().await;
}

#[tokio::test]
async fn incidents_are_counted_while_they_are_open_and_listed_for_all_divisions() {
    let folder = tempfile::tempdir().unwrap();
    let trial = begun(&folder).await;
    initiate(&trial, 2, 1).await.unwrap();
    trial.ask("start_monitoring", division(2), json!({})).await.unwrap();
    for (nth, severity) in [(1, "low"), (2, "critical")] {
        let raise = json!({"incident_title": "Down", "severity": severity, "incident_id": incident_id(nth)});
        trial.ask("raise_incident", division(nth), raise).await.unwrap();
    }
    let monitoring = shown(&trial).await;
    assert_eq!((&monitoring["open_incident_count"], &monitoring["status"]), (&json!(1), &json!(5 | 32)));
    let all = trial.pages("get_incidents_page", &json!({}), &[], 1).await;
    assert_eq!(column(&all, "incident_id"), [incident_id(2), incident_id(1)]);
    assert_eq!(column(&all, "release_id"), ["rel-2", "rel-1"]);
    let resolve = json!({"incident_id": incident_id(1), "resolution": "Mended", "outcome": "mitigated"});
    did(&trial, "resolve_incident", resolve).await;
    let monitoring = shown(&trial).await;
    assert_eq!((&monitoring["open_incident_count"], &monitoring["status"]), (&json!(0), &json!(5)));
    let of_one = trial.pages("get_division_incidents_page", &division(1), &[], 9).await;
    assert_eq!((column(&of_one, "state"), column(&of_one, "outcome")), (vec!["resolved"], vec!["mitigated"]));
    let open = trial.pages("get_incidents_page", &json!({}), &[("state", "open")], 9).await;
    assert_eq!(column(&open, "severity"), ["critical"]);
    let late = open[0]["raised_at"].as_str().unwrap();
    let since = trial.pages("get_incidents_page", &json!({}), &[("since", late)], 9).await;
    assert_eq!(column(&since, "incident_id"), [incident_id(2)]);
    let wrong = trial.query("get_incidents_page", json!({}), &[("since", "lately")]).await.unwrap_err();
    assert_eq!((&*wrong.code, &wrong.details["field"]), ("validation_error", &json!("since")));
    trial.close().await;
}

#[tokio::test]
async fn what_was_open_when_its_monitoring_was_archived_is_abandoned() {
    let folder = tempfile::tempdir().unwrap();
    let trial = begun(&folder).await;
    for nth in [1, 2] {
        let raise = json!({"incident_title": "Down", "incident_id": incident_id(nth)});
        did(&trial, "raise_incident", raise).await;
    }
    did(&trial, "resolve_incident", json!({"incident_id": incident_id(1), "resolution": "Up"})).await;
    did(&trial, "archive_monitoring", json!({})).await;
    assert_eq!(shown(&trial).await["open_incident_count"], 0);
    for (state, expected) in [("open", vec![]), ("resolved", vec![1]), ("abandoned", vec![2])] {
        let rows = trial.pages("get_incidents_page", &json!({}), &[("state", state)], 9).await;
        let expected: Vec<_> = expected.into_iter().map(incident_id).collect();
        assert_eq!(column(&rows, "incident_id"), expected, "{state}");
    }
    trial.close().await;
}

#[tokio::test]
async fn what_stands_after_a_rollback_is_what_is_watched() {
    let folder = tempfile::tempdir().unwrap();
    let trial = begun(&folder).await;
    let standing = json!({"release_id": "rel-0", "release_version": "0.9.0", "target_env": "prod",
        "endpoints": []});
    let told = trial.ask("withdraw_release", division(1), withdrawal(1, &standing)).await.unwrap();
    let monitoring = shown(&trial).await;
    assert_eq!(
        (&monitoring["handoff"]["release_version"], &monitoring["version"]),
        (&json!("0.9.0"), &json!(told.version))
    );
    trial.close().await;
}

fn withdrawal(nth: u64, standing: &Value) -> Value {
    json!({"source_event_id": "01890000-0000-7000-8000-000000000099", "release_id": format!("rel-{nth}"),
        "standing": standing})
}

#[tokio::test]
async fn the_latest_threshold_of_each_signal_is_listed() {
    let folder = tempfile::tempdir().unwrap();
    let trial = begun(&folder).await;
    for (signal, threshold) in [("error_rate", 0.5), ("availability_pct", 99.9), ("error_rate", 0.1)] {
        did(&trial, "set_sla_threshold", json!({"signal": signal, "threshold": threshold})).await;
    }
    let rows = trial.pages("get_sla_thresholds_page", &division(1), &[], 1).await;
    assert_eq!(column(&rows, "signal"), ["availability_pct", "error_rate"]);
    assert_eq!((&rows[1]["threshold"], &rows[1]["severity"]), (&json!(0.1), &json!("high")));
    trial.close().await;
}

#[tokio::test]
async fn samples_are_kept_for_seven_days_of_the_log() {
    let folder = tempfile::tempdir().unwrap();
    let trial = begun(&folder).await;
    did(&trial, "register_health_check", check("shop")).await;
    did(&trial, "record_health_status", saw("shop", "healthy", 1)).await;
    did(&trial, "record_health_status", saw("shop", "unhealthy", 1)).await;
    let list = "get_samples_page";
    let rows = trial.pages(list, &division(1), &[], 1).await;
    assert_eq!(column(&rows, "status"), ["healthy", "unhealthy"]);
    let later = rows[1]["recorded_at"].as_str().unwrap();
    let since = trial.pages(list, &division(1), &[("since", later)], 9).await;
    assert_eq!(column(&since, "status"), ["unhealthy"]);
    trial.wait(6 * 24 * 3_600);
    did(&trial, "record_health_status", saw("shop", "healthy", 1)).await;
    assert_eq!(trial.pages(list, &division(1), &[], 9).await.len(), 3);
    trial.wait(2 * 24 * 3_600);
    did(&trial, "record_health_status", saw("shop", "unhealthy", 1)).await;
    let rows = trial.pages(list, &division(1), &[], 9).await;
    assert_eq!(column(&rows, "status"), ["healthy", "unhealthy"]);
    assert_eq!(trial.rows().await, trial.rows_drawn_anew().await);
    trial.close().await;
}

#[tokio::test]
async fn what_was_never_handed_over_is_not_found_and_what_was_dismissed_first_is_archived() {
    let folder = tempfile::tempdir().unwrap();
    let trial = begun(&folder).await;
    trial.shows_no_unborn::<Monitoring>("get_monitoring_by_division").await;
    trial.close().await;
}

async fn any_step(trial: &Trial, dice: &mut Dice, step: u64) -> Step {
    let (nth, any) = (dice.below(9), dice.below(99));
    let (name, incident) = (format!("part{}", any % 5), incident_id(any));
    let status = ["healthy", "degraded", "unhealthy", "unknown"][(any % 4) as usize];
    let check = check_id(nth, &name);
    let (desk, ask) = match dice.below(27) {
        0..=2 => return (division(nth), initiate(trial, nth, step).await),
        3..=5 => ("start_monitoring", json!({})),
        6..=8 => ("register_health_check", self::check(&name)),
        9 => ("deregister_health_check", json!({"check_id": check})),
        10..=12 => {
            trial.wait(any as i64 * 3_600);
            ("record_health_status", json!({"check_id": check, "status": status, "consecutive": any + 1}))
        }
        13 => ("set_sla_threshold", json!({"signal": "error_rate", "threshold": 1.0 / (any + 1) as f64})),
        14..=15 => ("raise_incident", json!({"incident_title": "Down", "incident_id": incident})),
        16..=17 => ("resolve_incident", json!({"incident_id": incident, "resolution": "Mended"})),
        18 => ("pause_monitoring", json!({"reason": "Lunch"})),
        19..=20 => ("resume_monitoring", json!({})),
        21..=22 => ("complete_monitoring", json!({})),
        23..=24 => ("reopen_monitoring", json!({"reason": "More"})),
        25 => ("withdraw_release", withdrawal(nth, &json!(null))),
        _ if any < 30 => ("archive_monitoring", json!({})),
        _ => ("start_monitoring", json!({})),
    };
    (division(nth), trial.ask(desk, division(nth), ask).await)
}

#[tokio::test]
async fn rows_say_what_the_aggregate_says_and_a_file_drawn_anew_holds_the_same() {
    stroll::<Monitoring, Monitorings>("get_monitoring_by_division", any_step).await;
}
