//! The embedded store: one SQLite file, one thread that writes, a few connections that read, and the
//! newest events in memory. This file is the front that tasks talk to.

mod blocks;
mod cause;
mod checkpoint;
mod copies;
mod decoder;
mod identity;
mod ledger;
mod log;
mod meter;
mod names;
mod open;
mod pace;
mod queue;
mod reader;
mod recent;
mod rows;
mod turn;
mod verify;
mod writer;

use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::thread::JoinHandle;
use std::time::Duration;

use hecate_disk::{Disk, Watch};
use rusqlite::OpenFlags;
use tokio::sync::watch;
use uuid::Uuid;

use crate::append::{Append, Appended};
use crate::error::{AppendError, ClosedReason, OpenError, ReadError, UnavailableReason};
use crate::event::RecordedEvent;
use crate::filter::Filter;
use crate::gauges::Gauges;
use crate::hot_window::HotWindow;
use crate::receipt::Receipt;
use crate::snapshot::Snapshot;
use crate::store::{BoxFuture, EventStore, PAGE_EVENTS_MAX, Page, closing};
use blocks::{Blocks, Stretch};
pub use checkpoint::Checkpoints;
use checkpoint::{Checkpointer, WalGauge};
pub use copies::{CopyError, Restored, backup, restore};
use identity::Identity;
use ledger::Ledger;
use meter::Meter;
use open::Opened;
use queue::{Bounds, Queue, Request};
use reader::{Reader, Readers};
pub use verify::{Finding, Verified, verify};
use writer::Writer;

/// Bounds of a [`SqliteStore`], and who looks at its disk.
#[derive(Clone)]
pub struct Options {
    /// Appends that may wait for the writer.
    pub queue_requests_max: usize,
    /// Bytes that may wait for the writer; one append alone always may.
    pub queue_bytes_max: usize,
    /// How long a newcomer may have to wait before it is turned away at once.
    pub wait_max: Duration,
    /// Newest events kept in memory.
    pub hot_events_max: usize,
    /// Bytes that those events may take.
    pub hot_bytes_max: usize,
    /// Streams whose last version is kept in memory.
    pub streams_cached_max: usize,
    /// Reads from the disk at the same time.
    pub readers_max: usize,
    /// Length of the write-ahead log, grown when the store opens and written in place from then on.
    pub wal_bytes: u64,
    /// Where checkpoints are made.
    pub checkpoints: Checkpoints,
    /// Sees, and may fail, every call that changes or flushes a file.
    pub watch: Option<Arc<dyn Watch>>,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            queue_requests_max: 4_096,
            queue_bytes_max: 32 * 1024 * 1024,
            wait_max: Duration::from_secs(2),
            hot_events_max: 65_536,
            hot_bytes_max: 64 * 1024 * 1024,
            streams_cached_max: 65_536,
            readers_max: 4,
            wal_bytes: checkpoint::WAL_BYTES,
            checkpoints: Checkpoints::default(),
            watch: None,
        }
    }
}

/// An [`EventStore`] in one SQLite file. Dropping it closes it: what was accepted is recorded first.
pub struct SqliteStore {
    identity: Identity,
    shared: Arc<Shared>,
    readers: Readers,
    blocks: Blocks,
    head: watch::Receiver<u64>,
    writer: Mutex<Option<JoinHandle<()>>>,
}

/// What the writer's thread and the tasks share.
struct Shared {
    queue: Arc<Queue>,
    hot: RwLock<HotWindow>,
    head: AtomicU64,
    meter: Arc<Meter>,
    closed: watch::Sender<Option<ClosedReason>>,
}

impl SqliteStore {
    /// Opens the store at `path`, in a folder that exists, or makes it. Blocks for the recovery of the
    /// write-ahead log: milliseconds.
    pub fn open(path: &Path, options: Options) -> Result<Self, OpenError> {
        let io = |source| OpenError::Io { path: path.to_owned(), source };
        let sqlite = |error| open::open_error(path, &error);
        let meter = Arc::new(Meter::new(options.watch.clone()));
        let disk = Disk::watched(meter.clone());
        let Opened { mut conn, files, identity, head } = open::open(path, &disk, options.wal_bytes)?;
        let wal = Arc::new(WalGauge::new(options.wal_bytes));
        open::follow_wal(&mut conn, wal.clone()).map_err(sqlite)?;
        let shared = Arc::new(Shared::new(&options, head, meter));
        let beside = open::connect(&disk, path, OpenFlags::SQLITE_OPEN_READ_WRITE).map_err(sqlite)?;
        let checkpointer =
            Checkpointer::start(beside, wal.clone(), shared.queue.clone(), options.checkpoints);
        let checkpointer = checkpointer.map_err(io)?;
        let (head_sender, head_receiver) = watch::channel(head);
        let writer = Writer {
            ledger: Ledger::new(conn, head, options.streams_cached_max),
            checkpointer,
            wal,
            head: head_sender,
            shared: shared.clone(),
            files,
        };
        let writer = Mutex::new(Some(writer.start().map_err(io)?));
        let readers = Readers::new(path, disk, options.readers_max);
        Ok(Self { identity, shared, readers, blocks: Blocks::default(), head: head_receiver, writer })
    }

    /// Reads, and stops writing when what is read is damaged: nothing is built upon it.
    async fn read<T: Send + 'static>(
        &self,
        read: impl FnOnce(&mut Reader) -> Result<T, ReadError> + Send + 'static,
    ) -> Result<T, ReadError> {
        let read = self.readers.read(read).await;
        if let Err(damage @ ReadError::Damaged { .. }) = &read {
            tracing::error!(%damage, "the event store takes nothing more");
            self.shared.queue.close(ClosedReason::Damaged(damage.to_string()));
        }
        read
    }

    /// Waits until the head is at what was read. A connection sees a commit before the writer has told of it, and
    /// who answers with that event must not be ahead of everybody who follows the head.
    async fn published(&self, position: Option<u64>) -> Result<(), ReadError> {
        let Some(position) = position.filter(|position| *position > self.head()) else { return Ok(()) };
        let told = self.head.clone().wait_for(|head| *head >= position).await.map(drop);
        told.map_err(|_| ReadError::Unavailable { reason: UnavailableReason::Closed })
    }

    async fn page(&self, after: u64, head: u64, filter: Filter, limit: usize) -> Result<Page, ReadError> {
        self.read(move |reader| reader.page(after, head, &filter, limit)).await
    }

    fn join(&self) {
        let writer = self.writer.lock().unwrap_or_else(PoisonError::into_inner).take();
        if writer.is_some_and(|writer| writer.join().is_err()) {
            tracing::error!("the event store's writer thread had panicked");
        }
    }
}

impl Shared {
    fn new(options: &Options, head: u64, meter: Arc<Meter>) -> Self {
        let bounds = Bounds {
            requests_max: options.queue_requests_max,
            bytes_max: options.queue_bytes_max,
            wait_max: options.wait_max,
        };
        Self {
            queue: Arc::new(Queue::new(bounds)),
            meter,
            hot: RwLock::new(HotWindow::at(head, options.hot_events_max, options.hot_bytes_max)),
            head: AtomicU64::new(head),
            closed: watch::Sender::new(None),
        }
    }

    fn publish(&self, events: Vec<Arc<RecordedEvent>>, head: u64) {
        let mut hot = self.hot.write().unwrap_or_else(PoisonError::into_inner);
        events.into_iter().for_each(|event| hot.push(event));
        drop(hot);
        self.head.store(head, Ordering::Release);
    }

    fn hot_page(&self, after: u64, filter: &Filter, limit: usize) -> Option<Page> {
        self.hot.read().unwrap_or_else(PoisonError::into_inner).page(after, filter, limit)
    }
}

impl Drop for SqliteStore {
    fn drop(&mut self) {
        self.shared.queue.close(ClosedReason::Requested);
        self.join();
    }
}

impl EventStore for SqliteStore {
    fn append(&self, append: Append) -> BoxFuture<'_, Result<Appended, AppendError>> {
        Box::pin(async move {
            let outcome = self.shared.queue.push(Request::append(append)?)?;
            outcome.await.unwrap_or(Err(AppendError::Unknown))
        })
    }

    fn keep_snapshot(
        &self,
        stream_id: Arc<str>,
        snapshot: Snapshot,
    ) -> BoxFuture<'_, Result<(), AppendError>> {
        Box::pin(async move {
            let kept = self.shared.queue.push(Request::snapshot(stream_id, snapshot))?.await;
            kept.unwrap_or(Err(AppendError::Unknown)).map(drop)
        })
    }

    fn snapshot<'a>(
        &'a self,
        stream_id: &'a str,
        code: [u8; 32],
    ) -> BoxFuture<'a, Result<Option<Snapshot>, ReadError>> {
        let stream_id = stream_id.to_owned();
        Box::pin(self.read(move |reader| reader.snapshot(&stream_id, &code)))
    }

    fn event_types(&self) -> BoxFuture<'_, Result<Vec<Arc<str>>, ReadError>> {
        Box::pin(self.read(|reader| reader.event_types()))
    }

    fn gauges(&self) -> Gauges {
        let mut gauges = self.shared.meter.gauges();
        self.shared.queue.gauge(&mut gauges);
        gauges
    }

    fn read_stream<'a>(
        &'a self,
        stream_id: &'a str,
        from_version: u64,
        limit: usize,
    ) -> BoxFuture<'a, Result<Vec<Arc<RecordedEvent>>, ReadError>> {
        let limit = limit.min(PAGE_EVENTS_MAX);
        let stream_id = stream_id.to_owned();
        Box::pin(async move {
            let events = self.read(move |reader| reader.stream(&stream_id, from_version, limit)).await?;
            self.published(events.last().map(|event| event.position)).await?;
            Ok(events)
        })
    }

    fn read_all<'a>(
        &'a self,
        after: u64,
        filter: &'a Filter,
        limit: usize,
    ) -> BoxFuture<'a, Result<Page, ReadError>> {
        Box::pin(async move {
            let head = self.head();
            if let Some(page) = self.shared.hot_page(after, filter, limit) {
                return Ok(page);
            }
            match Stretch::of(after, head).filter(|_| filter.tags.is_empty()) {
                Some(stretch) => {
                    let read = async || self.page(stretch.after, head, Filter::all(), PAGE_EVENTS_MAX).await;
                    self.blocks.page(stretch, after, filter, limit, read).await
                }
                None => self.page(after, head, filter.clone(), limit).await,
            }
        })
    }

    fn receipt<'a>(&'a self, key: &'a str, at_us: i64) -> BoxFuture<'a, Result<Option<Receipt>, ReadError>> {
        let key = key.to_owned();
        Box::pin(async move {
            let receipt = self.read(move |reader| reader.receipt(&key, at_us)).await?;
            self.published(receipt.as_ref().and_then(|receipt| receipt.last_position)).await?;
            Ok(receipt)
        })
    }

    fn head(&self) -> u64 {
        self.shared.head.load(Ordering::Acquire)
    }

    fn watch_head(&self) -> watch::Receiver<u64> {
        self.head.clone()
    }

    fn closed(&self) -> BoxFuture<'static, ClosedReason> {
        closing(self.shared.closed.subscribe())
    }

    fn store_id(&self) -> Uuid {
        self.identity.store_id
    }

    fn epoch(&self) -> u64 {
        self.identity.epoch
    }

    fn close(&self) -> BoxFuture<'_, ()> {
        Box::pin(async move {
            self.shared.queue.close(ClosedReason::Requested);
            self.closed().await;
            self.join();
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::admission::{new_sample, sample};
    use crate::append::Expected;
    use crate::receipt::{Keep, NewReceipt};
    use serde_json::value::RawValue;
    use std::task::{Context, Waker};

    fn one() -> Append {
        Append { stream_id: "s".into(), expected: Expected::Any, events: vec![new_sample()], receipt: None }
    }

    #[tokio::test]
    #[expect(clippy::await_holding_lock, reason = "it is what keeps the writer from publishing")]
    async fn nobody_reads_an_event_before_the_head_is_there() {
        let folder = tempfile::tempdir().unwrap();
        let one_reader = Options { readers_max: 1, ..Options::default() };
        let store = SqliteStore::open(&folder.path().join("events.db"), one_reader).unwrap();
        let receipt = NewReceipt {
            key: "k".to_owned(),
            body_hash: [0; 32],
            note: RawValue::NULL.to_owned(),
            at_us: 0,
            keep: Keep::Forever,
        };
        // The writer commits, and cannot publish while somebody looks into the window.
        let window = store.shared.hot.read().unwrap();
        let mut append = store.append(Append { receipt: Some(receipt), ..one() });
        let mut context = Context::from_waker(Waker::noop());
        assert!(append.as_mut().poll(&mut context).is_pending());
        let committed = async || store.read(|reader| reader.stream("s", 0, 1)).await.unwrap().len() == 1;
        while !committed().await {}
        let (mut read, mut repeat) = (store.read_stream("s", 0, 1), store.receipt("k", 0));
        // It is in line for the only connection, so it has read before whoever comes next.
        assert!(read.as_mut().poll(&mut context).is_pending());
        assert!(committed().await);
        assert!(read.as_mut().poll(&mut context).is_pending(), "the stream waits for the head");
        assert!(repeat.as_mut().poll(&mut context).is_pending());
        assert!(committed().await);
        assert!(repeat.as_mut().poll(&mut context).is_pending(), "the receipt waits for the head");
        drop(window);
        assert_eq!((read.await.unwrap().len(), repeat.await.unwrap().unwrap().last_position), (1, Some(1)));
        assert_eq!((store.head(), append.await.unwrap().last_position), (1, Some(1)));
    }

    #[tokio::test]
    async fn a_panic_of_the_writer_leaves_the_taken_unknown_and_refuses_the_rest() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("events.db");
        let store = SqliteStore::open(&path, Options::default()).unwrap();
        // The window has what the writer is about to publish: its own check for gaps strikes.
        store.shared.hot.write().unwrap().push(Arc::new(sample(1)));
        assert!(matches!(store.append(one()).await, Err(AppendError::Unknown)));
        assert_eq!(store.closed().await, ClosedReason::Panicked);
        let refused = store.append(one()).await;
        assert!(matches!(refused, Err(AppendError::Unavailable { reason: UnavailableReason::Closed })));
        assert!(store.watch_head().changed().await.is_err(), "whoever follows the head is told");
        let again = SqliteStore::open(&path, Options::default()).unwrap();
        assert_eq!(again.head(), 1, "unknown was the truth: it is recorded");
    }
}
