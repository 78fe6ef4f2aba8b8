//! The facts topic: the log behind a position, a page at a time, then whatever comes.

use super::super::stopping::Stopping;
use super::{
    frame,
    ids::Ids,
    pulled::{Pulled, Source},
};
use hecate_event_store::{EventStore, Filter, ReadError, RecordedEvent, Subscription};
use hecate_proto::{fact::FactFrame, time};
use serde_json::{Value, json};
use std::sync::Arc;
use std::time::Duration;

/// Events printed in one go: the most that one slow client keeps in memory.
const CHUNK_EVENTS: usize = 16;

/// Where a stream begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Start {
    /// Behind this position.
    Behind(u64),
    /// The client saw what this log does not have, as after a restore: it is told where the log ends.
    Beyond { head: u64 },
}

impl Start {
    pub(super) fn of(after: Option<u64>, head: u64) -> Start {
        match after {
            Some(after) if after > head => Start::Beyond { head },
            Some(after) => Start::Behind(after),
            None => Start::Behind(head),
        }
    }
}

/// The facts that one client wants.
pub(super) struct Facts {
    log: Subscription,
    ids: Ids,
}

impl Facts {
    pub(super) fn stream(
        store: Arc<dyn EventStore>,
        filter: Filter,
        start: Start,
        ids: Ids,
        heartbeat: Duration,
        stopping: Stopping,
    ) -> Pulled<Facts> {
        let (Start::Behind(after) | Start::Beyond { head: after }) = start;
        let mut opening = frame::opening(Some(&ids.write(after)));
        if let Start::Beyond { head } = start {
            let data = json!({ "topic": "facts", "position": head }).to_string();
            frame::event(&mut opening, Some(&ids.write(head)), "snapshot", &data);
        }
        let log = Subscription::new(store, after, filter);
        Pulled { source: Facts { log, ids }, opening: Some(opening), heartbeat, stopping }
    }
}

impl Source for Facts {
    /// None where the store closes.
    async fn next(&mut self) -> Option<String> {
        print(self.log.next_page(CHUNK_EVENTS).await, self.ids)
    }
}

fn print(page: Result<Vec<Arc<RecordedEvent>>, ReadError>, ids: Ids) -> Option<String> {
    match page {
        Ok(events) => {
            let mut text = String::new();
            for event in &events {
                frame::event(&mut text, Some(&ids.write(event.position)), "fact", &fact(event));
            }
            Some(text)
        }
        Err(error) => {
            tracing::info!(%error, "a fact stream ends");
            None
        }
    }
}

/// One event as it crosses the socket: times in it are shown as people read them.
fn fact(event: &RecordedEvent) -> String {
    // What the log keeps is JSON that a desk wrote, so nothing is lost to these defaults.
    let mut data: Value = serde_json::from_str(event.data.get()).unwrap_or_default();
    time::show_times(&mut data);
    let frame = FactFrame {
        fact_type: event.event_type.to_string(),
        event_id: event.event_id,
        stream_id: event.stream_id.to_string(),
        version: event.version,
        position: event.position,
        at: time::rfc3339(event.at_us),
        data,
        metadata: serde_json::to_value(&event.metadata).unwrap_or_default(),
    };
    serde_json::to_string(&frame).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::super::cursor::Cursor;
    use super::super::frame::HEARTBEAT;
    use super::*;
    use crate::hecate_api::stopping::{Stop, stopping};
    use hecate_event_store::{Append, Expected, MemoryStore, Metadata, NewEvent};
    use uuid::Uuid;

    async fn record(store: &MemoryStore, kind: &str) {
        let id = Uuid::now_v7();
        let metadata = Metadata {
            correlation_id: id,
            causation_id: id,
            command_id: id,
            actor: "uid:1@test".into(),
            node_id: "test".into(),
            realm: "test".into(),
            idempotency_key: None,
            conversation_id: None,
            visibility: None,
        };
        let data = serde_json::value::to_raw_value(&json!({"said_at": 0})).unwrap().into();
        let event =
            NewEvent { event_id: id, event_type: kind.into(), data, metadata, tags: vec![], at_us: 0 };
        let append =
            Append { stream_id: "s".into(), expected: Expected::Any, events: vec![event], receipt: None };
        store.append(append).await.unwrap();
    }

    struct Case {
        store: Arc<MemoryStore>,
        stop: Stop,
        stream: Pulled<Facts>,
    }

    async fn case(recorded: u64, after: Option<u64>, filter: Filter, ids: Ids) -> Case {
        let store = Arc::new(MemoryStore::new());
        for _ in 0..recorded {
            record(&store, "said_v1").await;
        }
        let (stop, stopping) = stopping();
        let start = Start::of(after, store.head());
        let log: Arc<dyn EventStore> = Arc::clone(&store) as _;
        let mut stream = Facts::stream(log, filter, start, ids, Duration::from_secs(10), stopping);
        let opening = stream.next().await.unwrap();
        assert!(opening.starts_with("retry: 500\nid: "), "{opening}");
        Case { store, stop, stream }
    }

    fn seen(text: &str) -> Vec<&str> {
        text.lines().filter_map(|line| line.strip_prefix("id: ")).collect()
    }

    #[tokio::test(start_paused = true)]
    async fn a_stream_catches_up_and_then_goes_live_without_a_gap() {
        let mut case = case(20, Some(2), Filter::all(), Ids::Positions).await;
        let mut ids: Vec<String> = vec![];
        while ids.len() < 18 {
            ids.extend(seen(&case.stream.next().await.unwrap()).into_iter().map(str::to_owned));
        }
        record(&case.store, "said_v1").await;
        ids.extend(seen(&case.stream.next().await.unwrap()).into_iter().map(str::to_owned));
        assert_eq!(ids, (3..=21).map(|position| position.to_string()).collect::<Vec<_>>());
    }

    #[tokio::test(start_paused = true)]
    async fn without_a_position_a_stream_begins_at_the_live_end_and_shows_that_it_lives() {
        let mut case = case(3, None, Filter::all(), Ids::Positions).await;
        assert_eq!(case.stream.next().await.as_deref(), Some(HEARTBEAT));
        record(&case.store, "said_v1").await;
        let text = case.stream.next().await.unwrap();
        assert_eq!(seen(&text), ["4"]);
        let data = text.lines().find_map(|line| line.strip_prefix("data: ")).unwrap();
        let frame: FactFrame = serde_json::from_str(data).unwrap();
        assert_eq!((frame.position, frame.version, frame.fact_type.as_str()), (4, 3, "said_v1"));
        assert_eq!(frame.data["said_at"], "1970-01-01T00:00:00.000000Z");
    }

    #[tokio::test(start_paused = true)]
    async fn a_filter_lets_only_its_facts_through() {
        let mut case = case(2, Some(0), Filter::types(["sung_v1"]), Ids::Cursors).await;
        assert_eq!(case.stream.next().await.as_deref(), Some(HEARTBEAT));
        record(&case.store, "sung_v1").await;
        let text = case.stream.next().await.unwrap();
        assert_eq!(seen(&text), [Cursor { facts: Some(3) }.encode()]);
    }

    #[tokio::test(start_paused = true)]
    async fn whoever_saw_more_than_there_is_learns_where_the_log_ends() {
        assert_eq!(Start::of(Some(3), 2), Start::Beyond { head: 2 });
        assert_eq!(Start::of(Some(2), 2), Start::Behind(2));
        let (_stop, stopping) = stopping();
        let store: Arc<dyn EventStore> = Arc::new(MemoryStore::new());
        let start = Start::of(Some(9), 0);
        let mut stream =
            Facts::stream(store, Filter::all(), start, Ids::Positions, Duration::from_secs(10), stopping);
        let opening = stream.next().await.unwrap();
        let (head, data) = opening.split_once("data: ").unwrap();
        assert_eq!(head, "retry: 500\nid: 0\n\nid: 0\nevent: snapshot\n");
        let told: Value = serde_json::from_str(data).unwrap();
        assert_eq!(told, json!({"topic": "facts", "position": 0}));
    }

    #[tokio::test(start_paused = true)]
    async fn a_stream_ends_when_the_store_closes() {
        let mut case = case(1, None, Filter::all(), Ids::Positions).await;
        case.store.close().await;
        assert_eq!(case.stream.next().await, None);
    }

    #[tokio::test(start_paused = true)]
    async fn a_stream_ends_when_the_socket_stops() {
        let mut case = case(1, Some(0), Filter::all(), Ids::Positions).await;
        case.stop.tell();
        assert_eq!(case.stream.next().await, None);
    }
}
