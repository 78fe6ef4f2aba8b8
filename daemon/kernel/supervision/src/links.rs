//! What lives and dies with one actor: the reason of its end, and the tasks and threads attached to it.
//! The supervisor waits for all of them, so that a replacement never meets its predecessor's leavings.

use crate::ExitReason;
use futures_util::FutureExt;
use ractor::ActorCell;
use std::future::Future;
use std::panic::AssertUnwindSafe;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::Duration;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

/// A thread cannot be killed; after this its successor starts all the same.
const THREAD_GRACE: Duration = Duration::from_secs(5);

enum Link {
    Task(JoinHandle<()>),
    Thread(String, oneshot::Receiver<()>),
}

pub(crate) struct Links {
    cause: Mutex<Option<ExitReason>>,
    outcome: OnceLock<ExitReason>,
    cell: OnceLock<ActorCell>,
    /// `None` once the actor has ended: nothing attaches any more.
    attached: Mutex<Option<Vec<Link>>>,
}

impl Links {
    pub(crate) fn new() -> Arc<Self> {
        Arc::new(Self {
            cause: Mutex::new(None),
            outcome: OnceLock::new(),
            cell: OnceLock::new(),
            attached: Mutex::new(Some(Vec::new())),
        })
    }

    pub(crate) fn bind(&self, cell: ActorCell) {
        let _ = self.cell.set(cell);
    }

    /// Ends the actor for `why`: `Normal` lets the queue run empty, every other reason drops what is
    /// queued. No message is accepted from here on.
    pub(crate) fn end_actor(&self, why: ExitReason) {
        let drains = why == ExitReason::Normal;
        self.note_cause(why);
        let Some(cell) = self.cell.get() else { return };
        let _ = cell.drain();
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
        self.attach(Link::Task(task));
    }

    pub(crate) fn attach_thread<F>(self: &Arc<Self>, name: String, work: F) -> Result<(), ExitReason>
    where
        F: FnOnce() -> Result<(), ExitReason> + Send + 'static,
    {
        let links = Arc::clone(self);
        let (over, ended) = oneshot::channel();
        let body = move || {
            let result = std::panic::catch_unwind(AssertUnwindSafe(work));
            links.end_actor(reason_of(result));
            let _ = over.send(());
        };
        std::thread::Builder::new().name(name.clone()).spawn(body).map_err(ExitReason::error)?;
        self.attach(Link::Thread(name, ended));
        Ok(())
    }

    fn attach(&self, link: Link) {
        let mut attached = self.attached.lock().unwrap_or_else(PoisonError::into_inner);
        match (attached.as_mut(), link) {
            (Some(links), link) => links.push(link),
            (None, Link::Task(task)) => task.abort(),
            (None, Link::Thread(..)) => {}
        }
    }

    /// Aborts the tasks without waiting for them.
    pub(crate) fn abort_tasks(&self) {
        let attached = self.attached.lock().unwrap_or_else(PoisonError::into_inner);
        for link in attached.iter().flatten() {
            if let Link::Task(task) = link {
                task.abort();
            }
        }
    }

    /// Aborts the tasks, waits for them and for the threads. Call it when the actor's state is dropped:
    /// threads learn of the end by that.
    pub(crate) async fn sever(&self) {
        self.abort_tasks();
        let attached = self.attached.lock().unwrap_or_else(PoisonError::into_inner).take();
        for link in attached.into_iter().flatten() {
            match link {
                Link::Task(task) => drop(task.await),
                Link::Thread(name, ended) => await_thread(&name, ended).await,
            }
        }
    }
}

async fn await_thread(name: &str, ended: oneshot::Receiver<()>) {
    if tokio::time::timeout(THREAD_GRACE, ended).await.is_err() {
        tracing::error!(thread = name, grace = ?THREAD_GRACE, "an attached thread outlives its actor");
    }
}

fn reason_of(ended: std::thread::Result<Result<(), ExitReason>>) -> ExitReason {
    match ended {
        Ok(Ok(())) => ExitReason::Normal,
        Ok(Err(why)) => why,
        Err(payload) => ExitReason::from_panic(payload),
    }
}
