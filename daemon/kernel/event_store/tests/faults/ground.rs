//! Where the cases run: folders in memory where there are some, small bounds, seeds, all cores.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use hecate_event_store::{Checkpoints, Options};
use tempfile::TempDir;
use tokio::runtime::{Builder, Runtime};

/// No case may take longer than this, however busy the machine is.
const CASE_MAX: Duration = Duration::from_secs(120);
/// As many pages as the store's smallest log has.
pub(crate) const WAL_BYTES: u64 = 32 + 64 * 4_120;

/// A folder in memory, where the machine has such: the disk is simulated anyway.
pub(crate) fn folder() -> TempDir {
    let memory = Path::new("/dev/shm");
    if memory.is_dir() { TempDir::new_in(memory).unwrap() } else { TempDir::new().unwrap() }
}

/// The store's file.
pub(crate) fn file(folder: &Path) -> PathBuf {
    folder.join("events.sqlite")
}

/// A file beside it.
pub(crate) fn beside(file: &Path, suffix: &str) -> PathBuf {
    format!("{}{suffix}", file.display()).into()
}

/// Every border is crossed often, and every call to the disk comes in the same order in every run.
pub(crate) fn options() -> Options {
    Options {
        hot_events_max: 16,
        streams_cached_max: 4,
        readers_max: 1,
        wal_bytes: WAL_BYTES,
        checkpoints: Checkpoints::Between,
        ..Options::default()
    }
}

/// A number that the environment may replace.
pub(crate) fn number(name: &str, usual: u64) -> u64 {
    std::env::var(name).map_or(usual, |text| text.parse().unwrap())
}

/// A small generator; whoever fails prints its seed.
#[derive(Debug, Clone)]
pub(crate) struct Dice(u64);

impl Dice {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed)
    }

    pub(crate) fn draw(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    pub(crate) fn below(&mut self, end: u64) -> u64 {
        self.draw() % end
    }

    pub(crate) fn one_in(&mut self, count: u64) -> bool {
        self.below(count) == 0
    }

    pub(crate) fn among<T: Copy>(&mut self, some: &[T]) -> T {
        some[self.below(some.len() as u64) as usize]
    }
}

/// Where one worker's cases run.
pub(crate) struct Bench(Runtime);

impl Bench {
    pub(crate) fn new() -> Self {
        Self(Builder::new_current_thread().enable_time().build().unwrap())
    }

    /// Runs a case to its end, which must come.
    pub(crate) fn run<T>(&self, case: impl Future<Output = T>) -> T {
        let bounded = async { tokio::time::timeout(CASE_MAX, Box::pin(case)).await };
        self.0.block_on(bounded).expect("the case ends in time")
    }
}

/// Hands the numbers of all cases to as many workers as there are cores; each prepares itself once. The
/// first failure ends them all. Answers how long it took.
pub(crate) fn all_cores<W>(
    cases: u64,
    prepare: impl Fn() -> W + Sync,
    work: impl Fn(&mut W, u64) + Sync,
) -> Duration {
    let (next, failed, start) = (AtomicU64::new(0), AtomicBool::new(false), Instant::now());
    let live = || {
        let (mut worker, _told) = (prepare(), TellPanic(&failed));
        while !failed.load(Ordering::Relaxed) {
            let case = next.fetch_add(1, Ordering::Relaxed);
            if case >= cases {
                return;
            }
            work(&mut worker, case);
        }
    };
    thread::scope(|scope| {
        for _ in 0..thread::available_parallelism().map_or(1, usize::from) {
            scope.spawn(live);
        }
    });
    start.elapsed()
}

struct TellPanic<'a>(&'a AtomicBool);

impl Drop for TellPanic<'_> {
    fn drop(&mut self) {
        self.0.fetch_or(thread::panicking(), Ordering::Relaxed);
    }
}
