//! The decisions of a supervisor as a pure state machine: no clock, no I/O, no await. It does one thing
//! at a time, as OTP's supervisor does; what happens meanwhile waits in a backlog, except a stop.

use super::window::Window;
use crate::ExitReason;
use crate::plan::{Restart, Strategy};
use std::collections::VecDeque;

/// Position of a child in start order.
pub(crate) type Index = usize;

#[derive(Clone, Debug)]
pub(crate) struct Rules {
    pub(crate) strategy: Strategy,
    pub(crate) restarts_max: u32,
    pub(crate) period_ms: u64,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Event {
    /// Start all children in order; once, first.
    Boot,
    Started(Index),
    StartFailed(Index, ExitReason),
    /// The child, its state and all that was attached to it are gone.
    Exited(Index, ExitReason),
    /// The echo of [`Effect::RetryLater`].
    Retry(Index),
    Stop,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Effect {
    Start(Index),
    /// Give up a start under way; it still answers with `Started` or `StartFailed`.
    AbortStart(Index),
    /// End the child by its shutdown policy; it answers with `Exited`.
    Stop(Index),
    /// Send [`Event::Retry`] back through the own queue, behind whatever waits there.
    RetryLater(Index),
    Booted,
    GaveUp(Index, ExitReason),
    /// Everything is down; the supervisor ends.
    End(Ending),
}

/// How a supervisor comes to its end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Ending {
    Stopped,
    GaveUp,
    BootFailed(Index, ExitReason),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ChildState {
    Down,
    Starting,
    Running,
    Stopping,
    /// A restart failed and will be tried again.
    Restarting,
    /// A temporary child that ended: its spec is forgotten.
    Dropped,
}

#[derive(Clone, Debug)]
struct Child {
    restart: Restart,
    state: ChildState,
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
    Exit(Index, ExitReason),
    Retry(Index),
}

#[derive(Clone, Debug)]
pub(crate) struct Core {
    strategy: Strategy,
    window: Window,
    children: Vec<Child>,
    goal: Goal,
    /// The child whose start or stop is awaited.
    awaited: Option<Index>,
    to_stop: VecDeque<Index>,
    to_start: VecDeque<Index>,
    backlog: VecDeque<Pending>,
    effects: Vec<Effect>,
    ended: bool,
}

impl Core {
    pub(crate) fn new(rules: Rules, children: impl IntoIterator<Item = Restart>) -> Self {
        let child = |restart| Child { restart, state: ChildState::Down };
        Self {
            strategy: rules.strategy,
            window: Window::new(rules.restarts_max, rules.period_ms),
            children: children.into_iter().map(child).collect(),
            goal: Goal::Boot,
            awaited: None,
            to_stop: VecDeque::new(),
            to_start: VecDeque::new(),
            backlog: VecDeque::new(),
            effects: Vec::new(),
            ended: false,
        }
    }

    pub(crate) fn states(&self) -> impl Iterator<Item = ChildState> + '_ {
        self.children.iter().map(|child| child.state)
    }

    /// True when the child is ending because it was asked to.
    pub(crate) fn is_stopping(&self, index: Index) -> bool {
        self.children[index].state == ChildState::Stopping
    }

    pub(crate) fn window(&self) -> &Window {
        &self.window
    }

    #[cfg(test)]
    pub(crate) fn is_booting(&self) -> bool {
        self.goal == Goal::Boot
    }

    /// Takes in one event, returns what is to be done, in order.
    pub(crate) fn step(&mut self, now_ms: u64, event: Event) -> Vec<Effect> {
        match event {
            Event::Boot => self.to_start = (0..self.children.len()).collect(),
            Event::Started(index) => self.on_started(index),
            Event::StartFailed(index, reason) => self.on_start_failed(index, reason),
            Event::Exited(index, reason) => self.on_exited(index, reason),
            Event::Retry(index) => self.backlog.push_back(Pending::Retry(index)),
            Event::Stop => self.on_stop(),
        }
        self.advance(now_ms);
        std::mem::take(&mut self.effects)
    }

    fn on_started(&mut self, index: Index) {
        self.awaited = None;
        self.children[index].state = ChildState::Running;
    }

    fn on_start_failed(&mut self, index: Index, reason: ExitReason) {
        self.awaited = None;
        match self.goal {
            Goal::Boot => {
                self.children[index].state = ChildState::Down;
                self.end(Ending::BootFailed(index, reason));
            }
            Goal::Serve => {
                self.children[index].state = ChildState::Restarting;
                self.to_start.clear();
                self.effects.push(Effect::RetryLater(index));
            }
            Goal::End(_) => self.children[index].state = ChildState::Down,
        }
    }

    fn on_exited(&mut self, index: Index, reason: ExitReason) {
        if self.awaited == Some(index) {
            self.awaited = None;
            self.put_down(index);
            return;
        }
        self.backlog.push_back(Pending::Exit(index, reason));
    }

    fn on_stop(&mut self) {
        if matches!(self.goal, Goal::End(_)) {
            return;
        }
        if let Some(index) = self.awaited.filter(|index| self.children[*index].state == ChildState::Starting)
        {
            self.effects.push(Effect::AbortStart(index));
        }
        self.end(Ending::Stopped);
    }

    /// From here on everything goes down, in reverse start order; a start under way has its turn too,
    /// in case it succeeds.
    fn end(&mut self, ending: Ending) {
        self.goal = Goal::End(ending);
        self.to_start.clear();
        self.to_stop = (0..self.children.len()).rev().collect();
    }

    /// Does the next thing, as long as nothing is awaited.
    fn advance(&mut self, now_ms: u64) {
        while self.awaited.is_none() && !self.ended {
            if let Some(index) = self.to_stop.pop_front() {
                self.stop(index);
            } else if let Some(index) = self.to_start.pop_front() {
                self.start(index);
            } else if !self.finish_goal() {
                let Some(pending) = self.backlog.pop_front() else { return };
                self.take_up(now_ms, pending);
            }
        }
    }

    fn stop(&mut self, index: Index) {
        let state = self.children[index].state;
        match state {
            ChildState::Running if self.forget_exit(index) => self.put_down(index),
            ChildState::Running => {
                self.children[index].state = ChildState::Stopping;
                self.awaited = Some(index);
                self.effects.push(Effect::Stop(index));
            }
            ChildState::Restarting => self.put_down(index),
            ChildState::Down | ChildState::Dropped | ChildState::Starting | ChildState::Stopping => {}
        }
    }

    /// A child that died by itself before its turn came is not restarted for it.
    fn forget_exit(&mut self, index: Index) -> bool {
        let before = self.backlog.len();
        self.backlog.retain(|pending| !matches!(pending, Pending::Exit(other, _) if *other == index));
        self.backlog.len() < before
    }

    /// A child that ended and is not restarted on its own account.
    fn put_down(&mut self, index: Index) {
        let child = &mut self.children[index];
        child.state = match child.restart {
            Restart::Temporary => ChildState::Dropped,
            Restart::Permanent | Restart::Transient => ChildState::Down,
        };
    }

    fn start(&mut self, index: Index) {
        if self.children[index].state == ChildState::Dropped {
            return;
        }
        self.children[index].state = ChildState::Starting;
        self.awaited = Some(index);
        self.effects.push(Effect::Start(index));
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
            Pending::Retry(index) => {
                if self.children[index].state == ChildState::Restarting {
                    self.restart(now_ms, index, ExitReason::error("it could not be restarted"));
                }
            }
            Pending::Exit(index, reason) => {
                self.put_down(index);
                if self.restarts(index, &reason) {
                    self.restart(now_ms, index, reason);
                }
            }
        }
    }

    fn restarts(&self, index: Index, reason: &ExitReason) -> bool {
        match self.children[index].restart {
            Restart::Permanent => true,
            Restart::Transient => !reason.is_clean(),
            Restart::Temporary => false,
        }
    }

    fn restart(&mut self, now_ms: u64, index: Index, reason: ExitReason) {
        if !self.window.admits(now_ms) {
            self.effects.push(Effect::GaveUp(index, reason));
            return self.end(Ending::GaveUp);
        }
        match self.strategy {
            Strategy::OneForOne => self.to_start.push_back(index),
            Strategy::RestForOne => self.restart_from(index),
            Strategy::OneForAll => self.restart_from(0),
        }
    }

    fn restart_from(&mut self, first: Index) {
        self.to_stop = (first..self.children.len()).rev().collect();
        self.to_start = (first..self.children.len()).collect();
    }
}
