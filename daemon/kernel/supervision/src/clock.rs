//! The monotonic clock in its three grades: coarse for every message, precise for the few that are measured,
//! exact by tokio's own clock for restart windows.

use std::sync::LazyLock;
use std::time::{Duration, Instant};

#[cfg(target_os = "linux")]
fn coarse() -> Duration {
    let now = rustix::time::clock_gettime(rustix::time::ClockId::MonotonicCoarse);
    Duration::try_from(now).unwrap_or_default()
}

#[cfg(target_os = "linux")]
fn precise() -> Duration {
    let now = rustix::time::clock_gettime(rustix::time::ClockId::Monotonic);
    Duration::try_from(now).unwrap_or_default()
}

#[cfg(not(target_os = "linux"))]
fn coarse() -> Duration {
    START.elapsed()
}

#[cfg(not(target_os = "linux"))]
fn precise() -> Duration {
    START.elapsed()
}

/// Monotonic milliseconds from an arbitrary start, as coarse as the kernel's tick (1 to 4 ms).
///
/// Differences are right on average over many messages, not for one.
pub(crate) fn coarse_now_ms() -> u64 {
    coarse().as_millis() as u64
}

pub(crate) fn coarse_now_ns() -> u64 {
    coarse().as_nanos() as u64
}

/// Monotonic nanoseconds of the same count as the coarse ones, which are at most a tick behind. A dozen
/// times as dear.
pub(crate) fn precise_now_ns() -> u64 {
    precise().as_nanos() as u64
}

/// The wall clock, microseconds since the epoch.
pub(crate) fn wall_now_us() -> i64 {
    jiff::Timestamp::now().as_microsecond()
}

/// When something began: by the monotonic clock, coarse, for how long that is ago, and by the wall clock for people.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Moment {
    pub(crate) ms: u64,
    pub(crate) wall_us: i64,
}

impl Moment {
    pub(crate) fn now() -> Self {
        Self { ms: coarse_now_ms(), wall_us: wall_now_us() }
    }
}

/// Long before anything that is timed, also by a clock that a test has paused.
static START: LazyLock<Instant> = LazyLock::new(|| {
    let now = Instant::now();
    now.checked_sub(Duration::from_secs(86_400)).unwrap_or(now)
});

/// Exact monotonic milliseconds from an arbitrary start, by the clock of tokio's timers.
pub(crate) fn exact_now_ms() -> u64 {
    tokio::time::Instant::now().into_std().saturating_duration_since(*START).as_millis() as u64
}
