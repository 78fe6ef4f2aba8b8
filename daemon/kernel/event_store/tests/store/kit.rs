//! What every case needs: a store of either kind, events, a deadline, seeds.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use hecate_event_store::{
    Append, EventStore, Expected, Filter, Keep, MemoryStore, Metadata, NewEvent, NewReceipt, Options,
    RecordedEvent, SqliteStore,
};
use serde_json::value::RawValue;
use tempfile::TempDir;
use uuid::Uuid;

pub(crate) const SUBJECT_TAG: &str = "venture:v-1";

/// A store, and the way to have it opened again.
pub(crate) struct Bench {
    pub(crate) store: Arc<dyn EventStore>,
    _folder: Option<TempDir>,
}

impl Bench {
    pub(crate) fn memory() -> Self {
        Self { store: Arc::new(MemoryStore::new()), _folder: None }
    }

    pub(crate) fn sqlite() -> Self {
        let folder = folder();
        let store = SqliteStore::open(&file(&folder), small()).unwrap();
        Self { store: Arc::new(store), _folder: Some(folder) }
    }
}

pub(crate) fn folder() -> TempDir {
    tempfile::tempdir().unwrap()
}

pub(crate) fn file(folder: &TempDir) -> PathBuf {
    folder.path().join("events.db")
}

/// Small bounds, so that every border is crossed often.
pub(crate) fn small() -> Options {
    Options {
        hot_events_max: 32,
        streams_cached_max: 4,
        readers_max: 2,
        wal_bytes: 1024 * 1024,
        ..Options::default()
    }
}

/// The same, but nothing is moved from the log into the file while it is open: the log begins with the first event.
pub(crate) fn roomy() -> Options {
    Options { wal_bytes: 64 * 1024 * 1024, ..small() }
}

/// No case may hang.
pub(crate) async fn bounded<T>(case: impl Future<Output = T>) -> T {
    tokio::time::timeout(Duration::from_secs(120), Box::pin(case)).await.expect("the case ends in time")
}

pub(crate) fn raw(json: impl Into<String>) -> Box<RawValue> {
    RawValue::from_string(json.into()).unwrap()
}

pub(crate) fn event(event_type: &str, number: u64) -> NewEvent {
    let id = Uuid::now_v7();
    NewEvent {
        event_id: id,
        event_type: event_type.into(),
        data: raw(format!(r#"{{"number": {number} }}"#)).into(),
        metadata: Metadata {
            correlation_id: id,
            causation_id: id,
            command_id: id,
            actor: "uid:1000@here".into(),
            node_id: "node-1".into(),
            realm: "io.hecate.public".into(),
            idempotency_key: None,
            conversation_id: None,
            visibility: Some("private".into()),
        },
        tags: vec![SUBJECT_TAG.into()],
        at_us: 1_700_000_000_000_000,
    }
}

pub(crate) fn events(count: u64) -> Vec<NewEvent> {
    (0..count).map(|number| event("thing_done_v1", number)).collect()
}

pub(crate) fn append(stream: &str, expected: Expected, events: Vec<NewEvent>) -> Append {
    Append { stream_id: stream.into(), expected, events, receipt: None }
}

pub(crate) fn receipt(key: &str, at_us: i64, keep: Keep) -> NewReceipt {
    NewReceipt { key: key.into(), body_hash: [7; 32], note: raw(r#"{"status":5}"#), at_us, keep }
}

/// The whole log, page by page.
pub(crate) async fn whole_log(store: &dyn EventStore) -> Vec<Arc<RecordedEvent>> {
    let (mut all, mut after) = (Vec::new(), 0);
    while after < store.head() {
        let page = store.read_all(after, &Filter::all(), 1_000).await.unwrap();
        assert!(page.caught_up_to > after, "a page moves on");
        after = page.caught_up_to;
        all.extend(page.events);
    }
    all
}

pub(crate) fn positions(events: &[Arc<RecordedEvent>]) -> Vec<u64> {
    events.iter().map(|event| event.position).collect()
}

/// A small generator whose seed is printed by whoever fails.
pub(crate) struct Dice(u64);

impl Dice {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1)
    }

    pub(crate) fn below(&mut self, end: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % end
    }
}
