//! Our store in process. All that the benchmark knows of the crate is in this file.

use super::{Archive, Contestant, Known, STORE, Size, Tasks, Writer};
use crate::sample::{ACTOR, NODE_ID, REALM, STREAMS, Sample, Samples, TYPE};
use crate::writers;
use futures_util::future::join_all;
use hecate_event_store::{
    Append, EventStore, Expected, Filter, Keep, Metadata, NewEvent, NewReceipt, Options, PAGE_EVENTS_MAX,
    RecordedEvent, SqliteStore, Subscription,
};
use serde_json::value::RawValue;
use std::fs;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::pin::Pin;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::runtime::{Handle, Runtime};

/// Appends that wait at once while a store is filled.
const FILL_BATCH: usize = 1_000;
const LOAD_WRITERS: usize = 64;
const MONTH_US: i64 = 30 * 24 * 3_600 * 1_000_000;

/// Whether an append leaves a receipt, as every command of the daemon does.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Receipts {
    Kept,
    None,
}

/// As the daemon opens it, but nobody is turned away: to wait is what is measured here.
fn options() -> Options {
    Options { wait_max: Duration::from_secs(600), ..Options::default() }
}

pub(crate) struct Store {
    store: Arc<SqliteStore>,
    streams: Vec<Arc<str>>,
    event_type: Arc<str>,
    known: Known,
    receipts: Receipts,
    runtime: Runtime,
}

impl Store {
    pub(crate) fn open(path: &Path, receipts: Receipts) -> Store {
        let store = Arc::new(SqliteStore::open(path, options()).unwrap());
        let streams = (0..STREAMS).map(|stream| format!("setup_venture-v-{stream:026}").into()).collect();
        let (event_type, known, runtime) = (TYPE.into(), Known::new(), writers::runtime());
        Store { store, streams, event_type, known, receipts, runtime }
    }

    fn append_of(&self, sample: &Sample, expected: Expected) -> Append {
        let event = NewEvent {
            event_id: sample.id,
            event_type: self.event_type.clone(),
            data: raw(sample.payload()).into(),
            metadata: metadata_of(sample),
            tags: sample.tags().to_vec(),
            at_us: sample.at_us(),
        };
        let receipt = (self.receipts == Receipts::Kept).then(|| receipt(sample));
        Append { stream_id: self.streams[sample.stream].clone(), expected, events: vec![event], receipt }
    }

    /// Appends behind what this client knows of the stream.
    async fn record(&self, sample: Sample) {
        let expected = match self.known.get(sample.stream) {
            0 => Expected::NoStream,
            count => Expected::Version(count - 1),
        };
        let appended = self.store.append(self.append_of(&sample, expected)).await.unwrap();
        self.known.set(sample.stream, appended.last_version.unwrap() + 1);
    }

    /// One event for whoever has just opened the store and knows nothing of it.
    fn record_any(&self) {
        let append = self.append_of(&Samples::new(0).next(0), Expected::Any);
        self.runtime.block_on(self.store.append(append)).unwrap();
    }

    fn fill(&self, events: u64) {
        let (mut samples, mut left) = (Samples::new(1), usize::try_from(events).unwrap());
        while left > 0 {
            let batch = left.min(FILL_BATCH).min(STREAMS);
            let appends = (0..batch).map(|stream| self.record(samples.next(stream)));
            self.runtime.block_on(join_all(appends));
            left -= batch;
        }
    }

    /// Appends without end, for somebody who will kill this process.
    fn load(&self) {
        let writer = |number: usize| async move {
            let mut samples = Samples::new(number as u64);
            for stream in (number..STREAMS).step_by(LOAD_WRITERS).cycle() {
                let append = self.append_of(&samples.next(stream), Expected::Any);
                self.store.append(append).await.unwrap();
            }
        };
        self.runtime.block_on(join_all((0..LOAD_WRITERS).map(writer)));
    }
}

fn raw(json: &str) -> Box<RawValue> {
    RawValue::from_string(json.to_owned()).unwrap()
}

/// As long as the daemon's: a key, a hash of the body, a short note.
fn receipt(sample: &Sample) -> NewReceipt {
    let mut body_hash = [0; 32];
    body_hash[..16].copy_from_slice(sample.command_id.as_bytes());
    body_hash[16..].copy_from_slice(sample.correlation_id.as_bytes());
    let (at_us, note) = (sample.at_us(), raw(r#"{"status":200}"#));
    let key = format!("uid:1000:{}", sample.command_id);
    NewReceipt { key, body_hash, note, at_us, keep: Keep::UntilUs(at_us + MONTH_US) }
}

impl Contestant for Store {
    fn name(&self) -> &'static str {
        STORE
    }

    fn writer(&self) -> Box<dyn Writer + '_> {
        Box::new(Blocking { store: self, handle: self.runtime.handle().clone() })
    }

    fn tasks(&self) -> Option<&dyn Tasks> {
        Some(self)
    }
}

/// A thread that waits for the store's answer.
struct Blocking<'a> {
    store: &'a Store,
    handle: Handle,
}

impl Writer for Blocking<'_> {
    fn append(&mut self, sample: &Sample) {
        self.handle.block_on(self.store.record(*sample));
    }
}

impl Tasks for Store {
    fn append(&self, sample: Sample) -> Pin<Box<dyn Future<Output = ()> + Send + '_>> {
        Box::pin(self.record(sample))
    }
}

/// The store of a node that has lived: opened anew for each measurement, so that nothing is in memory.
pub(crate) struct StoreArchive {
    path: PathBuf,
    receipts: Receipts,
}

impl StoreArchive {
    pub(crate) fn new(folder: &Path, receipts: Receipts) -> StoreArchive {
        fs::create_dir_all(folder).unwrap();
        StoreArchive { path: folder.join("events.sqlite"), receipts }
    }

    fn bytes(&self, suffix: &str) -> u64 {
        let mut name = self.path.clone().into_os_string();
        name.push(suffix);
        fs::metadata(name).map_or(0, |file| file.len())
    }
}

impl Archive for StoreArchive {
    fn name(&self) -> &'static str {
        STORE
    }

    fn fill(&mut self, events: u64) -> bool {
        Store::open(&self.path, self.receipts).fill(events);
        true
    }

    fn catch_up(&mut self, readers: usize, events: u64) -> Duration {
        let runtime = writers::runtime();
        let store: Arc<dyn EventStore> = Arc::new(SqliteStore::open(&self.path, options()).unwrap());
        let began = Instant::now();
        let reader = || runtime.spawn(read_all(store.clone(), events));
        let readers: Vec<_> = (0..readers).map(|_| reader()).collect();
        for reader in readers {
            assert_eq!(runtime.block_on(reader).unwrap(), events);
        }
        began.elapsed()
    }

    fn size(&mut self) -> Size {
        Size { data: self.bytes(""), log: self.bytes("-wal") + self.bytes("-shm") }
    }

    fn crash(&mut self, load: Duration) -> Option<Duration> {
        let mut command = Command::new(std::env::current_exe().unwrap());
        let command = command.arg("--load-store").arg(&self.path).stdout(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        std::thread::park_timeout(load);
        child.kill().unwrap();
        child.wait().unwrap();
        let began = Instant::now();
        let store = Store::open(&self.path, self.receipts);
        store.record_any();
        Some(began.elapsed())
    }
}

/// The body of the process that [`Archive::crash`] kills.
pub(crate) fn load_until_killed(path: &Path) {
    let store = Store::open(path, Receipts::None);
    store.record_any();
    println!("loading");
    store.load();
}

async fn read_all(store: Arc<dyn EventStore>, events: u64) -> u64 {
    let (mut subscription, mut seen) = (Subscription::new(store, 0, Filter::all()), 0);
    while seen < events {
        let page = subscription.next_page(PAGE_EVENTS_MAX).await.unwrap();
        seen += page.len() as u64;
    }
    seen
}

/// Events of the first page of a store that somebody else wrote.
pub(crate) fn first_events(path: &Path) -> Vec<Arc<RecordedEvent>> {
    let store = SqliteStore::open(path, options()).unwrap();
    let filter = Filter::all();
    let page = store.read_all(0, &filter, PAGE_EVENTS_MAX);
    writers::runtime().block_on(page).unwrap().events
}

/// An event as somebody else recorded it, in another stream and with other data.
pub(crate) struct Copied {
    pub(crate) event_id: uuid::Uuid,
    pub(crate) stream_id: Arc<str>,
    pub(crate) tags: Vec<String>,
    pub(crate) data: String,
}

/// Appends copies of `event`, in batches; answers the position of the last.
pub(crate) fn append_copies(path: &Path, copies: impl Iterator<Item = (Arc<RecordedEvent>, Copied)>) -> u64 {
    let runtime = writers::runtime();
    let store = SqliteStore::open(path, options()).unwrap();
    let mut copies = copies.map(|(event, copied)| Append {
        stream_id: copied.stream_id,
        expected: Expected::Any,
        events: vec![NewEvent {
            event_id: copied.event_id,
            event_type: event.event_type.clone(),
            data: raw(&copied.data).into(),
            metadata: event.metadata.clone(),
            tags: copied.tags,
            at_us: event.at_us,
        }],
        receipt: None,
    });
    loop {
        let batch: Vec<_> = copies.by_ref().take(FILL_BATCH).map(|append| store.append(append)).collect();
        if batch.is_empty() {
            break;
        }
        runtime.block_on(join_all(batch)).into_iter().for_each(|outcome| drop(outcome.unwrap()));
    }
    store.head()
}

fn metadata_of(sample: &Sample) -> Metadata {
    Metadata {
        correlation_id: sample.correlation_id,
        causation_id: sample.causation_id,
        command_id: sample.command_id,
        actor: ACTOR.into(),
        node_id: NODE_ID.into(),
        realm: REALM.into(),
        idempotency_key: None,
        conversation_id: None,
        visibility: None,
    }
}

/// A sample as the store hands it to those who hear of it.
pub(crate) fn recorded(sample: &Sample) -> Arc<RecordedEvent> {
    Arc::new(RecordedEvent {
        event_id: sample.id,
        event_type: TYPE.into(),
        stream_id: "setup_venture".into(),
        version: 0,
        position: 1,
        at_us: sample.at_us(),
        data: raw(sample.payload()).into(),
        metadata: metadata_of(sample),
        tags: sample.tags().iter().map(|tag| tag.as_str().into()).collect(),
    })
}
