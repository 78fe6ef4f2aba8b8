//! The monotonic clock in its two grades: coarse for every message, exact for restart windows.

use std::sync::LazyLock;
use std::time::{Duration, Instant};

#[cfg(target_os = "linux")]
fn coarse() -> Duration {
    let now = rustix::time::clock_gettime(rustix::time::ClockId::MonotonicCoarse);
    Duration::try_from(now).unwrap_or_default()
}

#[cfg(not(target_os = "linux"))]
fn coarse() -> Duration {
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

/// Long before anything that is timed, also by a clock that a test has paused.
static START: LazyLock<Instant> = LazyLock::new(|| {
    let now = Instant::now();
    now.checked_sub(Duration::from_secs(86_400)).unwrap_or(now)
});

/// Exact monotonic milliseconds from an arbitrary start, by the clock of tokio's timers.
pub(crate) fn exact_now_ms() -> u64 {
    tokio::time::Instant::now().into_std().saturating_duration_since(*START).as_millis() as u64
}
