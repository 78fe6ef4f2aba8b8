//! The decisions of a pool as a pure state machine: who is started and started again, who is answered, who
//! waits, and when the idle make room. OTP's simple_one_for_one, with admission by id on top.

use crate::ExitReason;
use crate::plan::Restart;
use crate::supervise::child::{PoolFlags, millis};
use crate::supervise::window::Window;
use std::collections::{HashMap, VecDeque};

/// A full pool makes room for this part of its children at once, so that the search for the idlest,
/// which looks at all of them, is paid once for many births.
const ROOM_PART: usize = 16;

/// One id. `A` is what a child is made from, `R` is where an answer goes.
enum Slot<A, R> {
    /// It waits for a place.
    Queued(A, Vec<R>),
    Starting(Start<A, R>),
    /// With what it was made from, if it is to be restarted.
    Running(Option<A>),
    /// A restart failed and will be tried again; these came meanwhile.
    Restarting(A, Vec<R>),
    /// It was asked to end.
    Leaving,
    /// It is about to end, and somebody has asked for its successor already.
    Succeeded(A, Vec<R>),
}

struct Start<A, R> {
    replies: Vec<R>,
    kept: Option<A>,
    /// Nobody asked for it: when it fails it is tried again.
    is_restart: bool,
    /// It is to end as soon as it has started.
    is_doomed: bool,
}

/// A copy of what a child is made from; a pool that restarts nobody keeps none.
pub(crate) type Keep<A> = fn(&A) -> Option<A>;

/// What a pool is told about itself.
pub(crate) struct Rules<A> {
    pub(crate) children_max: usize,
    pub(crate) restart: Restart,
    pub(crate) window: Window,
    pub(crate) keep: Keep<A>,
}

pub(crate) struct Core<A, R> {
    rules: Rules<A>,
    slots: HashMap<String, Slot<A, R>>,
    /// The queued ids, first come first served; never more than `leaving` once the idlest are known.
    queue: VecDeque<String>,
    /// How many slots are `Leaving`: places that come free.
    leaving: usize,
    stopping: bool,
}

pub(crate) enum Effect<A, R> {
    Start(String, A),
    /// It runs.
    Found(String, Vec<R>),
    /// Its init did not want to run.
    Ignored(Vec<R>),
    /// It could not be started.
    Failed(Vec<R>, ExitReason),
    /// Call [`Core::retry`], behind whatever waits in the own queue.
    RetryLater(String),
    /// Give up its start, or end it.
    EndChild(String),
    /// Ask up to so many idle children to end, the least recently asked first; [`Core::leave`] is told
    /// whom.
    EndIdlest(usize),
    /// The pool is full and nobody in it is idle.
    Full(Vec<R>),
    /// The pool goes down.
    Refuse(Vec<R>),
    GaveUp(String, ExitReason),
    /// Give up every start, end every child.
    StopAll,
    End,
}

/// How it stands with a child that is to be terminated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Farewell {
    Unknown,
    Gone,
    /// It tells when it has ended.
    Ending,
}

impl<A, R> Core<A, R> {
    pub(crate) fn new(rules: Rules<A>) -> Self {
        Self { rules, slots: HashMap::new(), queue: VecDeque::new(), leaving: 0, stopping: false }
    }

    pub(crate) fn window(&self) -> &Window {
        &self.rules.window
    }

    /// Other limits, for the children that are started from now on; whoever runs is not touched, and what
    /// happened is not forgotten.
    pub(crate) fn take_limits(&mut self, limits: &PoolFlags, keep: Keep<A>) {
        let (PoolFlags { restart, children_max, .. }, rules) = (limits, &mut self.rules);
        (rules.restart, rules.children_max, rules.keep) = (*restart, *children_max, keep);
        rules.window.set_limits(limits.intensity, millis(limits.period));
    }

    /// Somebody wants the child `id`; `ending` says that the present one takes no more messages.
    pub(crate) fn ask(&mut self, id: String, args: A, reply: R, ending: bool) -> Option<Effect<A, R>> {
        if self.stopping {
            return Some(Effect::Refuse(vec![reply]));
        }
        match self.slots.get_mut(&id) {
            None => self.admit(id, args, reply),
            Some(
                Slot::Queued(_, replies)
                | Slot::Starting(Start { replies, .. })
                | Slot::Restarting(_, replies)
                | Slot::Succeeded(_, replies),
            ) => {
                replies.push(reply);
                None
            }
            Some(slot @ Slot::Leaving) => {
                *slot = Slot::Succeeded(args, vec![reply]);
                self.leaving -= 1;
                self.make_room()
            }
            Some(slot) if ending => {
                *slot = Slot::Succeeded(args, vec![reply]);
                None
            }
            Some(Slot::Running(_)) => Some(Effect::Found(id, vec![reply])),
        }
    }

    fn admit(&mut self, id: String, args: A, reply: R) -> Option<Effect<A, R>> {
        if self.has_place() {
            return Some(self.start(id, args, vec![reply], false));
        }
        self.slots.insert(id.clone(), Slot::Queued(args, vec![reply]));
        self.queue.push_back(id);
        self.make_room()
    }

    fn start(&mut self, id: String, args: A, replies: Vec<R>, is_restart: bool) -> Effect<A, R> {
        let start = Start { replies, kept: (self.rules.keep)(&args), is_restart, is_doomed: false };
        self.slots.insert(id.clone(), Slot::Starting(start));
        Effect::Start(id, args)
    }

    /// A queued id takes no place.
    fn has_place(&self) -> bool {
        self.slots.len() - self.queue.len() < self.rules.children_max
    }

    fn make_room(&self) -> Option<Effect<A, R>> {
        let room = (self.rules.children_max / ROOM_PART).max(1);
        (self.queue.len() > self.leaving).then_some(Effect::EndIdlest(room))
    }

    /// True when the child could be asked to end.
    pub(crate) fn may_leave(&self, id: &str) -> bool {
        matches!(self.slots.get(id), Some(Slot::Running(_)))
    }

    /// The answer to [`Effect::EndIdlest`]: these were asked to end. Who came last and finds no place
    /// coming free is told that the pool is full.
    pub(crate) fn leave(&mut self, idlest: &[String]) -> Vec<Effect<A, R>> {
        for id in idlest {
            if let Some(slot @ Slot::Running(_)) = self.slots.get_mut(id) {
                *slot = Slot::Leaving;
                self.leaving += 1;
            }
        }
        let in_vain = self.queue.split_off(self.queue.len().min(self.leaving));
        in_vain.iter().map(|id| Effect::Full(self.unqueue(id).1)).collect()
    }

    /// What an id that has left the queue is to be made from, and who wants it.
    fn unqueue(&mut self, id: &str) -> (A, Vec<R>) {
        match self.slots.remove(id) {
            Some(Slot::Queued(args, replies)) => (args, replies),
            _ => unreachable!("what stands in the queue is queued"),
        }
    }

    pub(crate) fn started(&mut self, id: &str) -> Vec<Effect<A, R>> {
        let Some(slot) = self.slots.get_mut(id) else { return Vec::new() };
        let Slot::Starting(start) = slot else { return Vec::new() };
        let replies = std::mem::take(&mut start.replies);
        let mut effects = vec![Effect::Found(id.to_owned(), replies)];
        if start.is_doomed {
            *slot = Slot::Leaving;
            self.leaving += 1;
            effects.push(Effect::EndChild(id.to_owned()));
        } else {
            *slot = Slot::Running(start.kept.take());
        }
        effects
    }

    /// It is not needed now; its place is free.
    pub(crate) fn ignored(&mut self, id: &str) -> Vec<Effect<A, R>> {
        let ignored = match self.slots.remove(id) {
            Some(Slot::Starting(start)) => Some(Effect::Ignored(start.replies)),
            _ => None,
        };
        ignored.into_iter().chain(self.next()).collect()
    }

    pub(crate) fn start_failed(&mut self, id: &str, why: ExitReason) -> Vec<Effect<A, R>> {
        let failed = match self.slots.remove(id) {
            Some(Slot::Starting(Start { replies, kept: Some(args), is_restart: true, is_doomed: false }))
                if !self.stopping =>
            {
                self.slots.insert(id.to_owned(), Slot::Restarting(args, replies));
                return vec![Effect::RetryLater(id.to_owned())];
            }
            Some(Slot::Starting(start)) => Some(Effect::Failed(start.replies, why)),
            _ => None,
        };
        failed.into_iter().chain(self.next()).collect()
    }

    /// The echo of [`Effect::RetryLater`]; void when the child was terminated meanwhile.
    pub(crate) fn retry(&mut self, now_ms: u64, id: &str) -> Vec<Effect<A, R>> {
        match self.slots.remove(id) {
            Some(Slot::Restarting(args, replies)) => {
                self.restart(now_ms, id, args, replies, ExitReason::error("it could not be restarted"))
            }
            Some(other) => {
                self.slots.insert(id.to_owned(), other);
                Vec::new()
            }
            None => Vec::new(),
        }
    }

    pub(crate) fn exited(&mut self, now_ms: u64, id: &str, reason: &ExitReason) -> Vec<Effect<A, R>> {
        let mut effects = Vec::new();
        match self.slots.remove(id) {
            Some(Slot::Running(Some(args))) if !self.stopping && self.rules.restart.follows(reason) => {
                return self.restart(now_ms, id, args, Vec::new(), reason.clone());
            }
            Some(Slot::Succeeded(args, replies)) if !self.stopping => {
                effects.push(self.start(id.to_owned(), args, replies, false));
            }
            Some(Slot::Succeeded(_, replies)) => effects.push(Effect::Refuse(replies)),
            Some(Slot::Leaving) => self.leaving -= 1,
            _ => {}
        }
        effects.extend(self.next());
        effects
    }

    /// Every attempt counts, those that fail too.
    fn restart(
        &mut self,
        now_ms: u64,
        id: &str,
        args: A,
        replies: Vec<R>,
        reason: ExitReason,
    ) -> Vec<Effect<A, R>> {
        if self.rules.window.admits(now_ms) {
            return vec![self.start(id.to_owned(), args, replies, true)];
        }
        let gave_up = [Effect::GaveUp(id.to_owned(), reason), Effect::Refuse(replies)];
        gave_up.into_iter().chain(self.stop()).collect()
    }

    /// Ends a child for good, whatever its restart type.
    pub(crate) fn terminate(&mut self, id: &str) -> (Farewell, Vec<Effect<A, R>>) {
        let Some(slot) = self.slots.get_mut(id) else { return (Farewell::Unknown, Vec::new()) };
        match slot {
            Slot::Running(_) => {
                *slot = Slot::Leaving;
                self.leaving += 1;
                (Farewell::Ending, vec![Effect::EndChild(id.to_owned())])
            }
            Slot::Starting(start) => {
                start.is_doomed = true;
                (Farewell::Ending, vec![Effect::EndChild(id.to_owned())])
            }
            Slot::Leaving | Slot::Succeeded(..) => (Farewell::Ending, Vec::new()),
            Slot::Queued(..) => (Farewell::Unknown, Vec::new()),
            Slot::Restarting(_, replies) => {
                let refused = Effect::Refuse(std::mem::take(replies));
                self.slots.remove(id);
                (Farewell::Gone, std::iter::once(refused).chain(self.next()).collect())
            }
        }
    }

    /// What a place that came free is good for.
    fn next(&mut self) -> Vec<Effect<A, R>> {
        let next = self.next_queued();
        next.into_iter().chain(self.end_when_empty()).collect()
    }

    /// Gives a free place to who waits longest.
    fn next_queued(&mut self) -> Option<Effect<A, R>> {
        if !self.has_place() {
            return None;
        }
        let id = self.queue.pop_front()?;
        let (args, replies) = self.unqueue(&id);
        Some(self.start(id, args, replies, false))
    }

    pub(crate) fn stop(&mut self) -> Vec<Effect<A, R>> {
        if std::mem::replace(&mut self.stopping, true) {
            return Vec::new();
        }
        let queue = std::mem::take(&mut self.queue);
        let mut effects: Vec<_> = queue.iter().map(|id| Effect::Refuse(self.unqueue(id).1)).collect();
        effects.extend(self.drop_restarting());
        effects.push(Effect::StopAll);
        effects.extend(self.end_when_empty());
        effects
    }

    /// Nobody of them runs, so nobody would tell that it has ended.
    fn drop_restarting(&mut self) -> Vec<Effect<A, R>> {
        let restarting = self.slots.extract_if(|_, slot| matches!(slot, Slot::Restarting(..)));
        let refuse = |(_, slot)| match slot {
            Slot::Restarting(_, replies) => Some(Effect::Refuse(replies)),
            _ => None,
        };
        restarting.filter_map(refuse).collect()
    }

    fn end_when_empty(&self) -> Option<Effect<A, R>> {
        (self.stopping && self.slots.is_empty()).then_some(Effect::End)
    }

    /// True when the child runs, or will.
    pub(crate) fn knows(&self, id: &str) -> bool {
        self.slots.contains_key(id)
    }

    /// The ids that have a place, and whether each is about to be tried again.
    pub(crate) fn members(&self) -> impl Iterator<Item = (&str, bool)> {
        self.slots.iter().filter_map(|(id, slot)| match slot {
            Slot::Queued(..) => None,
            slot => Some((id.as_str(), matches!(slot, Slot::Restarting(..)))),
        })
    }
}
