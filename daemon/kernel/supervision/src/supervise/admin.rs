//! OTP's supervisor functions as they look from outside: what can be asked, and how it is answered.

use super::child::Child;
use super::children::ChildCounts;
use super::revise::Revision;
use super::rules::{ChildType, InvalidSpec};
use crate::plan::{Restart, Shutdown};
use crate::{ExitReason, Tree};
use ractor::ActorId;
use std::time::Duration;
use tokio::sync::oneshot;

/// Why a supervisor did not do what it was asked.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AdminError {
    /// A child of that id runs.
    #[error("a child of that id runs already: {0}")]
    AlreadyStarted(ActorId),
    /// The spec is known, its child does not run: restart or delete it.
    #[error("a child of that id is known already")]
    AlreadyPresent,
    /// The child runs: terminate it first.
    #[error("the child runs")]
    Running,
    /// The child is about to be tried again: terminate it first.
    #[error("the child is being restarted")]
    Restarting,
    /// There is no child of that id.
    #[error("there is no such child")]
    NotFound,
    /// A pool's children have no specs of their own.
    #[error("a pool's children are started by the pool and leave when they end")]
    SimpleOneForOne,
    /// No supervisor takes this spec, or this one does not.
    #[error("the child spec is not valid: {0}")]
    InvalidSpec(#[from] InvalidSpec),
    /// The child's init failed; a spec that came with the call is forgotten.
    #[error("the child did not start: {0}")]
    StartFailed(ExitReason),
    /// There is no supervisor or pool at that path.
    #[error("there is no supervisor at {0}")]
    NoSupervisor(String),
    /// The supervisor is not up, or on its way down.
    #[error("the supervisor is not running")]
    NotRunning,
    /// So many others wait for an answer that it takes no more questions.
    #[error("the supervisor is busy: too many questions wait")]
    Busy,
    /// No answer came in time. What was asked for may still happen.
    #[error("the supervisor did not answer in {0:?}")]
    Timeout(Duration),
}

/// How many questions one supervisor keeps waiting, and how many askers a pool for one child.
pub(crate) const QUESTIONS_MAX: usize = 1_024;
/// How long an answer may take: it may have to wait for a start, or for a child's end.
pub(crate) const ANSWER_LIMIT: Duration = Duration::from_secs(30);

/// The answer to a question, or why there is none.
pub(crate) async fn answer_of<T>(reply: oneshot::Receiver<Result<T, AdminError>>) -> Result<T, AdminError> {
    match tokio::time::timeout(ANSWER_LIMIT, reply).await {
        Ok(answer) => answer.unwrap_or(Err(AdminError::NotRunning)),
        Err(_) => Err(AdminError::Timeout(ANSWER_LIMIT)),
    }
}

/// A child by its id or by its actor.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ChildRef {
    /// The last segment of its path.
    Id(String),
    /// This actor. Only a pool's children go by it.
    Actor(ActorId),
}

impl From<&str> for ChildRef {
    fn from(id: &str) -> Self {
        Self::Id(id.into())
    }
}

impl From<ActorId> for ChildRef {
    fn from(actor: ActorId) -> Self {
        Self::Actor(actor)
    }
}

/// What is in a child's place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// Nobody.
    Undefined,
    /// A restart failed and will be tried again.
    Restarting,
    /// This actor.
    Running(ActorId),
}

/// One row of `which_children`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChildInfo {
    /// The last segment of its path.
    pub id: String,
    /// Who is there.
    pub standing: Standing,
    /// What it is.
    pub child_type: ChildType,
    /// What is compiled in there; OTP's modules.
    pub kind: String,
}

/// A child spec with its defaults filled in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChildSpecInfo {
    /// The last segment of its path.
    pub id: String,
    /// What it is.
    pub child_type: ChildType,
    /// When it is started again.
    pub restart: Restart,
    /// Whether its end may end its supervisor.
    pub significant: bool,
    /// How it is ended.
    pub shutdown: Shutdown,
}

pub(crate) enum Ask {
    StartChild(Box<Child>),
    TerminateChild(ChildRef),
    RestartChild(String),
    DeleteChild(String),
    GetChildspec(ChildRef),
    WhichChildren,
    CountChildren,
    /// Other specs for all of it, which hold until the supervisor is started anew.
    Revise(Revision),
    /// From now on it begins with what it was last revised to.
    Commit,
}

/// What the question calls for: the caller of [`Ask::CountChildren`] gets `Counts`.
pub(crate) enum Answer {
    /// Nobody runs when init said that it is not needed.
    Started(Option<ActorId>),
    Done,
    Spec(ChildSpecInfo),
    Children(Vec<ChildInfo>),
    Counts(ChildCounts),
}

impl Answer {
    fn started(self) -> Option<ActorId> {
        match self {
            Self::Started(actor) => actor,
            _ => unreachable!("a start is answered with an actor"),
        }
    }
}

/// Who waits for an answer.
pub(crate) type ReplyTo = oneshot::Sender<Result<Answer, AdminError>>;

/// More would wait at `path` than may.
pub(crate) fn refuse_busy(path: &str, reply: ReplyTo) {
    tracing::warn!(path, QUESTIONS_MAX, "refused a question: too many wait");
    let _ = reply.send(Err(AdminError::Busy));
}

/// One question, and where its answer goes. Dropped unanswered it says that the supervisor is gone.
pub(crate) struct Request {
    pub(crate) ask: Ask,
    pub(crate) reply: ReplyTo,
    /// Of a reload, which must not be left half done: it is taken however many wait.
    pub(crate) in_transaction: bool,
}

impl Request {
    pub(crate) fn new(ask: Ask) -> (Self, oneshot::Receiver<Result<Answer, AdminError>>) {
        let (reply, answer) = oneshot::channel();
        (Self { ask, reply, in_transaction: false }, answer)
    }

    pub(crate) fn in_transaction(ask: Ask) -> (Self, oneshot::Receiver<Result<Answer, AdminError>>) {
        let (request, answer) = Self::new(ask);
        (Self { in_transaction: true, ..request }, answer)
    }
}

impl Tree {
    /// Adds a child behind the others and starts it. `None` when its init said that it is not needed;
    /// its spec is kept all the same, unless it is temporary.
    ///
    /// # Errors
    /// `AlreadyStarted`, `AlreadyPresent`, `InvalidSpec`, `StartFailed`.
    pub async fn start_child(&self, supervisor: &str, child: Child) -> Result<Option<ActorId>, AdminError> {
        self.ask(supervisor, Ask::StartChild(Box::new(child))).await.map(Answer::started)
    }

    /// Ends a child by its shutdown policy; it is not restarted. Good also for one that is down or about
    /// to be tried again, and for one of a pool that has ended. A temporary child's spec goes with it.
    ///
    /// # Errors
    /// `NotFound`. As for all questions also `NoSupervisor`, `NotRunning`, `Busy`, and after half a minute
    /// `Timeout`.
    pub async fn terminate_child(
        &self,
        supervisor: &str,
        child: impl Into<ChildRef>,
    ) -> Result<(), AdminError> {
        self.ask(supervisor, Ask::TerminateChild(child.into())).await.map(drop)
    }

    /// Starts a child that is down.
    ///
    /// # Errors
    /// `Running`, `Restarting`, `NotFound`, `StartFailed`.
    pub async fn restart_child(&self, supervisor: &str, id: &str) -> Result<Option<ActorId>, AdminError> {
        self.ask(supervisor, Ask::RestartChild(id.into())).await.map(Answer::started)
    }

    /// Forgets the spec of a child that is down.
    ///
    /// # Errors
    /// `Running`, `Restarting`, `NotFound`.
    pub async fn delete_child(&self, supervisor: &str, id: &str) -> Result<(), AdminError> {
        self.ask(supervisor, Ask::DeleteChild(id.into())).await.map(drop)
    }

    /// A child's spec with its defaults filled in.
    ///
    /// # Errors
    /// `NotFound`.
    pub async fn get_childspec(
        &self,
        supervisor: &str,
        child: impl Into<ChildRef>,
    ) -> Result<ChildSpecInfo, AdminError> {
        match self.ask(supervisor, Ask::GetChildspec(child.into())).await? {
            Answer::Spec(spec) => Ok(spec),
            _ => unreachable!("a spec is answered with a spec"),
        }
    }

    /// All children, the newest first; a pool's in no order.
    ///
    /// # Errors
    /// `NoSupervisor`, `NotRunning`.
    pub async fn which_children(&self, supervisor: &str) -> Result<Vec<ChildInfo>, AdminError> {
        match self.ask(supervisor, Ask::WhichChildren).await? {
            Answer::Children(children) => Ok(children),
            _ => unreachable!("children are answered with children"),
        }
    }

    /// How many specs and children there are.
    ///
    /// # Errors
    /// `NoSupervisor`, `NotRunning`.
    pub async fn count_children(&self, supervisor: &str) -> Result<ChildCounts, AdminError> {
        match self.ask(supervisor, Ask::CountChildren).await? {
            Answer::Counts(counts) => Ok(counts),
            _ => unreachable!("counts are answered with counts"),
        }
    }
}
