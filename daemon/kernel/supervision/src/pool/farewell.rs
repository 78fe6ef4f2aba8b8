//! How a pool ends its children: one, the idlest, or all at once.

use super::driver::{Control, Driver, Member, tell};
use crate::alarm::Alarm;
use crate::node::{Occupant, Status};
use crate::plan::Shutdown;
use crate::{Actor, ExitReason, clock};
use hecate_proto::debug::{Decision, ReasonClass};
use ractor::ActorId;
use std::collections::BTreeMap;
use tokio::time::Instant;

/// When those are killed who were asked to end. One alarm does for all; it rings for who is due first.
#[derive(Default)]
pub(super) struct Deadlines {
    due: BTreeMap<(Instant, ActorId), String>,
    alarm: Option<(Instant, Alarm)>,
    /// When the whole pool is due; nobody who comes up late gets more.
    all_due: Option<Instant>,
}

impl Deadlines {
    fn add(&mut self, at: Instant, id: String, actor: ActorId) {
        self.due.insert((at, actor), id);
    }

    /// Those whose time is over.
    fn take_late(&mut self) -> Vec<(String, ActorId)> {
        let now = Instant::now();
        let late = || {
            let first = self.due.first_entry().filter(|first| first.key().0 <= now)?;
            let ((_, actor), id) = first.remove_entry();
            Some((id, actor))
        };
        std::iter::from_fn(late).collect()
    }

    /// Sets the alarm, anew when somebody is due earlier than those before.
    fn set_alarm(&mut self, ring: impl FnOnce() + Send + 'static) {
        let Some((first, _)) = self.due.keys().next().copied() else { return };
        if self.alarm.as_ref().is_none_or(|(at, _)| first < *at) {
            self.alarm = Some((first, Alarm::set(first, ring)));
        }
    }
}

/// How many did not end as they were asked while the whole pool went down, by class of reason, since each may put it
/// in words of its own: the crash that took the pool down is not to be lost among the records of ten thousand
/// children that were in its way.
#[derive(Default)]
pub(super) struct Fallen(BTreeMap<ReasonClass, usize>);

impl Fallen {
    /// One more; whether it is the first of that class.
    fn count(&mut self, reason: &ExitReason) -> bool {
        let fallen = self.0.entry(reason.class()).or_default();
        *fallen += 1;
        *fallen == 1
    }
}

impl<A: Actor> Member<A> {
    /// Asks it to end, and gives its start up when that is still under way; answers who was asked, none while
    /// nobody runs.
    fn ask_to_end(&mut self, how: Shutdown) -> Option<ActorId> {
        self.give_up = None;
        let (occupant, addr) = self.running.as_ref()?;
        self.node.set_ending(occupant, occupant.ends_as(how));
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
        self.deadlines.add(at, id, actor);
        self.set_alarm();
    }

    fn set_alarm(&mut self) {
        let me = self.me.clone();
        self.deadlines.set_alarm(move || tell(&me, Control::Overdue));
    }

    /// All at once, one deadline for the whole set.
    pub(super) fn stop_all(&mut self) {
        self.node.set_status(Status::Stopping);
        self.shared.close(&self.me);
        self.deadlines.all_due = self.spec.flags.shutdown.limit().map(|limit| Instant::now() + limit);
        for (id, child) in &mut self.children {
            let asked = child.ask_to_end(self.spec.flags.shutdown);
            if let Some((at, actor)) = self.deadlines.all_due.zip(asked) {
                self.deadlines.add(at, id.clone(), actor);
            }
        }
        self.set_alarm();
    }

    /// One did not end as it was asked with the whole pool. The first of a class has a crash record, with
    /// its own words.
    pub(super) fn fall(&mut self, id: &str, reason: &ExitReason) {
        let first = self.fallen.count(reason);
        let Some(child) = self.children.get_mut(id).filter(|_| first) else { return };
        let occupant = child.running.as_ref().map(|(occupant, _)| occupant);
        child.node.write_crash(reason, occupant, Decision::LeftDown);
    }

    /// One word about all of them.
    pub(super) fn report_fallen(&self) {
        for (class, fallen) in &self.fallen.0 {
            let reason = class.as_str();
            tracing::error!(path = &*self.path, fallen, %reason, "children did not end as they were asked");
            self.node.report_fallen(*fallen, reason);
        }
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
        let late = self.deadlines.take_late();
        let late = late.iter().filter_map(|(id, actor)| {
            let (occupant, addr) = self.running(id)?;
            (addr.actor_id() == *actor).then_some((id, occupant))
        });
        let killed: Vec<_> = late.inspect(|(_, occupant)| occupant.cell.kill()).map(|(id, _)| id).collect();
        if let Some(id) = killed.first() {
            let path = &*self.path;
            tracing::warn!(path, id, killed = killed.len(), "killed: they did not end in time");
        }
        self.set_alarm();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn those_who_fail_in_words_of_their_own_are_counted_together() {
        let mut fallen = Fallen::default();
        let reasons = [ExitReason::error("no line 1"), ExitReason::error("no line 2"), ExitReason::Killed];
        assert_eq!(reasons.map(|reason| fallen.count(&reason)), [true, false, true]);
        assert_eq!(fallen.0.into_values().collect::<Vec<_>>(), [1, 2]);
    }
}
