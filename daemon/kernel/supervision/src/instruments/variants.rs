//! What an actor has handled, by variant of message. The actor alone writes, anybody reads, nobody locks:
//! a chain that only grows, with one link per variant. The numbers of the variants are their kind's, given once
//! for all of its actors, so that who reads the last message of ten thousand looks up its name in one place.

use hecate_proto::debug as proto;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

/// Beyond so many variants they are counted together; the numbers of the known ones fit into a byte.
const VARIANTS_MAX: u8 = 64;
/// The name of those counted together.
const OTHER: &str = "other";

/// The variants of a kind, each under its number: from 1, in the order of their first use.
#[derive(Debug)]
pub(crate) struct Names([OnceLock<&'static str>; VARIANTS_MAX as usize - 1]);

impl Default for Names {
    fn default() -> Self {
        Self([const { OnceLock::new() }; VARIANTS_MAX as usize - 1])
    }
}

impl Names {
    fn number(&self, name: &'static str) -> u8 {
        let place = self.0.iter().position(|known| is_same(known.get_or_init(|| name), name));
        place.map_or(VARIANTS_MAX, |place| place as u8 + 1)
    }

    /// The name behind a number.
    pub(crate) fn name(&self, number: u8) -> Option<&'static str> {
        match number {
            VARIANTS_MAX => Some(OTHER),
            known => self.0.get(usize::from(known).checked_sub(1)?)?.get().copied(),
        }
    }
}

/// Names are literals: mostly the very same one.
fn is_same(one: &str, other: &str) -> bool {
    std::ptr::eq(one, other) || one == other
}

/// One actor's.
#[derive(Debug, Default)]
pub(crate) struct Variants {
    first: OnceLock<Box<Slot>>,
}

/// One variant, or all those that are counted together.
#[derive(Debug)]
pub(crate) struct Slot {
    name: &'static str,
    number: u8,
    count: AtomicU64,
    measured: AtomicU64,
    measured_ns: AtomicU64,
    max_ns: AtomicU64,
    next: OnceLock<Box<Slot>>,
}

impl Slot {
    fn new(name: &'static str, names: &Names) -> Box<Self> {
        let zero = AtomicU64::default;
        let number = names.number(name);
        let name = if number == VARIANTS_MAX { OTHER } else { name };
        let (count, measured, measured_ns, max_ns) = (zero(), zero(), zero(), zero());
        Box::new(Self { name, number, count, measured, measured_ns, max_ns, next: OnceLock::new() })
    }

    /// By which its kind knows it.
    pub(crate) fn number(&self) -> u8 {
        self.number
    }

    fn counts(&self, name: &'static str, names: &Names) -> bool {
        is_same(self.name, name) || (self.number == VARIANTS_MAX && names.number(name) == VARIANTS_MAX)
    }

    pub(crate) fn count(&self) {
        add(&self.count, 1);
    }

    pub(crate) fn measure(&self, ns: u64) {
        add(&self.measured, 1);
        add(&self.measured_ns, ns);
        self.max_ns.store(self.max_ns.load(Relaxed).max(ns), Relaxed);
    }

    fn show(&self) -> proto::Variant {
        let measured = self.measured.load(Relaxed).max(1);
        proto::Variant {
            name: self.name.into(),
            count: self.count.load(Relaxed),
            mean_ns: self.measured_ns.load(Relaxed) / measured,
            max_ns: self.max_ns.load(Relaxed),
        }
    }
}

/// For a counter that one task alone writes.
pub(crate) fn add(counter: &AtomicU64, more: u64) {
    counter.store(counter.load(Relaxed).wrapping_add(more), Relaxed);
}

impl Variants {
    /// The slot of that variant; a new one at its first use. For the actor alone.
    pub(crate) fn slot(&self, name: &'static str, names: &Names) -> &Slot {
        let mut place = &self.first;
        loop {
            let slot = place.get_or_init(|| Slot::new(name, names));
            if slot.counts(name, names) {
                return slot;
            }
            place = &slot.next;
        }
    }

    fn slots(&self) -> impl Iterator<Item = &Slot> {
        std::iter::successors(self.first.get(), |slot| slot.next.get()).map(|slot| &**slot)
    }

    pub(crate) fn show(&self) -> Vec<proto::Variant> {
        self.slots().map(Slot::show).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_variant_is_counted_and_measured_on_its_own() {
        let (variants, names) = (Variants::default(), Names::default());
        for (name, ns) in [("ask", 10), ("tell", 5), ("ask", 30)] {
            let slot = variants.slot(name, &names);
            slot.count();
            slot.measure(ns);
        }
        variants.slot("ask", &names).count();
        let shown: Vec<_> = variants.show();
        let ask = proto::Variant { name: "ask".into(), count: 3, mean_ns: 20, max_ns: 30 };
        let tell = proto::Variant { name: "tell".into(), count: 1, mean_ns: 5, max_ns: 5 };
        assert_eq!(shown, [ask, tell]);
        assert_eq!([0, 1, 2, 3].map(|number| names.name(number)), [None, Some("ask"), Some("tell"), None]);
    }

    #[test]
    fn actors_of_a_kind_know_a_variant_by_the_same_number() {
        let (one, other, names) = (Variants::default(), Variants::default(), Names::default());
        let first = [one.slot("ask", &names).number(), one.slot("tell", &names).number()];
        assert_eq!(first, [1, 2]);
        assert_eq!([other.slot("tell", &names).number(), other.slot("ask", &names).number()], [2, 1]);
    }

    fn literal(number: usize) -> &'static str {
        Box::leak(format!("v{number}").into_boxed_str())
    }

    #[test]
    fn too_many_variants_are_counted_together() {
        let (variants, names) = (Variants::default(), Names::default());
        for number in 0..100 {
            variants.slot(literal(number), &names).count();
        }
        let shown = variants.show();
        assert_eq!(shown.len(), 64);
        let last = shown.last().unwrap();
        assert_eq!((last.name.as_str(), last.count), ("other", 37));
        assert_eq!(shown.iter().map(|it| it.count).sum::<u64>(), 100);
    }

    #[test]
    fn who_begins_with_one_too_many_counts_the_known_ones_on_their_own() {
        let (variants, names) = (Variants::default(), Names::default());
        for number in 0..63 {
            Variants::default().slot(literal(number), &names);
        }
        for number in [99, 5, 98, 5, 99] {
            variants.slot(literal(number), &names).count();
        }
        let shown: Vec<_> = variants.show().into_iter().map(|it| (it.name, it.count)).collect();
        assert_eq!(shown, [("other".to_owned(), 3), ("v5".to_owned(), 2)]);
        assert_eq!((names.name(64), names.name(65)), (Some("other"), None));
    }
}
