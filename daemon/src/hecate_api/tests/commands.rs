//! Commands and queries: what is asked, what is answered, what is refused and by which name.

use super::super::{Method, Route, Routes};
use super::client::Client;
use super::teahouse::{Teahouse, Wish};
use serde_json::{Map, json};
use std::sync::Arc;
use uuid::Uuid;

async fn brew(client: &mut Client) -> String {
    let answered = client.post("/api/teas", r#"{"leaf": "assam"}"#).await;
    assert_eq!(answered.status, 201, "{answered:?}");
    answered.body["venture_id"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn a_birth_answers_201_and_is_seen_by_whoever_waits_for_its_position() {
    let house = Teahouse::open().await;
    let mut client = house.connect().await;
    let flow = Uuid::now_v7().to_string();
    let headers = [
        ("content-type", "application/json"),
        ("hecate-correlation-id", flow.as_str()),
        ("if-none-match", "*"),
    ];
    let born = client.ask("POST", "/api/teas", &headers, r#"{"leaf": "assam"}"#).await;
    assert_eq!((born.status, born.header("etag")), (201, Some("\"0\"")));
    assert_eq!(
        (born.header("hecate-correlation-id"), &born.body["correlation_id"]),
        (Some(flow.as_str()), &json!(flow))
    );
    let (position, id) = (born.body["position"].to_string(), born.body["venture_id"].as_str().unwrap());
    let shown =
        client.ask("GET", &format!("/api/teas/{id}"), &[("hecate-min-position", &position)], "").await;
    assert_eq!(
        (shown.status, &shown.body["ok"], &shown.body["tea"]["leaf"]),
        (200, &json!(true), &json!("assam"))
    );
    let page = client.get(&format!("/api/teas?limit=10&min_position={position}")).await;
    assert_eq!((page.body["teas"].as_array().unwrap().len(), &page.body["next_cursor"]), (1, &json!(null)));
}

#[tokio::test]
async fn who_asks_is_the_peer_unless_somebody_is_named() {
    let house = Teahouse::open().await;
    let mut client = house.connect().await;
    let id = brew(&mut client).await;
    let path = format!("/api/teas/{id}/sip");
    let sipped =
        client.ask("POST", &path, &[("hecate-actor", "agent Zo\u{eb}"), ("if-match", "\"0\"")], "").await;
    assert_eq!((sipped.status, &sipped.body["version"]), (200, &json!(1)));
    let mut stream = house.connect().await;
    stream.follow("/api/facts/stream?from=1", "").await;
    let uid = rustix::process::geteuid().as_raw();
    for actor in [format!("uid:{uid}@here"), "agent Zo\u{eb}".to_owned()] {
        let frame: serde_json::Value = serde_json::from_str(&stream.line("data: ").await).unwrap();
        assert_eq!(frame["metadata"]["actor"], actor);
    }
}

#[tokio::test]
async fn a_bad_request_is_refused_by_field_and_rule_and_changes_nothing() {
    let house = Teahouse::open().await;
    let mut client = house.connect().await;
    let deep = format!(r#"{{"leaf": {}{}}}"#, "[".repeat(100), "]".repeat(100));
    for (body, expected) in [
        (r#"{"leaf": "a", "leaf": "b"}"#, (400, "invalid_json", "leaf", "duplicate_key")),
        (r#"{"leaf": "a", "laef": 1}"#, (400, "validation_error", "laef", "unknown_field")),
        (r#"{"leaf": " "}"#, (400, "validation_error", "leaf", "blank")),
        (r#"{"leaf": "a", "cups": 10}"#, (400, "validation_error", "cups", "range")),
        (r#"{}"#, (400, "validation_error", "leaf", "required")),
        (r#"["leaf"]"#, (400, "invalid_json", "", "")),
        (deep.as_str(), (400, "invalid_json", "", "")),
    ] {
        let answered = client.post("/api/teas", body).await;
        let (status, code, field, rule) = answered.refusal();
        assert_eq!((status, code, field), (expected.0, expected.1, expected.2), "{body}");
        assert!(expected.1 == "invalid_json" || rule == expected.3, "{body}: {rule}");
    }
    let key = [("content-type", "application/json"), ("idempotency-key", "a b")];
    let answered = client.ask("POST", "/api/teas", &key, r#"{"leaf": "a"}"#).await;
    assert_eq!(answered.refusal(), (400, "validation_error", "Idempotency-Key", "pattern"));
    let answered = client.post("/api/teas?leaf=a", r#"{"leaf": "a"}"#).await;
    assert_eq!(answered.refusal(), (400, "validation_error", "leaf", "unknown_field"));
    let answered = client.ask("POST", "/api/teas", &[("content-type", "text/plain")], "{}").await;
    assert_eq!(answered.refusal().1, "unsupported_media_type");
    assert_eq!(hecate_event_store::EventStore::head(&*house.store), 0);
}

#[tokio::test]
async fn a_malformed_flow_is_refused_and_still_named() {
    let house = Teahouse::open().await;
    let answered = house.connect().await.ask("GET", "/api/teas", &[("hecate-correlation-id", "7")], "").await;
    assert_eq!(answered.refusal(), (400, "validation_error", "Hecate-Correlation-Id", "pattern"));
    assert_eq!(answered.header("hecate-correlation-id"), answered.body["correlation_id"].as_str());
}

#[tokio::test]
async fn whatever_a_request_sends_carries_its_flow() {
    let house = Teahouse::open().await;
    let mut client = house.connect().await;
    let id = brew(&mut client).await;
    let flow = Uuid::now_v7().to_string();
    let headers = [("content-type", "application/json"), ("hecate-correlation-id", flow.as_str())];
    let refused = client.ask("POST", &format!("/api/teas/{id}/sip"), &headers, r#"{"cold": true}"#).await;
    assert_eq!(
        (&refused.body["error"], &refused.body["details"]["trace"]),
        (&json!("tea_is_cold"), &json!(flow))
    );
}

#[tokio::test]
async fn a_desks_own_no_comes_with_what_could_be_done_instead() {
    let house = Teahouse::open().await;
    let mut client = house.connect().await;
    let id = brew(&mut client).await;
    let refused = client.post(&format!("/api/teas/{id}/sip"), r#"{"cold": true}"#).await;
    assert_eq!((refused.status, &refused.body["error"]), (422, &json!("tea_is_cold")));
    assert_eq!(refused.body["details"]["available_actions"], json!(["sip_tea"]));
    let stale = [("if-match", "7")];
    let refused = client.ask("POST", &format!("/api/teas/{id}/sip"), &stale, "").await;
    assert_eq!(refused.refusal().1, "wrong_expected_version");
}

#[tokio::test]
async fn what_is_not_there_is_said_in_the_same_shape() {
    let house = Teahouse::open().await;
    let mut client = house.connect().await;
    assert_eq!(client.get("/api/coffees").await.refusal().1, "not_found");
    let refused = client.ask("DELETE", "/api/teas", &[], "").await;
    assert_eq!(refused.refusal().1, "method_not_allowed");
    let allow = refused.header("allow").unwrap_or_default();
    assert!(allow.contains("GET") && allow.contains("POST"), "{allow}");
    // `brew` is a desk's alias: the static segment wins over the query's parameter.
    assert_eq!(client.get("/api/teas/brew").await.refusal().1, "method_not_allowed");
    assert_eq!(client.get("/api/teas/v-01ARZ3NDEKTSV4RRFFQ69G5FAV").await.refusal().1, "tea_not_found");
    assert_eq!(
        client.get("/api/teas/d-1").await.refusal(),
        (400, "validation_error", "venture_id", "pattern")
    );
    assert_eq!(client.get("/api/teas?colour=green").await.refusal().2, "colour");
    assert_eq!(client.get("/api/teas?limit=%ff").await.refusal().3, "pattern");
    assert_eq!(client.get("/api/teas?cursor=x").await.refusal().1, "invalid_cursor");
}

#[tokio::test]
async fn a_panic_answers_500_and_the_connection_lives_on() {
    let spilt =
        Route { method: Method::Get, path: "/spilt", serve: Arc::new(|_| panic!("the tea is spilt")) };
    let routes = Routes { routes: vec![spilt], tag: ("", ""), paths: Map::new(), schemas: Map::new() };
    let house = Teahouse::open_with(Wish { routes: Some(routes), ..Wish::default() }).await;
    let mut client = house.connect().await;
    assert_eq!(client.get("/spilt").await.refusal().1, "internal_error");
    assert_eq!(client.get("/api/health").await.status, 200);
}
