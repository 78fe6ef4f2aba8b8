//! The only way to send. ractor's own sends neither refuse at a bound nor say that nobody is there.

use crate::inbox::{Inbox, Letter, NoPlace, Receipt, Summons};
use crate::instruments::{self, TRACED, Wake, wait_for};
use crate::mailbox::{Door, Gauge, OnFull};
use crate::shell::Nudge;
use crate::{Message, trace};
use ractor::{ActorCell, ActorId, ActorRef, ActorStatus};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::Acquire};
use std::time::Duration;
use tokio::sync::oneshot;

/// A message that was not accepted; it is given back.
#[derive(thiserror::Error)]
pub enum SendError<M> {
    /// The mailbox is full.
    #[error("the mailbox is full")]
    Full(M),
    /// The actor has ended or takes no more messages.
    #[error("the actor is gone")]
    Gone(M),
}

impl<M> SendError<M> {
    /// True when another try at the same address can never succeed.
    pub fn is_gone(&self) -> bool {
        matches!(self, Self::Gone(_))
    }

    pub(crate) fn map<N>(self, inner: impl FnOnce(M) -> N) -> SendError<N> {
        match self {
            Self::Full(body) => SendError::Full(inner(body)),
            Self::Gone(body) => SendError::Gone(inner(body)),
        }
    }
}

impl<M> std::fmt::Debug for SendError<M> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(if self.is_gone() { "Gone" } else { "Full" })
    }
}

/// Why a call brought no answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CallError {
    /// The mailbox is full, or it shed the question: the actor never saw it.
    #[error("the mailbox is full")]
    Full,
    /// The actor is gone and never saw the question: asking its successor is safe.
    #[error("the actor is gone")]
    Gone,
    /// No answer within the time limit; the question may yet be handled.
    #[error("no answer within the time limit")]
    Timeout,
    /// The actor saw the question and dropped the reply, or ended while it worked on it.
    #[error("the actor dropped the reply")]
    Dropped,
}

/// Where the answer to one call goes. Dropped unused, the caller sees [`CallError::Dropped`].
#[derive(Debug)]
pub struct Reply<T>(oneshot::Sender<T>);

impl<T> Reply<T> {
    /// Answers. A caller that no longer waits is no error.
    pub fn send(self, answer: T) {
        let _ = self.0.send(answer);
    }
}

/// The address of one running actor. It does not follow a restart; a [`crate::Name`] does.
pub struct Addr<M: Message>(Arc<AddrInner<M>>);

pub(crate) struct AddrInner<M: Message> {
    to: ActorRef<Nudge>,
    inbox: Inbox<M>,
}

impl<M: Message> Clone for Addr<M> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<M: Message> std::fmt::Debug for Addr<M> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Addr({} {})", self.path(), self.actor_id())
    }
}

impl<M: Message> PartialEq for Addr<M> {
    fn eq(&self, other: &Self) -> bool {
        self.actor_id() == other.actor_id()
    }
}

impl<M: Message> Addr<M> {
    pub(crate) fn new(to: ActorRef<Nudge>, gauge: Arc<Gauge>) -> Self {
        Self(Arc::new(AddrInner { to, inbox: Inbox::new(gauge) }))
    }

    pub(crate) fn from_inner(inner: Arc<AddrInner<M>>) -> Self {
        Self(inner)
    }

    pub(crate) fn inner(&self) -> &Arc<AddrInner<M>> {
        &self.0
    }

    pub(crate) fn gauge(&self) -> &Arc<Gauge> {
        self.0.gauge()
    }

    pub(crate) fn inbox(&self) -> &Inbox<M> {
        &self.0.inbox
    }

    /// Sends without waiting, whatever the mailbox does when full.
    ///
    /// # Errors
    /// `Full` or `Gone`, with the message.
    pub fn cast(&self, body: M) -> Result<(), SendError<M>> {
        self.0.cast(body)
    }

    /// Sends, waiting at most `limit` for a place where the mailbox says `wait`.
    ///
    /// # Errors
    /// `Full` or `Gone`, with the message.
    pub async fn cast_wait(&self, body: M, limit: Duration) -> Result<(), SendError<M>> {
        let letter = match self.0.post(self.0.letter(body, None)) {
            Err(SendError::Full(letter)) if self.gauge().on_full() == OnFull::Wait => letter,
            done => return self.0.closed(done),
        };
        let _waiting = wait_for(&self.gauge().path, self.actor_id());
        self.0.closed(self.0.post_waiting(letter, limit).await)
    }

    /// Asks and waits at most `limit` for the answer, the wait for a place included.
    ///
    /// # Errors
    /// See [`CallError`]; `Full` and `Gone` say that the actor never saw the question.
    pub async fn call<T: Send + 'static>(
        &self,
        ask: impl FnOnce(Reply<T>) -> M,
        limit: Duration,
    ) -> Result<T, CallError> {
        let deadline = tokio::time::Instant::now() + limit;
        let (reply, answer) = oneshot::channel();
        let receipt = Receipt::new(AtomicBool::new(false));
        let letter = self.0.letter(ask(Reply(reply)), Some(Arc::clone(&receipt)));
        let _waiting = wait_for(&self.gauge().path, self.actor_id());
        match self.0.closed(self.0.post_within(letter, limit).await) {
            Ok(()) => {}
            Err(SendError::Full(_)) => return Err(CallError::Full),
            Err(SendError::Gone(_)) => return Err(CallError::Gone),
        }
        match tokio::time::timeout_at(deadline, answer).await {
            Ok(Ok(answer)) => Ok(answer),
            Ok(Err(_)) if receipt.load(Acquire) => Err(CallError::Dropped),
            Ok(Err(_)) if self.is_ending() => Err(CallError::Gone),
            Ok(Err(_)) => Err(CallError::Full),
            Err(_) => Err(CallError::Timeout),
        }
    }

    /// Path in the tree.
    pub(crate) fn path(&self) -> &str {
        &self.gauge().path
    }

    /// Changes with every restart.
    pub fn actor_id(&self) -> ActorId {
        self.0.to.get_id()
    }

    /// True once the actor takes no more messages.
    pub fn is_ending(&self) -> bool {
        self.gauge().door() != Door::Open || self.0.to.get_status() >= ActorStatus::Draining
    }

    /// The raw actor, for membership in `ractor::pg` groups only: a send through it is unbounded,
    /// uncounted and, with the wrong type, lost.
    pub fn cell(&self) -> ActorCell {
        self.0.to.get_cell()
    }
}

impl<M: Message> AddrInner<M> {
    pub(crate) fn cast(&self, body: M) -> Result<(), SendError<M>> {
        self.closed(self.post(self.letter(body, None)))
    }

    fn gauge(&self) -> &Arc<Gauge> {
        self.inbox.gauge()
    }

    fn letter(&self, body: M, receipt: Option<Receipt>) -> Letter<M> {
        let meter = self.gauge().meter();
        let sender = if meter.is(TRACED) { trace::who().map(|who| Arc::clone(&who.path)) } else { None };
        Letter { body, trace: trace::current(), postmark: meter.postmark(), sender, receipt }
    }

    /// What became of a letter, for its sender. A refusal at the bound is a loss in the actor's own count.
    fn closed(&self, posted: Result<(), SendError<Letter<M>>>) -> Result<(), SendError<M>> {
        posted.map_err(|refused| {
            if !refused.is_gone() {
                self.gauge().meter().count_full();
            }
            refused.map(|letter| letter.body)
        })
    }

    async fn post_within(&self, letter: Letter<M>, limit: Duration) -> Result<(), SendError<Letter<M>>> {
        match self.post(letter) {
            Err(SendError::Full(letter)) if self.gauge().on_full() == OnFull::Wait => {
                self.post_waiting(letter, limit).await
            }
            done => done,
        }
    }

    /// Posts it as soon as there is a place. It stays with the sender while it waits.
    async fn post_waiting(&self, letter: Letter<M>, limit: Duration) -> Result<(), SendError<Letter<M>>> {
        let (mut kept, gauge) = (Some(letter), self.gauge());
        let waiting = async {
            let _waiting = gauge.wait();
            while let Some(letter) = kept.take() {
                let mut freed = std::pin::pin!(gauge.freed());
                // Listen first, then look: a place that is freed in between is not missed.
                freed.as_mut().enable();
                match self.post(letter) {
                    Err(SendError::Full(letter)) => kept = Some(letter),
                    done => return done,
                }
                freed.await;
            }
            unreachable!("a letter that was not taken is kept")
        };
        let posted = tokio::time::timeout(limit, waiting).await;
        match (posted, kept) {
            (Ok(posted), _) => posted,
            (Err(_), Some(letter)) => Err(SendError::Full(letter)),
            (Err(_), None) => unreachable!("a letter that was not taken is kept"),
        }
    }

    fn post(&self, letter: Letter<M>) -> Result<(), SendError<Letter<M>>> {
        let variant = letter.body.variant();
        match self.inbox.put(letter) {
            Ok(summons) => self.summon(&summons),
            Err((letter, NoPlace::Full)) => return Err(SendError::Full(letter)),
            Err((letter, NoPlace::Gone)) => return Err(SendError::Gone(letter)),
        }
        instruments::note_sent(variant, &self.gauge().path);
        Ok(())
    }

    fn summon(&self, how: &Summons) {
        match how {
            Summons::Nothing => {}
            Summons::Ring => self.gauge().ring(),
            Summons::Nudge => self.nudge(),
        }
    }

    /// The one raw send of the workspace. Where it fails the actor has ended before it read anything, and
    /// has closed its inbox or is about to.
    #[expect(clippy::disallowed_methods, reason = "every other message comes through the inbox")]
    fn nudge(&self) {
        let _ = self.to.send_message(Nudge);
    }
}

impl<M: Message> Wake for AddrInner<M> {
    fn wake(&self) {
        self.summon(&self.inbox.summon());
    }
}
