//! The decisions of a pool as a pure state machine: who is started, who is answered, who waits, and when
//! the idle make room.

use crate::ExitReason;
use std::collections::{HashMap, VecDeque};

/// A full pool makes room for this part of its children at once, so that the search for the idlest,
/// which looks at all of them, is paid once for many births.
const ROOM_PART: usize = 16;

/// One id. `A` is what a child is made from, `R` is where an answer goes.
enum Slot<A, R> {
    /// It waits for a place.
    Queued(A, Vec<R>),
    Starting(Vec<R>),
    Running,
    /// It was asked to end, to make room.
    Leaving,
    /// It is about to end, and somebody has asked for its successor already.
    Succeeded(A, Vec<R>),
}

pub(crate) struct Core<A, R> {
    slots: HashMap<String, Slot<A, R>>,
    /// The queued ids, first come first served; never more than `leaving` once the idlest are known.
    queue: VecDeque<String>,
    /// How many slots are `Leaving`: places that come free.
    leaving: usize,
    children_max: usize,
    stopping: bool,
}

pub(crate) enum Effect<A, R> {
    Start(String, A),
    /// It runs.
    Found(String, Vec<R>),
    /// It could not be started.
    Failed(Vec<R>, ExitReason),
    /// Ask up to so many idle children to end, the least recently asked first; [`Core::leave`] is told
    /// whom.
    EndIdlest(usize),
    /// The pool is full and nobody in it is idle.
    Full(Vec<R>),
    /// The pool goes down.
    Refuse(Vec<R>),
    /// Give up every start, end every child.
    StopAll,
    End,
}

impl<A, R> Core<A, R> {
    pub(crate) fn new(children_max: usize) -> Self {
        Self { slots: HashMap::new(), queue: VecDeque::new(), leaving: 0, children_max, stopping: false }
    }

    /// Somebody wants the child `id`; `ending` says that the present one takes no more messages.
    pub(crate) fn ask(&mut self, id: String, args: A, reply: R, ending: bool) -> Option<Effect<A, R>> {
        if self.stopping {
            return Some(Effect::Refuse(vec![reply]));
        }
        match self.slots.get_mut(&id) {
            None => self.admit(id, args, reply),
            Some(Slot::Queued(_, replies) | Slot::Starting(replies) | Slot::Succeeded(_, replies)) => {
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
            Some(Slot::Running) => Some(Effect::Found(id, vec![reply])),
        }
    }

    fn admit(&mut self, id: String, args: A, reply: R) -> Option<Effect<A, R>> {
        if self.has_place() {
            self.slots.insert(id.clone(), Slot::Starting(vec![reply]));
            return Some(Effect::Start(id, args));
        }
        self.slots.insert(id.clone(), Slot::Queued(args, vec![reply]));
        self.queue.push_back(id);
        self.make_room()
    }

    /// A queued id takes no place.
    fn has_place(&self) -> bool {
        self.slots.len() - self.queue.len() < self.children_max
    }

    fn make_room(&self) -> Option<Effect<A, R>> {
        let room = (self.children_max / ROOM_PART).max(1);
        (self.queue.len() > self.leaving).then_some(Effect::EndIdlest(room))
    }

    /// True when the child could be asked to end.
    pub(crate) fn may_leave(&self, id: &str) -> bool {
        matches!(self.slots.get(id), Some(Slot::Running))
    }

    /// The answer to [`Effect::EndIdlest`]: these were asked to end. Who came last and finds no place
    /// coming free is told that the pool is full.
    pub(crate) fn leave(&mut self, idlest: &[String]) -> Vec<Effect<A, R>> {
        for id in idlest {
            if let Some(slot @ Slot::Running) = self.slots.get_mut(id) {
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

    pub(crate) fn started(&mut self, id: &str) -> Option<Effect<A, R>> {
        let slot = self.slots.get_mut(id)?;
        let Slot::Starting(replies) = slot else { return None };
        let replies = std::mem::take(replies);
        *slot = Slot::Running;
        Some(Effect::Found(id.to_owned(), replies))
    }

    pub(crate) fn start_failed(&mut self, id: &str, why: ExitReason) -> Vec<Effect<A, R>> {
        let mut effects = Vec::new();
        if let Some(Slot::Starting(replies)) = self.slots.remove(id) {
            effects.push(Effect::Failed(replies, why));
        }
        effects.extend(self.next_queued());
        effects.extend(self.end_when_empty());
        effects
    }

    pub(crate) fn exited(&mut self, id: &str) -> Vec<Effect<A, R>> {
        let mut effects = Vec::new();
        match self.slots.remove(id) {
            Some(Slot::Succeeded(args, replies)) if !self.stopping => {
                self.slots.insert(id.to_owned(), Slot::Starting(replies));
                effects.push(Effect::Start(id.to_owned(), args));
            }
            Some(Slot::Succeeded(_, replies)) => effects.push(Effect::Refuse(replies)),
            Some(Slot::Leaving) => self.leaving -= 1,
            Some(Slot::Running | Slot::Starting(_) | Slot::Queued(..)) | None => {}
        }
        effects.extend(self.next_queued());
        effects.extend(self.end_when_empty());
        effects
    }

    /// Gives a free place to who waits longest.
    fn next_queued(&mut self) -> Option<Effect<A, R>> {
        if !self.has_place() {
            return None;
        }
        let id = self.queue.pop_front()?;
        let (args, replies) = self.unqueue(&id);
        self.slots.insert(id.clone(), Slot::Starting(replies));
        Some(Effect::Start(id, args))
    }

    pub(crate) fn stop(&mut self) -> Vec<Effect<A, R>> {
        if std::mem::replace(&mut self.stopping, true) {
            return Vec::new();
        }
        let queue = std::mem::take(&mut self.queue);
        let mut effects: Vec<_> = queue.iter().map(|id| Effect::Refuse(self.unqueue(id).1)).collect();
        effects.push(Effect::StopAll);
        effects.extend(self.end_when_empty());
        effects
    }

    fn end_when_empty(&self) -> Option<Effect<A, R>> {
        (self.stopping && self.slots.is_empty()).then_some(Effect::End)
    }
}
