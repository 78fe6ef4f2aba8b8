//! The actor as its author sees it: three functions and a handle to itself.

use crate::instruments::{BESIDE, EventLog, Happening};
use crate::links::Links;
use crate::{Addr, ExitReason, Turns, clock};
use hecate_proto::debug::DebugEventKind;
use ractor::ActorId;
use std::future::Future;
use std::sync::Arc;

/// What can be sent to an actor.
pub trait Message: Send + 'static {
    /// The variant's name, for counters, traces and crash records. Never data.
    fn variant(&self) -> &'static str;
}

/// What an actor hears that hears nothing: it lives by what it attached in its init. There is no value
/// of this type, so that its `handle` is `match msg {}`.
#[derive(Clone, Copy, Debug)]
pub enum Unheard {}

impl Message for Unheard {
    fn variant(&self) -> &'static str {
        match *self {}
    }
}

/// An actor: state that one message at a time may change.
pub trait Actor: Sized + Send + 'static {
    /// What it understands.
    type Msg: Message;
    /// What it is made from; made anew for every start.
    type Args: Send + 'static;

    /// Builds the state. The supervisor starts the next sibling only when this has returned.
    ///
    /// # Errors
    /// Why the actor cannot start.
    fn init(args: Self::Args, me: &Me<Self::Msg>) -> impl Future<Output = Result<Self, ExitReason>> + Send;

    /// Handles one message. It can be killed at every await; work that blocks belongs on a thread.
    ///
    /// # Errors
    /// An error ends the actor: [`ExitReason::Normal`] after what is queued already, every other
    /// reason at once. Nothing is accepted in between; callers in the queue learn `Gone`.
    fn handle(
        &mut self,
        msg: Self::Msg,
        me: &Me<Self::Msg>,
    ) -> impl Future<Output = Result<(), ExitReason>> + Send;

    /// What an operator may see of the state, if anything; read between two messages. No secrets, and
    /// nothing of what people wrote. Quick: the next message waits for it.
    fn debug_state(&self) -> Option<serde_json::Value> {
        None
    }

    /// The last act, skipped only by a kill. After a panic the state may be half changed: look at `why`.
    /// Attached tasks still run; they are aborted right afterwards.
    fn terminate(&mut self, why: &ExitReason) -> impl Future<Output = ()> + Send {
        let _ = why;
        async {}
    }
}

/// An actor's handle to itself.
pub struct Me<M: Message> {
    addr: Addr<M>,
    links: Arc<Links>,
    events: Arc<EventLog>,
}

impl<M: Message> Clone for Me<M> {
    fn clone(&self) -> Self {
        let (links, events) = (Arc::clone(&self.links), Arc::clone(&self.events));
        Self { addr: self.addr.clone(), links, events }
    }
}

impl<M: Message> std::fmt::Debug for Me<M> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Me({:?})", self.addr)
    }
}

impl<M: Message> Me<M> {
    pub(crate) fn new(addr: Addr<M>, links: Arc<Links>, events: Arc<EventLog>) -> Self {
        Self { addr, links, events }
    }

    /// The actor's own address.
    pub fn addr(&self) -> &Addr<M> {
        &self.addr
    }

    /// Path in the tree.
    pub(crate) fn path(&self) -> &str {
        self.addr.path()
    }

    /// Changes with every restart. [`Addr::cell`] of [`Me::addr`] joins `ractor::pg` groups; ractor
    /// takes the actor out of all of them when it ends.
    pub fn actor_id(&self) -> ActorId {
        self.addr.actor_id()
    }

    /// Puts among the supervision events that the actor has joined a process group. That it leaves all
    /// of them when it ends needs no word.
    pub fn note_joined(&self, group: &str) {
        self.note_group(DebugEventKind::GroupJoin, group);
    }

    /// Puts among the supervision events that the actor has left a process group.
    pub fn note_left(&self, group: &str) {
        self.note_group(DebugEventKind::GroupLeave, group);
    }

    fn note_group(&self, kind: DebugEventKind, group: &str) {
        self.events.tell(Happening {
            at_us: clock::wall_now_us(),
            kind,
            path: Arc::clone(&self.addr.gauge().path),
            actor: Some(self.actor_id()),
            generation: None,
            detail: Some(group.into()),
        });
    }

    /// Says, in its init, that the actor lives by what it does beside its messages: by a loop that it has
    /// attached, or by what it has published. To keep messages from it would not let it rest, so that nobody
    /// can suspend it, and whoever looks learns that its figures are not all.
    pub fn works_beside(&self) {
        self.addr.gauge().meter().raise(BESIDE);
    }

    /// [`Me::works_beside`] for an actor whose loop counts its turns, so that its figures are all. With the
    /// same record however often it is asked for.
    pub fn counts_turns(&self) -> Turns {
        Turns::of(self.addr.gauge())
    }

    /// Runs `work` beside the actor, bound to it both ways: it is aborted and awaited when the actor
    /// ends, and when it ends or panics the actor ends with its reason.
    pub fn attach<F>(&self, work: F)
    where
        F: Future<Output = Result<(), ExitReason>> + Send + 'static,
    {
        self.links.attach_task(work);
    }
}
