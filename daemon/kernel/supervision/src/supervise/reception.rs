//! Where questions to a supervisor come in and answers go out: specs become places, places become specs.

use super::admin::{
    AdminError, Answer, Ask, ChildInfo, ChildRef, ChildSpecInfo, QUESTIONS_MAX, Request, Standing,
    refuse_busy,
};
use super::calls::{Call, Refusal, Reply, Token};
use super::children::{ChildState, Key};
use super::core::Event;
use super::driver::{Brings, Driver, Visitor};
use super::revise::Revised;
use ractor::ActorId;

/// What a question comes to.
enum Understood {
    Call(Call, Option<Brings>),
    Answer(Result<Answer, AdminError>),
}

impl Driver {
    /// The question for the core, unless it could be answered at once.
    pub(super) fn take_request(&mut self, request: Request) -> Option<Event> {
        let Request { ask, reply, in_transaction } = request;
        let (call, brings) = match self.understand(ask) {
            Understood::Call(call, brings) => (call, brings),
            Understood::Answer(answer) => {
                let _ = reply.send(answer);
                return None;
            }
        };
        if !in_transaction && !self.has_room() {
            refuse_busy(&self.node.path, reply);
            return None;
        }
        let token = Token(self.tokens);
        self.tokens += 1;
        self.desk.insert(token, Visitor { brings, reply });
        Some(Event::Call(token, call))
    }

    fn understand(&mut self, ask: Ask) -> Understood {
        let call = match ask {
            Ask::StartChild(child) => match child.seat(&self.node) {
                Ok(seat) => {
                    return Understood::Call(Call::StartChild(seat.spec.rules()), Some(Brings::Seat(seat)));
                }
                Err(invalid) => return Understood::Answer(Err(AdminError::InvalidSpec(invalid))),
            },
            Ask::Revise(revision) => {
                let children = revision.children.iter().map(Revised::rules).collect();
                let call = Call::Revise(revision.flags.rules(), children);
                return Understood::Call(call, Some(Brings::Revision(revision)));
            }
            Ask::Commit => {
                self.commit();
                return Understood::Answer(Ok(Answer::Done));
            }
            // Children with specs of their own go by their ids alone, as in OTP: an actor has none.
            Ask::TerminateChild(ChildRef::Actor(_)) | Ask::GetChildspec(ChildRef::Actor(_)) => {
                return Understood::Answer(Err(AdminError::NotFound));
            }
            Ask::TerminateChild(ChildRef::Id(id)) => Call::TerminateChild(id),
            Ask::GetChildspec(ChildRef::Id(id)) => Call::GetChildspec(id),
            Ask::RestartChild(id) => Call::RestartChild(id),
            Ask::DeleteChild(id) => Call::DeleteChild(id),
            Ask::WhichChildren => Call::WhichChildren,
            Ask::CountChildren => Call::CountChildren,
        };
        Understood::Call(call, None)
    }

    /// Whether one more question may wait. One that changes nothing is dropped when nobody waits for the answer
    /// any more; what else was asked for is done all the same.
    fn has_room(&mut self) -> bool {
        if self.desk.len() >= QUESTIONS_MAX {
            let desk = &mut self.desk;
            self.core.withdraw(|token| {
                let has_left = desk.get(&token).is_some_and(|visitor| visitor.reply.is_closed());
                has_left && desk.remove(&token).is_some()
            });
        }
        self.desk.len() < QUESTIONS_MAX
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
        let (spec, kind) = (self.spec(key)?, &self.chairs.get(&key)?.seat.node.kind().name);
        let standing = match state {
            ChildState::Restarting => Standing::Restarting,
            ChildState::Running => self.actor(key).map_or(Standing::Undefined, Standing::Running),
            ChildState::Down | ChildState::Starting | ChildState::Stopping => Standing::Undefined,
        };
        Some(ChildInfo { id: spec.id, standing, child_type: spec.child_type, kind: kind.to_string() })
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
