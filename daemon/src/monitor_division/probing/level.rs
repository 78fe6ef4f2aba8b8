//! Service levels: what the samples of a division say of a signal, and whether that breaks its threshold.

use crate::monitor_division::{Health, Signal, Threshold};
use std::collections::VecDeque;

/// Samples of one division in memory, the oldest go first.
const SAMPLES_MAX: usize = 10_000;
/// Fewer samples than this say nothing of a service level.
const JUDGED_MIN: usize = 3;

/// What one probe has seen.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Sample {
    pub(super) at_us: i64,
    pub(super) health: Health,
    pub(super) latency_ms: u32,
}

/// A threshold, and from when on it is judged.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Level {
    pub(super) threshold: Threshold,
    pub(super) from_us: i64,
}

/// The samples of one division, as they came.
#[derive(Default)]
pub(super) struct Samples(VecDeque<Sample>);

impl Samples {
    pub(super) fn push(&mut self, sample: Sample) {
        if self.0.len() >= SAMPLES_MAX {
            self.0.pop_front();
        }
        self.0.push_back(sample);
    }

    /// What was measured, where it breaks the level.
    pub(super) fn breach(&self, level: &Level, now_us: i64) -> Option<f64> {
        let Threshold { signal, threshold, window_s, .. } = level.threshold;
        let from_us = level.from_us.max(now_us.saturating_sub(i64::from(window_s) * 1_000_000));
        let is_judged = |sample: &&Sample| {
            sample.at_us > from_us && sample.at_us <= now_us && sample.health != Health::Unknown
        };
        let measured = measure(signal, &self.0.iter().filter(is_judged).copied().collect::<Vec<_>>())?;
        let is_broken =
            if signal == Signal::AvailabilityPct { measured < threshold } else { measured > threshold };
        is_broken.then_some(measured)
    }
}

/// What samples that somebody could tell say of a signal; nothing where they are too few, or cannot know.
fn measure(signal: Signal, samples: &[Sample]) -> Option<f64> {
    if samples.len() < JUDGED_MIN {
        return None;
    }
    let failed = samples.iter().filter(|sample| sample.health == Health::Unhealthy).count();
    let error_rate = failed as f64 / samples.len() as f64;
    match signal {
        Signal::ErrorRate => Some(error_rate),
        Signal::AvailabilityPct => Some(100.0 - error_rate * 100.0),
        Signal::LatencyP95Ms => {
            let answered = samples.iter().filter(|sample| sample.health != Health::Unhealthy);
            p95(answered.map(|sample| sample.latency_ms).collect())
        }
        Signal::TrafficRps | Signal::Saturation => None,
    }
}

/// The smallest that 95 of 100 do not exceed.
fn p95(mut latencies: Vec<u32>) -> Option<f64> {
    latencies.sort_unstable();
    let rank = (latencies.len() * 95).div_ceil(100);
    latencies.get(rank.checked_sub(1)?).map(|latency| f64::from(*latency))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::monitor_division::Severity;
    use proptest::prelude::*;

    fn level(signal: Signal, threshold: f64, window_s: u32, from_us: i64) -> Level {
        let severity = Severity::High;
        Level { threshold: Threshold { signal, threshold, window_s, severity }, from_us }
    }

    fn samples(all: &[(i64, Health, u32)]) -> Samples {
        let sample = |&(at_us, health, latency_ms): &_| Sample { at_us, health, latency_ms };
        Samples(all.iter().map(sample).collect())
    }

    fn any_health() -> impl Strategy<Value = Health> {
        prop_oneof![Just(Health::Healthy), Just(Health::Unhealthy), Just(Health::Unknown)]
    }

    proptest! {
        /// Each signal by its definition, counted by hand.
        #[test]
        fn a_level_is_broken_by_the_samples_of_its_window_and_no_others(
            all in prop::collection::vec((0..60i64, any_health(), 0..100u32), 0..60),
            window_s in 1..60u32, from_s in 0..60i64, bound in 0..100u32,
        ) {
            let all: Vec<_> = all.into_iter().map(|(at, health, ms)| (at * 1_000_000, health, ms)).collect();
            let (now_us, from_us, held) = (60_000_000, from_s * 1_000_000, samples(&all));
            let known: Vec<_> = all.iter().filter(|(at, health, _)| {
                *at > from_us && *at > now_us - i64::from(window_s) * 1_000_000 && *health != Health::Unknown
            }).collect();
            let bad = known.iter().filter(|(_, health, _)| *health == Health::Unhealthy).count();
            let (enough, rate) = (known.len() >= JUDGED_MIN, bad as f64 / known.len().max(1) as f64);
            let part = f64::from(bound) / 100.0;
            let broken = |signal, threshold| held.breach(&level(signal, threshold, window_s, from_us), now_us);
            prop_assert_eq!(broken(Signal::ErrorRate, part).is_some(), enough && rate > part);
            let available = 100.0 - rate * 100.0;
            let least = f64::from(bound);
            prop_assert_eq!(broken(Signal::AvailabilityPct, least).is_some(), enough && available < least);
            // More than one in twenty answers is slower than the bound.
            let answers = known.len() - bad;
            let slow = known.iter().filter(|(_, health, ms)| *health == Health::Healthy && *ms > bound).count();
            prop_assert_eq!(broken(Signal::LatencyP95Ms, least).is_some(), enough && slow * 20 > answers);
            prop_assert_eq!(broken(Signal::Saturation, 0.0), None);
            prop_assert_eq!(broken(Signal::TrafficRps, 0.0), None);
        }
    }

    #[test]
    fn memory_is_bounded() {
        let mut held = Samples::default();
        for at_us in 0..SAMPLES_MAX as i64 + 5 {
            held.push(Sample { at_us, health: Health::Healthy, latency_ms: 1 });
        }
        assert_eq!((held.0.len(), held.0[0].at_us), (SAMPLES_MAX, 5));
    }
}
