//! The children of one supervisor in start order. A place is kept for as long as OTP keeps the spec:
//! until the child is deleted, or, when it is temporary, until it ends.

use super::rules::{ChildRules, ChildType};
use crate::ExitReason;
use crate::plan::Restart;
use std::collections::{BTreeMap, HashMap};
use std::ops::RangeFrom;
use std::sync::Arc;

/// The place of a child. Places grow in start order and are never given twice.
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
pub(crate) struct Child {
    pub(crate) rules: ChildRules,
    pub(crate) state: ChildState,
    /// Restarts that failed in a row.
    pub(crate) failures: u32,
    /// Why the last one failed.
    pub(crate) failure: Option<ExitReason>,
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
    places: BTreeMap<Key, Child>,
    by_id: HashMap<Arc<str>, Key>,
    next: Key,
}

impl Children {
    /// Gives the child the last place.
    pub(crate) fn add(&mut self, rules: ChildRules) -> Key {
        let key = self.next;
        self.next += 1;
        self.by_id.insert(Arc::clone(&rules.id), key);
        self.places.insert(key, Child { rules, state: ChildState::Down, failures: 0, failure: None });
        key
    }

    pub(crate) fn remove(&mut self, key: Key) {
        if let Some(child) = self.places.remove(&key) {
            self.by_id.remove(&child.rules.id);
        }
    }

    pub(crate) fn get(&self, key: Key) -> Option<&Child> {
        self.places.get(&key)
    }

    pub(crate) fn get_mut(&mut self, key: Key) -> Option<&mut Child> {
        self.places.get_mut(&key)
    }

    pub(crate) fn find(&self, id: &str) -> Option<(Key, &Child)> {
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

    /// From one place on, in start order.
    pub(crate) fn keys(&self, from: RangeFrom<Key>) -> impl DoubleEndedIterator<Item = Key> + '_ {
        self.places.range(from).map(|(key, _)| *key)
    }

    /// All places and their states, in start order.
    pub(crate) fn states(&self) -> impl DoubleEndedIterator<Item = (Key, ChildState)> + '_ {
        self.places.iter().map(|(key, child)| (*key, child.state))
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

impl Restart {
    /// OTP's table: whether a child that ended by itself is started again.
    pub(crate) fn follows(self, reason: &ExitReason) -> bool {
        match self {
            Self::Permanent => true,
            Self::Transient => !reason.is_clean(),
            Self::Temporary => false,
        }
    }
}
