//! Counts what is turned away or cut off, and says so without a flood of clients being a flood of lines.

use std::fmt::Display;
use std::sync::atomic::{AtomicU64, Ordering};

/// A count that is told every first, second, fourth, eighth … time.
#[derive(Default)]
pub(super) struct Tally(AtomicU64);

impl Tally {
    /// Counts one more. Answers how often it has happened.
    pub(super) fn more(&self) -> u64 {
        self.0.fetch_add(1, Ordering::Relaxed) + 1
    }

    /// The same, logged.
    pub(super) fn count(&self, says: &str, reason: &dyn Display) -> u64 {
        let times = self.more();
        if times.is_power_of_two() {
            tracing::warn!(times, %reason, "{says}");
        }
        times
    }
}
