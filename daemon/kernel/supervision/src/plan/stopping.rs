//! How long a tree may take to stop, by what its file allows: children stop one after another, each within its
//! own limit, and the children of a pool all at once.

use super::{ChildSpec, Plan, Role};
use std::time::Duration;

/// A place and how long it may take to end; `None` is without end.
pub type Patience = (String, Option<Duration>);

impl Plan {
    /// How long the whole tree may take to stop; `None` is without end. Whoever stops it may kill what is
    /// left before.
    pub fn stops_within(&self) -> Option<Duration> {
        self.root.stops_within()
    }

    /// The actors and pools, each with how long it may take to end.
    pub fn patience(&self) -> Vec<Patience> {
        let mut places = Vec::new();
        self.root.list_patience(&mut places);
        places
    }
}

impl ChildSpec {
    /// A supervisor waits for each of its children in turn, but no longer than it is waited for itself.
    fn stops_within(&self) -> Option<Duration> {
        let own = self.shutdown.limit();
        match &self.role {
            Role::Worker(_) => own,
            Role::Pool(spec) => spec.flags.shutdown.limit(),
            Role::Supervisor(spec) => {
                let below: Option<Duration> = spec.children.iter().map(|child| child.stops_within()).sum();
                match (own, below) {
                    (Some(own), Some(below)) => Some(own.min(below)),
                    (own, below) => own.or(below),
                }
            }
        }
    }

    fn list_patience(&self, places: &mut Vec<Patience>) {
        match &self.role {
            Role::Supervisor(spec) => spec.children.iter().for_each(|child| child.list_patience(places)),
            Role::Worker(_) | Role::Pool(_) => places.push((self.path.to_string(), self.stops_within())),
        }
    }
}
