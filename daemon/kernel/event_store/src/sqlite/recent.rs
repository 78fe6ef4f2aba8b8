//! A bounded cache in two generations: what is used moves to the young one; when that is full it
//! becomes the old one, and what nobody used since is forgotten. Least recently used, nearly, in O(1).

use std::borrow::Borrow;
use std::collections::HashMap;
use std::hash::Hash;

pub(super) struct Recent<K, V> {
    young: HashMap<K, V>,
    old: HashMap<K, V>,
    generation_max: usize,
}

impl<K: Hash + Eq, V> Recent<K, V> {
    /// Keeps at least the last `entries_max / 2` used entries, never more than `entries_max`.
    pub(super) fn new(entries_max: usize) -> Self {
        Self { young: HashMap::new(), old: HashMap::new(), generation_max: (entries_max / 2).max(1) }
    }

    pub(super) fn get<Q: Hash + Eq + ?Sized>(&mut self, key: &Q) -> Option<&V>
    where
        K: Borrow<Q>,
    {
        if let Some((key, value)) = self.old.remove_entry(key) {
            self.insert(key, value);
        }
        self.young.get(key)
    }

    pub(super) fn insert(&mut self, key: K, value: V) {
        if self.young.len() >= self.generation_max && !self.young.contains_key(&key) {
            self.old = std::mem::take(&mut self.young);
        }
        self.old.remove(&key);
        self.young.insert(key, value);
    }

    pub(super) fn clear(&mut self) {
        self.young.clear();
        self.old.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::Recent;

    #[test]
    fn what_is_used_stays_and_what_is_not_leaves() {
        let mut recent = Recent::new(4);
        recent.insert("kept", 0);
        for i in 0..100 {
            recent.insert(["a", "b", "c", "d", "e"][i % 5], i);
            assert_eq!(recent.get("kept"), Some(&0), "round {i}");
            assert!(recent.young.len() + recent.old.len() <= 4);
        }
        assert_eq!(recent.get("a"), None);
    }

    #[test]
    fn an_entry_has_one_value_wherever_it_lies() {
        let mut recent = Recent::new(2);
        recent.insert("x", 1);
        recent.insert("y", 2);
        recent.insert("x", 3);
        recent.insert("z", 4);
        assert!(recent.get("x").is_none_or(|value| *value == 3));
    }
}
