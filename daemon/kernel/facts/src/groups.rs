//! Process groups for facts, on ractor's own groups: membership ends with the actor.

use dashmap::DashMap;
use hecate_event_store::RecordedEvent;
use hecate_supervision::{Addr, Me, Message};
use ractor::{ActorId, pg};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

/// The group that hears every fact.
pub const ALL: &str = "facts.all";

/// A recorded event on its way to a group: one allocation, shared by all members.
pub type Fact = Arc<RecordedEvent>;

/// The groups of one node; clones share them.
#[derive(Clone)]
pub struct Groups(Arc<Shared>);

struct Shared {
    /// Keeps two nodes in one process apart, in tests.
    scope: String,
    /// How each member takes a fact. ractor's groups know only raw actors, whose mailboxes have no bound.
    doors: DashMap<(String, ActorId), Arc<dyn Door>>,
    missed: AtomicU64,
}

/// A member's bounded mailbox, whatever else it understands.
trait Door: Send + Sync {
    fn tell(&self, fact: Fact) -> Told;

    fn is_closing(&self) -> bool;
}

enum Told {
    Yes,
    Full,
    Gone,
}

struct Wrapped<M: Message> {
    addr: Addr<M>,
    wrap: fn(Fact) -> M,
}

impl<M: Message> Door for Wrapped<M> {
    fn tell(&self, fact: Fact) -> Told {
        match self.addr.cast((self.wrap)(fact)) {
            Ok(()) => Told::Yes,
            Err(error) if error.is_gone() => Told::Gone,
            Err(_) => Told::Full,
        }
    }

    fn is_closing(&self) -> bool {
        self.addr.is_ending()
    }
}

impl Groups {
    /// Groups of a node of this name.
    pub fn new(node_id: &str) -> Groups {
        let scope = format!("facts@{node_id}");
        Groups(Arc::new(Shared { scope, doors: DashMap::new(), missed: AtomicU64::new(0) }))
    }

    /// Joins the actor to a group: an event type, or [`ALL`]. It leaves when it ends.
    pub fn join<M: Message>(&self, me: &Me<M>, group: &str, wrap: fn(Fact) -> M) {
        let addr = me.addr().clone();
        let cell = addr.cell();
        // ractor takes a member that ended out of its groups by itself; its door goes here.
        self.0.doors.retain(|_, door| !door.is_closing());
        self.0.doors.insert((group.to_owned(), me.actor_id()), Arc::new(Wrapped { addr, wrap }));
        pg::join_scoped(self.0.scope.clone(), group.to_owned(), vec![cell]);
    }

    /// Tells a fact to the group of its type and to [`ALL`]. Never waits: a full member misses it, which
    /// is counted, and finds it in the log.
    pub fn tell(&self, fact: &Fact) {
        self.tell_group(&fact.event_type, fact);
        self.tell_group(ALL, fact);
    }

    /// Facts that found a member's mailbox full, since the beginning.
    pub fn missed(&self) -> u64 {
        self.0.missed.load(Relaxed)
    }

    /// The raw actors of a group, for tests that kill them.
    #[cfg(test)]
    pub(crate) fn members(&self, group: &str) -> Vec<ractor::ActorCell> {
        pg::get_scoped_members(&self.0.scope, &group.to_owned())
    }

    fn tell_group(&self, group: &str, fact: &Fact) {
        for member in pg::get_scoped_members(&self.0.scope, &group.to_owned()) {
            let name = (group.to_owned(), member.get_id());
            let door = self.0.doors.get(&name).map(|door| Arc::clone(&door));
            match door.map(|door| door.tell(Arc::clone(fact))) {
                Some(Told::Yes) => {}
                Some(Told::Full) => {
                    let missed = self.0.missed.fetch_add(1, Relaxed) + 1;
                    tracing::warn!(
                        group,
                        position = fact.position,
                        missed,
                        "a member was full and missed a fact"
                    );
                }
                Some(Told::Gone) | None => drop(self.0.doors.remove(&name)),
            }
        }
    }
}
