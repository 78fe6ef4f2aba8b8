//! What all actors of one kind have in common: its name, the figures of those that are gone, and the times
//! of all. Bounded by the kinds that are compiled in, however many actors come and go.

use super::histogram::Histogram;
use super::meter::Meter;
use super::variants::Names;
use hecate_proto::debug::{Dropped, ReasonClass};
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Mutex, PoisonError};

/// Shared by all actors of a kind.
#[derive(Debug)]
pub(crate) struct KindMeter {
    pub(crate) name: Box<str>,
    /// Of the variants of its messages and of its turns.
    pub(crate) variants: Names,
    pub(crate) handle: Histogram,
    pub(crate) queue: Histogram,
    retired: Counters,
    /// The most that was ever shown, so that a look at the wrong moment shows no counter going down.
    shown: Counters,
    restarts: [AtomicU64; ReasonClass::ALL.len()],
}

#[derive(Debug, Default)]
struct Counters([AtomicU64; 5]);

/// Messages in, out and lost.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Traffic {
    pub(crate) handled: u64,
    pub(crate) sent: u64,
    pub(crate) dropped: Dropped,
}

impl Traffic {
    fn numbers(self) -> [u64; 5] {
        let Dropped { full, shed, undelivered } = self.dropped;
        [self.handled, self.sent, full, shed, undelivered]
    }

    fn of([handled, sent, full, shed, undelivered]: [u64; 5]) -> Self {
        Self { handled, sent, dropped: Dropped { full, shed, undelivered } }
    }

    pub(crate) fn plus(self, more: Self) -> Self {
        let (ours, theirs) = (self.numbers(), more.numbers());
        Self::of(std::array::from_fn(|index| ours[index] + theirs[index]))
    }
}

impl KindMeter {
    fn new(name: &str) -> Self {
        Self {
            name: name.into(),
            variants: Names::default(),
            handle: Histogram::default(),
            queue: Histogram::default(),
            retired: Counters::default(),
            shown: Counters::default(),
            restarts: Default::default(),
        }
    }

    /// Takes over the counters of an actor that is gone.
    pub(crate) fn retire(&self, meter: &Meter) {
        for (total, more) in self.retired.0.iter().zip(meter.traffic().numbers()) {
            total.fetch_add(more, Relaxed);
        }
    }

    /// The counters of those that are gone. To be read before those that run are counted.
    pub(crate) fn retired(&self) -> Traffic {
        Traffic::of(std::array::from_fn(|index| self.retired.0[index].load(Relaxed)))
    }

    /// The counters of all, never less than before.
    pub(crate) fn show(&self, all: Traffic) -> Traffic {
        let numbers = all.numbers();
        let highest = |index: usize| self.shown.0[index].fetch_max(numbers[index], Relaxed);
        Traffic::of(std::array::from_fn(|index| highest(index).max(numbers[index])))
    }

    pub(crate) fn count_restart(&self, after: ReasonClass) {
        self.restarts[after as usize].fetch_add(1, Relaxed);
    }

    pub(crate) fn restarts(&self) -> Vec<(ReasonClass, u64)> {
        let counts =
            ReasonClass::ALL.into_iter().map(|class| (class, self.restarts[class as usize].load(Relaxed)));
        counts.filter(|(_, count)| *count > 0).collect()
    }
}

/// All kinds of one tree, by name.
#[derive(Debug, Default)]
pub(crate) struct KindMeters(Mutex<BTreeMap<Box<str>, Arc<KindMeter>>>);

impl KindMeters {
    pub(crate) fn of(&self, kind: &str) -> Arc<KindMeter> {
        let mut kinds = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match kinds.get(kind) {
            Some(known) => Arc::clone(known),
            None => Arc::clone(kinds.entry(kind.into()).or_insert_with(|| Arc::new(KindMeter::new(kind)))),
        }
    }

    /// In the order of their names.
    pub(crate) fn all(&self) -> Vec<Arc<KindMeter>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).values().cloned().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counters_that_are_shown_never_go_down() {
        let kind = KindMeter::new("k");
        let seen = |handled, shed| {
            let dropped = Dropped { shed, ..Dropped::default() };
            let shown = kind.show(Traffic { handled, sent: 0, dropped });
            (shown.handled, shown.dropped.shed)
        };
        assert_eq!([seen(5, 1), seen(3, 2), seen(9, 0)], [(5, 1), (5, 2), (9, 2)]);
    }

    #[test]
    fn a_class_of_ends_has_its_place_in_the_order_of_all() {
        let kind = KindMeter::new("k");
        for class in ReasonClass::ALL {
            kind.count_restart(class);
        }
        kind.count_restart(ReasonClass::StartFailed);
        let counts: Vec<_> = kind.restarts().into_iter().map(|(_, count)| count).collect();
        assert_eq!(counts, [1, 1, 1, 1, 1, 1, 2]);
    }
}
