//! The trace id that links a message to the messages sent while it is handled.

use std::future::Future;
use uuid::Uuid;

tokio::task_local! {
    static TRACE: Uuid;
}

/// The trace id of the message or request that this task works on; nil when there is none.
pub fn current() -> Uuid {
    TRACE.try_with(|id| *id).unwrap_or(Uuid::nil())
}

/// Runs `work` under the trace id: every message it sends carries it.
pub fn scope<F: Future>(id: Uuid, work: F) -> impl Future<Output = F::Output> {
    TRACE.scope(id, work)
}
