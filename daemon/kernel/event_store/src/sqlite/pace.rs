//! How long a newcomer would wait for the disk, judged by how long others have waited. A writer takes
//! everything that waits at once, so a newcomer waits for the batch under way and for the one after it.

/// How much one batch moves the estimate.
const WEIGHT: u64 = 8;

/// A running estimate of what a batch takes, microseconds.
#[derive(Debug, Default)]
pub(super) struct Pace {
    typical_us: u64,
}

impl Pace {
    /// Learns from a finished batch.
    pub(super) fn observe(&mut self, took_us: u64) {
        self.typical_us = (self.typical_us * (WEIGHT - 1) + took_us).div_ceil(WEIGHT);
    }

    /// What a newcomer would wait while a batch has been under way for `running_us`. A batch that takes
    /// longer than usual is taken for the new usual.
    pub(super) fn wait_us(&self, running_us: u64) -> u64 {
        self.typical_us.saturating_sub(running_us) + self.typical_us.max(running_us)
    }
}

#[cfg(test)]
mod tests {
    use super::Pace;

    fn used_to(took_us: u64) -> Pace {
        let mut pace = Pace::default();
        (0..100).for_each(|_| pace.observe(took_us));
        pace
    }

    #[test]
    fn a_newcomer_waits_for_the_rest_of_one_batch_and_for_another() {
        let pace = used_to(1_000);
        assert_eq!(pace.wait_us(0), 2_000);
        assert_eq!(pace.wait_us(400), 1_600);
        assert_eq!(pace.wait_us(1_000), 1_000);
    }

    #[test]
    fn a_batch_that_hangs_counts_before_it_ends() {
        assert_eq!(used_to(1_000).wait_us(5_000_000), 5_000_000);
    }

    #[test]
    fn one_slow_batch_is_not_the_rule() {
        let mut pace = used_to(1_000);
        pace.observe(5_000_000);
        assert!(pace.wait_us(0) < 2_000_000, "{pace:?}");
    }
}
