//! The queue of a mailbox that sheds its oldest message. ractor's queue cannot be entered from behind,
//! so the bodies wait here and ractor carries one token per body: a newcomer to a full ring takes over
//! the token of the body that it pushes out, and nothing ever grows.

use crate::instruments::Postmark;
use crate::mailbox::Gauge;
use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// What one message is besides its ticket.
pub(crate) struct Letter<M> {
    pub(crate) body: M,
    pub(crate) trace: uuid::Uuid,
    pub(crate) postmark: Postmark,
    /// Path of the actor that sent it, if one did, to an actor that is traced.
    pub(crate) sender: Option<Arc<str>>,
    /// Tells a caller whether its message ever reached the actor.
    pub(crate) receipt: Option<Receipt>,
}

/// Shared by a caller and its message: set once the message reached a handler.
pub(crate) type Receipt = Arc<std::sync::atomic::AtomicBool>;

pub(crate) struct Ring<M> {
    letters: Mutex<VecDeque<Letter<M>>>,
}

impl<M> Ring<M> {
    pub(crate) fn new() -> Arc<Self> {
        Arc::new(Self { letters: Mutex::new(VecDeque::new()) })
    }

    pub(crate) fn lock(&self) -> MutexGuard<'_, VecDeque<Letter<M>>> {
        self.letters.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Puts `letter` in the place of the oldest one; back to the caller when nothing waits, which
    /// happens only while the last token is being delivered.
    pub(crate) fn replace_oldest(&self, letter: Letter<M>, gauge: &Gauge) -> Result<(), Letter<M>> {
        let mut letters = self.lock();
        let Some(oldest) = letters.pop_front() else { return Err(letter) };
        letters.push_back(letter);
        drop(letters);
        gauge.meter().count_shed();
        drop(oldest);
        Ok(())
    }
}

/// Stands for one letter of the ring; takes it along when it is dropped unread.
pub(crate) struct Token<M> {
    ring: Option<Arc<Ring<M>>>,
}

impl<M> Token<M> {
    pub(crate) fn new(ring: Arc<Ring<M>>) -> Self {
        Self { ring: Some(ring) }
    }

    /// A token that was never sent stands for nothing.
    pub(crate) fn void(mut self) {
        self.ring = None;
    }

    pub(crate) fn redeem(mut self) -> Option<Letter<M>> {
        self.ring.take().and_then(|ring| ring.lock().pop_front())
    }
}

impl<M> Drop for Token<M> {
    fn drop(&mut self) {
        let unread = self.ring.take().and_then(|ring| ring.lock().pop_front());
        drop(unread);
    }
}
