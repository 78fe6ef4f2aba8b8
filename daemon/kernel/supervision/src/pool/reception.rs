//! Where questions to a pool come in: OTP's functions, as far as they make sense for children without specs
//! of their own.

use super::core::Farewell;
use super::driver::{Driver, Effects};
use crate::Actor;
use crate::supervise::admin::{
    AdminError, Answer, Ask, ChildInfo, ChildRef, ChildSpecInfo, QUESTIONS_MAX, ReplyTo, Request, Standing,
    refuse_busy,
};
use crate::supervise::children::ChildCounts;
use crate::supervise::rules::ChildType;
use ractor::ActorId;

/// An actor that is no child of this pool. Whether it ever was one is not known once it has ended.
enum Stranger {
    Alive,
    Dead,
}

impl Stranger {
    fn of(actor: ActorId) -> Self {
        if ractor::registry::where_is_pid(actor).is_some() { Self::Alive } else { Self::Dead }
    }
}

impl<A: Actor> Driver<A> {
    pub(super) fn take_request(&mut self, request: Request) -> Effects<A> {
        let answer = match request.ask {
            Ask::TerminateChild(child) => match self.id_of(child) {
                Ok(id) => return self.terminate(id, request.reply),
                Err(Stranger::Dead) => Ok(Answer::Done),
                Err(Stranger::Alive) => Err(AdminError::NotFound),
            },
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

    /// Good also for one that has ended already; who asks cannot know.
    fn terminate(&mut self, id: String, mourner: ReplyTo) -> Effects<A> {
        if !self.may_mourn(&id) {
            refuse_busy(&self.path, mourner);
            return Effects::<A>::new();
        }
        let (farewell, effects) = self.core.terminate(&id);
        match farewell {
            Farewell::Ending => self.mourners.entry(id).or_default().push(mourner),
            Farewell::Gone => {
                self.bury(&id);
                let _ = mourner.send(Ok(Answer::Done));
            }
        }
        effects.into()
    }

    /// Whether one more may wait for that end; who has gone away gives its room up.
    fn may_mourn(&mut self, id: &str) -> bool {
        let Some(mourners) = self.mourners.get_mut(id) else { return true };
        if mourners.len() >= QUESTIONS_MAX {
            mourners.retain(|mourner| !mourner.is_closed());
        }
        mourners.len() < QUESTIONS_MAX
    }

    /// An actor that has ended stands for the child that is to be started again in its place.
    fn id_of(&self, child: ChildRef) -> Result<String, Stranger> {
        let actor = match child {
            ChildRef::Id(id) => return Ok(id),
            ChildRef::Actor(actor) => actor,
        };
        let found = self.children.iter().find(|(_, child)| child.actor == Some(actor));
        found.map(|(id, _)| id.clone()).ok_or_else(|| Stranger::of(actor))
    }

    fn actor(&self, id: &str) -> Option<ActorId> {
        let (_, addr) = self.children.get(id)?.running.as_ref()?;
        Some(addr.actor_id())
    }

    /// All members have the one spec; OTP tells it of an actor that is gone, too, who may have been one.
    fn spec(&self, child: ChildRef) -> Result<ChildSpecInfo, AdminError> {
        let id = match self.id_of(child) {
            Ok(id) if self.core.is_member(&id) => id,
            Err(Stranger::Dead) => self.spec.child.kind.clone(),
            Ok(_) | Err(Stranger::Alive) => return Err(AdminError::NotFound),
        };
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
            let kind = self.spec.child.kind.clone();
            ChildInfo { id: id.into(), standing, child_type: ChildType::Worker, kind }
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
