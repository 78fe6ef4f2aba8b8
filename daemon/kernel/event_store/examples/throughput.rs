//! How fast this disk lets the store be: durable appends beside a bare write and flush, in turns, and
//! the catch-up read. `cargo run --release -p hecate-event-store --example throughput -- FOLDER`
#![expect(clippy::print_stdout, reason = "its output is its purpose")]

use std::error::Error;
use std::fs::File;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use hecate_event_store::{
    Append, EventStore, Expected, Filter, Keep, Metadata, NewEvent, NewReceipt, Options, SqliteStore,
    Subscription,
};
use serde_json::value::RawValue;
use uuid::Uuid;

type Outcome<T> = Result<T, Box<dyn Error + Send + Sync>>;
const ROUND: Duration = Duration::from_secs(2);
const READ_EVENTS: u64 = 300_000;

#[tokio::main]
async fn main() -> Outcome<()> {
    let parent = std::env::args().nth(1).map_or_else(std::env::temp_dir, PathBuf::from);
    let folder = parent.join(format!("hecate-throughput-{}", std::process::id()));
    std::fs::create_dir_all(&folder)?;
    let store = Arc::new(SqliteStore::open(&folder.join("events.db"), Options::default())?);
    for round in 0..5 {
        report(&format!("{round} bare write + fdatasync"), &mut bare(&folder.join("bare"))?);
        for writers in [1, 8, 64] {
            report(&format!("{round} append, {writers:>2} writers"), &mut appends(&store, writers).await?);
        }
    }
    read(store, &folder.join("events.db")).await?;
    Ok(std::fs::remove_dir_all(folder)?)
}

/// Flushes 4 KiB into space that exists, over and over; the latency of each.
fn bare(path: &Path) -> Outcome<Vec<Duration>> {
    let file = File::create(path)?;
    file.write_all_at(&vec![0; 16 << 20], 0)?;
    file.sync_all()?;
    let (begun, mut latencies) = (Instant::now(), Vec::new());
    while begun.elapsed() < ROUND {
        let one = Instant::now();
        file.write_all_at(&[1; 4096], latencies.len() as u64 % 4096 * 4096)?;
        file.sync_data()?;
        latencies.push(one.elapsed());
    }
    Ok(latencies)
}

/// Appends of one event with a version check, two tags and a receipt, each on its writer's stream.
async fn appends(store: &Arc<SqliteStore>, writers: usize) -> Outcome<Vec<Duration>> {
    let tasks: Vec<_> = (0..writers).map(|_| tokio::spawn(append_for_a_round(store.clone()))).collect();
    let mut latencies = Vec::new();
    for task in tasks {
        latencies.append(&mut task.await??);
    }
    Ok(latencies)
}

async fn append_for_a_round(store: Arc<SqliteStore>) -> Outcome<Vec<Duration>> {
    let stream_id: Arc<str> = Uuid::now_v7().to_string().into();
    let (begun, mut latencies, mut expected) = (Instant::now(), Vec::new(), Expected::NoStream);
    while begun.elapsed() < ROUND {
        let note = RawValue::from_string(r#"{"status":5}"#.to_owned())?;
        let key = Uuid::now_v7().to_string();
        let receipt = Some(NewReceipt { key, body_hash: [0; 32], note, at_us: 0, keep: Keep::UntilUs(1) });
        let append = Append { stream_id: stream_id.clone(), expected, events: vec![event()?], receipt };
        let one = Instant::now();
        expected = Expected::Version(store.append(append).await?.last_version.unwrap_or(0));
        latencies.push(one.elapsed());
    }
    Ok(latencies)
}

fn event() -> Outcome<NewEvent> {
    let id = Uuid::now_v7();
    let metadata = Metadata {
        correlation_id: id,
        causation_id: id,
        command_id: id,
        actor: "uid:1000@node".to_owned(),
        node_id: "node-1".to_owned(),
        realm: "io.hecate.public".to_owned(),
        idempotency_key: None,
        conversation_id: None,
        visibility: None,
    };
    let data = RawValue::from_string(format!(r#"{{"text":"{}"}}"#, "x".repeat(300)))?;
    let tags = ["venture:v-1", "process:setup_venture"].map(str::to_owned).into();
    Ok(NewEvent { event_id: id, event_type: "thing_done_v1".into(), data, metadata, tags, at_us: 0 })
}

/// Fills up to `READ_EVENTS`, opens the file again with nothing in memory, reads it all.
async fn read(store: Arc<SqliteStore>, path: &Path) -> Outcome<()> {
    while store.head() < READ_EVENTS {
        let events = (0..1_000).map(|_| event()).collect::<Outcome<_>>()?;
        let stream_id = format!("s-{}", store.head() % 1_000).into();
        store.append(Append { stream_id, expected: Expected::Any, events, receipt: None }).await?;
    }
    drop(store);
    let store: Arc<dyn EventStore> = Arc::new(SqliteStore::open(path, Options::default())?);
    let (head, mut all, begun) = (store.head(), Subscription::new(store, 0, Filter::all()), Instant::now());
    while all.caught_up_to() < head {
        all.next_page(1_000).await?;
    }
    println!("catch-up: {:.0} events/s", head as f64 / begun.elapsed().as_secs_f64());
    Ok(())
}

fn report(what: &str, latencies: &mut [Duration]) {
    latencies.sort();
    let at = |percent: usize| latencies[(latencies.len() - 1) * percent / 100];
    let rate = latencies.len() as f64 / ROUND.as_secs_f64();
    println!("{what}: {rate:>6.0}/s p50 {:?} p99 {:?}", at(50), at(99));
}
