//! How much an actor did over the last second, ten seconds and minute. The past is two buckets per window,
//! of which the older one counts for the part of it that still lies in the window: nothing ticks while the
//! actor rests.

use hecate_proto::debug::Window;

/// What is counted, as totals of a generation.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Totals {
    pub(crate) busy_ns: u64,
    pub(crate) handled: u64,
}

/// The present bucket of one window and what the one before came to.
#[derive(Clone, Copy, Debug, Default)]
struct Bucket {
    /// Which one it is: the time divided by the window's length.
    number: u64,
    /// The totals when it began.
    base: Totals,
    before: Totals,
}

/// The recent past of one actor.
#[derive(Debug, Default)]
pub(crate) struct Pace {
    buckets: [Bucket; 3],
}

impl Totals {
    pub(crate) fn plus(self, more: Self) -> Self {
        Self { busy_ns: self.busy_ns + more.busy_ns, handled: self.handled + more.handled }
    }

    fn minus(self, base: Self) -> Self {
        Self {
            busy_ns: self.busy_ns.saturating_sub(base.busy_ns),
            handled: self.handled.saturating_sub(base.handled),
        }
    }
}

impl Pace {
    /// To be told of the totals before something is added to them in a new second.
    pub(crate) fn turn(&mut self, now_ms: u64, totals: Totals) {
        for (bucket, window) in self.buckets.iter_mut().zip(Window::ALL) {
            let number = now_ms / window.ms();
            if number == bucket.number {
                continue;
            }
            let just_over = number == bucket.number + 1;
            let before = if just_over { totals.minus(bucket.base) } else { Totals::default() };
            *bucket = Bucket { number, base: totals, before };
        }
    }

    /// About how much was done in the window that ends now.
    pub(crate) fn over(&self, window: Window, now_ms: u64, totals: Totals) -> Totals {
        let bucket = &self.buckets[window as usize];
        let number = now_ms / window.ms();
        let (present, before) = match number.saturating_sub(bucket.number) {
            0 => (totals.minus(bucket.base), bucket.before),
            1 => (Totals::default(), totals.minus(bucket.base)),
            _ => return Totals::default(),
        };
        let left_ms = window.ms() - now_ms % window.ms();
        let part = |whole: u64| (u128::from(whole) * u128::from(left_ms) / u128::from(window.ms())) as u64;
        Totals {
            busy_ns: present.busy_ns + part(before.busy_ns),
            handled: present.handled + part(before.handled),
        }
    }
}

/// Thousandths of the window, of which the last part may be one message that is still at hand.
pub(crate) fn permille(busy_ns: u64, at_hand_ms: u64, window: Window) -> u64 {
    let busy_ms = busy_ns / 1_000_000 + at_hand_ms;
    (busy_ms * 1_000 / window.ms()).min(1_000)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn totals(handled: u64) -> Totals {
        Totals { busy_ns: handled * 1_000_000, handled }
    }

    #[test]
    fn the_older_bucket_counts_for_the_part_that_is_still_in_the_window() {
        let mut pace = Pace::default();
        pace.turn(20_000, totals(0));
        pace.turn(21_000, totals(100));
        // Half of the last second is over, so half of the hundred before it still counts.
        assert_eq!(pace.over(Window::OneSecond, 21_500, totals(110)), totals(60));
        assert_eq!(pace.over(Window::TenSeconds, 21_500, totals(110)), totals(110));
        assert_eq!(pace.over(Window::OneMinute, 21_500, totals(110)), totals(110));
    }

    #[test]
    fn who_rests_slows_down_without_being_told() {
        let mut pace = Pace::default();
        pace.turn(20_000, totals(0));
        let at = |now_ms| pace.over(Window::OneSecond, now_ms, totals(100)).handled;
        assert_eq!([at(20_999), at(21_000), at(21_750), at(22_000), at(99_000)], [100, 100, 25, 0, 0]);
    }

    #[test]
    fn a_long_rest_leaves_nothing_of_the_past() {
        let mut pace = Pace::default();
        pace.turn(20_000, totals(0));
        pace.turn(25_000, totals(100));
        assert_eq!(pace.over(Window::OneSecond, 25_100, totals(107)), totals(7));
        assert_eq!(pace.over(Window::TenSeconds, 25_100, totals(107)), totals(107));
    }

    #[test]
    fn a_share_is_never_more_than_the_whole() {
        assert_eq!(permille(250_000_000, 0, Window::OneSecond), 250);
        assert_eq!(permille(250_000_000, 250, Window::OneSecond), 500);
        assert_eq!(permille(0, 45_000, Window::OneMinute), 750);
        assert_eq!(permille(u64::from(u32::MAX) * 1_000_000, 9_999, Window::OneSecond), 1_000);
    }
}
