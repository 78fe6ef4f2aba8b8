//! A venture with its divisions, step by step as a client walks it, and how it looks afterwards.

use crate::daemon::Daemon;
use crate::http::Client;
use crate::patience::until;
use crate::ventures::{at, below, keyed, seen};
use hecate_proto::fact::FactFrame;
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;

/// One command: its path, its body.
pub type Step = (String, Value);

/// The ids of a venture whose story is told.
#[derive(Clone, Debug)]
pub struct Cast {
    /// The venture.
    pub venture: String,
    /// Its divisions: one that is completed, one dismissed at once, one dismissed at work.
    pub divisions: [String; 3],
    /// A venture that is archived before its vision was submitted.
    pub stillborn: String,
}

impl Default for Cast {
    fn default() -> Self {
        let id = |prefix, last| format!("{prefix}01ARZ3NDEKTSV4RRFFQ69G5FA{last}");
        let divisions = ["A", "B", "C"].map(|last| id("d-", last));
        Cast { venture: id("v-", "D"), divisions, stillborn: id("v-", "E") }
    }
}

/// A route below a division: `design/start`.
pub fn of_division(division_id: &str, route: &str) -> String {
    format!("/api/divisions/{division_id}/{route}")
}

/// Sets a venture up, discovers three divisions, dismisses one of them before anybody works on it and one after,
/// designs the third and completes the discovery; archives another venture before its time.
pub fn story(cast: &Cast) -> Vec<Step> {
    let discovery = |route: &str| below(&cast.venture, &format!("discovery/{route}"));
    let [orders, billing, stock] = &cast.divisions;
    let found = |name: &str, id: &str| {
        (discovery("discover"), json!({"division_name": name, "division_id": id, "description": name}))
    };
    let dismissed = |id: &str| (discovery("dismiss"), json!({"division_id": id, "reason": "Not ours"}));
    let design = |id: &str, route: &str, body: Value| (of_division(id, &format!("design/{route}")), body);
    let aggregate = json!({"aggregate_name": "order", "stream_pattern": "order-{order_id}"});
    let event = json!({"aggregate_name": "order", "event_name": "order_taken_v1"});
    vec![
        ("/api/ventures".to_owned(), json!({"name": "Shop", "brief": "Sell", "venture_id": cast.venture})),
        (below(&cast.venture, "vision/submit"), json!({})),
        (discovery("start"), json!({})),
        found("orders", orders),
        found("billing", billing),
        dismissed(billing),
        found("stock", stock),
        design(orders, "start", json!({})),
        design(orders, "aggregate", aggregate.clone()),
        design(orders, "event", event),
        design(orders, "pause", json!({"reason": "Rain"})),
        design(stock, "start", json!({})),
        design(stock, "aggregate", aggregate),
        dismissed(stock),
        design(orders, "resume", json!({"note": "Sun"})),
        design(orders, "complete", json!({})),
        (discovery("complete"), json!({})),
        ("/api/ventures".to_owned(), json!({"name": "Stillborn", "venture_id": cast.stillborn})),
        (below(&cast.stillborn, "archive"), json!({"reason": "Never mind"})),
    ]
}

/// Walks one step under a key of its own until it is granted, as a client does that gets no answer.
pub fn walk(client: &Client, (path, body): &Step, key: &str) {
    until("a step that is granted", || match client.try_ask(&keyed(path, body, key)) {
        Ok(answer) if matches!(answer.status, 200 | 201) => Some(()),
        Ok(answer) if matches!(answer.status, 429 | 503 | 504) => None,
        Ok(answer) => panic!("{path} was refused: {}", answer.text()),
        Err(_) => None,
    });
}

/// Waits until every listener has heard all that the log has; answers the log's head then.
pub fn settled(client: &Client) -> u64 {
    until("listeners that have heard everything", || {
        let listeners = client.get("/debug/listeners").expect(200).json();
        let head = listeners["head"].as_u64()?;
        let all = listeners["listeners"].as_array()?;
        // What a listener asks for moves the head: only who stands still is done.
        let reached = |listener: &Value| listener["cursor"].as_u64() == Some(head);
        (all.iter().all(reached) && crate::ventures::head(client) == head).then_some(head)
    })
}

/// All that is known of the story: every stream's events in order, and every answer of every query. What differs
/// between two walks (times, positions, ids of events) is left out.
pub fn told(daemon: &Daemon, cast: &Cast) -> Value {
    let client = daemon.client();
    let head = settled(&client);
    let venture = |route: &str| below(&cast.venture, route);
    let of_divisions = cast.divisions.iter().flat_map(|id| {
        ["", "designs", "designs/aggregates", "designs/events"]
            .map(|route| of_division(id, route).trim_end_matches('/').to_owned())
    });
    let paths = [at(&cast.venture), venture("discovery"), venture("divisions?include_dismissed=true")]
        .into_iter()
        .chain([venture("status"), venture("tasks")])
        .chain([below(&cast.stillborn, "status"), below(&cast.stillborn, "tasks"), at(&cast.stillborn)])
        .chain(of_divisions);
    let answers: Map<String, Value> = paths
        .map(|path| {
            let answer = client.ask(&seen(&path, head));
            (path, lasting(json!({"status": answer.status, "body": answer.json()})))
        })
        .collect();
    json!({"streams": streams(daemon, head), "answers": answers})
}

/// Every stream's events: type and what lasts of the data.
pub fn streams(daemon: &Daemon, head: u64) -> BTreeMap<String, Vec<Value>> {
    let mut streams: BTreeMap<String, Vec<Value>> = BTreeMap::new();
    for fact in facts(daemon, head) {
        let event = json!({"type": fact.fact_type, "data": lasting(fact.data)});
        streams.entry(fact.stream_id).or_default().push(event);
    }
    streams
}

/// Every fact of the log up to its head.
pub fn facts(daemon: &Daemon, head: u64) -> Vec<FactFrame> {
    if head == 0 { Vec::new() } else { daemon.facts_after(0).facts(head as usize) }
}

/// The parts of an answer that two walks through the same story have in common.
pub(crate) fn lasting(value: Value) -> Value {
    const PASSING: [&str; 11] = [
        "as_of_position",
        "correlation_id",
        "event_id",
        "last_event_id",
        "last_position",
        "open_for_ms",
        "paused_for_ms",
        "since",
        "position",
        "time_to_mitigate_ms",
        "time_to_resolve_ms",
    ];
    let passes =
        |field: &str| field.ends_with("_at") || PASSING.contains(&field) || field == "source_event_id";
    match value {
        Value::Object(fields) => fields
            .into_iter()
            .filter(|(field, _)| !passes(field))
            .map(|(field, value)| (field, lasting(value)))
            .collect::<Map<_, _>>()
            .into(),
        Value::Array(items) => items.into_iter().map(lasting).collect(),
        Value::String(text) => without_node(&text).into(),
        other => other,
    }
}

/// Actors wear the name of their node, which each walk has anew.
fn without_node(text: &str) -> &str {
    match text.split_once('@') {
        Some((actor, _)) if actor.starts_with("uid:") || actor.starts_with("listener:") => actor,
        _ => text,
    }
}

/// Demands that two walks have told the same, part by part: the whole is too long to look at.
///
/// # Panics
/// With the first part that differs.
pub fn assert_same(expected: &Value, found: &Value, round: usize) {
    for (part, expected) in expected.as_object().unwrap() {
        let (expected, found) = (expected.as_object().unwrap(), found[part].as_object().unwrap());
        assert_eq!(expected.keys().collect::<Vec<_>>(), found.keys().collect::<Vec<_>>(), "round {round}");
        for (name, told) in expected {
            assert_eq!(told, &found[name], "round {round}: {name}");
        }
    }
}
