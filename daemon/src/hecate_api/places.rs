//! Places for connections and for streams, in all and by user, so that one user's runaway client leaves room
//! for the others.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Counts what is open.
pub(super) struct Places {
    all_max: usize,
    per_uid_max: usize,
    taken: Mutex<Taken>,
}

#[derive(Default)]
struct Taken {
    all: usize,
    by_uid: HashMap<u32, usize>,
}

/// Which bound was met.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum NoPlace {
    #[error("too many in all")]
    All,
    #[error("too many of this user")]
    Uid,
}

/// One place, given back when dropped.
pub(super) struct Place {
    places: Arc<Places>,
    uid: u32,
}

impl Places {
    pub(super) fn new(all_max: usize, per_uid_max: usize) -> Arc<Places> {
        Arc::new(Places { all_max, per_uid_max, taken: Mutex::default() })
    }

    /// Takes a place for this user.
    pub(super) fn take(self: &Arc<Self>, uid: u32) -> Result<Place, NoPlace> {
        let mut taken = self.taken();
        if taken.all >= self.all_max {
            return Err(NoPlace::All);
        }
        let own = taken.by_uid.entry(uid).or_default();
        if *own >= self.per_uid_max {
            return Err(NoPlace::Uid);
        }
        *own += 1;
        taken.all += 1;
        Ok(Place { places: Arc::clone(self), uid })
    }

    fn taken(&self) -> MutexGuard<'_, Taken> {
        self.taken.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut taken = self.places.taken();
        taken.all -= 1;
        if let Some(own) = taken.by_uid.get_mut(&self.uid) {
            *own -= 1;
            if *own == 0 {
                taken.by_uid.remove(&self.uid);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_refused_at_either_bound_and_comes_back() {
        let places = Places::new(3, 2);
        let first = places.take(1).ok();
        let _second = places.take(1).ok();
        assert_eq!(places.take(1).err(), Some(NoPlace::Uid));
        let _third = places.take(2).ok();
        assert_eq!(places.take(3).err(), Some(NoPlace::All));
        drop(first);
        assert!(places.take(1).is_ok());
    }

    #[test]
    fn users_without_a_place_are_forgotten() {
        let places = Places::new(10, 2);
        for uid in 0..1_000 {
            drop(places.take(uid));
        }
        assert!(places.taken().by_uid.is_empty());
    }
}
