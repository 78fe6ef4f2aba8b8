//! What operators see of the tree, do to it, and are refused.

use super::super::Limits;
use super::client::{Answered, Client};
use super::documents::check;
use super::listeners::Ears;
use super::teahouse::{Teahouse, Wish, within};
use crate::tests::logged::Logged;
use hecate_proto::route;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;
use tracing::Level;

const MODEL: &str = "/tea/query_teas";

fn at(route: &str, actor: &str) -> String {
    route::of_actor(route, actor)
}

/// Acts on an actor, and confirms its path.
async fn act(client: &mut Client, route: &str, actor: &str, body: &Value) -> Answered {
    let headers = [("content-type", "application/json"), ("x-confirm", actor)];
    client.ask("POST", &at(route, actor), &headers, &body.to_string()).await
}

async fn status(client: &mut Client, actor: &str) -> Value {
    client.get(&at(route::DEBUG_ACTOR, actor)).await.body["actor"]["status"].clone()
}

/// The actor of a tea that is brewed for that: it lives by its messages.
async fn aggregate(client: &mut Client) -> String {
    assert_eq!(client.post("/api/teas", r#"{"leaf": "assam"}"#).await.status, 201);
    let pool = client.get("/debug/tree?path=/tea/aggregates").await.body;
    pool["tree"]["children"][0]["path"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn every_resource_answers_as_the_document_says() {
    let house = Teahouse::open().await;
    let mut client = house.connect().await;
    let document = client.get("/api/openapi.json").await.body;
    assert_eq!(client.post("/api/teas", r#"{"leaf": "assam"}"#).await.status, 201);
    let mut past = client.get("/debug/tree").await.body;
    for (schema, path) in [
        ("TreeAnswer", "/debug/tree".to_owned()),
        ("OneActorShown", at(route::DEBUG_ACTOR, MODEL)),
        ("OneActorShown", at(route::DEBUG_ACTOR, "/tea")),
        ("TopShown", "/debug/top?by=latency&window=60s&n=200".to_owned()),
        ("GroupListShown", "/debug/groups".to_owned()),
        ("CrashesShown", "/debug/crashes?since=1970-01-01T00:00:00Z".to_owned()),
        ("DeadlocksShown", "/debug/deadlocks?older_than_ms=10".to_owned()),
        ("RuntimeShown", "/debug/runtime".to_owned()),
        ("TreeAnswer", format!("/debug/tree?at={}", past["at"].take().as_str().unwrap())),
    ] {
        let answered = client.get(&path).await;
        assert_eq!(answered.status, 200, "{path}: {:?}", answered.body);
        check(&document, schema, &answered.body);
    }
    let actor = client.get(&at(route::DEBUG_ACTOR, MODEL)).await.body["actor"].clone();
    let by_id = client.get(&at(route::DEBUG_ACTOR, actor["id"].as_str().unwrap())).await.body;
    assert_eq!((&by_id["actor"]["path"], &actor["ancestors"][0]["path"]), (&json!(MODEL), &json!("/tea")));
    for place in ["/tea", "/tea/aggregates", MODEL] {
        let actor = client.get(&at(route::DEBUG_ACTOR, place)).await.body["actor"].clone();
        assert!(actor["started_at"].is_string() && actor["uptime_ms"].is_u64(), "{place}: {actor}");
    }
    let store = client.get("/debug/store").await.body;
    assert_eq!((&store["ok"], &store["node_id"]), (&json!(true), &json!("here")));
}

#[tokio::test]
async fn a_tree_shows_as_many_levels_and_fields_as_are_asked_for() {
    let house = Teahouse::open().await;
    let mut client = house.connect().await;
    let part = client.get("/debug/tree?depth=0&fields=status").await.body["tree"].clone();
    assert_eq!(part, json!({"path": "/tea", "status": "running"}));
    let below = client.get("/debug/tree?fields=id").await.body["tree"]["children"].clone();
    assert!(below.as_array().unwrap().iter().all(|child| child.get("kind").is_none()), "{below}");
}

/// What an actor offers of its state, as soon as it is this.
pub(super) async fn offered(client: &mut Client, actor: &str, is_this: impl Fn(&Value) -> bool) -> Value {
    let look = async {
        loop {
            let mut state = client.get(&at(route::DEBUG_ACTOR, actor)).await.body["actor"]["state"].take();
            assert_ne!(state["kind"], "not_offered", "{actor}");
            if state["kind"] == "offered" && is_this(&state["value"]) {
                return state["value"].take();
            }
        }
    };
    within("the state is offered", look).await
}

#[tokio::test]
async fn an_aggregate_and_a_projection_offer_how_far_they_are_and_nothing_of_what_was_said() {
    let house = Teahouse::open().await;
    let mut client = house.connect().await;
    let actor = aggregate(&mut client).await;
    let tea = offered(&mut client, &actor, |tea| tea["loaded"]["version"] == 0).await;
    let stream_id = tea["stream_id"].as_str().unwrap().to_owned();
    assert_eq!((&tea["process"], &tea["loaded"]["position"]), (&json!("brew_tea"), &json!(1)));
    let id = stream_id.strip_prefix("tea-").unwrap();
    assert_eq!(client.post(&format!("/api/teas/{id}/sip"), "{}").await.status, 200);
    let tea = offered(&mut client, &actor, |tea| tea["loaded"]["version"] == 1).await;
    let loaded = json!({"version": 1, "position": 2, "status": 1, "status_label": "Pending",
        "snapshot_version": null});
    assert_eq!((&tea["stream_id"], &tea["loaded"]), (&json!(stream_id), &loaded));
    let model = offered(&mut client, MODEL, |model| model["position"] == 2).await;
    assert_eq!(
        (&model["phase"], &model["head"], &model["parked"]),
        (&json!("following"), &json!(2), &json!(0))
    );
    assert!(model["file"].as_str().unwrap().ends_with("/query_teas.sqlite"), "{model}");
    let row = client.get("/debug/read_models").await.body["read_models"][0].take();
    assert_eq!((&row["file_bytes"], &row["wal_bytes"]), (&model["file_bytes"], &model["wal_bytes"]));
    assert!(row["file_bytes"].as_u64() > Some(0) && row["wal_bytes"].as_u64() > Some(0), "{row}");
    assert!(![tea, model].iter().any(|state| state.to_string().contains("assam")));
}

#[tokio::test]
async fn a_tree_of_the_past_names_whatever_it_does_not_show() {
    let house =
        Teahouse::open_with(Wish { listens: Some(Arc::new(Ears::default())), ..Wish::default() }).await;
    let mut client = house.connect().await;
    aggregate(&mut client).await;
    let now = client.get("/debug/tree").await.body;
    let past = client.get(&format!("/debug/tree?at={}", now["at"].as_str().unwrap())).await.body;
    let shown = |body: &Value| {
        let mut names = BTreeSet::new();
        name_fields(&body["tree"], &mut names);
        names
    };
    let (before, after) = (shown(&past), shown(&now));
    let mut missing: Vec<&str> = after.difference(&before).map(String::as_str).collect();
    missing.push("pool children");
    let mut named: Vec<&str> = past["not_kept"].as_array().unwrap().iter().flat_map(Value::as_str).collect();
    missing.sort_unstable();
    named.sort_unstable();
    assert_eq!(named, missing);
    assert!(now.get("not_kept").is_none());
}

/// What the nodes of a tree say, whichever says it.
fn name_fields(node: &Value, names: &mut BTreeSet<String>) {
    names.extend(node.as_object().unwrap().keys().cloned());
    node["children"].as_array().into_iter().flatten().for_each(|child| name_fields(child, names));
}

#[tokio::test]
async fn an_actor_is_suspended_and_resumed() {
    let house = Teahouse::open().await;
    let mut client = house.connect().await;
    let document = client.get("/api/openapi.json").await.body;
    let tea = aggregate(&mut client).await;
    let done = act(&mut client, route::DEBUG_SUSPEND, &tea, &json!({"ms": 60_000})).await.body;
    check(&document, "DoneShown", &done);
    assert_eq!((&done["operation"], &done["resumes_in_ms"]), (&json!("suspend"), &json!(60_000)));
    assert_eq!(status(&mut client, &tea).await, "suspended");
    assert_eq!(act(&mut client, route::DEBUG_RESUME, &tea, &json!({})).await.status, 200);
    assert_eq!(status(&mut client, &tea).await, "running");
}

fn generation(body: &Value) -> u64 {
    body["actor"]["generation"].as_u64().unwrap()
}

/// Looks at an actor until its successor is there, over a socket that may go and come with it.
async fn successor(house: &Teahouse, actor: &str, before: u64) -> Client {
    let request = format!("GET {} HTTP/1.1\r\nhost: x\r\n\r\n", at(route::DEBUG_ACTOR, actor));
    let look = async {
        loop {
            let mut next = house.connect().await;
            next.try_write(request.as_bytes()).await;
            let answered = next.try_answer().await.filter(|answered| answered.status == 200);
            if answered.is_some_and(|answered| generation(&answered.body) > before) {
                return next;
            }
        }
    };
    within("the successor is there", look).await
}

#[tokio::test]
async fn an_actor_is_drained_and_killed_and_comes_back() {
    for route in [route::DEBUG_DRAIN, route::DEBUG_KILL] {
        let house = Teahouse::open().await;
        let mut client = house.connect().await;
        let done = act(&mut client, route, MODEL, &json!({})).await;
        assert_eq!(done.status, 200, "{route}: {:?}", done.body);
        drop(client);
        let mut client = successor(&house, MODEL, 1).await;
        if route != route::DEBUG_KILL {
            continue;
        }
        let crashes = client.get("/debug/crashes").await.body["crashes"].clone();
        let kill = crashes.as_array().unwrap().iter().find(|crash| crash["path"] == MODEL).unwrap();
        assert_eq!((&kill["reason"], &kill["decision"]), (&json!("killed"), &json!("restarted")));
        let later = client.get(&format!("/debug/crashes?since={}", kill["seq"])).await.body;
        assert!(later["crashes"].as_array().unwrap().iter().all(|crash| crash["path"] != MODEL));
    }
}

#[tokio::test]
async fn events_are_followed_live_and_resumed_where_a_client_left_off() {
    let house = Teahouse::open().await;
    let (mut client, mut live) = (house.connect().await, house.connect().await);
    let tea = aggregate(&mut client).await;
    live.listen("GET", "/debug/events", "", "").await;
    assert_eq!(act(&mut client, route::DEBUG_SUSPEND, &tea, &json!({})).await.status, 200);
    let suspended: u64 = live.line("id: ").await.parse().unwrap();
    assert_eq!(live.line("event: ").await, "suspended");
    let event: Value = serde_json::from_str(&live.line("data: ").await).unwrap();
    assert_eq!((&event["path"], &event["kind"]), (&json!(tea), &json!("suspended")));
    assert_eq!(live.line("event: ").await, "attempted");
    let attempt: Value = serde_json::from_str(&live.line("data: ").await).unwrap();
    let says = attempt["detail"].as_str().unwrap();
    assert!(says.starts_with(&format!("suspend {tea} by uid ")) && says.ends_with(": granted"), "{says}");
    let mut again = house.connect().await;
    again.listen("GET", "/debug/events", &format!("last-event-id: {}\r\n", suspended - 1), "").await;
    assert_eq!(again.line("id: ").await, (suspended - 1).to_string());
    assert_eq!(again.line("id: ").await, suspended.to_string());
    let mut lost = house.connect().await;
    lost.listen("GET", "/debug/events?after=1000000", "", "").await;
    assert_eq!(lost.line("event: ").await, "lagged");
}

#[tokio::test]
async fn a_trace_shows_what_an_actor_handles_and_ends_by_itself() {
    let house = Teahouse::open().await;
    let mut client = house.connect().await;
    let tea = client.post("/api/teas", r#"{"leaf": "assam"}"#).await.body["venture_id"].clone();
    let pool = client.get("/debug/tree?path=/tea/aggregates").await.body;
    let aggregate = pool["tree"]["children"][0]["path"].as_str().unwrap().to_owned();
    let body = json!({"events": "in", "max": 1}).to_string();
    let mut live = house.connect().await;
    let length = format!("content-type: application/json\r\ncontent-length: {}\r\n", body.len());
    live.listen("POST", &at(route::DEBUG_TRACE, &aggregate), &length, &body).await;
    let sip = format!("/api/teas/{}/sip", tea.as_str().unwrap());
    assert_eq!(client.post(&sip, "{}").await.status, 200);
    assert_eq!(live.line("event: ").await, "in");
    let line: Value = serde_json::from_str(&live.line("data: ").await).unwrap();
    assert!(line["variant"].is_string() && line["handled_ns"].is_u64(), "{line}");
    assert_eq!(live.line("event: ").await, "ended");
    let end: Value = serde_json::from_str(&live.line("data: ").await).unwrap();
    assert_eq!((&end["why"], &end["lines"]), (&json!("lines"), &json!(1)));
}

#[tokio::test]
async fn a_trace_ends_with_the_connection_of_its_client() {
    // Nothing is written meanwhile that could tell.
    let limits = Limits { heartbeat: Duration::from_secs(3_600), ..Limits::default() };
    let house = Teahouse::open_with(Wish { limits, ..Wish::default() }).await;
    let (mut client, mut live) = (house.connect().await, house.connect().await);
    let body = json!({"ms": 60_000}).to_string();
    let headers = format!("content-type: application/json\r\ncontent-length: {}\r\n", body.len());
    live.listen("POST", &at(route::DEBUG_TRACE, "/tea/api"), &headers, &body).await;
    assert_eq!(traces(&mut client, "/tea/api").await, 1);
    drop(live);
    let freed = async { while traces(&mut client, "/tea/api").await > 0 {} };
    within("the trace ends", freed).await;
}

async fn traces(client: &mut Client, actor: &str) -> u64 {
    client.get(&at(route::DEBUG_ACTOR, actor)).await.body["actor"]["work"]["traces"].as_u64().unwrap()
}

#[tokio::test]
async fn an_actor_is_traced_by_no_more_than_may() {
    let house = Teahouse::open().await;
    let mut kept = Vec::new();
    let refused = loop {
        let mut client = house.connect().await;
        client.write(format!("POST {} HTTP/1.1\r\nhost: x\r\n\r\n", at(route::DEBUG_TRACE, MODEL))).await;
        match client.refused_or_stream().await {
            Some(refused) => break refused,
            None => kept.push(client),
        }
        assert!(kept.len() < 64, "nobody is ever refused");
    };
    assert_eq!((refused.status, refused.refusal().1), (429, "too_many_traces"));
}

#[tokio::test]
async fn what_an_actor_does_not_take_is_refused_by_name() {
    let house = Teahouse::open().await;
    let mut client = house.connect().await;
    let child = aggregate(&mut client).await;
    let nothing = json!({});
    for (route, actor, body, refusal) in [
        (route::DEBUG_KILL, "/tea", &nothing, (409, "root_supervisor", "actor", "")),
        (route::DEBUG_SUSPEND, "/tea", &nothing, (409, "not_a_worker", "actor", "")),
        (route::DEBUG_RESUME, MODEL, &nothing, (409, "not_suspended", "actor", "")),
        (route::DEBUG_SUSPEND, MODEL, &nothing, (409, "works_beside", "actor", "")),
        (route::DEBUG_SUSPEND, "/tea/api", &nothing, (409, "works_beside", "actor", "")),
        (route::DEBUG_SUSPEND, "/tea/socket", &nothing, (409, "works_beside", "actor", "")),
        (route::DEBUG_RESTART, MODEL, &nothing, (409, "group_member", "actor", "")),
        (route::DEBUG_RESTART, &child, &nothing, (409, "pool_child", "actor", "")),
        (route::DEBUG_TRACE, "/tea", &nothing, (409, "not_traceable", "", "")),
        (route::DEBUG_KILL, "/coffee", &nothing, (404, "actor_not_found", "", "")),
        (route::DEBUG_TRACE, "9.9", &nothing, (404, "actor_not_found", "", "")),
        (route::DEBUG_SUSPEND, MODEL, &json!({"ms": 60_001}), (400, "validation_error", "ms", "range")),
        (route::DEBUG_SUSPEND, MODEL, &json!({"ms": 0}), (400, "validation_error", "ms", "range")),
        (route::DEBUG_SUSPEND, MODEL, &json!({"s": 1}), (400, "validation_error", "s", "unknown_field")),
        (route::DEBUG_KILL, MODEL, &json!({"ms": 1}), (400, "validation_error", "ms", "unknown_field")),
        (route::DEBUG_TRACE, MODEL, &json!({"rate": 1_001}), (400, "validation_error", "rate", "range")),
        (route::DEBUG_TRACE, MODEL, &json!({"ms": 60_001}), (400, "validation_error", "ms", "range")),
        (route::DEBUG_TRACE, MODEL, &json!({"max": 10_001}), (400, "validation_error", "max", "range")),
    ] {
        let refused = act(&mut client, route, actor, body).await;
        assert_eq!(refused.refusal(), refusal, "{route} {actor} {body}");
        assert!(refused.body["details"]["hint"].is_string() || refused.status == 409, "{:?}", refused.body);
    }
    let (kill, long) = (at(route::DEBUG_KILL, MODEL), "x".repeat(5_000));
    let bare = client.post(&kill, "").await;
    assert_eq!(bare.refusal(), (400, "validation_error", "X-Confirm", "required"));
    assert_eq!(
        bare.body["details"]["hint"],
        format!("Send `X-Confirm: {MODEL}` to confirm that you mean this.")
    );
    let elsewhere = client.ask("POST", &kill, &[("x-confirm", "/tea")], "").await;
    assert_eq!(elsewhere.refusal(), (400, "validation_error", "X-Confirm", "pattern"));
    assert_eq!(client.post(&kill, &format!("{{\"a\": \"{long}\"}}")).await.refusal().1, "payload_too_large");
    assert_eq!(client.get(&at(route::DEBUG_ACTOR, MODEL)).await.body["actor"]["generation"], 1);
}

#[tokio::test]
async fn what_nobody_could_mean_is_refused_by_field_and_rule() {
    let (logged, _guard) = Logged::from(Level::INFO);
    let house = Teahouse::open().await;
    let mut client = house.connect().await;
    for (path, field, rule) in [
        ("/debug/tree?depth=65", "depth", "range"),
        ("/debug/tree?depth=99999999999999999999999999", "depth", "range"),
        ("/debug/tree?depth=deep", "depth", "type"),
        ("/debug/tree?depth=-1", "depth", "range"),
        ("/debug/tree?path=%zz", "path", "pattern"),
        ("/debug/actors/%ff", "actor", "pattern"),
        ("/debug/tree?fields=colour", "fields", "enum"),
        ("/debug/tree?at=yesterday", "at", "pattern"),
        ("/debug/tree?at=2999-01-01T00:00:00Z", "at", "range"),
        ("/debug/top?by=beauty", "by", "enum"),
        ("/debug/top?window=10h", "window", "enum"),
        ("/debug/top?n=0", "n", "range"),
        ("/debug/top?n=201", "n", "range"),
        ("/debug/crashes?since=then", "since", "pattern"),
        ("/debug/deadlocks?older_than_ms=9", "older_than_ms", "range"),
        ("/debug/deadlocks?older_than_ms=86400001", "older_than_ms", "range"),
        ("/debug/events?after=x", "after", "type"),
        ("/debug/runtime?verbose=1", "verbose", "unknown_field"),
        ("/metrics?kind=x", "kind", "unknown_field"),
    ] {
        let refused = client.get(path).await;
        assert_eq!(refused.refusal(), (400, "validation_error", field, rule), "{path}");
        let line = audited(&logged, &refused);
        assert!(line.contains("operation=\"GET\" on=\"/") && line.contains("uid="), "{path}: {line}");
    }
    let headers = [("last-event-id", "x")];
    let refused = client.ask("GET", "/debug/events", &headers, "").await;
    assert_eq!(refused.refusal(), (400, "validation_error", "Last-Event-ID", "type"));
    let old = client.get("/debug/tree?at=2001-01-01T00:00:00Z").await;
    assert_eq!(old.refusal(), (422, "tree_not_kept", "at", ""));
}

/// The one line in the audit about what was refused.
fn audited(logged: &Logged, refused: &Answered) -> String {
    let (code, flow) = (refused.refusal().1, refused.body["correlation_id"].as_str().unwrap());
    let text = logged.text();
    let lines: Vec<_> =
        text.lines().filter(|line| line.contains(" audit: ") && line.contains(flow)).collect();
    let [line] = *lines else { panic!("not one line, but {lines:?}") };
    assert!(line.contains(&format!("outcome=\"{code}\"")), "{code}: {line}");
    line.to_owned()
}

#[tokio::test]
async fn whoever_looks_in_vain_leaves_one_line_and_whoever_sees_something_none() {
    let (logged, _guard) = Logged::from(Level::INFO);
    let house = Teahouse::open().await;
    let mut client = house.connect().await;
    let coffee = at(route::DEBUG_ACTOR, "/coffee");
    for (method, path, status, code) in [
        ("GET", "/debug/tree?path=/coffee", 404, "not_found"),
        ("GET", "/debug/groups?group=leaf_burnt_v1", 404, "group_not_found"),
        ("GET", &*coffee, 404, "actor_not_found"),
        ("GET", "/debug", 404, "not_found"),
        ("GET", "/debug/actors/0.1/dance", 404, "not_found"),
        ("POST", "/debug/actors/0.1/dance", 404, "not_found"),
        ("POST", "/debug/tree", 405, "method_not_allowed"),
        ("DELETE", "/metrics", 405, "method_not_allowed"),
        ("GET", "/debug/actors/0.1/kill", 405, "method_not_allowed"),
        ("POST", "/debug/actors/0.1/kill", 404, "actor_not_found"),
    ] {
        let refused = client.ask(method, path, &[], "").await;
        assert_eq!((refused.status, refused.refusal().1), (status, code), "{method} {path}");
        assert!(audited(&logged, &refused).contains(path.split('?').next().unwrap()), "{method} {path}");
    }
    let nameless = client.ask("GET", "/debug/top", &[("hecate-correlation-id", "x")], "").await;
    audited(&logged, &nameless);
    let before = logged.text().matches(" audit: ").count();
    for path in ["/debug/tree", "/debug/top", "/metrics"] {
        assert_eq!(client.get(path).await.status, 200, "{path}");
    }
    assert_eq!(client.get("/debugger").await.status, 404);
    assert_eq!(logged.text().matches(" audit: ").count(), before);
}

#[tokio::test]
async fn a_flood_of_vain_looks_is_no_flood_of_lines() {
    const LOOKS: usize = 1_000;
    let (logged, _guard) = Logged::from(Level::INFO);
    let limits = Limits { attempts_per_second_max: 1, ..Limits::default() };
    let house = Teahouse::open_with(Wish { limits, ..Wish::default() }).await;
    let mut client = house.connect().await;
    for _ in 0..LOOKS {
        assert_eq!(client.get("/debug/top?n=0").await.status, 400);
    }
    let text = logged.text();
    let of_floods = text.lines().filter(|line| line.contains(" times=")).count();
    let lines = text.matches(" audit: ").count();
    assert!((2..=10).contains(&of_floods), "{of_floods}");
    assert!(lines < LOOKS / 2, "{lines}");
    // Whoever looked in vain may still act.
    assert_eq!(client.post(&at(route::DEBUG_RESUME, MODEL), "").await.refusal().0, 400);
}

#[tokio::test]
async fn whoever_changes_too_much_too_fast_is_asked_to_wait() {
    let limits = Limits { attempts_per_second_max: 1, ..Limits::default() };
    let (logged, _guard) = Logged::from(Level::INFO);
    let house = Teahouse::open_with(Wish { limits, ..Wish::default() }).await;
    let mut client = house.connect().await;
    let resume = at(route::DEBUG_RESUME, MODEL);
    let (mut refused, mut waits) = (client.post(&resume, "").await, 0);
    while waits < 100 {
        refused = client.post(&resume, "").await;
        waits += usize::from(refused.status == 429);
    }
    let lines = logged.text().matches("too_many_attempts").count();
    assert_eq!(lines, 7, "the 1st, 2nd, 4th … 64th has a line");
    assert_eq!((refused.refusal().1, refused.header("retry-after")), ("too_many_attempts", Some("1")));
}

#[tokio::test]
async fn another_tree_is_shown_as_a_plan_and_applied_as_it_was_shown() {
    let house = Teahouse::open().await;
    let mut client = house.connect().await;
    let document = client.get("/api/openapi.json").await.body;
    let text = std::fs::read_to_string(house.supervision()).unwrap();
    let json_type = ("content-type", "application/json");
    let confirm = ("x-confirm", route::DEBUG_APPLY);
    let patient = text.replace("max_children = 100", "max_children = 50");
    let planned = client.post(route::DEBUG_PLAN, &json!({"supervision": patient}).to_string()).await;
    assert_eq!(planned.status, 200, "{:?}", planned.body);
    check(&document, "PlannedShown", &planned.body);
    let plan = &planned.body["plan"];
    assert_eq!(plan["operations"].as_array().map(Vec::len), Some(1), "{plan}");
    let same = client.post(route::DEBUG_PLAN, "").await.body;
    assert_eq!(same["plan"]["operations"], json!([]), "the file is that of the running tree");
    let mut body = json!({"supervision": patient, "fingerprint": same["plan"]["fingerprint"]});
    let stale = client.ask("POST", route::DEBUG_APPLY, &[json_type, confirm], &body.to_string()).await;
    assert_eq!(stale.refusal().1, "plan_stale");
    body["fingerprint"] = plan["fingerprint"].clone();
    let bare = client.post(route::DEBUG_APPLY, &body.to_string()).await;
    assert_eq!(bare.refusal(), (400, "validation_error", "X-Confirm", "required"));
    let applied = client.ask("POST", route::DEBUG_APPLY, &[json_type, confirm], &body.to_string()).await;
    assert_eq!(applied.status, 200, "{:?}", applied.body);
    check(&document, "AppliedShown", &applied.body);
    let again = client.ask("POST", route::DEBUG_APPLY, &[json_type, confirm], &body.to_string()).await;
    assert_eq!(again.refusal().1, "plan_stale", "what was applied is not what would be done now");
}

#[tokio::test]
async fn a_tree_that_cannot_be_is_refused_with_every_fault() {
    let house = Teahouse::open().await;
    let mut client = house.connect().await;
    for (body, refusal) in [
        (
            json!({"supervision": "schema = 1\n[[supervisor]]\npath = 7\n"}),
            (422, "supervision_invalid", "supervision", ""),
        ),
        (json!({"supervision": " "}), (400, "validation_error", "supervision", "blank")),
        (json!({"supervision": 1}), (400, "validation_error", "supervision", "type")),
        (json!({"restart": "yes"}), (400, "validation_error", "restart", "type")),
        (json!({"force": true}), (400, "validation_error", "force", "unknown_field")),
    ] {
        assert_eq!(client.post(route::DEBUG_PLAN, &body.to_string()).await.refusal(), refusal, "{body}");
    }
    let named = json!({"supervision": "schema = 2\n", "name": "mine.toml"});
    let faults = client.post(route::DEBUG_PLAN, &named.to_string()).await.body["details"]["faults"].clone();
    assert!(faults[0].as_str().unwrap().starts_with("mine.toml:1:"), "{faults}");
    let headers = [("x-confirm", route::DEBUG_APPLY)];
    let nameless = client.ask("POST", route::DEBUG_APPLY, &headers, "").await;
    assert_eq!(nameless.refusal(), (400, "validation_error", "fingerprint", "required"));
    let text = std::fs::read_to_string(house.supervision()).unwrap();
    let otherwise = json!({"supervision": text.replace("rest_for_one", "one_for_one")});
    let plan = client.post(route::DEBUG_PLAN, &otherwise.to_string()).await.body["plan"].clone();
    assert_eq!(plan["refusals"][0]["rule"], "strategy", "{plan}");
    let mut apply = otherwise;
    apply["fingerprint"] = plan["fingerprint"].clone();
    let headers = [("content-type", "application/json"), headers[0]];
    let refused = client.ask("POST", route::DEBUG_APPLY, &headers, &apply.to_string()).await;
    assert_eq!(refused.refusal().1, "plan_refused");
    std::fs::remove_file(house.supervision()).unwrap();
    assert_eq!(client.post(route::DEBUG_PLAN, "").await.refusal().1, "supervision_unreadable");
}
