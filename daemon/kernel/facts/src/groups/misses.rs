//! What a group's members missed: every fact is counted, and the count is said once a second at most, since
//! a member that is full misses everything that is told.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::Duration;

/// Between two lines about one group.
const QUIET_MS: u64 = 1_000;

#[derive(Default)]
pub(super) struct Misses {
    total: AtomicU64,
    said: AtomicU64,
    quiet_until_ms: AtomicU64,
}

impl Misses {
    pub(super) fn add(&self, missed: u64) {
        self.total.fetch_add(missed, Relaxed);
    }

    /// Since the beginning.
    pub(super) fn total(&self) -> u64 {
        self.total.load(Relaxed)
    }

    /// How many to say now that were not said before; what is held back is said with a later fact. `now` is
    /// any monotonic time, asked for only when there is something to say.
    pub(super) fn to_say(&self, now: impl FnOnce() -> Duration) -> Option<u64> {
        if self.total() == self.said.load(Relaxed) {
            return None;
        }
        let now_ms = now().as_millis() as u64;
        let speak = |until_ms| (now_ms >= until_ms).then_some(now_ms + QUIET_MS);
        self.quiet_until_ms.fetch_update(Relaxed, Relaxed, speak).ok()?;
        let total = self.total();
        // Another may have spoken meanwhile, for more.
        total.checked_sub(self.said.fetch_max(total, Relaxed)).filter(|unsaid| *unsaid > 0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_miss_is_said_at_once_and_those_held_back_with_a_later_fact() {
        let misses = Misses::default();
        let say = |missed, at_ms| {
            misses.add(missed);
            misses.to_say(|| Duration::from_millis(at_ms))
        };
        assert_eq!(say(0, 0), None, "nothing to say");
        assert_eq!(say(1, 10), Some(1));
        assert_eq!((say(2, 11), say(3, 1_009)), (None, None), "a second is kept quiet");
        assert_eq!(say(0, 1_010), Some(5), "none is lost, though nobody misses this one");
        assert_eq!(say(0, 9_000), None, "none is said twice");
        assert_eq!((say(7, 9_001), misses.total()), (Some(7), 13));
    }
}
