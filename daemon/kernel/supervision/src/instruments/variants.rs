//! What an actor has handled, by variant of message. The actor alone writes, anybody reads, nobody locks:
//! a chain that only grows, with one link per variant.

use hecate_proto::debug as proto;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

/// Beyond so many variants they are counted together; the numbers of the known ones fit into a byte.
const VARIANTS_MAX: u8 = 64;
/// The name of those counted together.
const OTHER: &str = "other";

#[derive(Debug, Default)]
pub(crate) struct Variants {
    first: OnceLock<Box<Slot>>,
}

/// One variant.
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
    fn new(name: &'static str, number: u8) -> Box<Self> {
        let zero = AtomicU64::default;
        let (count, measured, measured_ns, max_ns) = (zero(), zero(), zero(), zero());
        Box::new(Self { name, number, count, measured, measured_ns, max_ns, next: OnceLock::new() })
    }

    /// From 1 in the order of their first use.
    pub(crate) fn number(&self) -> u8 {
        self.number
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
    pub(crate) fn slot(&self, name: &'static str) -> &Slot {
        let mut place = &self.first;
        for number in 1..VARIANTS_MAX {
            let slot = place.get_or_init(|| Slot::new(name, number));
            // Names are literals: mostly the very same one.
            if std::ptr::eq(slot.name, name) || slot.name == name {
                return slot;
            }
            place = &slot.next;
        }
        place.get_or_init(|| Slot::new(OTHER, VARIANTS_MAX))
    }

    fn slots(&self) -> impl Iterator<Item = &Slot> {
        std::iter::successors(self.first.get(), |slot| slot.next.get()).map(|slot| &**slot)
    }

    /// The name behind a slot's number.
    pub(crate) fn name(&self, number: u8) -> Option<&'static str> {
        self.slots().find(|slot| slot.number == number).map(|slot| slot.name)
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
        let variants = Variants::default();
        for (name, ns) in [("ask", 10), ("tell", 5), ("ask", 30)] {
            let slot = variants.slot(name);
            slot.count();
            slot.measure(ns);
        }
        variants.slot("ask").count();
        let shown: Vec<_> = variants.show();
        let ask = proto::Variant { name: "ask".into(), count: 3, mean_ns: 20, max_ns: 30 };
        let tell = proto::Variant { name: "tell".into(), count: 1, mean_ns: 5, max_ns: 5 };
        assert_eq!(shown, [ask, tell]);
        assert_eq!((variants.name(1), variants.name(2), variants.name(3)), (Some("ask"), Some("tell"), None));
    }

    #[test]
    fn too_many_variants_are_counted_together() {
        let variants = Variants::default();
        for number in 0..100 {
            variants.slot(Box::leak(format!("v{number}").into_boxed_str())).count();
        }
        let shown = variants.show();
        assert_eq!(shown.len(), 64);
        let last = shown.last().unwrap();
        assert_eq!((last.name.as_str(), last.count), ("other", 37));
        assert_eq!(shown.iter().map(|it| it.count).sum::<u64>(), 100);
    }
}
