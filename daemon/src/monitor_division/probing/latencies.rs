//! How long answers took, counted in cells: many of them take little room, and each is known to a 64th of itself.

use std::collections::BTreeMap;

/// Latencies below this, milliseconds, have a cell each; from there on each doubling has 64.
const EXACT_MS: u32 = 128;
const CELLS_A_DOUBLING: u32 = EXACT_MS / 2;

/// How many answers took how long, by the smallest latency of each cell, milliseconds.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Latencies(BTreeMap<u32, u32>);

impl Latencies {
    pub(super) fn count(&mut self, latency_ms: u32) {
        *self.0.entry(floor_ms(latency_ms)).or_default() += 1;
    }

    /// Takes away what was counted before.
    pub(super) fn forget(&mut self, gone: &Latencies) {
        for (cell_ms, many) in &gone.0 {
            let left = self.0.get(cell_ms).map_or(0, |counted| counted.saturating_sub(*many));
            if left > 0 {
                self.0.insert(*cell_ms, left)
            } else {
                self.0.remove(cell_ms)
            };
        }
    }

    /// The smallest that 95 of 100 do not exceed, rounded down to its cell; none of no answers.
    pub(super) fn p95_ms(&self) -> Option<u32> {
        let all: u64 = self.0.values().copied().map(u64::from).sum();
        let rank = (all * 95).div_ceil(100);
        let mut so_far = 0;
        let reaches_rank = |(_, many): &(&u32, &u32)| {
            so_far += u64::from(**many);
            so_far >= rank
        };
        self.0.iter().find(reaches_rank).map(|(cell_ms, _)| *cell_ms)
    }
}

/// The smallest latency in the cell of this one.
const fn floor_ms(latency_ms: u32) -> u32 {
    if latency_ms < EXACT_MS {
        return latency_ms;
    }
    let width_ms = 1 << (latency_ms.ilog2() - CELLS_A_DOUBLING.ilog2());
    latency_ms / width_ms * width_ms
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn a_latency_is_known_to_a_64th_of_itself(latency_ms: u32, shift in 0..32u32) {
            let latency_ms = latency_ms >> shift;
            let floor_ms = floor_ms(latency_ms);
            prop_assert!(floor_ms <= latency_ms && latency_ms - floor_ms <= latency_ms / CELLS_A_DOUBLING);
            prop_assert!(latency_ms >= EXACT_MS || floor_ms == latency_ms);
        }

        #[test]
        fn what_is_forgotten_was_never_counted(all in prop::collection::vec((0..9_999u32, any::<bool>()), 0..99)) {
            let counted = |kept: &dyn Fn(bool) -> bool| {
                let mut latencies = Latencies::default();
                all.iter().filter(|(_, stays)| kept(*stays)).for_each(|(ms, _)| latencies.count(*ms));
                latencies
            };
            let mut latencies = counted(&|_| true);
            latencies.forget(&counted(&|stays| !stays));
            prop_assert_eq!(latencies, counted(&|stays| stays));
        }
    }
}
