//! Where questions to a supervisor come in and answers go out: specs become places, places become specs.

use super::admin::{
    AdminError, Answer, Ask, ChildInfo, ChildRef, ChildSpecInfo, QUESTIONS_MAX, Request, Standing,
};
use super::calls::{Call, Refusal, Reply, Token};
use super::children::{ChildState, Key};
use super::core::Event;
use super::driver::{Brings, Driver, Visitor};
use super::revise::Revised;
use ractor::ActorId;

impl Driver {
    /// The question for the core, unless it could be answered at once.
    pub(super) fn take_request(&mut self, request: Request) -> Option<Event> {
        let (call, brings) = match request.ask {
            Ask::StartChild(child) => {
                let seat = match child.seat(&self.node) {
                    Ok(seat) => seat,
                    Err(invalid) => {
                        let _ = request.reply.send(Err(AdminError::InvalidSpec(invalid)));
                        return None;
                    }
                };
                (Call::StartChild(seat.spec.rules()), Some(Brings::Seat(seat)))
            }
            Ask::TerminateChild(child) => (Call::TerminateChild(id_of(child)), None),
            Ask::RestartChild(id) => (Call::RestartChild(id), None),
            Ask::DeleteChild(id) => (Call::DeleteChild(id), None),
            Ask::GetChildspec(child) => (Call::GetChildspec(id_of(child)), None),
            Ask::WhichChildren => (Call::WhichChildren, None),
            Ask::CountChildren => (Call::CountChildren, None),
            Ask::Revise(revision) => {
                let children = revision.children.iter().map(Revised::rules).collect();
                (Call::Revise(revision.flags.rules(), children), Some(Brings::Revision(revision)))
            }
            Ask::Commit => {
                self.commit();
                let _ = request.reply.send(Ok(Answer::Done));
                return None;
            }
        };
        if self.desk.len() >= QUESTIONS_MAX {
            tracing::warn!(path = &*self.node.path, QUESTIONS_MAX, "refused a question: too many wait");
            let _ = request.reply.send(Err(AdminError::Busy));
            return None;
        }
        let token = Token(self.tokens);
        self.tokens += 1;
        self.desk.insert(token, Visitor { brings, reply: request.reply });
        Some(Event::Call(token, call))
    }

    pub(super) fn answer(&mut self, token: Token, reply: Reply) {
        let Some(visitor) = self.desk.remove(&token) else { return };
        // Who does not wait for the answer needs none.
        let _ = visitor.reply.send(self.translate(reply));
    }

    fn translate(&self, reply: Reply) -> Result<Answer, AdminError> {
        match reply {
            Reply::Started(key) => Ok(Answer::Started(self.actor(key))),
            Reply::Ignored => Ok(Answer::Started(None)),
            Reply::Done => Ok(Answer::Done),
            Reply::Counts(counts) => Ok(Answer::Counts(counts)),
            Reply::Children(states) => {
                let rows = states.into_iter().filter_map(|(key, state)| self.info(key, state));
                Ok(Answer::Children(rows.collect()))
            }
            Reply::Spec(key) => self.spec(key).map(Answer::Spec).ok_or(AdminError::NotFound),
            Reply::Refused(refusal) => Err(self.error(refusal)),
        }
    }

    fn error(&self, refusal: Refusal) -> AdminError {
        match refusal {
            Refusal::AlreadyStarted(key) => match self.actor(key) {
                Some(actor) => AdminError::AlreadyStarted(actor),
                None => unreachable!("who was started is somebody"),
            },
            Refusal::AlreadyPresent => AdminError::AlreadyPresent,
            Refusal::Running => AdminError::Running,
            Refusal::Restarting => AdminError::Restarting,
            Refusal::NotFound => AdminError::NotFound,
            Refusal::Invalid(invalid) => AdminError::InvalidSpec(invalid),
            Refusal::StartFailed(why) => AdminError::StartFailed(why),
        }
    }

    fn actor(&self, key: Key) -> Option<ActorId> {
        self.chairs.get(&key)?.actor
    }

    fn info(&self, key: Key, state: ChildState) -> Option<ChildInfo> {
        let spec = self.spec(key)?;
        let standing = match state {
            ChildState::Restarting => Standing::Restarting,
            ChildState::Running => self.actor(key).map_or(Standing::Undefined, Standing::Running),
            ChildState::Down | ChildState::Starting | ChildState::Stopping => Standing::Undefined,
        };
        Some(ChildInfo { id: spec.id, standing, child_type: spec.child_type })
    }

    fn spec(&self, key: Key) -> Option<ChildSpecInfo> {
        let spec = &self.chairs.get(&key)?.seat.spec;
        let rules = spec.rules();
        Some(ChildSpecInfo {
            id: spec.id().into(),
            child_type: rules.child_type,
            restart: spec.restart,
            significant: spec.significant,
            shutdown: spec.shutdown,
        })
    }
}

/// Children with specs of their own go by their ids alone, as in OTP: an actor has none.
fn id_of(child: ChildRef) -> String {
    match child {
        ChildRef::Id(id) => id,
        ChildRef::Actor(_) => String::new(),
    }
}
