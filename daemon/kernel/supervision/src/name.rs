//! A registered name, typed and without a global table: whoever holds the name finds the actor of the
//! moment, also after a restart.

use crate::addr::AddrInner;
use crate::{Addr, CallError, Message, Reply, SendError};
use arc_swap::ArcSwapOption;
use std::sync::Arc;
use std::time::Duration;

/// Set when the actor's init has succeeded, cleared when it ends. Clones share one entry.
pub struct Name<M: Message>(Arc<ArcSwapOption<AddrInner<M>>>);

impl<M: Message> Clone for Name<M> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<M: Message> Default for Name<M> {
    fn default() -> Self {
        Self::new()
    }
}

impl<M: Message> std::fmt::Debug for Name<M> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Name({:?})", self.whereis())
    }
}

impl<M: Message> Name<M> {
    /// A name that nobody bears yet.
    pub fn new() -> Self {
        Self(Arc::new(ArcSwapOption::empty()))
    }

    /// Who bears the name now.
    pub fn whereis(&self) -> Option<Addr<M>> {
        self.0.load_full().map(Addr::from_inner)
    }

    /// As [`Addr::cast`].
    ///
    /// # Errors
    /// `Gone` also when nobody bears the name.
    pub fn cast(&self, body: M) -> Result<(), SendError<M>> {
        match &*self.0.load() {
            Some(addr) => addr.cast(body),
            None => Err(SendError::Gone(body)),
        }
    }

    /// As [`Addr::cast_wait`].
    ///
    /// # Errors
    /// `Gone` also when nobody bears the name.
    pub async fn cast_wait(&self, body: M, limit: Duration) -> Result<(), SendError<M>> {
        match self.whereis() {
            Some(addr) => addr.cast_wait(body, limit).await,
            None => Err(SendError::Gone(body)),
        }
    }

    /// As [`Addr::call`].
    ///
    /// # Errors
    /// `Gone` also when nobody bears the name.
    pub async fn call<T: Send + 'static>(
        &self,
        ask: impl FnOnce(Reply<T>) -> M,
        limit: Duration,
    ) -> Result<T, CallError> {
        match self.whereis() {
            Some(addr) => addr.call(ask, limit).await,
            None => Err(CallError::Gone),
        }
    }

    pub(crate) fn set(&self, addr: &Addr<M>) {
        self.0.store(Some(Arc::clone(addr.inner())));
    }

    /// Clears the name unless a successor bears it already.
    pub(crate) fn clear(&self, addr: &Addr<M>) {
        self.0.compare_and_swap(addr.inner(), None);
    }
}
