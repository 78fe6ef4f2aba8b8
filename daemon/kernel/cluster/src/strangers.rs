//! Who knocked with a key that nobody pinned. Each is told of the first, second, fourth, eighth … time, so that one
//! that knocks on and on is no flood of lines, and hides no other.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

/// Strangers that are told apart; those beyond count as one.
const TOLD_APART_MAX: usize = 64;
/// The name of those beyond. No node has it.
const OTHERS: &str = "others";

/// The strangers so far.
#[derive(Debug, Default)]
pub(crate) struct Strangers(Mutex<Knocks>);

#[derive(Debug, Default)]
struct Knocks {
    all: u64,
    by_name: BTreeMap<String, u64>,
}

impl Strangers {
    /// How often anybody knocked.
    pub(crate) fn all(&self) -> u64 {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).all
    }

    /// Counts one knock. Answers how often this one has knocked, where that is to be told.
    pub(crate) fn knocked(&self, name: &str) -> Option<u64> {
        let mut knocks = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        knocks.all += 1;
        let is_known = knocks.by_name.contains_key(name) || knocks.by_name.len() < TOLD_APART_MAX;
        let times = knocks.by_name.entry(if is_known { name } else { OTHERS }.to_owned()).or_default();
        *times += 1;
        Some(*times).filter(|times| times.is_power_of_two())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whoever_knocks_on_is_told_ever_more_rarely_and_hides_no_other() {
        let strangers = Strangers::default();
        let told: Vec<u64> = (0..100).filter_map(|_| strangers.knocked("one")).collect();
        assert_eq!(told, [1, 2, 4, 8, 16, 32, 64]);
        assert_eq!((strangers.knocked("two"), strangers.all()), (Some(1), 101));
    }

    #[test]
    fn too_many_strangers_are_counted_as_one() {
        let strangers = Strangers::default();
        let told = (0..1_000).filter(|nth| strangers.knocked(&format!("node {nth}")).is_some()).count();
        assert_eq!((told, strangers.all()), (TOLD_APART_MAX + 10, 1_000), "936 others: 1, 2, 4 … 512");
    }
}
