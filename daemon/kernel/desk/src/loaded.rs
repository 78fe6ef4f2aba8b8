//! An aggregate's state on its way out of the log: a snapshot where one fits, then the events behind it.
//!
//! A snapshot saves work and decides nothing: one that this program cannot use is passed
//! over, and the events are replayed.

use crate::{
    aggregate::{Aggregate, shown},
    code::{Code, CodeHash},
    folded::{Folded, Unfoldable},
};
use hecate_event_store::{EventStore, ReadError, RecordedEvent, Snapshot};
use serde_json::{Value, json};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Events behind the last snapshot that make the next one worth its write. A stream that is shorter than
/// this has none, and loads without asking for one.
const SNAPSHOT_EVENTS: usize = 200;
/// A load that took longer makes a snapshot worth its write when the actor ends.
const LOAD_MAX: Duration = Duration::from_millis(5);
/// Events of a stream read at once.
const PAGE_EVENTS: usize = 1_000;

/// The fold, and how it came to be.
#[derive(Default)]
pub(crate) struct Loaded<A> {
    pub(crate) folded: Folded<A>,
    /// Position of the last event.
    pub(crate) position: u64,
    /// Events that the last snapshot holds; 0 without one.
    kept_events: u64,
    took: Duration,
}

/// Why a stream was not loaded.
#[derive(Debug, thiserror::Error)]
pub(crate) enum LoadError {
    #[error(transparent)]
    Read(#[from] ReadError),
    #[error("{} version {} at position {} does not fold: {why:?}", .event.stream_id, .event.version, .event.position)]
    Unfoldable { event: Arc<RecordedEvent>, why: Unfoldable },
}

/// The state at the end of the stream.
pub(crate) async fn load<A: Aggregate>(
    store: &dyn EventStore,
    stream_id: &str,
    code: &Code,
) -> Result<Loaded<A>, LoadError> {
    let (began, mut loaded) = (Instant::now(), Loaded::default());
    let (mut page_events, mut sought) = (SNAPSHOT_EVENTS, false);
    loop {
        let page = store.read_stream(stream_id, loaded.events(), page_events).await?;
        loaded.fold_all(&page)?;
        if page.len() < page_events {
            return Ok(Loaded { took: began.elapsed(), ..loaded });
        }
        page_events = PAGE_EVENTS;
        let Some(code) = code.hash().filter(|_| !sought) else { continue };
        sought = true;
        let kept = from_snapshot(store, stream_id, code).await;
        loaded = kept.filter(|kept| kept.events() > loaded.events()).unwrap_or(loaded);
    }
}

/// What this program kept of the stream, if it still fits.
async fn from_snapshot<A: Aggregate>(
    store: &dyn EventStore,
    stream_id: &str,
    code: CodeHash,
) -> Option<Loaded<A>> {
    let useless = |why: &dyn std::fmt::Display| tracing::warn!(stream_id, %why, "a snapshot is left aside");
    let snapshot = store.snapshot(stream_id, code).await.inspect_err(|error| useless(error)).ok()??;
    let at_version = store.read_stream(stream_id, snapshot.version, 1).await;
    let last = at_version.inspect_err(|error| useless(error)).ok()?;
    let is_of_this_stream = last
        .first()
        .is_some_and(|last| (last.version, last.position) == (snapshot.version, snapshot.position));
    if !is_of_this_stream {
        useless(&"the stream does not have its last event");
        return None;
    }
    let folded = Folded::restore(snapshot.state.get(), snapshot.version);
    let folded = folded.inspect_err(|error| useless(error)).ok()?;
    let (position, kept_events) = (snapshot.position, snapshot.version + 1);
    Some(Loaded { folded, position, kept_events, took: Duration::ZERO })
}

impl<A: Aggregate> Loaded<A> {
    fn fold_all(&mut self, page: &[Arc<RecordedEvent>]) -> Result<(), LoadError> {
        for event in page {
            self.folded
                .fold(&event.event_type, event.data.get())
                .map_err(|why| LoadError::Unfoldable { event: Arc::clone(event), why })?;
            self.position = event.position;
        }
        Ok(())
    }

    fn events(&self) -> u64 {
        self.folded.version().map_or(0, |version| version + 1)
    }

    /// What operators see of it: how far the fold is, never what is in it.
    pub(crate) fn shown(&self) -> Value {
        let status = self.folded.aggregate().status();
        json!({
            "version": self.folded.version(),
            "position": self.position,
            "status": status.0,
            "status_label": shown::<A>(status).label,
            "snapshot_version": self.kept_version(),
        })
    }

    /// Version of the last event that the last snapshot holds; none without one.
    pub(crate) fn kept_version(&self) -> Option<u64> {
        self.kept_events.checked_sub(1)
    }

    /// True when so much has happened since the last snapshot that the next load is worth the write.
    pub(crate) fn is_far_from_snapshot(&self) -> bool {
        self.events() - self.kept_events >= SNAPSHOT_EVENTS as u64
    }

    /// True when the load was slow and a snapshot would make the next one faster.
    pub(crate) fn was_slow(&self) -> bool {
        self.took > LOAD_MAX && self.events() >= SNAPSHOT_EVENTS as u64 && self.events() > self.kept_events
    }

    /// The state as it is now, to be kept. Until the next is worth it, whatever becomes of this one.
    pub(crate) fn snapshot(&mut self, code: CodeHash) -> Option<Snapshot> {
        self.kept_events = self.events();
        let version = self.folded.version()?;
        let told = |error: &serde_json::Error| tracing::debug!(%error, "the state has no snapshot");
        let state = self.folded.state().inspect_err(told).ok()?;
        Some(Snapshot { version, position: self.position, code, state })
    }
}
