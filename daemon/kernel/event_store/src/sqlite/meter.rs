//! What the writer and the disk tell about themselves, kept for whoever asks: the last samples of each
//! kind, so that a figure speaks of now and not of last week.

use std::collections::VecDeque;
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use hecate_disk::{Call, Fault, Watch};

use crate::gauges::{Gauges, Spread};

/// Samples of one kind that are kept.
const SAMPLES_MAX: usize = 1_024;

/// Shared by the writer, who fills it, and whoever reads it. It also watches the disk, for the time that
/// a flush takes.
pub(super) struct Meter {
    state: Mutex<State>,
    /// Whoever else watches.
    next: Option<Arc<dyn Watch>>,
}

#[derive(Default)]
struct State {
    batches_total: u64,
    events_total: u64,
    batch_requests: Samples,
    batch_us: Samples,
    sync_us: Samples,
}

#[derive(Default)]
struct Samples(VecDeque<u64>);

impl Meter {
    pub(super) fn new(next: Option<Arc<dyn Watch>>) -> Self {
        Self { state: Mutex::default(), next }
    }

    /// A batch was answered.
    pub(super) fn batch(&self, requests: usize, events: u64, took: Duration) {
        let mut state = self.state();
        state.batches_total += 1;
        state.events_total += events;
        state.batch_requests.push(requests as u64);
        state.batch_us.push(micros(took));
    }

    /// The part of the gauges that the meter knows.
    pub(super) fn gauges(&self) -> Gauges {
        let state = self.state();
        Gauges {
            batches_total: state.batches_total,
            events_total: state.events_total,
            batch_requests: state.batch_requests.spread(),
            batch_us: state.batch_us.spread(),
            sync_us: state.sync_us.spread(),
            ..Gauges::default()
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Watch for Meter {
    fn before(&self, call: &Call<'_>) -> Result<(), Fault> {
        self.next.as_ref().map_or(Ok(()), |next| next.before(call))
    }

    fn synced(&self, path: &Path, took: Duration) {
        // Whoever waits for an answer waits for the log; the file is flushed behind its back.
        if path.as_os_str().as_encoded_bytes().ends_with(b"-wal") {
            self.state().sync_us.push(micros(took));
        }
        if let Some(next) = &self.next {
            next.synced(path, took);
        }
    }
}

impl Samples {
    fn push(&mut self, sample: u64) {
        if self.0.len() == SAMPLES_MAX {
            self.0.pop_front();
        }
        self.0.push_back(sample);
    }

    fn spread(&self) -> Spread {
        let mut sorted: Vec<u64> = self.0.iter().copied().collect();
        sorted.sort_unstable();
        let at = |hundredths: usize| sorted.get((sorted.len() * hundredths).div_ceil(100).max(1) - 1);
        let of = |sample: Option<&u64>| sample.copied().unwrap_or(0);
        Spread { samples: sorted.len(), p50: of(at(50)), p99: of(at(99)), max: of(sorted.last()) }
    }
}

/// Whole microseconds.
pub(super) fn micros(took: Duration) -> u64 {
    u64::try_from(took.as_micros()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_rest_on_the_last_samples() {
        let mut samples = Samples::default();
        assert_eq!(samples.spread(), Spread::default());
        (1..=100).for_each(|sample| samples.push(sample));
        assert_eq!(samples.spread(), Spread { samples: 100, p50: 50, p99: 99, max: 100 });
        (0..SAMPLES_MAX).for_each(|_| samples.push(7));
        assert_eq!(samples.spread(), Spread { samples: SAMPLES_MAX, p50: 7, p99: 7, max: 7 });
    }
}
