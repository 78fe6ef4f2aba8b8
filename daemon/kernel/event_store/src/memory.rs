//! The store without a disk, for tests: the same rules and the same answers, forgotten at the end.
//! It answers without leaving the caller's thread, so it also works under a paused clock.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::watch;
use uuid::Uuid;

use crate::admission;
use crate::append::{Append, Appended};
use crate::error::{AppendError, ClosedReason, ReadError, UnavailableReason};
use crate::event::RecordedEvent;
use crate::filter::Filter;
use crate::gauges::Gauges;
use crate::hot_window::page_of;
use crate::receipt::{NewReceipt, Receipt};
use crate::snapshot::Snapshot;
use crate::store::{BoxFuture, EventStore, PAGE_EVENTS_MAX, Page, closing};

/// An [`EventStore`] in memory.
pub struct MemoryStore {
    store_id: Uuid,
    log: Mutex<Log>,
    head: AtomicU64,
    head_watch: watch::Receiver<u64>,
    closed: watch::Sender<Option<ClosedReason>>,
}

struct Log {
    events: Vec<Arc<RecordedEvent>>,
    streams: HashMap<Arc<str>, Vec<Arc<RecordedEvent>>>,
    receipts: HashMap<String, Receipt>,
    snapshots: HashMap<Arc<str>, Snapshot>,
    /// `None` once closed, so that everybody who follows the head sees its end.
    head: Option<watch::Sender<u64>>,
}

impl MemoryStore {
    /// An empty store with an id of its own.
    pub fn new() -> Self {
        let (head, head_watch) = watch::channel(0);
        let log = Log {
            events: Vec::new(),
            streams: HashMap::new(),
            receipts: HashMap::new(),
            snapshots: HashMap::new(),
            head: Some(head),
        };
        Self {
            store_id: Uuid::now_v7(),
            log: Mutex::new(log),
            head: AtomicU64::new(0),
            head_watch,
            closed: watch::Sender::new(None),
        }
    }

    fn log(&self) -> MutexGuard<'_, Log> {
        self.log.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn record(&self, append: Append) -> Result<Appended, AppendError> {
        append.check()?;
        let mut log = self.log();
        let appended = log.record(append)?;
        let head = log.events.len() as u64;
        self.head.store(head, Ordering::Release);
        if let Some(watch) = &log.head {
            watch.send_if_modified(|seen| std::mem::replace(seen, head) != head);
        }
        Ok(appended)
    }

    fn shut(&self) {
        self.log().head = None;
        self.closed.send_if_modified(|reason| {
            let first = reason.is_none();
            reason.get_or_insert(ClosedReason::Requested);
            first
        });
    }
}

impl Default for MemoryStore {
    fn default() -> Self {
        Self::new()
    }
}

impl Log {
    fn record(&mut self, append: Append) -> Result<Appended, AppendError> {
        if self.head.is_none() {
            return Err(AppendError::Unavailable { reason: UnavailableReason::Closed });
        }
        let actual =
            self.streams.get(&append.stream_id).and_then(|stream| stream.last()).map(|last| last.version);
        let kept = append.receipt.as_ref().and_then(|new| self.kept(&new.key, new.at_us));
        admission::admit(&append, kept, actual)?;
        let head = self.events.len() as u64;
        let appended = admission::number(&append.stream_id, append.events, head, actual);
        self.extend(&append.stream_id, &appended, append.receipt);
        Ok(appended)
    }

    fn extend(&mut self, stream_id: &Arc<str>, appended: &Appended, receipt: Option<NewReceipt>) {
        if !appended.events.is_empty() {
            self.events.extend_from_slice(&appended.events);
            self.streams.entry(stream_id.clone()).or_default().extend_from_slice(&appended.events);
        }
        if let Some(new) = receipt {
            self.receipts.insert(new.key.clone(), admission::receipt(new, stream_id, appended));
        }
    }

    fn event_types(&self) -> Vec<Arc<str>> {
        let mut types: Vec<Arc<str>> = Vec::new();
        for event in &self.events {
            if !types.contains(&event.event_type) {
                types.push(event.event_type.clone());
            }
        }
        types
    }

    fn kept(&self, key: &str, at_us: i64) -> Option<Receipt> {
        self.receipts.get(key).filter(|receipt| receipt.keep.holds_at(at_us)).cloned()
    }

    fn stream_page(&self, stream_id: &str, from_version: u64, limit: usize) -> Vec<Arc<RecordedEvent>> {
        let from = usize::try_from(from_version).unwrap_or(usize::MAX);
        let stream = self.streams.get(stream_id).map_or(&[][..], Vec::as_slice);
        stream.iter().skip(from).take(limit.min(PAGE_EVENTS_MAX)).cloned().collect()
    }

    fn page(&self, after: u64, filter: &Filter, limit: usize) -> Page {
        let skip = usize::try_from(after).unwrap_or(usize::MAX);
        let examined = self.events.iter().skip(skip).take(PAGE_EVENTS_MAX);
        page_of(examined, after, filter, limit)
    }
}

impl EventStore for MemoryStore {
    fn append(&self, append: Append) -> BoxFuture<'_, Result<Appended, AppendError>> {
        Box::pin(async move { self.record(append) })
    }

    fn read_stream<'a>(
        &'a self,
        stream_id: &'a str,
        from_version: u64,
        limit: usize,
    ) -> BoxFuture<'a, Result<Vec<Arc<RecordedEvent>>, ReadError>> {
        Box::pin(async move { Ok(self.log().stream_page(stream_id, from_version, limit)) })
    }

    fn read_all<'a>(
        &'a self,
        after: u64,
        filter: &'a Filter,
        limit: usize,
    ) -> BoxFuture<'a, Result<Page, ReadError>> {
        Box::pin(async move { Ok(self.log().page(after, filter, limit)) })
    }

    fn receipt<'a>(&'a self, key: &'a str, at_us: i64) -> BoxFuture<'a, Result<Option<Receipt>, ReadError>> {
        Box::pin(async move { Ok(self.log().kept(key, at_us)) })
    }

    fn snapshot<'a>(
        &'a self,
        stream_id: &'a str,
        code: [u8; 32],
    ) -> BoxFuture<'a, Result<Option<Snapshot>, ReadError>> {
        let kept = self.log().snapshots.get(stream_id).filter(|snapshot| snapshot.code == code).cloned();
        Box::pin(async move { Ok(kept) })
    }

    fn keep_snapshot(
        &self,
        stream_id: Arc<str>,
        snapshot: Snapshot,
    ) -> BoxFuture<'_, Result<(), AppendError>> {
        Box::pin(async move {
            self.log().snapshots.insert(stream_id, snapshot);
            Ok(())
        })
    }

    fn event_types(&self) -> BoxFuture<'_, Result<Vec<Arc<str>>, ReadError>> {
        Box::pin(async move { Ok(self.log().event_types()) })
    }

    fn gauges(&self) -> Gauges {
        Gauges { events_total: self.head(), ..Gauges::default() }
    }

    fn head(&self) -> u64 {
        self.head.load(Ordering::Acquire)
    }

    fn watch_head(&self) -> watch::Receiver<u64> {
        self.head_watch.clone()
    }

    fn closed(&self) -> BoxFuture<'static, ClosedReason> {
        closing(self.closed.subscribe())
    }

    fn store_id(&self) -> Uuid {
        self.store_id
    }

    fn epoch(&self) -> u64 {
        1
    }

    fn close(&self) -> BoxFuture<'_, ()> {
        Box::pin(async move { self.shut() })
    }
}
