//! Where questions to a supervisor come in and answers go out: specs become places, places become specs.

use super::admin::{AdminError, Answer, Ask, ChildInfo, ChildRef, ChildSpecInfo, Request, Standing};
use super::calls::{Call, Refusal, Reply, Token};
use super::chair::Chair;
use super::children::{ChildState, Key};
use super::core::Event;
use super::driver::{Driver, Visitor};
use ractor::ActorId;

impl Driver {
    /// The question for the core, unless it could be answered at once.
    pub(super) fn take_request(&mut self, request: Request) -> Option<Event> {
        let (call, seat) = match request.ask {
            Ask::StartChild(child) => {
                let seat = match child.seat(&self.node) {
                    Ok(seat) => seat,
                    Err(invalid) => {
                        let _ = request.reply.send(Err(AdminError::InvalidSpec(invalid)));
                        return None;
                    }
                };
                (Call::StartChild(seat.spec.rules()), Some(seat))
            }
            Ask::TerminateChild(child) => (Call::TerminateChild(self.id_of(child)), None),
            Ask::RestartChild(id) => (Call::RestartChild(id), None),
            Ask::DeleteChild(id) => (Call::DeleteChild(id), None),
            Ask::GetChildspec(child) => (Call::GetChildspec(self.id_of(child)), None),
            Ask::WhichChildren => (Call::WhichChildren, None),
            Ask::CountChildren => (Call::CountChildren, None),
        };
        let token = Token(self.tokens);
        self.tokens += 1;
        self.desk.insert(token, Visitor { seat, reply: request.reply });
        Some(Event::Call(token, call))
    }

    /// An actor that is no child of this supervisor has no id, and is not found.
    fn id_of(&self, child: ChildRef) -> String {
        let actor = match child {
            ChildRef::Id(id) => return id,
            ChildRef::Actor(actor) => actor,
        };
        let chair = self.chairs.values().find(|chair| actor_in(chair) == Some(actor));
        chair.map(|chair| chair.seat.spec.id().to_owned()).unwrap_or_default()
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
            Refusal::AlreadyStarted(key) => {
                self.actor(key).map_or(AdminError::AlreadyPresent, AdminError::AlreadyStarted)
            }
            Refusal::AlreadyPresent => AdminError::AlreadyPresent,
            Refusal::Running => AdminError::Running,
            Refusal::Restarting => AdminError::Restarting,
            Refusal::NotFound => AdminError::NotFound,
            Refusal::Invalid(invalid) => AdminError::InvalidSpec(invalid),
            Refusal::StartFailed(why) => AdminError::StartFailed(why),
        }
    }

    fn actor(&self, key: Key) -> Option<ActorId> {
        self.chairs.get(&key).and_then(actor_in)
    }

    fn info(&self, key: Key, state: ChildState) -> Option<ChildInfo> {
        let spec = self.spec(key)?;
        let standing = match state {
            ChildState::Restarting => Standing::Restarting,
            _ => self.actor(key).map_or(Standing::Undefined, Standing::Running),
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

fn actor_in(chair: &Chair) -> Option<ActorId> {
    chair.occupant.as_ref().map(|occupant| occupant.cell.get_id())
}
