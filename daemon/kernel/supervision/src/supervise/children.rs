//! The children of one supervisor in start order. A place is kept for as long as OTP keeps the spec:
//! until the child is deleted, or, when it is temporary, until it ends.

use super::retry::Turn;
use super::rules::{ChildRules, ChildType};
use crate::ExitReason;
use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;

/// The place of a child. Places are never given twice.
pub(crate) type Key = u64;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ChildState {
    /// It ended for good, was stopped, or was not needed: OTP's `undefined`.
    Down,
    Starting,
    Running,
    Stopping,
    /// A restart failed and will be tried again.
    Restarting,
}

#[derive(Clone, Debug)]
pub(crate) struct ChildRecord {
    /// Its turn among its siblings.
    rank: u64,
    pub(crate) rules: ChildRules,
    pub(crate) state: ChildState,
    /// Restarts that failed in a row.
    pub(crate) failures: u32,
    /// Why the last one failed.
    pub(crate) failure: Option<ExitReason>,
    /// When it is tried again.
    pub(crate) turn: Turn,
}

/// OTP's count of children, by their specs and by what runs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ChildCounts {
    /// Specs, whether their children run or not; a pool has one for all.
    pub specs: usize,
    /// Children that run.
    pub active: usize,
    /// Children that are supervisors, running or not.
    pub supervisors: usize,
    /// Children that are workers, running or not.
    pub workers: usize,
}

#[derive(Clone, Debug, Default)]
pub(crate) struct Children {
    places: BTreeMap<Key, ChildRecord>,
    /// The places by their turns, which is start order.
    order: BTreeMap<u64, Key>,
    by_id: HashMap<Arc<str>, Key>,
    next: Key,
}

impl Children {
    /// Gives the child the last place.
    pub(crate) fn add(&mut self, rules: ChildRules) -> Key {
        let key = self.next;
        self.next += 1;
        self.by_id.insert(Arc::clone(&rules.id), key);
        let rank = self.order.last_key_value().map_or(0, |(rank, _)| rank + 1);
        self.order.insert(rank, key);
        let (state, turn) = (ChildState::Down, Turn::default());
        self.places.insert(key, ChildRecord { rank, rules, state, failures: 0, failure: None, turn });
        key
    }

    pub(crate) fn remove(&mut self, key: Key) {
        if let Some(child) = self.places.remove(&key) {
            self.by_id.remove(&child.rules.id);
            self.order.remove(&child.rank);
        }
    }

    pub(crate) fn get(&self, key: Key) -> Option<&ChildRecord> {
        self.places.get(&key)
    }

    pub(crate) fn get_mut(&mut self, key: Key) -> Option<&mut ChildRecord> {
        self.places.get_mut(&key)
    }

    pub(crate) fn find(&self, id: &str) -> Option<(Key, &ChildRecord)> {
        let key = *self.by_id.get(id)?;
        Some((key, self.places.get(&key)?))
    }

    pub(crate) fn state(&self, key: Key) -> Option<ChildState> {
        self.get(key).map(|child| child.state)
    }

    pub(crate) fn set_state(&mut self, key: Key, state: ChildState) {
        if let Some(child) = self.get_mut(key) {
            child.state = state;
        }
    }

    /// All places in start order.
    pub(crate) fn keys(&self) -> impl DoubleEndedIterator<Item = Key> + '_ {
        self.order.values().copied()
    }

    /// A child and those that start after it, in start order.
    pub(crate) fn keys_from(&self, first: Key) -> impl DoubleEndedIterator<Item = Key> + '_ {
        let rank = self.get(first).map_or(u64::MAX, |child| child.rank);
        self.order.range(rank..).map(|(_, key)| *key)
    }

    /// Gives these the first turns, in this order; the others follow as they did.
    pub(crate) fn put_first(&mut self, first: &[Key]) {
        let listed: HashSet<Key> = first.iter().copied().collect();
        let others = self.keys().filter(|key| !listed.contains(key));
        let turns: Vec<Key> = first.iter().copied().chain(others).collect();
        self.order = (0..).zip(turns).collect();
        for (rank, key) in &self.order {
            if let Some(child) = self.places.get_mut(key) {
                child.rank = *rank;
            }
        }
    }

    /// All places and their states, in start order.
    pub(crate) fn states(&self) -> impl DoubleEndedIterator<Item = (Key, ChildState)> + '_ {
        self.keys().filter_map(|key| Some((key, self.state(key)?)))
    }

    /// True when a significant child runs or is about to.
    pub(crate) fn significant_are_left(&self) -> bool {
        self.places.values().any(|child| child.rules.significant && child.state != ChildState::Down)
    }

    pub(crate) fn counts(&self) -> ChildCounts {
        let mut counts = ChildCounts { specs: self.places.len(), ..ChildCounts::default() };
        for child in self.places.values() {
            counts.active += usize::from(child.state == ChildState::Running);
            match child.rules.child_type {
                ChildType::Supervisor => counts.supervisors += 1,
                ChildType::Worker => counts.workers += 1,
            }
        }
        counts
    }
}
