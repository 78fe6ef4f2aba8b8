//! The decisions of a supervisor as a pure state machine: no clock, no dice, no I/O, no await. It does one
//! thing at a time, as OTP's supervisor does; what happens meanwhile waits in a backlog, except a stop.

use super::backoff::Draw;
use super::calls::{Asker, Call, Refusal, Reply, Token};
use super::children::{ChildCounts, ChildState, Children, Key};
use super::retry::{self, Turn};
use super::rules::{ChildRules, Rules};
use super::window::Window;
use crate::ExitReason;
use crate::plan::{AutoShutdown, Restart, Strategy};
use std::collections::VecDeque;
use std::time::Duration;

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Event {
    /// Start all children in order; once, first.
    Boot,
    Started(Key),
    /// Its init did not want to run.
    Ignored(Key),
    StartFailed(Key, ExitReason, Draw),
    /// The child, its state and all that was attached to it are gone.
    Exited(Key, ExitReason),
    /// The echo of [`Effect::RetryLater`].
    Retry(Key, Turn),
    Call(Token, Call),
    Stop,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Effect {
    /// The child spec that came with the call has this place from now on.
    Adopt(Token, Key),
    /// The place is given up, the spec is forgotten.
    Forget(Key),
    /// The specs that came with the call hold from now on; each has this place, or none.
    Revise(Token, Vec<Option<Key>>),
    Start(Key),
    /// Give up a start under way; it still answers.
    AbortStart(Key),
    /// End the child by its shutdown policy; it answers with `Exited`.
    Stop(Key),
    /// Send [`Event::Retry`] back after a wait, through the own queue and behind whatever waits there.
    RetryLater(Key, Turn, Duration),
    /// The retry is void, the child stays down.
    CancelRetry(Key),
    Reply(Token, Reply),
    Booted,
    GaveUp(Key, ExitReason),
    /// Everything is down; the supervisor ends.
    End(Ending),
}

/// How a supervisor comes to its end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Ending {
    Stopped,
    GaveUp,
    /// The significant children are done.
    AutoShutdown,
    BootFailed(Key, ExitReason),
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Goal {
    Boot,
    Serve,
    End(Ending),
}

/// A thing that happened while the supervisor was at work.
#[derive(Clone, Debug)]
enum Pending {
    Exit(Key, ExitReason),
    Retry(Key, Turn),
    Call(Token, Call),
}

#[derive(Clone, Debug)]
pub(crate) struct Core {
    pub(super) rules: Rules,
    pub(super) children: Children,
    pub(super) window: Window,
    goal: Goal,
    /// The child whose start or stop is awaited.
    pub(super) awaited: Option<Key>,
    /// Who asked for it, if anybody did.
    pub(super) asker: Option<Asker>,
    to_stop: VecDeque<Key>,
    to_start: VecDeque<Key>,
    backlog: VecDeque<Pending>,
    /// Of the latest retry.
    turn: Turn,
    pub(super) effects: Vec<Effect>,
    ended: bool,
}

impl Core {
    /// The children have the places from 0 on, in the order given.
    pub(crate) fn new(rules: Rules, children: impl IntoIterator<Item = ChildRules>) -> Self {
        let mut places = Children::default();
        for child in children {
            places.add(child);
        }
        Self {
            window: Window::new(rules.restarts_max, rules.period_ms),
            rules,
            children: places,
            goal: Goal::Boot,
            awaited: None,
            asker: None,
            to_stop: VecDeque::new(),
            to_start: VecDeque::new(),
            backlog: VecDeque::new(),
            turn: Turn::default(),
            effects: Vec::new(),
            ended: false,
        }
    }

    pub(crate) fn state(&self, key: Key) -> Option<ChildState> {
        self.children.state(key)
    }

    /// All places in start order.
    pub(crate) fn keys(&self) -> impl Iterator<Item = Key> + '_ {
        self.children.keys()
    }

    pub(crate) fn window(&self) -> &Window {
        &self.window
    }

    #[cfg(test)]
    pub(crate) fn latest_turn(&self) -> Turn {
        self.turn
    }

    pub(crate) fn is_ending(&self) -> bool {
        matches!(self.goal, Goal::End(_))
    }

    #[cfg(test)]
    pub(crate) fn is_booting(&self) -> bool {
        self.goal == Goal::Boot
    }

    /// Forgets the questions that change nothing, wait for their turn and are `dropped`.
    pub(super) fn withdraw(&mut self, mut dropped: impl FnMut(Token) -> bool) {
        self.backlog.retain(|pending| match pending {
            Pending::Call(token, call) => !(call.changes_nothing() && dropped(*token)),
            Pending::Exit(..) | Pending::Retry(..) => true,
        });
    }

    /// Takes in one event, returns what is to be done, in order.
    pub(crate) fn step(&mut self, now_ms: u64, event: Event) -> Vec<Effect> {
        match event {
            Event::Boot => self.to_start = self.children.keys().collect(),
            Event::Started(key) => self.on_started(key),
            Event::Ignored(key) => self.on_ignored(key),
            Event::StartFailed(key, reason, draw) => self.on_start_failed(key, reason, draw),
            Event::Exited(key, reason) => self.on_exited(key, reason),
            Event::Retry(key, turn) => self.backlog.push_back(Pending::Retry(key, turn)),
            Event::Call(token, call) => self.backlog.push_back(Pending::Call(token, call)),
            Event::Stop => self.on_stop(),
        }
        self.advance(now_ms);
        std::mem::take(&mut self.effects)
    }

    /// What was awaited has come.
    fn settle(&mut self, key: Key) {
        debug_assert_eq!(self.awaited, Some(key), "news of a start that nobody awaits");
        self.awaited = None;
    }

    fn on_started(&mut self, key: Key) {
        self.settle(key);
        if let Some(child) = self.children.get_mut(key) {
            (child.state, child.failures) = (ChildState::Running, 0);
        }
        self.answer(Reply::Started(key));
    }

    fn on_ignored(&mut self, key: Key) {
        self.settle(key);
        self.put_down(key);
        self.answer(Reply::Ignored);
    }

    /// A start that somebody asked for is not tried again: the asker decides.
    fn on_start_failed(&mut self, key: Key, reason: ExitReason, draw: Draw) {
        self.settle(key);
        match (&self.asker, &self.goal) {
            (Some(Asker { brought_spec: true, .. }), _) => self.forget(key),
            (None, Goal::Serve) => return self.retry_later(key, reason, draw),
            (None, Goal::Boot) => {
                self.children.set_state(key, ChildState::Down);
                return self.end(Ending::BootFailed(key, reason));
            }
            (Some(_), _) | (None, Goal::End(_)) => self.children.set_state(key, ChildState::Down),
        }
        self.answer(Reply::Refused(Refusal::StartFailed(reason)));
    }

    /// The rest of its group waits until this one runs. Control goes back to the queue first, so that a
    /// child that never starts blocks neither a stop nor a call.
    fn retry_later(&mut self, key: Key, reason: ExitReason, draw: Draw) {
        self.to_start.clear();
        let Some(child) = self.children.get_mut(key) else { return };
        child.state = ChildState::Restarting;
        child.failures = child.failures.saturating_add(1);
        child.failure = Some(reason);
        self.turn = self.turn.next();
        child.turn = self.turn;
        let wait = retry::wait(child.rules.backoff, child.failures, draw);
        self.effects.push(Effect::RetryLater(key, self.turn, wait));
    }

    fn on_exited(&mut self, key: Key, reason: ExitReason) {
        if self.awaited != Some(key) {
            return self.backlog.push_back(Pending::Exit(key, reason));
        }
        self.awaited = None;
        self.put_down(key);
        self.answer(Reply::Done);
    }

    fn on_stop(&mut self) {
        if matches!(self.goal, Goal::End(_)) {
            return;
        }
        let starting = |key: &Key| self.children.state(*key) == Some(ChildState::Starting);
        if let Some(key) = self.awaited.filter(starting) {
            self.effects.push(Effect::AbortStart(key));
        }
        self.end(Ending::Stopped);
    }

    /// From here on everything goes down, in reverse start order; a start under way has its turn too,
    /// in case it succeeds.
    fn end(&mut self, ending: Ending) {
        self.goal = Goal::End(ending);
        self.to_start.clear();
        self.to_stop = self.children.keys().rev().collect();
    }

    /// Does the next thing, as long as nothing is awaited.
    fn advance(&mut self, now_ms: u64) {
        while self.awaited.is_none() && !self.ended {
            if let Some(key) = self.to_stop.pop_front() {
                let _ = self.stop(key);
            } else if let Some(key) = self.to_start.pop_front() {
                self.start(key);
            } else if !self.finish_goal() {
                let Some(pending) = self.backlog.pop_front() else { return };
                self.take_up(now_ms, pending);
            }
        }
    }

    /// Whether its end is awaited now; otherwise it is down already.
    #[must_use]
    pub(super) fn stop(&mut self, key: Key) -> bool {
        if self.forget_exit(key) {
            self.put_down(key);
            return false;
        }
        match self.children.state(key) {
            Some(ChildState::Running) => {
                self.children.set_state(key, ChildState::Stopping);
                self.awaited = Some(key);
                self.effects.push(Effect::Stop(key));
                return true;
            }
            Some(ChildState::Restarting) => {
                self.put_down(key);
                self.effects.push(Effect::CancelRetry(key));
            }
            Some(ChildState::Starting | ChildState::Stopping) => unreachable!("it would be awaited"),
            Some(ChildState::Down) | None => {}
        }
        false
    }

    /// A child that died is not active, also before its end is taken up.
    pub(super) fn counts(&self) -> ChildCounts {
        let mut counts = self.children.counts();
        let ended = self.backlog.iter().filter(|pending| matches!(pending, Pending::Exit(..)));
        counts.active = counts.active.saturating_sub(ended.count());
        counts
    }

    /// A child that died by itself before its turn came is not restarted for it.
    fn forget_exit(&mut self, key: Key) -> bool {
        let before = self.backlog.len();
        self.backlog.retain(|pending| !matches!(pending, Pending::Exit(other, _) if *other == key));
        self.backlog.len() < before
    }

    /// A child that ended and is not restarted on its own account.
    fn put_down(&mut self, key: Key) {
        match self.children.get_mut(key) {
            Some(child) if child.rules.restart == Restart::Temporary => self.forget(key),
            Some(child) => child.state = ChildState::Down,
            None => {}
        }
    }

    pub(super) fn forget(&mut self, key: Key) {
        self.children.remove(key);
        self.effects.push(Effect::Forget(key));
    }

    /// Starts it, unless its group's end has done away with it.
    pub(super) fn start(&mut self, key: Key) {
        if self.children.get(key).is_some() {
            self.children.set_state(key, ChildState::Starting);
            self.awaited = Some(key);
            self.effects.push(Effect::Start(key));
        }
    }

    /// True when a goal was reached just now.
    fn finish_goal(&mut self) -> bool {
        match &self.goal {
            Goal::Serve => return false,
            Goal::Boot => {
                self.goal = Goal::Serve;
                self.effects.push(Effect::Booted);
            }
            Goal::End(ending) => {
                self.ended = true;
                self.effects.push(Effect::End(ending.clone()));
            }
        }
        true
    }

    fn take_up(&mut self, now_ms: u64, pending: Pending) {
        match pending {
            Pending::Call(token, call) => self.take_call(token, call),
            Pending::Retry(key, turn) => self.take_retry(now_ms, key, turn),
            Pending::Exit(key, reason) => self.take_exit(now_ms, key, reason),
        }
    }

    /// A retry is void when the child was stopped meanwhile, or restarted with its group, even if that has
    /// failed again: then it has another wait.
    fn take_retry(&mut self, now_ms: u64, key: Key, turn: Turn) {
        let Some(child) = self.children.get_mut(key).filter(|child| child.turn == turn) else { return };
        if let (ChildState::Restarting, Some(reason)) = (child.state, child.failure.take()) {
            child.state = ChildState::Down;
            self.restart(now_ms, key, reason);
        }
    }

    fn take_exit(&mut self, now_ms: u64, key: Key, reason: ExitReason) {
        let Some(child) = self.children.get(key) else { return };
        let (restart, significant) = (child.rules.restart, child.rules.significant);
        self.put_down(key);
        if restart.follows(&reason) {
            self.restart(now_ms, key, reason);
        } else if significant && self.is_done() {
            self.end(Ending::AutoShutdown);
        }
    }

    /// Whether the end of a significant child was the last that mattered.
    fn is_done(&self) -> bool {
        match self.rules.auto_shutdown {
            AutoShutdown::Never => false,
            AutoShutdown::AnySignificant => true,
            AutoShutdown::AllSignificant => !self.children.significant_are_left(),
        }
    }

    /// Every attempt counts, those that fail too.
    fn restart(&mut self, now_ms: u64, key: Key, reason: ExitReason) {
        if !self.window.admits(now_ms) {
            self.effects.push(Effect::GaveUp(key, reason));
            return self.end(Ending::GaveUp);
        }
        match self.rules.strategy {
            Strategy::OneForOne => self.to_start.push_back(key),
            Strategy::RestForOne => self.restart_all(self.children.keys_from(key).collect()),
            Strategy::OneForAll => self.restart_all(self.children.keys().collect()),
        }
    }

    /// These go down in reverse order and come up again in order.
    fn restart_all(&mut self, group: VecDeque<Key>) {
        self.to_stop = group.iter().rev().copied().collect();
        self.to_start = group;
    }

    /// Tells whoever asked for what was awaited.
    fn answer(&mut self, reply: Reply) {
        if let Some(asker) = self.asker.take() {
            self.effects.push(Effect::Reply(asker.token, reply));
        }
    }
}
