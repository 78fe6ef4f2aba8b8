//! How long to wait before a restart that failed is tried again: longer each time, and not at the same
//! moment as everybody else. An extension of OTP, which tries again at once. Every try is counted.

use std::time::Duration;

/// The waits of one child between its failing restarts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Backoff {
    /// The first wait; each one after is twice as long.
    pub min: Duration,
    /// No wait is longer.
    pub max: Duration,
    /// How much of a wait chance may take away, in thousandths.
    pub jitter_permille: u16,
}

/// A number drawn evenly from all there are. It comes with the event, so that the core has no dice.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Draw(pub(crate) u32);

impl Draw {
    /// Anybody's guess; where nobody waits, nobody looks at it.
    pub(crate) fn for_wait(backoff: Option<Backoff>) -> Self {
        backoff.map_or(Self::default(), |_| Self(uuid::Uuid::new_v4().as_u128() as u32))
    }
}

impl Backoff {
    /// The wait after so many failures in a row, of which there is at least one.
    pub(crate) fn wait(&self, failures: u32, draw: Draw) -> Duration {
        let doubled = 1u32.checked_shl(failures.saturating_sub(1)).unwrap_or(u32::MAX);
        let full = self.min.saturating_mul(doubled).min(self.max);
        let full_us = u64::try_from(full.as_micros()).unwrap_or(u64::MAX);
        let at_stake_us = u128::from(full_us) * u128::from(self.jitter_permille.min(1_000)) / 1_000;
        let taken_us = (at_stake_us * u128::from(draw.0)) >> u32::BITS;
        Duration::from_micros(full_us - taken_us as u64)
    }
}
