//! How a pool ends its children: one, the idlest, or all at once.

use super::driver::{Control, Driver, tell};
use crate::node::{Occupant, Status};
use crate::plan::Shutdown;
use crate::{Actor, clock};
use ractor::ActorId;
use std::time::Duration;

impl<A: Actor> Driver<A> {
    /// Asks up to `count` idle children to end, the least recently asked first; answers whom. Whatever
    /// still reached one of them is handled before it goes.
    pub(super) fn end_idlest(&mut self, count: usize) -> Vec<String> {
        let now_ms = clock::coarse_now_ms();
        if self.all_busy_at_ms == Some(now_ms) {
            return Vec::new();
        }
        let idle = self.children.iter().filter_map(|(id, child)| Some((child.idle_since()?, id)));
        let mut idle: Vec<_> = idle.filter(|(_, id)| self.core.may_leave(id)).collect();
        if idle.len() < count {
            self.all_busy_at_ms = Some(now_ms);
        } else {
            idle.select_nth_unstable(count - 1);
            idle.truncate(count);
        }
        let idlest: Vec<String> = idle.into_iter().map(|(_, id)| id.clone()).collect();
        self.make_leave(&idlest);
        idlest
    }

    /// Their own policy, except that nothing queued is dropped.
    fn make_leave(&self, ids: &[String]) {
        let policy = self.spec.flags.shutdown;
        let mut leaving = Vec::with_capacity(ids.len());
        for (id, (occupant, addr)) in ids.iter().filter_map(|id| Some((id, self.running(id)?))) {
            match policy {
                Shutdown::BrutalKill => occupant.cell.kill(),
                Shutdown::Within(_) | Shutdown::Drain(_) | Shutdown::Infinity => occupant.drain(),
            }
            leaving.push((id.clone(), addr.actor_id()));
        }
        tracing::debug!(path = &*self.path, children = leaving.len(), "idle children make room");
        self.tell_after(policy.limit(), Control::Overdue(leaving));
    }

    fn tell_after(&self, limit: Option<Duration>, control: Control<A>) {
        let (Some(limit), me) = (limit, self.me.clone()) else { return };
        tokio::spawn(async move {
            tokio::time::sleep(limit).await;
            tell(&me, control);
        });
    }

    /// All at once, one deadline for the whole set.
    pub(super) fn stop_all(&mut self) {
        self.stopping = true;
        self.node.set_status(Status::Draining);
        self.shared.close(&self.me);
        for child in self.children.values_mut() {
            child.give_up = None;
        }
        for id in self.children.keys().cloned().collect::<Vec<_>>() {
            self.end_child(&id);
        }
        self.tell_after(self.spec.flags.shutdown.limit(), Control::Deadline);
    }

    pub(super) fn end_child(&self, id: &str) {
        let Some((occupant, _)) = self.running(id) else { return };
        if let Some(child) = self.children.get(id) {
            child.node.set_status(Status::Draining);
        }
        match self.spec.flags.shutdown {
            Shutdown::BrutalKill => occupant.cell.kill(),
            how => occupant.ask_to_end(how),
        }
    }

    /// By the policy of its kind; its start is given up when it is still under way.
    pub(super) fn end_one(&mut self, id: &str) {
        let Some(child) = self.children.get_mut(id) else { return };
        child.give_up = None;
        let Some((_, addr)) = &child.running else { return };
        let asked = vec![(id.to_owned(), addr.actor_id())];
        self.end_child(id);
        self.tell_after(self.spec.flags.shutdown.limit(), Control::Overdue(asked));
    }

    pub(super) fn kill_all(&self) {
        for (occupant, _) in self.children.values().filter_map(|child| child.running.as_ref()) {
            self.kill_late(occupant);
        }
    }

    /// Of those, kills who is still there; a successor of the same id is not meant.
    pub(super) fn kill_overdue(&self, asked: &[(String, ActorId)]) {
        for (id, actor_id) in asked {
            match self.running(id) {
                Some((occupant, addr)) if addr.actor_id() == *actor_id => self.kill_late(occupant),
                _ => {}
            }
        }
    }

    fn kill_late(&self, occupant: &Occupant) {
        tracing::warn!(path = &*self.path, id = %occupant.cell.get_id(), "killed: it did not end in time");
        occupant.cell.kill();
    }
}
