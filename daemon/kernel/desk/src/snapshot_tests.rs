//! Snapshots: the same state as a replay, used by the program that made them alone, worth nothing when wrong.

use crate::loaded::{Loaded, load};
use crate::tests::{ADD, CODE, Jar, Shop, somebody};
use crate::{Code, CodeHash};
use hecate_event_store::{
    Append, EventStore, Expected, MemoryStore, Metadata, NewEvent, Options, Snapshot, SqliteStore,
    UpcastEntry, Upcasters,
};
use proptest::prelude::*;
use serde_json::{Value, json, value::to_raw_value};
use std::sync::Arc;
use std::time::{Duration, Instant};
use uuid::Uuid;

const STREAM: &str = "jar-v-01ARZ3NDEKTSV4RRFFQ69G5FAV";
const ID: &str = "v-01ARZ3NDEKTSV4RRFFQ69G5FAV";
const OTHER_CODE: CodeHash = [2; 32];

fn event(event_type: &str, data: &Value) -> NewEvent {
    NewEvent {
        event_id: Uuid::now_v7(),
        event_type: event_type.into(),
        data: to_raw_value(data).unwrap().into(),
        metadata: Metadata {
            correlation_id: Uuid::nil(),
            causation_id: Uuid::nil(),
            command_id: Uuid::nil(),
            actor: "uid:1@n".into(),
            node_id: "n".into(),
            realm: "r".into(),
            idempotency_key: None,
            conversation_id: None,
            visibility: None,
        },
        tags: Vec::new(),
        at_us: 0,
    }
}

/// A jar into which so many marbles were put, one event each time.
async fn jar_of(counts: &[u64]) -> Arc<dyn EventStore> {
    let store: Arc<dyn EventStore> = Arc::new(MemoryStore::new());
    fill(&*store, counts).await;
    store
}

async fn fill(store: &dyn EventStore, counts: &[u64]) {
    put(store, vec![event("jar_opened_v1", &json!({ "id": ID }))]).await;
    add(store, counts).await;
}

async fn add(store: &dyn EventStore, counts: &[u64]) {
    for some in counts.chunks(1_000) {
        let events: Vec<_> =
            some.iter().map(|count| event("marbles_added_v2", &json!({ "count": count }))).collect();
        put(store, events).await;
    }
}

async fn put(store: &dyn EventStore, events: Vec<NewEvent>) {
    let append = Append { stream_id: STREAM.into(), expected: Expected::Any, events, receipt: None };
    store.append(append).await.unwrap();
}

async fn loaded_by(code: CodeHash, store: &dyn EventStore) -> Loaded<Jar> {
    load(store, STREAM, &Code::fixed(code)).await.unwrap()
}

async fn marbles(code: CodeHash, store: &dyn EventStore) -> u64 {
    loaded_by(code, store).await.folded.aggregate().marbles
}

/// A snapshot that claims so many marbles after the event of this version.
async fn claim(store: &dyn EventStore, version: u64, position: u64, state: Value) {
    let state = to_raw_value(&state).unwrap().into();
    let snapshot = Snapshot { version, position, code: CODE, state };
    store.keep_snapshot(STREAM.into(), snapshot).await.unwrap();
}

fn lie() -> Value {
    json!({ "id": ID, "marbles": 999, "status": 1 })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn a_snapshot_and_the_rest_are_the_same_as_the_whole(
        before in prop::collection::vec(0..9_u64, 200..500),
        after in prop::collection::vec(0..9_u64, 0..1_300),
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(async {
            let store = jar_of(&before).await;
            let snapshot = loaded_by(CODE, &*store).await.snapshot(CODE).unwrap();
            let kept_version = snapshot.version;
            store.keep_snapshot(STREAM.into(), snapshot).await.unwrap();
            add(&*store, &after).await;
            let [short, whole] = [loaded_by(CODE, &*store).await, loaded_by(OTHER_CODE, &*store).await];
            prop_assert_eq!(short.kept_version(), Some(kept_version));
            prop_assert_eq!(whole.kept_version(), None);
            prop_assert_eq!(short.folded.version(), whole.folded.version());
            prop_assert_eq!(short.position, whole.position);
            prop_assert_eq!(short.folded.state().unwrap(), whole.folded.state().unwrap());
            Ok(())
        })?;
    }
}

#[tokio::test]
async fn a_lie_is_believed_by_the_program_that_told_it_and_by_no_other() {
    let store = jar_of(&[1; 300]).await;
    claim(&*store, 300, 301, lie()).await;
    assert_eq!(marbles(CODE, &*store).await, 999, "the snapshot is used at all");
    assert_eq!(marbles(OTHER_CODE, &*store).await, 300);
}

#[tokio::test]
async fn a_snapshot_that_does_not_fit_its_stream_is_left_aside() {
    let store = jar_of(&[1; 300]).await;
    for (version, position, state) in [
        (301, 302, lie()),
        (300, 300, lie()),
        (299, 301, lie()),
        (300, 301, json!({ "marbles": "many" })),
        (300, 301, json!([])),
    ] {
        claim(&*store, version, position, state.clone()).await;
        assert_eq!(marbles(CODE, &*store).await, 300, "version {version}, position {position}, {state}");
    }
}

#[tokio::test]
async fn a_short_stream_asks_for_no_snapshot() {
    let store = jar_of(&[1; 150]).await;
    claim(&*store, 150, 151, lie()).await;
    assert_eq!(marbles(CODE, &*store).await, 150);
}

/// What is kept of the jar, as soon as something is.
async fn kept(store: &dyn EventStore, stream_id: &str) -> Snapshot {
    let kept = async {
        loop {
            if let Some(snapshot) = store.snapshot(stream_id, CODE).await.unwrap() {
                return snapshot;
            }
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(Duration::from_secs(30), kept).await.expect("a snapshot is kept")
}

#[tokio::test]
async fn every_two_hundred_events_a_snapshot_is_kept_and_the_next_actor_begins_with_it() {
    let shop = Shop::open_on(Arc::new(MemoryStore::new())).await;
    let jar = shop.a_jar().await;
    let stream_id = format!("jar-{jar}");
    shop.ask(ADD, &jar, json!({"count": 198}), somebody()).await.unwrap();
    assert_eq!(shop.store.snapshot(&stream_id, CODE).await.unwrap(), None, "199 events are not worth it");
    shop.ask(ADD, &jar, json!({"count": 1}), somebody()).await.unwrap();
    assert_eq!(kept(&*shop.store, &stream_id).await.version, 199);
    shop.ask(ADD, &jar, json!({"count": 100}), somebody()).await.unwrap();
    assert_eq!(kept(&*shop.store, &stream_id).await.version, 199, "100 more are not worth another");

    let next = Shop::open_on(Arc::clone(&shop.store)).await;
    let told = next.ask(ADD, &jar, json!({"count": 1}), somebody()).await.unwrap();
    assert_eq!((&told.answer.about["marbles"], told.answer.version), (&json!(300), 300));
    shop.close().await;
    next.close().await;
}

/// Takes its time, as a long stream or a slow disk does.
fn slowly(_: &str) -> serde_json::Result<hecate_event_store::Json> {
    let began = Instant::now();
    while began.elapsed() < Duration::from_millis(6) {
        std::hint::spin_loop();
    }
    Ok(to_raw_value(&json!({"count": 1}))?.into())
}

#[tokio::test(start_paused = true)]
async fn an_actor_whose_load_was_slow_keeps_a_snapshot_when_it_ends_idle() {
    let store = jar_of(&[1; 250]).await;
    let earlier = loaded_by(CODE, &*store).await.snapshot(CODE).unwrap();
    store.keep_snapshot(STREAM.into(), earlier).await.unwrap();
    put(&*store, vec![event("marbles_added_v1", &json!({}))]).await;
    let slow = UpcastEntry { from: "marbles_added_v1", to: "marbles_added_v2", raise: slowly };
    let upcasters = Upcasters::new([slow], ["marbles_added_v2"]).unwrap();
    let shop = Shop::open_on(upcasters.over(store)).await;
    shop.ask(ADD, ID, json!({"count": 0}), somebody()).await.unwrap();
    assert_eq!(kept(&*shop.store, STREAM).await.version, 250, "one event more is not worth it by itself");
    tokio::time::sleep(Duration::from_secs(601)).await;
    assert_eq!(kept(&*shop.store, STREAM).await.version, 251);
    shop.close().await;
}

/// `cargo test -p hecate-desk --release -- --ignored --nocapture long_stream`
#[tokio::test]
#[ignore = "prints figures"]
async fn how_long_a_long_stream_takes_from_a_file_just_opened() {
    let folder = tempfile::tempdir().unwrap();
    let open = || SqliteStore::open(&folder.path().join("events.sqlite"), Options::default()).unwrap();
    let store = open();
    fill(&store, &[1; 10_000]).await;
    store.close().await;
    for what in ["replayed", "from a snapshot and one event"] {
        let store = open();
        let began = Instant::now();
        let mut loaded = loaded_by(CODE, &store).await;
        println!("{} events {what}: {:?}", loaded.folded.version().unwrap() + 1, began.elapsed());
        store.keep_snapshot(STREAM.into(), loaded.snapshot(CODE).unwrap()).await.unwrap();
        put(&store, vec![event("marbles_added_v2", &json!({ "count": 1 }))]).await;
        store.close().await;
    }
    let began = Instant::now();
    let code = Code::running();
    while code.hash().is_none() {
        tokio::task::yield_now().await;
    }
    println!("the running program is hashed: {:?}", began.elapsed());
}
