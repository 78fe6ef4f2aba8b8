//! The decisions of a pool as a pure state machine: who is started, who is answered, who waits.

use crate::ExitReason;
use std::collections::HashMap;

/// One id. `A` is what a child is made from, `R` is where an answer goes.
enum Slot<A, R> {
    Starting(Vec<R>),
    Running,
    /// It is about to end, and somebody has asked for its successor already.
    Succeeded(A, Vec<R>),
}

pub(crate) struct Core<A, R> {
    slots: HashMap<String, Slot<A, R>>,
    children_max: usize,
    stopping: bool,
}

pub(crate) enum Effect<A, R> {
    Start(String, A),
    /// It runs.
    Found(String, Vec<R>),
    /// It could not be started.
    Failed(Vec<R>, ExitReason),
    /// The pool is full.
    Full(R),
    /// The pool goes down.
    Refuse(Vec<R>),
    /// Give up every start, end every child.
    StopAll,
    End,
}

impl<A, R> Core<A, R> {
    pub(crate) fn new(children_max: usize) -> Self {
        Self { slots: HashMap::new(), children_max, stopping: false }
    }

    /// Somebody wants the child `id`; `ending` says that the present one takes no more messages.
    pub(crate) fn ask(&mut self, id: String, args: A, reply: R, ending: bool) -> Option<Effect<A, R>> {
        if self.stopping {
            return Some(Effect::Refuse(vec![reply]));
        }
        let full = self.slots.len() >= self.children_max;
        match self.slots.get_mut(&id) {
            None if full => Some(Effect::Full(reply)),
            None => {
                self.slots.insert(id.clone(), Slot::Starting(vec![reply]));
                Some(Effect::Start(id, args))
            }
            Some(Slot::Starting(replies) | Slot::Succeeded(_, replies)) => {
                replies.push(reply);
                None
            }
            Some(slot) if ending => {
                *slot = Slot::Succeeded(args, vec![reply]);
                None
            }
            Some(Slot::Running) => Some(Effect::Found(id, vec![reply])),
        }
    }

    pub(crate) fn started(&mut self, id: &str) -> Option<Effect<A, R>> {
        let slot = self.slots.get_mut(id)?;
        match std::mem::replace(slot, Slot::Running) {
            Slot::Starting(replies) => Some(Effect::Found(id.to_owned(), replies)),
            Slot::Running | Slot::Succeeded(..) => None,
        }
    }

    pub(crate) fn start_failed(&mut self, id: &str, why: ExitReason) -> Vec<Effect<A, R>> {
        let mut effects = Vec::new();
        if let Some(Slot::Starting(replies)) = self.slots.remove(id) {
            effects.push(Effect::Failed(replies, why));
        }
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
            Some(Slot::Running | Slot::Starting(_)) | None => {}
        }
        effects.extend(self.end_when_empty());
        effects
    }

    pub(crate) fn stop(&mut self) -> Vec<Effect<A, R>> {
        if std::mem::replace(&mut self.stopping, true) {
            return Vec::new();
        }
        let mut effects = vec![Effect::StopAll];
        effects.extend(self.end_when_empty());
        effects
    }

    fn end_when_empty(&self) -> Option<Effect<A, R>> {
        (self.stopping && self.slots.is_empty()).then_some(Effect::End)
    }
}
