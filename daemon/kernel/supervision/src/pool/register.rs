//! Who is in a pool: found by id without a lock over all, and shown in the order of their starts. Memory is
//! handed out in that order too, so that a look at ten thousand goes straight through it instead of across.

use crate::mailbox::Gauge;
use crate::node::{Members, Node};
use crate::{Addr, Message};
use dashmap::DashMap;
use ractor::ActorId;
use std::collections::{BTreeMap, HashSet};
use std::ops::Bound::{Excluded, Included};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

/// Whoever shows all takes so many at a time, and holds nobody up longer.
const TAKEN_AT_ONCE: usize = 64;

pub(super) struct Register<M: Message> {
    running: DashMap<String, Listed<M>>,
    order: Mutex<Order>,
    /// Those that are being started, or started again. Those of a pool that was killed meanwhile are here
    /// until nothing of them is left.
    arriving: DashMap<String, Weak<Node>>,
}

/// A child as its callers find it.
struct Listed<M: Message> {
    addr: Addr<M>,
    node: Arc<Node>,
    number: u64,
}

/// Those who run, each under the number of its start, with the gauge that is looked at with it.
#[derive(Default)]
struct Order {
    last: u64,
    nodes: BTreeMap<u64, (Arc<Node>, Arc<Gauge>)>,
}

impl<M: Message> Default for Register<M> {
    fn default() -> Self {
        Self { running: DashMap::new(), order: Mutex::default(), arriving: DashMap::new() }
    }
}

impl<M: Message> Register<M> {
    /// How many run.
    pub(super) fn len(&self) -> usize {
        self.running.len()
    }

    /// The child of that id, if it runs and takes messages.
    pub(super) fn whereis(&self, id: &str) -> Option<Addr<M>> {
        let listed = self.running.get(id)?;
        (!listed.addr.is_ending()).then(|| listed.addr.clone())
    }

    /// A new pool takes over; what is left of its predecessor is still shown.
    pub(super) fn reopen(&self) {
        self.arriving.retain(|_, node| node.strong_count() > 0);
    }

    /// This one is being started.
    pub(super) fn expect(&self, id: &str, node: &Arc<Node>) {
        self.arriving.insert(id.to_owned(), Arc::downgrade(node));
    }

    pub(super) fn expect_no_more(&self, id: &str) {
        self.arriving.remove(id);
    }

    /// This one runs.
    pub(super) fn enter(&self, id: &str, addr: Addr<M>, node: Arc<Node>) {
        // In this order, so that it can be seen all the time.
        let number = self.order().add(Arc::clone(&node), Arc::clone(addr.gauge()));
        if let Some(before) = self.running.insert(id.to_owned(), Listed { addr, node, number }) {
            self.order().nodes.remove(&before.number);
        }
        self.arriving.remove(id);
    }

    /// This one runs no more, unless a successor of that id does.
    pub(super) fn leave(&self, id: &str, actor: ActorId) {
        if let Some((_, left)) = self.running.remove_if(id, |_, listed| listed.addr.actor_id() == actor) {
            self.order().nodes.remove(&left.number);
        }
    }

    fn order(&self) -> MutexGuard<'_, Order> {
        self.order.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Order {
    fn add(&mut self, node: Arc<Node>, gauge: Arc<Gauge>) -> u64 {
        self.last += 1;
        self.nodes.insert(self.last, (node, gauge));
        self.last
    }

    /// The next of those who started after the first of these and not after the second.
    fn between(&self, after: u64, until: u64) -> Vec<(u64, Arc<Node>)> {
        let next = self.nodes.range((Excluded(after), Included(until))).take(TAKEN_AT_ONCE);
        for (_, (node, gauge)) in next.clone() {
            node.touch();
            gauge.touch();
        }
        next.map(|(number, (node, _))| (*number, Arc::clone(node))).collect()
    }
}

impl<M: Message> Members for Register<M> {
    fn each(&self, look: &mut dyn FnMut(&Arc<Node>)) {
        // First who arrives, then who runs, so that who comes up meanwhile is not missed; and nobody who
        // starts again meanwhile, or comes after one that does not end, is met twice.
        let arriving: Vec<_> = self.arriving.iter().filter_map(|node| node.upgrade()).collect();
        let known: HashSet<_> = arriving.iter().map(|node| &*node.path).collect();
        let (mut met, until) = (0, self.order().last);
        while met < until {
            let next = self.order().between(met, until);
            met = next.last().map_or(until, |(number, _)| *number);
            let running = next.iter().filter(|(_, node)| !known.contains(&*node.path));
            running.for_each(|(_, node)| look(node));
        }
        arriving.iter().for_each(look);
    }

    fn is_empty(&self) -> bool {
        // In this order, as below: who comes up meanwhile is in one of them.
        self.arriving.is_empty() && self.running.is_empty()
    }

    fn node(&self, id: &str) -> Option<Arc<Node>> {
        let running = || self.running.get(id).map(|listed| Arc::clone(&listed.node));
        let arriving = || self.arriving.get(id)?.upgrade();
        // Once more: who has come up in between is no longer there and already here.
        running().or_else(arriving).or_else(running)
    }
}
