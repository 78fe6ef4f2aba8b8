//! When a restart that failed is tried again: the one policy of supervisors and pools. Every try goes through
//! the own queue, so that an endless one keeps neither a question nor a stop waiting.

use super::backoff::{Backoff, Draw};
use crate::alarm::Alarm;
use std::time::Duration;
use tokio::time::Instant;

/// Tells one retry from an earlier one of the same child.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Turn(u64);

impl Turn {
    /// The one after; those before it are void.
    #[must_use]
    pub(crate) fn next(self) -> Self {
        Self(self.0 + 1)
    }
}

/// How long to wait after so many failures in a row, of which there is at least one.
pub(crate) fn wait(backoff: Option<Backoff>, failures: u32, draw: Draw) -> Duration {
    backoff.map(|backoff| backoff.wait(failures, draw)).unwrap_or_default()
}

/// Tries again after the wait, or at once; the alarm is to be kept for as long as the retry is wanted.
pub(crate) fn later(wait: Duration, retry: impl FnOnce() + Send + 'static) -> Option<Alarm> {
    if wait.is_zero() {
        retry();
        return None;
    }
    Some(Alarm::set(Instant::now() + wait, retry))
}
