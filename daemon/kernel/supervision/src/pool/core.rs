//! The decisions of a pool as a pure state machine: who is started and started again, who is answered, who
//! waits, and when the idle make room. OTP's simple_one_for_one, with admission by id on top.

use crate::ExitReason;
use crate::plan::Restart;
use crate::supervise::admin::QUESTIONS_MAX;
use crate::supervise::backoff::{Backoff, Draw};
use crate::supervise::child::{PoolFlags, millis};
use crate::supervise::retry::{self, Turn};
use crate::supervise::window::Window;
use std::collections::{HashMap, VecDeque};
use std::time::Duration;

/// A full pool makes room for this part of its children at once, so that the search for the idlest,
/// which looks at all of them, is paid once for many births.
const ROOM_PART: usize = 16;

/// One id. `A` is what a child is made from, `R` is where an answer goes.
enum Slot<A, R> {
    /// It waits for a place.
    Queued(Wish<A, R>),
    Starting(Start<A, R>),
    /// It is to end as soon as it has started; these wait for it.
    Doomed(Vec<R>, Option<Wish<A, R>>),
    /// With what it was made from, if it is to be restarted. A wish came when it took no more messages:
    /// whether that is a restart or a new child depends on how it ends.
    Running(Option<A>, Option<Wish<A, R>>),
    /// A restart failed and will be tried again.
    Restarting(Retry<A, R>),
    /// It was asked to end.
    Leaving(Option<Wish<A, R>>),
}

/// A child that somebody wants: what it is to be made from, and who waits for it.
struct Wish<A, R> {
    args: A,
    replies: Vec<R>,
}

struct Start<A, R> {
    replies: Vec<R>,
    kept: Option<A>,
    /// Of a restart, how often it has failed in a row. Nobody asked for it: when it fails it is tried again.
    failures: Option<u32>,
}

struct Retry<A, R> {
    args: A,
    /// These came meanwhile.
    replies: Vec<R>,
    why: ExitReason,
    failures: u32,
    turn: Turn,
}

/// A copy of what a child is made from; a pool that restarts nobody keeps none.
pub(crate) type Keep<A> = fn(&A) -> Option<A>;

/// Whether somebody still waits for that answer.
pub(crate) type Waits<R> = fn(&R) -> bool;

/// What a pool is told about itself.
pub(crate) struct Rules<A> {
    pub(crate) children_max: usize,
    pub(crate) restart: Restart,
    pub(crate) window: Window,
    pub(crate) keep: Keep<A>,
    pub(crate) backoff: Option<Backoff>,
}

pub(crate) struct Core<A, R> {
    rules: Rules<A>,
    waits: Waits<R>,
    slots: HashMap<String, Slot<A, R>>,
    /// The queued ids, first come first served; never more than `leaving` once the idlest are known.
    queue: VecDeque<String>,
    /// How many slots are `Leaving`: places that come free.
    leaving: usize,
    /// Of the latest retry.
    turn: Turn,
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
    /// Call [`Core::retry`] after a wait, behind whatever waits in the own queue.
    RetryLater(String, Turn, Duration),
    /// Give up its start, or end it.
    EndChild(String),
    /// Ask up to so many idle children to end, the least recently asked first; [`Core::leave`] is told
    /// whom.
    EndIdlest(usize),
    /// The pool is full and nobody in it is idle.
    Full(Vec<R>),
    /// Too many wait for that child already.
    Busy(R),
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
    /// Nobody of that id is there: it has ended, or never was.
    Gone,
    /// It tells when it has ended.
    Ending,
}

/// Lets one more wait, unless there are too many; who has gone away gives its room up.
fn line_up<A, R>(replies: &mut Vec<R>, reply: R, waits: Waits<R>) -> Option<Effect<A, R>> {
    if replies.len() >= QUESTIONS_MAX {
        replies.retain(waits);
    }
    if replies.len() >= QUESTIONS_MAX {
        return Some(Effect::Busy(reply));
    }
    replies.push(reply);
    None
}

fn wish_for<A, R>(wish: &mut Option<Wish<A, R>>, args: A, reply: R, waits: Waits<R>) -> Option<Effect<A, R>> {
    let wish = wish.get_or_insert_with(|| Wish { args, replies: Vec::new() });
    line_up(&mut wish.replies, reply, waits)
}

impl<A, R> Core<A, R> {
    pub(crate) fn new(rules: Rules<A>, waits: Waits<R>) -> Self {
        Self {
            rules,
            waits,
            slots: HashMap::new(),
            queue: VecDeque::new(),
            leaving: 0,
            turn: Turn::default(),
            stopping: false,
        }
    }

    pub(crate) fn window(&self) -> &Window {
        &self.rules.window
    }

    /// Other limits, for the children that are started from now on; whoever runs is not touched, and what
    /// happened is not forgotten. A larger pool lets in who waits.
    pub(crate) fn take_limits(&mut self, limits: &PoolFlags, keep: Keep<A>) -> Vec<Effect<A, R>> {
        let (PoolFlags { restart, children_max, backoff, .. }, rules) = (limits, &mut self.rules);
        (rules.restart, rules.children_max, rules.keep, rules.backoff) =
            (*restart, *children_max, keep, *backoff);
        rules.window.set_limits(limits.intensity, millis(limits.period));
        self.next()
    }

    /// Somebody wants the child `id`; `ending` says that the present one takes no more messages.
    pub(crate) fn ask(&mut self, id: String, args: A, reply: R, ending: bool) -> Option<Effect<A, R>> {
        if self.stopping {
            return Some(Effect::Refuse(vec![reply]));
        }
        match self.slots.get_mut(&id) {
            None => self.admit(id, args, reply),
            Some(Slot::Running(_, None)) if !ending => Some(Effect::Found(id, vec![reply])),
            Some(
                Slot::Queued(Wish { replies, .. })
                | Slot::Starting(Start { replies, .. })
                | Slot::Restarting(Retry { replies, .. }),
            ) => line_up(replies, reply, self.waits),
            Some(Slot::Running(_, wish) | Slot::Doomed(_, wish)) => wish_for(wish, args, reply, self.waits),
            Some(Slot::Leaving(wish)) => {
                if wish.is_none() {
                    self.leaving -= 1;
                }
                wish_for(wish, args, reply, self.waits).or_else(|| self.make_room())
            }
        }
    }

    fn admit(&mut self, id: String, args: A, reply: R) -> Option<Effect<A, R>> {
        let wish = Wish { args, replies: vec![reply] };
        if self.has_place() {
            return Some(self.start_new(id, wish));
        }
        self.slots.insert(id.clone(), Slot::Queued(wish));
        self.queue.push_back(id);
        self.make_room()
    }

    fn start_new(&mut self, id: String, wish: Wish<A, R>) -> Effect<A, R> {
        self.start(id, wish.args, wish.replies, None)
    }

    fn start(&mut self, id: String, args: A, replies: Vec<R>, failures: Option<u32>) -> Effect<A, R> {
        let start = Start { replies, kept: (self.rules.keep)(&args), failures };
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

    #[cfg(test)]
    pub(crate) fn restarts(&self, reason: &ExitReason) -> bool {
        self.rules.restart.follows(reason)
    }

    #[cfg(test)]
    pub(crate) fn latest_turn(&self) -> Turn {
        self.turn
    }

    pub(crate) fn is_stopping(&self) -> bool {
        self.stopping
    }

    /// True when the start under way is a restart, and nobody's wish.
    pub(crate) fn is_restart(&self, id: &str) -> bool {
        matches!(self.slots.get(id), Some(Slot::Starting(Start { failures: Some(_), .. })))
    }

    /// True when the child could be asked to end.
    pub(crate) fn may_leave(&self, id: &str) -> bool {
        matches!(self.slots.get(id), Some(Slot::Running(_, None)))
    }

    /// True when the child was asked to end.
    pub(crate) fn is_leaving(&self, id: &str) -> bool {
        self.stopping || matches!(self.slots.get(id), Some(Slot::Leaving(_)))
    }

    /// The answer to [`Effect::EndIdlest`]: these were asked to end. Who came last and finds no place
    /// coming free is told that the pool is full.
    pub(crate) fn leave(&mut self, idlest: &[String]) -> Vec<Effect<A, R>> {
        for id in idlest {
            if let Some(slot @ Slot::Running(_, None)) = self.slots.get_mut(id) {
                *slot = Slot::Leaving(None);
                self.leaving += 1;
            }
        }
        let in_vain = self.queue.split_off(self.queue.len().min(self.leaving));
        in_vain.iter().map(|id| Effect::Full(self.unqueue(id).replies)).collect()
    }

    /// The wish of an id that has left the queue.
    fn unqueue(&mut self, id: &str) -> Wish<A, R> {
        match self.slots.remove(id) {
            Some(Slot::Queued(wish)) => wish,
            _ => unreachable!("what stands in the queue is queued"),
        }
    }

    pub(crate) fn started(&mut self, id: &str) -> Vec<Effect<A, R>> {
        let Some(slot) = self.slots.get_mut(id) else { return Vec::new() };
        match slot {
            Slot::Starting(start) => {
                let replies = std::mem::take(&mut start.replies);
                *slot = Slot::Running(start.kept.take(), None);
                vec![Effect::Found(id.to_owned(), replies)]
            }
            Slot::Doomed(replies, wish) => {
                let found = Effect::Found(id.to_owned(), std::mem::take(replies));
                let wish = wish.take();
                self.leaving += usize::from(wish.is_none());
                *slot = Slot::Leaving(wish);
                vec![found, Effect::EndChild(id.to_owned())]
            }
            _ => Vec::new(),
        }
    }

    /// It is not needed now.
    pub(crate) fn ignored(&mut self, id: &str) -> Vec<Effect<A, R>> {
        match self.slots.remove(id) {
            Some(Slot::Starting(start)) => self.vacate(id, Effect::Ignored(start.replies), None),
            Some(Slot::Doomed(replies, wish)) => self.vacate(id, Effect::Ignored(replies), wish),
            _ => self.next(),
        }
    }

    pub(crate) fn start_failed(&mut self, id: &str, why: ExitReason, draw: Draw) -> Vec<Effect<A, R>> {
        match self.slots.remove(id) {
            Some(Slot::Starting(Start { replies, kept: Some(args), failures: Some(before) }))
                if !self.stopping =>
            {
                let (failures, turn) = (before.saturating_add(1), self.turn.next());
                self.turn = turn;
                let wait = retry::wait(self.rules.backoff, failures, draw);
                let retry = Retry { args, replies, why, failures, turn };
                self.slots.insert(id.to_owned(), Slot::Restarting(retry));
                vec![Effect::RetryLater(id.to_owned(), turn, wait)]
            }
            Some(Slot::Starting(start)) => self.vacate(id, Effect::Failed(start.replies, why), None),
            Some(Slot::Doomed(replies, wish)) => self.vacate(id, Effect::Failed(replies, why), wish),
            _ => self.next(),
        }
    }

    /// A start came to nothing. Its place goes to who wished for what comes after it, else to who waits.
    fn vacate(&mut self, id: &str, told: Effect<A, R>, wish: Option<Wish<A, R>>) -> Vec<Effect<A, R>> {
        let successor = wish.map(|wish| self.succeed(id, wish));
        [told].into_iter().chain(successor).chain(self.next()).collect()
    }

    fn succeed(&mut self, id: &str, wish: Wish<A, R>) -> Effect<A, R> {
        if self.stopping {
            return Effect::Refuse(wish.replies);
        }
        self.start_new(id.to_owned(), wish)
    }

    /// The echo of [`Effect::RetryLater`]; void when the child was terminated meanwhile.
    pub(crate) fn retry(&mut self, now_ms: u64, id: &str, turn: Turn) -> Vec<Effect<A, R>> {
        match self.slots.remove(id) {
            Some(Slot::Restarting(retry)) if retry.turn == turn => self.restart(now_ms, id, retry),
            other => {
                self.slots.extend(other.map(|slot| (id.to_owned(), slot)));
                Vec::new()
            }
        }
    }

    /// A restart is a restart, whoever has asked for the child meanwhile: it counts, it is made from what
    /// the child was made from, and it is tried again.
    pub(crate) fn exited(&mut self, now_ms: u64, id: &str, reason: &ExitReason) -> Vec<Effect<A, R>> {
        let wish = match self.slots.remove(id) {
            Some(Slot::Running(Some(kept), wish)) if !self.stopping && self.rules.restart.follows(reason) => {
                let replies = wish.map(|wish| wish.replies).unwrap_or_default();
                let (why, turn) = (reason.clone(), self.turn);
                return self.restart(now_ms, id, Retry { args: kept, replies, why, failures: 0, turn });
            }
            Some(Slot::Leaving(None)) => {
                self.leaving -= 1;
                None
            }
            Some(Slot::Running(_, wish) | Slot::Leaving(wish)) => wish,
            _ => None,
        };
        let successor = wish.map(|wish| self.succeed(id, wish));
        successor.into_iter().chain(self.next()).collect()
    }

    /// Every attempt counts, those that fail too.
    fn restart(&mut self, now_ms: u64, id: &str, retry: Retry<A, R>) -> Vec<Effect<A, R>> {
        let Retry { args, replies, why, failures, .. } = retry;
        if self.rules.window.admits(now_ms) {
            return vec![self.start(id.to_owned(), args, replies, Some(failures))];
        }
        let gave_up = [Effect::GaveUp(id.to_owned(), why), Effect::Refuse(replies)];
        gave_up.into_iter().chain(self.stop()).collect()
    }

    /// Ends a child for good, whatever its restart type, or sees to it that it never runs. Who has wished for
    /// its successor gets one.
    pub(crate) fn terminate(&mut self, id: &str) -> (Farewell, Vec<Effect<A, R>>) {
        let Some(slot) = self.slots.get_mut(id) else { return (Farewell::Gone, Vec::new()) };
        match slot {
            Slot::Running(_, wish) => {
                let wish = wish.take();
                self.leaving += usize::from(wish.is_none());
                *slot = Slot::Leaving(wish);
                (Farewell::Ending, vec![Effect::EndChild(id.to_owned())])
            }
            Slot::Starting(start) => {
                *slot = Slot::Doomed(std::mem::take(&mut start.replies), None);
                (Farewell::Ending, vec![Effect::EndChild(id.to_owned())])
            }
            Slot::Leaving(_) | Slot::Doomed(..) => (Farewell::Ending, Vec::new()),
            Slot::Queued(Wish { replies, .. }) | Slot::Restarting(Retry { replies, .. }) => {
                let refused = Effect::Refuse(std::mem::take(replies));
                self.slots.remove(id);
                self.queue.retain(|queued| queued != id);
                (Farewell::Gone, std::iter::once(refused).chain(self.next()).collect())
            }
        }
    }

    /// What places that came free are good for.
    fn next(&mut self) -> Vec<Effect<A, R>> {
        let mut effects: Vec<_> = std::iter::from_fn(|| self.next_queued()).collect();
        effects.extend(self.make_room());
        effects.extend(self.end_when_empty());
        effects
    }

    /// Gives a free place to who waits longest.
    fn next_queued(&mut self) -> Option<Effect<A, R>> {
        if !self.has_place() {
            return None;
        }
        let id = self.queue.pop_front()?;
        let wish = self.unqueue(&id);
        Some(self.start_new(id, wish))
    }

    pub(crate) fn stop(&mut self) -> Vec<Effect<A, R>> {
        if std::mem::replace(&mut self.stopping, true) {
            return Vec::new();
        }
        let queue = std::mem::take(&mut self.queue);
        let mut effects: Vec<_> = queue.iter().map(|id| Effect::Refuse(self.unqueue(id).replies)).collect();
        effects.extend(self.drop_restarting());
        effects.push(Effect::StopAll);
        effects.extend(self.end_when_empty());
        effects
    }

    /// Nobody of them runs, so nobody would tell that it has ended.
    fn drop_restarting(&mut self) -> Vec<Effect<A, R>> {
        let restarting = self.slots.extract_if(|_, slot| matches!(slot, Slot::Restarting(..)));
        let refuse = |(_, slot)| match slot {
            Slot::Restarting(Retry { replies, .. }) => Some(Effect::Refuse(replies)),
            _ => None,
        };
        restarting.filter_map(refuse).collect()
    }

    fn end_when_empty(&self) -> Option<Effect<A, R>> {
        (self.stopping && self.slots.is_empty()).then_some(Effect::End)
    }

    /// True when something is kept of that id: it runs, or will.
    pub(crate) fn knows(&self, id: &str) -> bool {
        self.slots.contains_key(id)
    }

    /// True when the id has a place.
    pub(crate) fn is_member(&self, id: &str) -> bool {
        self.slots.get(id).is_some_and(|slot| !matches!(slot, Slot::Queued(_)))
    }

    /// The ids that have a place, and whether each is being restarted.
    pub(crate) fn members(&self) -> impl Iterator<Item = (&str, bool)> {
        self.slots.iter().filter_map(|(id, slot)| match slot {
            Slot::Queued(_) => None,
            Slot::Restarting(..) | Slot::Starting(Start { failures: Some(_), .. }) => {
                Some((id.as_str(), true))
            }
            _ => Some((id.as_str(), false)),
        })
    }
}
