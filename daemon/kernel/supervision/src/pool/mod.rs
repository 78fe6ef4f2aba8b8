//! A supervisor of children that come and go, all of one kind: OTP's simple_one_for_one. Mostly they are
//! temporary: who needs one that ended starts it again. A pool that keeps what its children were made from
//! can also start them again by itself.

mod core;
mod driver;
mod farewell;
mod reception;
mod register;

#[cfg(test)]
mod core_property;
#[cfg(test)]
mod core_tests;

use crate::supervise::admin::{ANSWER_LIMIT, AdminError, Ask, ChildRef, Request, answer_of};
use crate::{Actor, Addr, ExitReason};
use arc_swap::ArcSwapOption;
use driver::Control;
pub(crate) use driver::PoolLaunch;
use ractor::ActorRef;
use register::Register;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::oneshot;

/// Why a pool has no child to offer.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum StartError {
    /// The pool itself is not up, or on its way down.
    #[error("the pool is not running")]
    NotRunning,
    /// The pool holds as many children as it may, and none of them is idle.
    #[error("the pool is full: {max} children, none idle")]
    MaxChildren {
        /// The bound, `max_children` of `supervision.toml`.
        max: usize,
    },
    /// So many others wait for that child that no more may.
    #[error("the pool is busy: too many wait for that child")]
    Busy,
    /// No answer came in time: a predecessor takes long to end, or a restart waits. The child may still come
    /// up.
    #[error("the pool did not answer in {0:?}")]
    Timeout(Duration),
    /// The child's init said that it is not needed.
    #[error("the child is not needed")]
    Ignored,
    /// The child's init failed.
    #[error("the child did not start: {0}")]
    Init(ExitReason),
}

/// The caller's handle to a pool; clones share it. It stays valid over restarts of the pool.
pub struct Pool<A: Actor>(Arc<Shared<A>>);

pub(crate) struct Shared<A: Actor> {
    register: Arc<Register<A::Msg>>,
    door: ArcSwapOption<ActorRef<Control<A>>>,
    /// Keeps what a child is made from; `None` when the pool restarts nobody.
    keep: Option<core::Keep<A::Args>>,
}

impl<A: Actor> Clone for Pool<A> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<A: Actor> Default for Pool<A> {
    fn default() -> Self {
        Self::new()
    }
}

impl<A: Actor> std::fmt::Debug for Pool<A> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Pool({} children)", self.0.register.len())
    }
}

impl<A: Actor> Pool<A> {
    /// A pool that runs once its kind is placed in a tree.
    pub fn new() -> Self {
        Self::keeping(None)
    }

    /// As [`Pool::new`], for children that the pool may have to start again: it keeps a copy of what each
    /// was made from.
    pub fn restarting() -> Self
    where
        A::Args: Clone,
    {
        let keep: core::Keep<A::Args> = |args| Some(args.clone());
        Self::keeping(Some(keep))
    }

    fn keeping(keep: Option<core::Keep<A::Args>>) -> Self {
        Self(Arc::new(Shared { register: Arc::default(), door: ArcSwapOption::empty(), keep }))
    }

    /// Whether its children may be other than temporary.
    pub(crate) fn can_restart(&self) -> bool {
        self.0.keep.is_some()
    }

    /// The child of that id, if it runs and takes messages.
    pub fn whereis(&self, id: &str) -> Option<Addr<A::Msg>> {
        self.0.register.whereis(id)
    }

    /// The running child of that id, or a new one made from `args`. A predecessor that is about to end
    /// is waited for: there are never two of one id. In a full pool the least recently asked of the idle
    /// children end first, each in good order, and the place is waited for. A message that such a child
    /// gave back as `Gone` can be sent to the address that this returns.
    ///
    /// # Errors
    /// See [`StartError`].
    pub async fn start_child(
        &self,
        id: impl Into<String>,
        args: A::Args,
    ) -> Result<Addr<A::Msg>, StartError> {
        let id = id.into();
        if let Some(addr) = self.whereis(&id) {
            return Ok(addr);
        }
        let door = self.0.door.load_full().ok_or(StartError::NotRunning)?;
        let (reply, answer) = oneshot::channel();
        driver::tell(&door, Control::Ask { id, args, reply });
        match tokio::time::timeout(ANSWER_LIMIT, answer).await {
            Ok(answer) => answer.unwrap_or(Err(StartError::NotRunning)),
            Err(_) => Err(StartError::Timeout(ANSWER_LIMIT)),
        }
    }

    /// Ends a child by the pool's shutdown policy, whatever its restart type, and waits for its end. Good
    /// also for one that has ended already, or never was.
    ///
    /// # Errors
    /// `NotRunning`, `Busy`, `Timeout`.
    pub async fn terminate_child(&self, id: &str) -> Result<(), AdminError> {
        let door = self.0.door.load_full().ok_or(AdminError::NotRunning)?;
        let (request, answer) = Request::new(Ask::TerminateChild(ChildRef::Id(id.into())));
        driver::tell(&door, Control::Asked(request));
        answer_of(answer).await.map(drop)
    }
}

/// The children of two pools would share their ids.
#[derive(Debug, thiserror::Error)]
#[error("the pool runs in another place of the tree already")]
struct PlacedTwice;

impl<A: Actor> Shared<A> {
    /// Takes askers, unless the pool runs in another place already.
    fn open(&self, keeper: &ActorRef<Control<A>>) -> Result<(), PlacedTwice> {
        let before =
            self.door.compare_and_swap(&None::<Arc<ActorRef<Control<A>>>>, Some(Arc::new(keeper.clone())));
        if before.is_some() {
            return Err(PlacedTwice);
        }
        self.register.reopen();
        Ok(())
    }

    /// Takes no more askers, unless a successor has opened the door again.
    fn close(&self, keeper: &ActorRef<Control<A>>) {
        self.door.rcu(|door| door.clone().filter(|open| open.get_id() != keeper.get_id()));
    }
}
