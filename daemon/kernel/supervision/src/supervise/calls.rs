//! What can be asked of a supervisor while it runs, and OTP's answer in every state of the child.

use super::children::{ChildCounts, ChildState, Key};
use super::core::{Core, Effect};
use super::revise::RevisedRules;
use super::rules::{ChildRules, InvalidSpec, Rules};
use crate::ExitReason;

/// Stands for whoever waits for the answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Token(pub(crate) u64);

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Call {
    StartChild(ChildRules),
    TerminateChild(String),
    RestartChild(String),
    DeleteChild(String),
    GetChildspec(String),
    WhichChildren,
    CountChildren,
    Revise(Rules, Vec<RevisedRules>),
}

impl Call {
    pub(super) fn changes_nothing(&self) -> bool {
        matches!(self, Self::GetChildspec(_) | Self::WhichChildren | Self::CountChildren)
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Reply {
    /// The child runs.
    Started(Key),
    /// Its init did not want to run.
    Ignored,
    Done,
    Spec(Key),
    /// The newest first.
    Children(Vec<(Key, ChildState)>),
    Counts(ChildCounts),
    Refused(Refusal),
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Refusal {
    AlreadyStarted(Key),
    /// The spec is there, its child is not.
    AlreadyPresent,
    Running,
    Restarting,
    NotFound,
    Invalid(InvalidSpec),
    StartFailed(ExitReason),
}

/// Who waits for the start or stop under way.
#[derive(Clone, Debug)]
pub(super) struct Asker {
    pub(super) token: Token,
    /// The spec came with the question, and is forgotten when its child does not start.
    pub(super) brought_spec: bool,
}

impl Core {
    /// Answers at once, or once the child has started or ended.
    pub(super) fn take_call(&mut self, token: Token, call: Call) {
        let reply = match call {
            Call::StartChild(rules) => self.start_child(token, rules),
            Call::TerminateChild(id) => self.terminate_child(token, &id),
            Call::RestartChild(id) => self.restart_child(token, &id),
            Call::DeleteChild(id) => self.delete_child(&id),
            Call::GetChildspec(id) => match self.children.find(&id) {
                Some((key, _)) => Ok(Some(Reply::Spec(key))),
                None => Err(Refusal::NotFound),
            },
            Call::WhichChildren => Ok(Some(Reply::Children(self.children.states().rev().collect()))),
            Call::Revise(rules, children) => self.revise(token, rules, children),
            Call::CountChildren => Ok(Some(Reply::Counts(self.counts()))),
        };
        match reply {
            Ok(None) => {}
            Ok(Some(reply)) => self.effects.push(Effect::Reply(token, reply)),
            Err(refusal) => self.effects.push(Effect::Reply(token, Reply::Refused(refusal))),
        }
    }

    fn start_child(&mut self, token: Token, rules: ChildRules) -> Result<Option<Reply>, Refusal> {
        rules.check(self.rules.auto_shutdown).map_err(Refusal::Invalid)?;
        match self.children.find(&rules.id) {
            Some((key, child)) if child.state == ChildState::Running => Err(Refusal::AlreadyStarted(key)),
            Some(_) => Err(Refusal::AlreadyPresent),
            None => {
                let key = self.children.add(rules);
                self.effects.push(Effect::Adopt(token, key));
                self.asker = Some(Asker { token, brought_spec: true });
                self.start(key);
                Ok(None)
            }
        }
    }

    fn restart_child(&mut self, token: Token, id: &str) -> Result<Option<Reply>, Refusal> {
        let key = self.find_down(id)?;
        self.asker = Some(Asker { token, brought_spec: false });
        self.start(key);
        Ok(None)
    }

    fn delete_child(&mut self, id: &str) -> Result<Option<Reply>, Refusal> {
        let key = self.find_down(id)?;
        self.forget(key);
        Ok(Some(Reply::Done))
    }

    /// The place of a child that neither runs nor is about to.
    fn find_down(&self, id: &str) -> Result<Key, Refusal> {
        let (key, child) = self.children.find(id).ok_or(Refusal::NotFound)?;
        match child.state {
            ChildState::Down => Ok(key),
            ChildState::Restarting => Err(Refusal::Restarting),
            ChildState::Running | ChildState::Starting | ChildState::Stopping => Err(Refusal::Running),
        }
    }

    /// Also good for a child that is down already, and for one that is about to be tried again.
    fn terminate_child(&mut self, token: Token, id: &str) -> Result<Option<Reply>, Refusal> {
        let (key, _) = self.children.find(id).ok_or(Refusal::NotFound)?;
        if !self.stop(key) {
            return Ok(Some(Reply::Done));
        }
        self.asker = Some(Asker { token, brought_spec: false });
        Ok(None)
    }
}
