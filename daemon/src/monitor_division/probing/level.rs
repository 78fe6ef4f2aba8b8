//! Service levels: what the samples of a division say of a signal, and whether that breaks its threshold.
//!
//! Each level has a window of slots, so that a sample costs the same and a window takes the same room whether it is a
//! minute or a day long, and however many checks bring samples.

use super::latencies::Latencies;
use crate::monitor_division::{Health, Signal, Threshold};
use std::collections::{BTreeMap, VecDeque};

/// Slots of a window: one of up to five minutes is known to the second.
const SLOTS_MAX: u32 = 300;
/// Fewer samples than this say nothing of a service level.
const JUDGED_MIN: u32 = 3;

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

/// The samples of one division, in a window for each of its levels.
#[derive(Default)]
pub(super) struct Samples(BTreeMap<Signal, Window>);

impl Samples {
    /// One sample more, which these levels judge. Nobody judges what nobody could tell.
    pub(super) fn push(&mut self, sample: Sample, levels: &[Level]) {
        if sample.health == Health::Unknown {
            return;
        }
        for level in levels {
            let window = self.0.entry(level.threshold.signal).or_insert_with(|| Window::of(level));
            if !window.is_of(level) {
                *window = Window::of(level);
            }
            window.push(sample);
        }
    }

    /// What was measured, where it breaks the level.
    pub(super) fn breach(&mut self, level: &Level, now_us: i64) -> Option<f64> {
        let Threshold { signal, threshold, .. } = level.threshold;
        let window = self.0.get_mut(&signal).filter(|window| window.is_of(level))?;
        window.let_go(window.slot_at(now_us));
        let measured = window.all.measure(signal)?;
        let is_broken =
            if signal == Signal::AvailabilityPct { measured < threshold } else { measured > threshold };
        is_broken.then_some(measured)
    }
}

/// The samples of the last seconds, in slots of equal length, and all of them together.
struct Window {
    window_s: u32,
    from_us: i64,
    /// By number, the oldest first; only those with a sample.
    slots: VecDeque<(i64, Tally)>,
    all: Tally,
}

impl Window {
    fn of(level: &Level) -> Window {
        let (window_s, from_us) = (level.threshold.window_s, level.from_us);
        Window { window_s, from_us, slots: VecDeque::new(), all: Tally::default() }
    }

    /// A level that is judged over another time, or from another time on, has a window of its own.
    fn is_of(&self, level: &Level) -> bool {
        (self.window_s, self.from_us) == (level.threshold.window_s, level.from_us)
    }

    fn push(&mut self, sample: Sample) {
        if sample.at_us <= self.from_us {
            return;
        }
        let slot = self.slot_at(sample.at_us);
        let last = self.slots.back().map_or(slot, |(last, _)| *last);
        // Probers that finish together may come in any order; beyond that the clock was set back.
        if slot < last - 1 {
            (self.slots, self.all) = Default::default();
        }
        if self.slots.is_empty() || slot > last {
            self.slots.push_back((slot, Tally::default()));
        }
        self.all.count(sample);
        if let Some((_, tally)) = self.slots.back_mut() {
            tally.count(sample);
        }
        self.let_go(slot);
    }

    /// Forgets what lies before the window that ends with this slot.
    fn let_go(&mut self, ends_with: i64) {
        let slots = i64::from(self.window_s.div_ceil(self.slot_s()));
        while let Some((_, gone)) = self.slots.pop_front_if(|(slot, _)| *slot <= ends_with - slots) {
            self.all.forget(&gone);
        }
    }

    fn slot_at(&self, at_us: i64) -> i64 {
        at_us.div_euclid(i64::from(self.slot_s()) * 1_000_000)
    }

    fn slot_s(&self) -> u32 {
        self.window_s.div_ceil(SLOTS_MAX).max(1)
    }
}

/// What samples say together.
#[derive(Default)]
struct Tally {
    samples: u32,
    failed: u32,
    /// Of those that did not fail.
    latencies: Latencies,
}

impl Tally {
    fn count(&mut self, sample: Sample) {
        self.samples += 1;
        match sample.health {
            Health::Unhealthy => self.failed += 1,
            _ => self.latencies.count(sample.latency_ms),
        }
    }

    fn forget(&mut self, gone: &Tally) {
        self.samples -= gone.samples;
        self.failed -= gone.failed;
        self.latencies.forget(&gone.latencies);
    }

    /// What they say of a signal; nothing where they are too few, or cannot know.
    fn measure(&self, signal: Signal) -> Option<f64> {
        if self.samples < JUDGED_MIN {
            return None;
        }
        let error_rate = f64::from(self.failed) / f64::from(self.samples);
        match signal {
            Signal::ErrorRate => Some(error_rate),
            Signal::AvailabilityPct => Some(100.0 - error_rate * 100.0),
            Signal::LatencyP95Ms => self.latencies.p95_ms().map(f64::from),
            Signal::TrafficRps | Signal::Saturation => None,
        }
    }
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

    fn any_health() -> impl Strategy<Value = Health> {
        prop_oneof![Just(Health::Healthy), Just(Health::Unhealthy), Just(Health::Unknown)]
    }

    proptest! {
        /// Each signal by its definition, counted by hand.
        #[test]
        fn a_level_is_broken_by_the_samples_of_its_window_and_no_others(
            mut all in prop::collection::vec((0..60i64, any_health(), 0..100u32), 0..60),
            window_s in 1..60u32, from_s in 0..60i64, bound in 0..100u32,
        ) {
            all.sort_by_key(|(at_s, ..)| *at_s);
            let (now_us, from_us) = (60_000_000, from_s * 1_000_000);
            let known: Vec<_> = all.iter().filter(|(at_s, health, _)| {
                *at_s > from_s && *at_s > 60 - i64::from(window_s) && *health != Health::Unknown
            }).collect();
            let bad = known.iter().filter(|(_, health, _)| *health == Health::Unhealthy).count();
            let (enough, rate) = (known.len() >= JUDGED_MIN as usize, bad as f64 / known.len().max(1) as f64);
            let part = f64::from(bound) / 100.0;
            let broken = |signal, threshold| {
                let (mut held, level) = (Samples::default(), level(signal, threshold, window_s, from_us));
                for (at_s, health, latency_ms) in all.iter().copied() {
                    let sample = Sample { at_us: at_s * 1_000_000, health, latency_ms };
                    held.push(sample, std::slice::from_ref(&level));
                }
                held.breach(&level, now_us)
            };
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

    /// A hundred checks that are asked every second for an hour, and fail in its first half.
    #[test]
    fn a_long_window_judges_all_of_its_samples_and_takes_little_room() {
        let levels = [Signal::ErrorRate, Signal::LatencyP95Ms].map(|signal| level(signal, 0.4, 3_600, 0));
        let mut held = Samples::default();
        for nth in 1..=360_000 {
            let health = if nth <= 180_000 { Health::Unhealthy } else { Health::Healthy };
            let sample = Sample { at_us: nth * 10_000, health, latency_ms: nth as u32 % 100 };
            held.push(sample, &levels);
        }
        let measured = held.breach(&levels[0], 3_600_000_000).unwrap();
        // The slot that has just begun stands for one that is over.
        assert!((measured - 0.5).abs() < 0.005, "{measured}");
        assert_eq!(held.breach(&levels[1], 3_600_000_000), Some(94.0));
        assert!(held.0.values().all(|window| window.slots.len() <= SLOTS_MAX as usize));
        assert_eq!(held.breach(&levels[0], 7_200_000_000), None);
    }

    #[test]
    fn a_clock_that_is_set_back_begins_anew_and_one_that_stutters_does_not() {
        let levels = [level(Signal::ErrorRate, 0.0, 60, 0)];
        let mut held = Samples::default();
        let failed = |at_s: i64| Sample { at_us: at_s * 1_000_000, health: Health::Unhealthy, latency_ms: 1 };
        [100, 101, 100].into_iter().for_each(|at_s| held.push(failed(at_s), &levels));
        assert_eq!(held.breach(&levels[0], 101_000_000), Some(1.0));
        held.push(failed(50), &levels);
        assert_eq!(held.breach(&levels[0], 50_000_000), None);
        [51, 52].into_iter().for_each(|at_s| held.push(failed(at_s), &levels));
        assert_eq!(held.breach(&levels[0], 52_000_000), Some(1.0));
    }
}
