//! What monitoring makes of the facts of deployment and rescue, whoever tells them.

use super::probers::{DIVISION, Open};
use hecate_desk::{Clock, NoReaction, Reacted, SystemClock};
use hecate_event_store::{
    Append, EventStore, Expected, Filter, MemoryStore, Metadata, NewEvent, RecordedEvent,
};
use serde_json::{Value, json};
use std::sync::Arc;
use uuid::Uuid;

/// A fact of another process, as a log would hold it.
async fn fact(event_type: &str, fields: Value) -> Arc<RecordedEvent> {
    let mut data = json!({"venture_id": "v-01ARZ3NDEKTSV4RRFFQ69G5FAV", "division_id": DIVISION,
        "division_name": "orders", "cycle": 1});
    data.as_object_mut().unwrap().extend(fields.as_object().cloned().unwrap());
    let metadata = Metadata {
        correlation_id: Uuid::now_v7(),
        causation_id: Uuid::now_v7(),
        command_id: Uuid::now_v7(),
        actor: "uid:1@n".into(),
        node_id: "n".into(),
        realm: "r".into(),
        idempotency_key: None,
        conversation_id: None,
        visibility: Some("realm".into()),
    };
    let event = NewEvent {
        event_id: Uuid::now_v7(),
        event_type: event_type.into(),
        data: serde_json::value::to_raw_value(&data).unwrap().into(),
        metadata,
        tags: Vec::new(),
        at_us: SystemClock.now_us(),
    };
    let append =
        Append { stream_id: "other".into(), expected: Expected::Any, events: vec![event], receipt: None };
    Arc::clone(&MemoryStore::new().append(append).await.unwrap().events[0])
}

/// What is recorded because of a fact, or the code with which it is settled.
async fn effect(open: &Open, event_type: &str, fields: Value) -> Result<Vec<String>, String> {
    let hears = open.monitoring().hears();
    let listener = hears.iter().find(|hears| hears.event_type == event_type).unwrap().listener;
    effect_on(open, listener, &*fact(event_type, fields).await).await
}

/// The same at one of several listeners of a type.
async fn effect_on(open: &Open, listener: &str, fact: &RecordedEvent) -> Result<Vec<String>, String> {
    let monitoring = open.monitoring();
    let nth = monitoring.hears().iter().position(|hears| hears.listener == listener).unwrap();
    match monitoring.react(nth, fact).await {
        Ok(Reacted::Asked(told)) => {
            let events = told.into_iter().flat_map(|told| told.answer.events);
            Ok(events.map(|event| event.event_type).collect())
        }
        Ok(Reacted::Passed(why)) => Err(why.to_owned()),
        Err(NoReaction::Refused(refused)) => Err(refused.code.into_owned()),
        Err(NoReaction::Unheard(error)) => panic!("{listener} does not hear: {error}"),
    }
}

async fn last(open: &Open, event_type: &str) -> Value {
    let store = open.house.store.opened().await;
    let page = store.read_all(0, &Filter::types([event_type]), 1_000).await.unwrap();
    serde_json::from_str(page.events.last().unwrap().data.get()).unwrap()
}

const FIRST: &str = "rel-01ARZ3NDEKTSV4RRFFQ69G5FA1";
const SECOND: &str = "rel-01ARZ3NDEKTSV4RRFFQ69G5FA2";

fn release(id: &str) -> Value {
    json!({"release_id": id, "release_version": "1.0.0", "target_env": "prod", "endpoints": ["http://shop"],
        "rollout": [{"stage_name": "all", "stage_percentage": 100}], "reason": null})
}

/// A release of an environment in which this one stands from now on.
fn rolled_back(id: &str, standing: Option<&str>, fix_id: Option<&str>) -> Value {
    let mut fact = release(id);
    fact["standing"] = json!(standing.map(release));
    fact["fix_id"] = json!(fix_id);
    fact
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_deployed_is_watched_at_once_and_what_was_rolled_back_is_an_incident() {
    let folder = tempfile::tempdir().unwrap();
    let open = Open::at(folder.path()).await;
    let rolls_back = async || {
        let fact = fact("release_rolled_back_v1", rolled_back(FIRST, None, None)).await;
        effect_on(&open, "on_release_rolled_back_raise_incident", &fact).await
    };
    assert_eq!(rolls_back().await, Err("monitoring_not_initiated".to_owned()));
    let born = effect(&open, "deployment_completed_v1", release(FIRST)).await.unwrap();
    assert_eq!(born, ["monitoring_initiated_v1", "monitoring_started_v1"]);
    assert_eq!(last(&open, "monitoring_initiated_v1").await["handoff"]["endpoints"], json!(["http://shop"]));
    let next = effect(&open, "deployment_completed_v1", release(SECOND)).await.unwrap();
    assert_eq!(next, ["monitoring_rebriefed_v1"]);
    assert_eq!(rolls_back().await.unwrap(), ["incident_raised_v1"]);
    let incident = last(&open, "incident_raised_v1").await;
    assert_eq!((&incident["severity"], &incident["release_id"]), (&json!("high"), &json!(FIRST)));
    assert_eq!(rolls_back().await, Err("incident_already_open".to_owned()));
    let saved = json!({"incident_id": incident["incident_id"], "outcome": "escalated",
        "resolution": "Designed anew"});
    let resolved = effect(&open, "rescue_completed_v1", saved.clone()).await.unwrap();
    assert_eq!(resolved, ["incident_resolved_v1"]);
    assert_eq!(last(&open, "incident_resolved_v1").await["outcome"], "escalated");
    let again = effect(&open, "rescue_completed_v1", saved).await;
    assert_eq!(again, Err("incident_already_resolved".to_owned()));
    open.close().await;
}

/// The rescue may be over before deployment has heard of its fix.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_rollback_that_a_fix_asked_for_raises_no_second_incident_even_once_the_first_is_resolved() {
    let folder = tempfile::tempdir().unwrap();
    let open = Open::at(folder.path()).await;
    effect(&open, "deployment_completed_v1", release(FIRST)).await.unwrap();
    open.did("raise_incident", json!({"incident_title": "Slow", "severity": "high"})).await;
    let incident_id = last(&open, "incident_raised_v1").await["incident_id"].clone();
    let saved = json!({"incident_id": incident_id, "outcome": "mitigated", "resolution": "Back"});
    assert_eq!(effect(&open, "rescue_completed_v1", saved).await.unwrap(), ["incident_resolved_v1"]);
    let cure = rolled_back(FIRST, None, Some("fix-01ARZ3NDEKTSV4RRFFQ69G5FAV"));
    let cure = fact("release_rolled_back_v1", cure).await;
    let passed = effect_on(&open, "on_release_rolled_back_raise_incident", &cure).await;
    assert_eq!(passed, Err("a fix of an incident rolled it back".to_owned()));
    open.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn after_a_rollback_the_release_that_stands_is_to_blame() {
    let folder = tempfile::tempdir().unwrap();
    let open = Open::at(folder.path()).await;
    let withdraw = "on_release_rolled_back_withdraw_release";
    effect(&open, "deployment_completed_v1", release(SECOND)).await.unwrap();
    let other = fact("release_rolled_back_v1", rolled_back(FIRST, Some(SECOND), None)).await;
    assert_eq!(effect_on(&open, withdraw, &other).await.unwrap(), [""; 0]);
    let back = fact("release_rolled_back_v1", rolled_back(SECOND, Some(FIRST), None)).await;
    assert_eq!(effect_on(&open, withdraw, &back).await.unwrap(), ["release_withdrawn_v1"]);
    assert_eq!(last(&open, "release_withdrawn_v1").await["source_event_id"], json!(back.event_id));
    open.did("raise_incident", json!({"incident_title": "Still slow"})).await;
    assert_eq!(last(&open, "incident_raised_v1").await["release_id"], FIRST);
    open.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_failure_is_no_incident_and_one_too_many_is() {
    let folder = tempfile::tempdir().unwrap();
    let open = Open::at(folder.path()).await;
    open.begin().await;
    // So rarely that no prober asks it meanwhile.
    let check = json!({"check_name": "web", "endpoint": "http://localhost:9/", "interval_ms": 3_600_000});
    open.did("register_health_check", check).await;
    let saw = |status: &str, consecutive: u32| {
        json!({"check_id": format!("check-{DIVISION}-web"), "check_name": "web", "status": status,
            "consecutive": consecutive, "unhealthy_after": 3, "details": null})
    };
    for (status, consecutive) in [("unhealthy", 2), ("healthy", 3), ("degraded", 9)] {
        let passed = effect(&open, "health_status_recorded_v1", saw(status, consecutive)).await;
        assert_eq!(passed, Err("the check has not failed often enough".to_owned()), "{status}");
    }
    let raised = effect(&open, "health_status_recorded_v1", saw("unhealthy", 3)).await.unwrap();
    assert_eq!(raised, ["incident_raised_v1"]);
    let gone = effect(&open, "division_dismissed_v1", json!({"reason": "None"})).await.unwrap();
    assert_eq!(gone, ["monitoring_archived_v1"]);
    let incident = last(&open, "incident_raised_v1").await;
    let left = last(&open, "monitoring_archived_v1").await;
    assert_eq!(left["open_incidents"], json!([incident["incident_id"]]));
    open.close().await;
}
