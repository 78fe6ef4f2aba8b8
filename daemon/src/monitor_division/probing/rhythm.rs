//! When the next probe is due: spread over the interval at first, then a little uneven, so that checks that were
//! registered or restored together do not ask together.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::time::Duration;

/// Nobody waits longer for the first answer.
const FIRST_MAX: Duration = Duration::from_secs(10);

/// The rhythm of one check. Time is counted from its prober's start.
#[derive(Clone, Copy, Debug)]
pub(super) struct Rhythm {
    interval: Duration,
    due: Duration,
    seed: u64,
    nth: u64,
}

impl Rhythm {
    /// The first probe after `now`.
    pub(super) fn begin(check_id: &str, interval: Duration, now: Duration) -> Rhythm {
        let mut hasher = DefaultHasher::new();
        check_id.hash(&mut hasher);
        let rhythm = Rhythm { interval, due: now, seed: hasher.finish(), nth: 0 };
        Rhythm { due: now + interval.min(FIRST_MAX).mul_f64(rhythm.part()), ..rhythm }
    }

    /// When the next probe is due.
    pub(super) fn due(&self) -> Duration {
        self.due
    }

    /// The rhythm after a probe that was over at `now`. What was missed is not made up for, and an endpoint has
    /// half an interval to itself.
    pub(super) fn next(self, now: Duration) -> Rhythm {
        let next = Rhythm { nth: self.nth + 1, ..self };
        let uneven = self.interval.mul_f64(0.95 + 0.1 * next.part());
        Rhythm { due: (self.due + uneven).max(now + self.interval / 2), ..next }
    }

    /// A part of one, another for each check and each probe.
    fn part(&self) -> f64 {
        let mut hasher = DefaultHasher::new();
        (self.seed, self.nth).hash(&mut hasher);
        (hasher.finish() >> 11) as f64 / (1_u64 << 53) as f64
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn probes_keep_their_interval_and_never_crowd(
            name in "[a-z]{1,8}", interval_ms in 1_000..3_600_000u64,
            took_ms in prop::collection::vec(0..90_000u64, 1..50),
        ) {
            let interval = Duration::from_millis(interval_ms);
            let mut rhythm = Rhythm::begin(&name, interval, Duration::ZERO);
            prop_assert!(rhythm.due() <= interval.min(FIRST_MAX));
            for took in took_ms.into_iter().map(Duration::from_millis) {
                let (due, over) = (rhythm.due(), rhythm.due() + took);
                rhythm = rhythm.next(over);
                prop_assert!(rhythm.due() >= over + interval / 2);
                if took <= interval / 4 {
                    let gap = rhythm.due() - due;
                    prop_assert!(gap >= interval.mul_f64(0.949) && gap <= interval.mul_f64(1.051), "{gap:?}");
                }
            }
        }
    }

    #[test]
    fn checks_of_one_interval_do_not_ask_together() {
        let first = |nth: u32| {
            Rhythm::begin(&format!("check-{nth}"), FIRST_MAX, Duration::ZERO).due().as_millis() / 1_000
        };
        let mut seconds = [0_u32; 10];
        (0..1_000).for_each(|nth| seconds[first(nth) as usize] += 1);
        assert!(seconds.iter().all(|count| (50..200).contains(count)), "{seconds:?}");
    }
}
