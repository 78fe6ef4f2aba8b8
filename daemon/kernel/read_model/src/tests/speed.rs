//! How long it takes to draw a million events. Not a test: `cargo test --release -p hecate-read-model
//! a_million -- --ignored --nocapture`.

use super::{MemoryStore, Reading, Words};
use hecate_event_store::{Append, EventStore, Expected, Options, SqliteStore, kit};
use serde_json::json;
use std::sync::Arc;
use std::time::Instant;

const EVENTS: u64 = 1_000_000;
const STREAMS: u64 = 100_000;

async fn measure(name: &str, store: Arc<dyn EventStore>) {
    let folder = tempfile::tempdir().unwrap();
    for batch in 0..EVENTS / 1_000 {
        let words = (0..1_000).map(|n| json!({ "word": format!("w-{:012}", (batch * 1_000 + n) % STREAMS) }));
        let events = words.map(|data| kit::event("word_said_v1", &data)).collect();
        let stream_id = format!("s{batch}").into();
        store.append(Append { stream_id, expected: Expected::Any, events, receipt: None }).await.unwrap();
    }
    let (began, cpu) = (Instant::now(), cpu_seconds());
    let reading = Reading::on::<Words<1>>(Arc::clone(&store), folder.path()).await;
    reading.side.drawn_up_to(EVENTS).await;
    let (took, cpu) = (began.elapsed().as_secs_f64(), cpu_seconds() - cpu);
    eprintln!("{name}: {EVENTS} events in {took:.2} s, {cpu:.2} s of CPU; {:?}", reading.side.gauges());
    reading.close().await;
}

/// What this process has used so far: the wall clock of a shared machine says little.
fn cpu_seconds() -> f64 {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap();
    let fields: Vec<&str> = stat.rsplit(')').next().unwrap().split_whitespace().collect();
    let ticks: f64 = fields[11..13].iter().map(|ticks| ticks.parse::<f64>().unwrap()).sum();
    ticks / 100.0
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "it measures"]
async fn a_million_events_from_memory() {
    measure("memory", Arc::new(MemoryStore::new())).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "it measures"]
async fn a_million_events_from_a_file() {
    let folder = tempfile::tempdir().unwrap();
    let store = SqliteStore::open(&folder.path().join("events.sqlite"), Options::default()).unwrap();
    measure("file", Arc::new(store)).await;
}
