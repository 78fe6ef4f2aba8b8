//! Who is measured, and what is asked of them.

pub(crate) mod disk;
#[cfg(feature = "postgres")]
pub(crate) mod postgres;
pub(crate) mod raw_log;
pub(crate) mod store;
#[cfg(feature = "umadb")]
pub(crate) mod umadb;

use crate::sample::{STREAMS, Sample};
use std::pin::Pin;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

pub(crate) const STORE: &str = "store";
pub(crate) const RAW_LOG: &str = "raw log";
pub(crate) const DISK: &str = "bare fdatasync";
pub(crate) const POSTGRES: &str = "PostgreSQL";
pub(crate) const UMADB: &str = "UmaDB";

/// Records events one by one for many at once.
pub(crate) trait Contestant: Sync {
    fn name(&self) -> &'static str;

    /// A writer for a thread of its own; peers give it a connection of its own.
    fn writer(&self) -> Box<dyn Writer + '_>;

    /// More of them at once would measure nothing.
    fn writers_max(&self) -> usize {
        usize::MAX
    }

    /// The same without a thread per writer, where that is possible.
    fn tasks(&self) -> Option<&dyn Tasks> {
        None
    }
}

/// One of many writers. No two write to the same stream at the same time.
pub(crate) trait Writer: Send {
    /// Comes back when the event is durable.
    fn append(&mut self, sample: &Sample);
}

/// In process, many writers can be tasks on few threads.
pub(crate) trait Tasks: Sync {
    /// Ready when the event is durable.
    fn append(&self, sample: Sample) -> Pin<Box<dyn Future<Output = ()> + Send + '_>>;
}

/// Holds many events and is asked for all of them.
pub(crate) trait Archive {
    fn name(&self) -> &'static str;

    /// Records this many events as fast as it can, in batches; false when another one fills its file.
    fn fill(&mut self, events: u64) -> bool;

    /// Reads and decodes everything from the first event on, with so many readers at once; each must see
    /// `events`. The time excludes opening.
    fn catch_up(&mut self, readers: usize, events: u64) -> Duration;

    /// What lies on the disk when nothing is in flight: data, and log or other files that outlive a stop.
    fn size(&mut self) -> Size;

    /// Loads it with 64 writers for so long, kills it with SIGKILL in the middle of that, and answers how long
    /// it took from the start until one more event was durable; none where that is not asked.
    fn crash(&mut self, load: Duration) -> Option<Duration>;
}

/// Bytes on the disk.
#[derive(Clone, Copy, Default)]
pub(crate) struct Size {
    pub(crate) data: u64,
    pub(crate) log: u64,
}

/// What a client remembers of each stream: a version or a position, 0 before the first event.
pub(crate) struct Known(Vec<AtomicU64>);

impl Known {
    pub(crate) fn new() -> Known {
        Known((0..STREAMS).map(|_| AtomicU64::new(0)).collect())
    }

    pub(crate) fn get(&self, stream: usize) -> u64 {
        self.0[stream].load(Ordering::Relaxed)
    }

    pub(crate) fn set(&self, stream: usize, known: u64) {
        self.0[stream].store(known, Ordering::Relaxed);
    }
}
