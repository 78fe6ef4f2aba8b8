//! The door of the store. Object-safe, with boxed futures by hand, so that the daemon holds one
//! `Arc<dyn EventStore>` whatever is behind it.

use std::pin::Pin;
use std::sync::Arc;

use tokio::sync::watch;
use uuid::Uuid;

use crate::append::{Append, Appended};
use crate::error::{AppendError, ClosedReason, ReadError};
use crate::event::RecordedEvent;
use crate::filter::Filter;
use crate::gauges::Gauges;
use crate::receipt::Receipt;
use crate::snapshot::Snapshot;

/// A boxed future that can cross threads.
pub type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// Most events that one page returns, and most rows that one page examines.
pub const PAGE_EVENTS_MAX: usize = 1_000;

/// A stretch of the log, seen through a filter.
#[derive(Debug, Clone)]
pub struct Page {
    /// The events that passed, by position.
    pub events: Vec<Arc<RecordedEvent>>,
    /// Everything up to this position was seen; read on from here. It moves past events that the
    /// filter left out, so a page can be empty while there is more to read: compare with `head()`.
    pub caught_up_to: u64,
}

/// An append-only log of events: many streams, one order.
pub trait EventStore: Send + Sync + 'static {
    /// Records `append` whole or not at all; answers when the disk has it.
    ///
    /// A receipt that exists wins over an expected version that does not fit. Dropping the future
    /// does not take back an append that the writer already has.
    fn append(&self, append: Append) -> BoxFuture<'_, Result<Appended, AppendError>>;

    /// Events of one stream from `from_version` on, at most `limit` and at most [`PAGE_EVENTS_MAX`].
    /// Fewer than that means the stream ends there; an unknown stream is empty. None is read before
    /// [`EventStore::head`] is at it.
    fn read_stream<'a>(
        &'a self,
        stream_id: &'a str,
        from_version: u64,
        limit: usize,
    ) -> BoxFuture<'a, Result<Vec<Arc<RecordedEvent>>, ReadError>>;

    /// Events of all streams behind position `after`, at most `limit` and at most [`PAGE_EVENTS_MAX`].
    fn read_all<'a>(
        &'a self,
        after: u64,
        filter: &'a Filter,
        limit: usize,
    ) -> BoxFuture<'a, Result<Page, ReadError>>;

    /// The receipt kept under `key`, unless it has expired at `at_us` (microseconds since the Unix epoch).
    /// None is read before [`EventStore::head`] is at its events.
    fn receipt<'a>(&'a self, key: &'a str, at_us: i64) -> BoxFuture<'a, Result<Option<Receipt>, ReadError>>;

    /// The snapshot kept of a stream, if the code that asks wrote it: state never outlives its code.
    fn snapshot<'a>(
        &'a self,
        stream_id: &'a str,
        code: [u8; 32],
    ) -> BoxFuture<'a, Result<Option<Snapshot>, ReadError>>;

    /// Keeps a snapshot of a stream in place of an older one.
    fn keep_snapshot(
        &self,
        stream_id: Arc<str>,
        snapshot: Snapshot,
    ) -> BoxFuture<'_, Result<(), AppendError>>;

    /// Every event type that was ever recorded, in the order of first use.
    fn event_types(&self) -> BoxFuture<'_, Result<Vec<Arc<str>>, ReadError>>;

    /// How the writer is doing. Never blocks for the disk.
    fn gauges(&self) -> Gauges;

    /// Position of the last event, 0 when there is none. Never blocks.
    fn head(&self) -> u64;

    /// Follows [`EventStore::head`]. Ends when the store takes no more appends.
    fn watch_head(&self) -> watch::Receiver<u64>;

    /// Resolves, with the reason, when the store takes no more appends.
    fn closed(&self) -> BoxFuture<'static, ClosedReason>;

    /// Made with the store, kept for ever: a checkpoint of another store does not fit this one.
    fn store_id(&self) -> Uuid;

    /// Grows when the store is restored from a backup: checkpoints of an older epoch no longer fit.
    fn epoch(&self) -> u64;

    /// Records what was accepted, then stops the writer and waits for its end. Harmless twice.
    fn close(&self) -> BoxFuture<'_, ()>;
}

/// Waits for the reason to be told; a store that is gone was closed.
pub(crate) fn closing(mut told: watch::Receiver<Option<ClosedReason>>) -> BoxFuture<'static, ClosedReason> {
    Box::pin(async move {
        let reason = told.wait_for(Option::is_some).await;
        reason.ok().and_then(|reason| reason.clone()).unwrap_or(ClosedReason::Requested)
    })
}
