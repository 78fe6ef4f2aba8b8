//! How a pool ends its children: one, the idlest, or all at once.

use super::driver::{Child, Control, Driver, tell};
use crate::alarm::Alarm;
use crate::node::{Occupant, Status};
use crate::plan::Shutdown;
use crate::{Actor, clock};
use ractor::ActorId;
use std::collections::VecDeque;
use tokio::time::Instant;

/// When those are killed who were asked to end. All have the same time, so who was asked first is due
/// first, and one alarm does for all.
#[derive(Default)]
pub(super) struct Deadlines {
    due: VecDeque<(Instant, String, ActorId)>,
    alarm: Option<Alarm>,
    /// When the whole pool is due; nobody who comes up late gets more.
    all_due: Option<Instant>,
}

impl Deadlines {
    /// Those whose time is over.
    fn take_late(&mut self) -> Vec<(String, ActorId)> {
        let now = Instant::now();
        let late = self.due.iter().take_while(|(at, ..)| *at <= now).count();
        self.due.drain(..late).map(|(_, id, actor)| (id, actor)).collect()
    }
}

impl<A: Actor> Child<A> {
    /// Asks it to end, and gives its start up when that is still under way; answers who was asked, none while
    /// nobody runs.
    fn ask_to_end(&mut self, how: Shutdown) -> Option<ActorId> {
        self.give_up = None;
        let (occupant, addr) = self.running.as_ref()?;
        self.node.set_draining(occupant);
        match how {
            Shutdown::BrutalKill => occupant.cell.kill(),
            how => occupant.ask_to_end(how),
        }
        Some(addr.actor_id())
    }
}

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
    fn make_leave(&mut self, ids: &[String]) {
        for id in ids {
            let Some((id, occupant, actor)) = self.whom(id) else { continue };
            match self.spec.flags.shutdown {
                Shutdown::BrutalKill => occupant.cell.kill(),
                Shutdown::Within(_) | Shutdown::Drain(_) | Shutdown::Infinity => occupant.drain(),
            }
            self.set_deadline(id, actor);
        }
        tracing::debug!(path = &*self.path, children = ids.len(), "idle children make room");
    }

    fn whom(&self, id: &str) -> Option<(String, Occupant, ActorId)> {
        let (occupant, addr) = self.running(id)?;
        Some((id.to_owned(), occupant.clone(), addr.actor_id()))
    }

    fn set_deadline(&mut self, id: String, actor: ActorId) {
        let Some(limit) = self.spec.flags.shutdown.limit() else { return };
        let at = self.deadlines.all_due.unwrap_or_else(|| Instant::now() + limit);
        self.deadlines.due.push_back((at, id, actor));
        self.set_alarm();
    }

    /// Rings for who is due first.
    fn set_alarm(&mut self) {
        let Some((at, ..)) = self.deadlines.due.front().filter(|_| self.deadlines.alarm.is_none()) else {
            return;
        };
        let (at, me) = (*at, self.me.clone());
        self.deadlines.alarm = Some(Alarm::set(at, move || tell(&me, Control::Overdue)));
    }

    /// All at once, one deadline for the whole set.
    pub(super) fn stop_all(&mut self) {
        self.node.set_status(Status::Draining);
        self.shared.close(&self.me);
        self.deadlines.all_due = self.spec.flags.shutdown.limit().map(|limit| Instant::now() + limit);
        for (id, child) in &mut self.children {
            let asked = child.ask_to_end(self.spec.flags.shutdown);
            let late = self.deadlines.all_due.zip(asked).map(|(at, actor)| (at, id.clone(), actor));
            self.deadlines.due.extend(late);
        }
        self.set_alarm();
    }

    /// By the policy of its kind.
    pub(super) fn end_one(&mut self, id: &str) {
        let Some(child) = self.children.get_mut(id) else { return };
        if let Some(actor) = child.ask_to_end(self.spec.flags.shutdown) {
            self.set_deadline(id.to_owned(), actor);
        }
    }

    /// Kills who is still there; a successor of the same id is not meant.
    pub(super) fn kill_overdue(&mut self) {
        self.deadlines.alarm = None;
        for (id, actor) in self.deadlines.take_late() {
            match self.running(&id) {
                Some((occupant, addr)) if addr.actor_id() == actor => self.kill_late(occupant),
                _ => {}
            }
        }
        self.set_alarm();
    }

    fn kill_late(&self, occupant: &Occupant) {
        tracing::warn!(path = &*self.path, id = %occupant.cell.get_id(), "killed: it did not end in time");
        occupant.cell.kill();
    }
}
