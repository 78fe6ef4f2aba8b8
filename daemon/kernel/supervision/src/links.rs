//! What lives and dies with one actor: the reason of its end, and the tasks attached to it.
//! The supervisor waits for all of them, so that a replacement never meets its predecessor's leavings.

use crate::ExitReason;
use crate::mailbox::{Door, Gauge};
use futures_util::FutureExt;
use ractor::ActorCell;
use std::future::Future;
use std::panic::AssertUnwindSafe;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use tokio::task::JoinHandle;

pub(crate) struct Links {
    cause: Mutex<Option<ExitReason>>,
    outcome: OnceLock<ExitReason>,
    actor: OnceLock<(ActorCell, Arc<Gauge>)>,
    /// `None` once the actor has ended: nothing attaches any more.
    attached: Mutex<Option<Vec<JoinHandle<()>>>>,
}

impl Links {
    pub(crate) fn new() -> Arc<Self> {
        Arc::new(Self {
            cause: Mutex::new(None),
            outcome: OnceLock::new(),
            actor: OnceLock::new(),
            attached: Mutex::new(Some(Vec::new())),
        })
    }

    pub(crate) fn bind(&self, cell: ActorCell, gauge: Arc<Gauge>) {
        let _ = self.actor.set((cell, gauge));
    }

    /// Ends the actor for `why`: `Normal` lets the queue run empty, every other reason drops what is
    /// queued. No message is accepted from here on, and one at rest goes on for its end.
    pub(crate) fn end_actor(&self, why: ExitReason) {
        let drains = why == ExitReason::Normal;
        self.note_cause(why);
        let Some((cell, gauge)) = self.actor.get() else { return };
        gauge.shut(if drains { Door::Draining } else { Door::Closed });
        let _ = cell.drain();
        gauge.meter().resume();
        if !drains {
            cell.stop(None);
        }
    }

    /// The first reason stands, but a failure on the way out is not hidden by a clean one.
    fn note_cause(&self, why: ExitReason) {
        let mut cause = self.cause.lock().unwrap_or_else(PoisonError::into_inner);
        if cause.as_ref().is_none_or(|first| first.is_clean() && !why.is_clean()) {
            *cause = Some(why);
        }
    }

    /// Why the actor ends by its own account, if it does.
    pub(crate) fn cause(&self) -> Option<ExitReason> {
        self.cause.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The last word of an actor that came to its orderly end.
    pub(crate) fn set_outcome(&self, why: ExitReason) {
        let _ = self.outcome.set(why);
    }

    /// Why it ended. An actor that never came to its orderly end was killed.
    pub(crate) fn outcome(&self) -> ExitReason {
        self.outcome.get().cloned().unwrap_or(ExitReason::Killed)
    }

    /// Why a start failed, if the actor itself said so.
    pub(crate) fn failure(&self) -> Option<ExitReason> {
        self.outcome.get().cloned().or_else(|| self.cause())
    }

    pub(crate) fn attach_task<F>(self: &Arc<Self>, work: F)
    where
        F: Future<Output = Result<(), ExitReason>> + Send + 'static,
    {
        let links = Arc::clone(self);
        let task = tokio::spawn(async move {
            let ended = AssertUnwindSafe(work).catch_unwind().await;
            links.end_actor(reason_of(ended));
        });
        self.attach(task);
    }

    fn attach(&self, task: JoinHandle<()>) {
        let mut attached = self.attached.lock().unwrap_or_else(PoisonError::into_inner);
        match attached.as_mut() {
            Some(tasks) => tasks.push(task),
            None => task.abort(),
        }
    }

    /// Aborts the tasks without waiting for them.
    pub(crate) fn abort_tasks(&self) {
        let attached = self.attached.lock().unwrap_or_else(PoisonError::into_inner);
        attached.iter().flatten().for_each(JoinHandle::abort);
    }

    /// Aborts the tasks and waits for them.
    pub(crate) async fn sever(&self) {
        self.abort_tasks();
        let attached = self.attached.lock().unwrap_or_else(PoisonError::into_inner).take();
        for task in attached.into_iter().flatten() {
            drop(task.await);
        }
    }
}

fn reason_of(ended: std::thread::Result<Result<(), ExitReason>>) -> ExitReason {
    match ended {
        Ok(Ok(())) => ExitReason::Normal,
        Ok(Err(why)) => why,
        Err(payload) => ExitReason::from_panic(payload),
    }
}
