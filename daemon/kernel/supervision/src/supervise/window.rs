//! OTP's restart intensity: how many restarts a supervisor forgives inside a sliding window.

use std::collections::VecDeque;

#[derive(Clone, Debug)]
pub(crate) struct Window {
    restarts_max: u32,
    period_ms: u64,
    at_ms: VecDeque<u64>,
}

impl Window {
    pub(crate) fn new(restarts_max: u32, period_ms: u64) -> Self {
        Self { restarts_max, period_ms, at_ms: VecDeque::new() }
    }

    /// Forgives more or less from now on; what happened is not forgotten.
    pub(crate) fn set_limits(&mut self, restarts_max: u32, period_ms: u64) {
        (self.restarts_max, self.period_ms) = (restarts_max, period_ms);
    }

    /// Counts one restart attempt; false when it is one too many. A restart exactly one period ago
    /// still counts.
    pub(crate) fn admits(&mut self, now_ms: u64) -> bool {
        self.at_ms.push_back(now_ms);
        let horizon_ms = now_ms.saturating_sub(self.period_ms);
        while self.at_ms.front().is_some_and(|at_ms| *at_ms < horizon_ms) {
            self.at_ms.pop_front();
        }
        self.at_ms.len() <= self.restarts_max as usize
    }

    /// When the restarts of the window happened.
    pub(crate) fn at_ms(&self) -> impl Iterator<Item = u64> + '_ {
        self.at_ms.iter().copied()
    }
}
