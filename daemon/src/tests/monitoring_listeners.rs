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
    let monitoring = open.monitoring();
    let nth = monitoring.hears().iter().position(|hears| hears.event_type == event_type).unwrap();
    match monitoring.react(nth, &*fact(event_type, fields).await).await {
        Ok(Reacted::Asked(told)) => {
            let events = told.into_iter().flat_map(|told| told.answer.events);
            Ok(events.map(|event| event.event_type).collect())
        }
        Ok(Reacted::Passed(why)) => Err(why.to_owned()),
        Err(NoReaction::Refused(refused)) => Err(refused.code.into_owned()),
        Err(NoReaction::Unheard(error)) => panic!("{event_type} is not heard: {error}"),
    }
}

async fn last(open: &Open, event_type: &str) -> Value {
    let store = open.house.store.opened().await;
    let page = store.read_all(0, &Filter::types([event_type]), 1_000).await.unwrap();
    serde_json::from_str(page.events.last().unwrap().data.get()).unwrap()
}

fn release(id: &str) -> Value {
    json!({"release_id": id, "release_version": "1.0.0", "target_env": "prod", "endpoints": ["http://shop"],
        "rollout": [{"stage_name": "all", "stage_percentage": 100}], "reason": null})
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_deployed_is_watched_at_once_and_what_was_rolled_back_is_an_incident() {
    let folder = tempfile::tempdir().unwrap();
    let open = Open::at(folder.path()).await;
    let early = effect(&open, "release_rolled_back_v1", release("rel-1")).await;
    assert_eq!(early, Err("monitoring_not_initiated".to_owned()));
    let born = effect(&open, "deployment_completed_v1", release("rel-1")).await.unwrap();
    assert_eq!(born, ["monitoring_initiated_v1", "monitoring_started_v1"]);
    assert_eq!(last(&open, "monitoring_initiated_v1").await["handoff"]["endpoints"], json!(["http://shop"]));
    let next = effect(&open, "deployment_completed_v1", release("rel-2")).await.unwrap();
    assert_eq!(next, ["monitoring_rebriefed_v1"]);
    let raised = effect(&open, "release_rolled_back_v1", release("rel-1")).await.unwrap();
    assert_eq!(raised, ["incident_raised_v1"]);
    let incident = last(&open, "incident_raised_v1").await;
    assert_eq!((&incident["severity"], &incident["release_id"]), (&json!("high"), &json!("rel-1")));
    let again = effect(&open, "release_rolled_back_v1", release("rel-1")).await;
    assert_eq!(again, Err("incident_already_open".to_owned()));
    let saved = json!({"incident_id": incident["incident_id"], "outcome": "escalated",
        "resolution": "Designed anew"});
    let resolved = effect(&open, "rescue_completed_v1", saved.clone()).await.unwrap();
    assert_eq!(resolved, ["incident_resolved_v1"]);
    assert_eq!(last(&open, "incident_resolved_v1").await["outcome"], "escalated");
    let again = effect(&open, "rescue_completed_v1", saved).await;
    assert_eq!(again, Err("incident_already_resolved".to_owned()));
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
