//! Where questions to a pool come in: OTP's functions, as far as they make sense for children without specs
//! of their own.

use super::core::Farewell;
use super::driver::{Driver, Effects};
use crate::Actor;
use crate::supervise::admin::{
    AdminError, Answer, Ask, ChildInfo, ChildRef, ChildSpecInfo, Request, Standing,
};
use crate::supervise::children::ChildCounts;
use crate::supervise::rules::ChildType;
use ractor::ActorId;

impl<A: Actor> Driver<A> {
    pub(super) fn take_request(&mut self, request: Request) -> Effects<A> {
        let answer = match request.ask {
            Ask::TerminateChild(child) => {
                let id = self.id_of(child);
                let (farewell, effects) = self.core.terminate(&id);
                match farewell {
                    Farewell::Ending => self.mourners.entry(id).or_default().push(request.reply),
                    Farewell::Gone => drop(request.reply.send(Ok(Answer::Done))),
                    Farewell::Unknown => drop(request.reply.send(Err(AdminError::NotFound))),
                }
                return effects.into();
            }
            Ask::GetChildspec(child) => self.spec(child).map(Answer::Spec),
            Ask::WhichChildren => Ok(Answer::Children(self.infos())),
            Ask::CountChildren => Ok(Answer::Counts(self.counts())),
            Ask::StartChild(_)
            | Ask::RestartChild(_)
            | Ask::DeleteChild(_)
            | Ask::Revise(_)
            | Ask::Commit => Err(AdminError::SimpleOneForOne),
        };
        // Who does not wait for the answer needs none.
        let _ = request.reply.send(answer);
        Effects::<A>::new()
    }

    /// An actor that is no child of this pool has no id, and is not found.
    fn id_of(&self, child: ChildRef) -> String {
        match child {
            ChildRef::Id(id) => id,
            ChildRef::Actor(actor) => {
                let found = self.children.keys().find(|id| self.actor(id) == Some(actor));
                found.cloned().unwrap_or_default()
            }
        }
    }

    fn actor(&self, id: &str) -> Option<ActorId> {
        let (_, addr) = self.children.get(id)?.running.as_ref()?;
        Some(addr.actor_id())
    }

    fn spec(&self, child: ChildRef) -> Result<ChildSpecInfo, AdminError> {
        let id = self.id_of(child);
        if !self.core.knows(&id) {
            return Err(AdminError::NotFound);
        }
        Ok(ChildSpecInfo {
            id,
            child_type: ChildType::Worker,
            restart: self.spec.flags.restart,
            significant: false,
            shutdown: self.spec.flags.shutdown,
        })
    }

    fn infos(&self) -> Vec<ChildInfo> {
        let info = |(id, is_restarting): (&str, bool)| {
            let running = || self.actor(id).map_or(Standing::Undefined, Standing::Running);
            let standing = if is_restarting { Standing::Restarting } else { running() };
            ChildInfo { id: id.into(), standing, child_type: ChildType::Worker }
        };
        self.core.members().map(info).collect()
    }

    /// One spec for all.
    fn counts(&self) -> ChildCounts {
        let running = self.children.values().filter(|child| child.running.is_some());
        let workers = self.core.members().count();
        ChildCounts { specs: 1, active: running.count(), supervisors: 0, workers }
    }
}
