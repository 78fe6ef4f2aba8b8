//! Process groups for facts, by the rules of OTP's `pg`: who joined hears, and whoever ends is in no group.
//! Membership shows in ractor's own groups; the facts go through bounded mailboxes, which those do not know.

mod door;
mod group;
mod misses;
mod shown;

use dashmap::{DashMap, Entry};
use door::Wrapped;
use group::{Group, Member};
use hecate_event_store::RecordedEvent;
use hecate_supervision::{Me, Message};
use ractor::{ActorId, pg};
pub use shown::{GroupShown, Present};
use std::collections::HashSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::Instant;

/// The group that hears every fact.
pub const ALL: &str = "facts.all";

/// A recorded event on its way to a group: one allocation, shared by all members.
pub type Fact = Arc<RecordedEvent>;

/// The groups of one node; clones share them.
///
/// One deliberate difference to OTP's `pg`: a group is a set. Who joins twice is in it once, hears each
/// fact once, and is out after one [`Groups::leave`].
#[derive(Clone)]
pub struct Groups(Arc<Shared>);

struct Shared {
    /// Keeps two nodes in one process apart, in tests.
    scope: String,
    /// Those that have a member or a publisher.
    groups: DashMap<Arc<str>, Arc<Group>>,
    /// The groups that each actor has a part in, until it ends. Locked before a group is.
    parts: DashMap<ActorId, HashSet<Arc<str>>>,
    missed: AtomicU64,
    /// To the members of groups that are there no more.
    delivered_before: AtomicU64,
    since: Instant,
}

impl Groups {
    /// Groups of a node of this name: the scope `facts@NODE_ID` of ractor's groups.
    pub fn new(node_id: &str) -> Groups {
        Groups(Arc::new(Shared {
            scope: format!("facts@{node_id}"),
            groups: DashMap::new(),
            parts: DashMap::new(),
            missed: AtomicU64::new(0),
            delivered_before: AtomicU64::new(0),
            since: Instant::now(),
        }))
    }

    /// Joins the actor to a group: an event type, or [`ALL`]. It leaves when it ends, before a successor
    /// starts. One that ends already joins nothing.
    pub fn join<M: Message>(&self, me: &Me<M>, group: &str, wrap: fn(Fact) -> M) {
        self.take_part(me, group, |group| {
            let addr = me.addr().clone();
            let cell = addr.cell();
            group.admit(Member { id: me.actor_id(), door: Arc::new(Wrapped { addr, wrap }) });
            pg::join_scoped(self.0.scope.clone(), group.name().to_owned(), vec![cell]);
        });
    }

    /// Takes the actor out of a group. Answers whether it was in it.
    pub fn leave<M: Message>(&self, me: &Me<M>, group: &str) -> bool {
        let Some(mut parts) = self.0.parts.get_mut(&me.actor_id()) else { return false };
        let Some(left) = self.0.group(group) else { return false };
        if !left.dismiss(me.actor_id()) {
            return false;
        }
        pg::leave_scoped(self.0.scope.clone(), group.to_owned(), vec![me.addr().cell()]);
        if !left.is_published_by(me.actor_id()) {
            parts.remove(group);
        }
        self.0.drop_unused(group);
        true
    }

    /// Says that the actor tells facts of these types, until it ends. It is only shown.
    pub fn publish<M: Message>(&self, me: &Me<M>, event_types: &[&str]) {
        for group in event_types.iter().chain([&ALL]) {
            self.take_part(me, group, |group| group.announce(me.actor_id()));
        }
    }

    /// Tells a fact to the group of its type and to [`ALL`]. Never waits: a full member misses it, which
    /// is counted, and finds it in the log.
    pub fn tell(&self, fact: &Fact) {
        for group in [&*fact.event_type, ALL] {
            let Some(group) = self.0.group(group) else { continue };
            let missed = group.tell(fact, || self.0.since.elapsed());
            self.0.missed.fetch_add(missed, Relaxed);
        }
    }

    /// Facts that found a member's mailbox full, since the beginning.
    pub fn missed(&self) -> u64 {
        self.0.missed.load(Relaxed)
    }

    /// Facts that were put into a mailbox, one for each member, since the beginning.
    pub fn delivered(&self) -> u64 {
        let now: u64 = self.0.groups.iter().map(|group| group.delivered()).sum();
        self.0.delivered_before.load(Relaxed) + now
    }

    /// The raw actors of a group, for tests that kill them.
    #[cfg(test)]
    pub(crate) fn members(&self, group: &str) -> Vec<ractor::ActorCell> {
        pg::get_scoped_members(&self.0.scope, &group.to_owned())
    }

    fn take_part<M: Message>(&self, me: &Me<M>, group: &str, part: impl FnOnce(&Group)) {
        if me.addr().is_ending() {
            return;
        }
        if self.0.take_part(me.actor_id(), group, part) {
            let farewell = Farewell { groups: Arc::clone(&self.0), actor: me.actor_id() };
            // Aborted when the actor ends, on whatever road, or at once when it just has.
            me.attach(async move {
                let _farewell = farewell;
                std::future::pending().await
            });
        }
    }
}

impl Shared {
    fn group(&self, name: &str) -> Option<Arc<Group>> {
        self.groups.get(name).map(|group| Arc::clone(&group))
    }

    /// Answers whether this is the first part that the actor takes in anything.
    fn take_part(&self, actor: ActorId, name: &str, part: impl FnOnce(&Group)) -> bool {
        let entry = self.parts.entry(actor);
        let newcomer = matches!(entry, Entry::Vacant(_));
        let mut parts = entry.or_default();
        let name: Arc<str> = name.into();
        parts.insert(Arc::clone(&name));
        // The group stays locked in its place meanwhile, so that nobody drops it as unused.
        part(&self.groups.entry(Arc::clone(&name)).or_insert_with(|| Arc::new(Group::new(name))));
        newcomer
    }

    /// Forgets an actor that has ended. ractor has taken it out of its own groups.
    fn forget(&self, actor: ActorId) {
        let Some((_, parts)) = self.parts.remove(&actor) else { return };
        for name in parts {
            if let Some(group) = self.group(&name) {
                group.dismiss(actor);
                group.renounce(actor);
            }
            self.drop_unused(&name);
        }
    }

    fn drop_unused(&self, name: &str) {
        if let Some((_, dropped)) = self.groups.remove_if(name, |_, group| group.is_unused()) {
            self.delivered_before.fetch_add(dropped.delivered(), Relaxed);
        }
    }
}

/// Dropped with its actor.
struct Farewell {
    groups: Arc<Shared>,
    actor: ActorId,
}

impl Drop for Farewell {
    fn drop(&mut self) {
        self.groups.forget(self.actor);
    }
}
