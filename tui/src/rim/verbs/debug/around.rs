//! What the actors work with, as short text for people: other nodes, the store, read models and listeners.

use super::super::show::clean;
use super::table::aligned;
use super::tables::{heading, mib, pair};
use hecate_proto::cluster::ClusterView;
use hecate_proto::listeners::{ListenerState, ListenersAnswer};
use hecate_proto::read_models::ReadModelsAnswer;
use serde_json::{Map, Value};

/// The other nodes.
pub(super) fn cluster(view: &ClusterView) -> Vec<String> {
    if !view.enabled {
        return vec!["no cluster view is configured".to_owned()];
    }
    let names = ["NODE", "STATE", "SINCE", "LATENCY", "HEARD", "MISSED", "DROPPED", "ADDRESS", "WHY"];
    let mut rows = vec![heading(names)];
    rows.extend(view.nodes.iter().map(|node| {
        let latency = node.latency_us.map(|us| format!("{us} µs")).unwrap_or_default();
        let reason = node.reason.as_deref().map(clean).unwrap_or_default();
        let [heard, missed, dropped] = [node.heard, node.missed, node.dropped].map(|count| count.to_string());
        let (name, address) = (clean(&node.node_id), clean(&node.address));
        let (state, since) = (clean(&node.state), clean(&node.since));
        vec![name, state, since, latency, heard, missed, dropped, address, reason]
    }));
    let listens = view.listen.as_deref().map_or_else(|| "nowhere".to_owned(), clean);
    let called = format!("called at {listens}; {} strangers, {} garbled", view.strangers, view.garbled);
    aligned(&rows).into_iter().chain([called]).collect()
}

/// The store. Whatever its writer counts is shown under the name that it has on the wire.
pub(super) fn store(store: &Map<String, Value>) -> Vec<String> {
    let mut rows = Vec::new();
    store.iter().for_each(|(name, value)| figures(name, value, &mut rows));
    aligned(&rows)
}

fn figures(name: &str, value: &Value, rows: &mut Vec<Vec<String>>) {
    match value {
        Value::Object(parts) => {
            parts.iter().for_each(|(part, value)| figures(&format!("{name} {part}"), value, rows));
        }
        Value::String(text) => rows.push(pair(&clean(name), clean(text))),
        other => rows.push(pair(&clean(name), other)),
    }
}

/// How each read model is drawn.
pub(super) fn read_models(answer: &ReadModelsAnswer) -> Vec<String> {
    let names =
        ["READ MODEL", "POSITION", "BEHIND", "EVENTS/S", "BATCH P99", "PARKED", "FILE", "LOG", "REBUILD"];
    let mut rows = vec![heading(names)];
    rows.extend(answer.read_models.iter().map(|it| {
        let seconds = it.seconds_behind.filter(|seconds| *seconds > 0.0).map(|it| format!(", {it:.1} s"));
        let behind = it.positions_behind.map(|events| events.to_string() + &seconds.unwrap_or_default());
        let rebuild = it.rebuild.map(|made| format!("{} of {}", made.position, or_none(made.head)));
        vec![
            clean(&it.model),
            or_none(it.position),
            behind.unwrap_or_default(),
            format!("{:.1}", it.events_per_second),
            format!("{} µs", it.batch_us.p99),
            format!("{} and {} behind", it.parked, it.parked_behind),
            mib(it.file_bytes),
            mib(it.wal_bytes),
            rebuild.unwrap_or_default(),
        ]
    }));
    aligned(&rows)
}

/// What each process hears, and how far.
pub(super) fn listeners(answer: &ListenersAnswer) -> Vec<String> {
    let mut rows = vec![heading(["PROCESS", "CURSOR", "LAG", "DEAD", "DONE", "SKIPPED", "REFUSED", "WAITS"])];
    rows.extend(answer.listeners.iter().map(|it| {
        let [dead, done] = [it.dead, it.dispatched_total].map(|count| count.to_string());
        let [skipped, refused] = [it.skipped_total, it.refused_total].map(|count| count.to_string());
        let (cursor, lag) = (or_none(it.cursor), or_none(it.lag));
        vec![clean(&it.process), cursor, lag, dead, done, skipped, refused, waits(it)]
    }));
    if rows.len() == 1 { vec!["nobody listens".to_owned()] } else { aligned(&rows) }
}

/// What a listener waits for, or tries again.
fn waits(listener: &ListenerState) -> String {
    let tried = listener.retrying.as_ref();
    let tried = tried.map(|it| format!("#{} failed {} times: {}", it.position, it.attempts, clean(&it.why)));
    listener.waiting.as_deref().map(clean).or(tried).unwrap_or_default()
}

fn or_none(count: Option<u64>) -> String {
    count.map_or_else(|| "none".to_owned(), |count| count.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde::de::DeserializeOwned;
    use serde_json::json;

    fn read<T: DeserializeOwned>(said: Value) -> T {
        serde_json::from_value(said).unwrap()
    }

    #[test]
    fn whoever_is_away_is_listed_with_the_reason() {
        let node = json!({"node_id": "n2", "address": "10.0.0.2:4434", "state": "away", "since": "T",
                          "reason": "refused\u{1b}[2J", "dropped": 1, "heard": 2, "missed": 3, "links": 0});
        let view = json!({"enabled": true, "strangers": 4, "garbled": 0, "nodes": [node]});
        let lines = cluster(&read(view));
        assert_eq!(lines.len(), 3);
        assert!(lines[1].starts_with("n2    away") && lines[1].ends_with("refused [2J"), "{lines:?}");
        assert_eq!(lines[2], "called at nowhere; 4 strangers, 0 garbled");
        let none = json!({"enabled": false, "strangers": 0, "garbled": 0, "nodes": []});
        assert_eq!(cluster(&read(none)), ["no cluster view is configured"]);
    }

    #[test]
    fn a_store_shows_whatever_it_counts() {
        let said = json!({"store_id": "s", "head": 7, "writer": {"batch_us": {"p50": 9}}});
        assert_eq!(
            store(&read(said)),
            ["store_id             s", "head                 7", "writer batch_us p50  9"]
        );
    }

    #[test]
    fn read_models_and_listeners_say_how_far_they_are() {
        let model = json!({"model": "query_teas", "position": 8, "positions_behind": 2, "seconds_behind": 1.25,
                           "events_per_second": 3.0, "batch_us": {"samples": 1, "p50": 4, "p99": 5},
                           "parked": 1, "parked_behind": 6, "file_bytes": 1_572_864, "wal_bytes": 0, "rebuild": {"position": 2, "head": 10}});
        let answer = json!({"ok": true, "node_id": "n", "at": "T", "head": 10, "read_models": [model]});
        assert_eq!(
            read_models(&read(answer))[1],
            "query_teas  8         2, 1.2 s  3.0       5 µs       1 and 6 behind  1.5 MiB  0.0 MiB  2 of 10"
        );
        let tried = json!({"position": 4, "listener": "l", "since": "T", "attempts": 2, "why": "no answer"});
        let listener = json!({"process": "brew_tea", "hears": [], "cursor": 3, "lag": 7, "dead": 1,
                              "retrying": tried, "dispatched_total": 5, "skipped_total": 6, "refused_total": 0});
        let answer = json!({"ok": true, "node_id": "n", "at": "T", "head": 10, "listeners": [listener]});
        assert_eq!(
            listeners(&read(answer))[1],
            "brew_tea  3       7    1     5     6        0        #4 failed 2 times: no answer"
        );
    }
}
