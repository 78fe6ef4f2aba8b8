//! One group: its members as a list that is shared with whoever tells them, and copied only when it has
//! to change in the meantime. So a telling holds no lock and costs no allocation, and a join costs a copy
//! only when it meets one.

use super::door::{Door, Told};
use super::misses::Misses;
use super::{Fact, GroupShown, Present};
use ractor::ActorId;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};
use std::time::Duration;

#[derive(Clone)]
pub(super) struct Member {
    pub(super) id: ActorId,
    pub(super) door: Arc<dyn Door>,
}

pub(super) struct Group {
    name: Arc<str>,
    members: RwLock<Arc<Vec<Member>>>,
    publishers: Mutex<Vec<ActorId>>,
    delivered: AtomicU64,
    misses: Misses,
}

impl Group {
    pub(super) fn new(name: Arc<str>) -> Group {
        Group {
            name,
            members: RwLock::default(),
            publishers: Mutex::default(),
            delivered: AtomicU64::new(0),
            misses: Misses::default(),
        }
    }

    pub(super) fn name(&self) -> &str {
        &self.name
    }

    /// The members of this moment.
    fn members(&self) -> Arc<Vec<Member>> {
        Arc::clone(&self.members.read().unwrap_or_else(PoisonError::into_inner))
    }

    fn publishers(&self) -> MutexGuard<'_, Vec<ActorId>> {
        self.publishers.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn change<T>(&self, change: impl FnOnce(&mut Vec<Member>) -> T) -> T {
        let mut members = self.members.write().unwrap_or_else(PoisonError::into_inner);
        change(Arc::make_mut(&mut members))
    }

    /// Takes a member in; one that joins again hears through its new door.
    pub(super) fn admit(&self, member: Member) {
        self.change(|members| match members.iter_mut().find(|known| known.id == member.id) {
            Some(known) => *known = member,
            None => members.push(member),
        });
    }

    /// Answers whether it was a member.
    pub(super) fn dismiss(&self, actor: ActorId) -> bool {
        if self.members().iter().all(|member| member.id != actor) {
            return false;
        }
        self.change(|members| members.retain(|member| member.id != actor));
        true
    }

    pub(super) fn announce(&self, actor: ActorId) {
        let mut publishers = self.publishers();
        if !publishers.contains(&actor) {
            publishers.push(actor);
        }
    }

    pub(super) fn renounce(&self, actor: ActorId) {
        self.publishers().retain(|publisher| *publisher != actor);
    }

    pub(super) fn is_published_by(&self, actor: ActorId) -> bool {
        self.publishers().contains(&actor)
    }

    pub(super) fn is_unused(&self) -> bool {
        self.members().is_empty() && self.publishers().is_empty()
    }

    /// Facts that were put into a mailbox, one for each member.
    pub(super) fn delivered(&self) -> u64 {
        self.delivered.load(Relaxed)
    }

    /// Tells the members of this moment. Answers how many were full.
    pub(super) fn tell(&self, fact: &Fact, now: impl FnOnce() -> Duration) -> u64 {
        let (mut delivered, mut missed) = (0, 0);
        for member in self.members().iter() {
            match member.door.tell(Arc::clone(fact)) {
                Told::Yes => delivered += 1,
                Told::Full => missed += 1,
                Told::Gone => {}
            }
        }
        self.delivered.fetch_add(delivered, Relaxed);
        self.misses.add(missed);
        if let Some(unsaid) = self.misses.to_say(now) {
            let (group, missed) = (&*self.name, self.misses.total());
            let position = fact.position;
            tracing::warn!(group, position, unsaid, missed, "full members missed facts; the log has them");
        }
        missed
    }

    /// As an operator sees it.
    pub(super) fn show(&self, present: impl Fn(ActorId) -> Present) -> GroupShown {
        GroupShown {
            group: self.name.to_string(),
            members: self.members().iter().map(|member| present(member.id)).collect(),
            publishers: self.publishers().iter().map(|publisher| present(*publisher)).collect(),
            deliveries: self.delivered.load(Relaxed),
            missed: self.misses.total(),
        }
    }
}
