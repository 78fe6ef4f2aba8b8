//! Why an instrument did not do what it was asked.

use crate::AdminError;

/// Why nothing was done to an actor.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InterventionError {
    /// No actor of that path or id.
    #[error("there is no such actor")]
    NotFound,
    /// Nobody runs there.
    #[error("no actor runs there")]
    NotRunning,
    /// Supervisors and pools are not suspended, and do not drain.
    #[error("{0} is a supervisor: only a worker can be treated so")]
    NotAWorker(String),
    /// The root ends with the daemon alone.
    #[error("the root supervisor ends with the daemon")]
    IsRoot,
    /// Others under its supervisor stand on it, and would keep what it was.
    #[error("others under its supervisor stand on it: kill it, and they are renewed with it")]
    Grouped,
    /// It was not suspended.
    #[error("it is not suspended")]
    NotSuspended,
    /// It has said that it lives by a loop of its own, which no suspension would stop.
    #[error("it works beside its messages, and would go on: drain, kill or restart it")]
    WorksBeside,
    /// A suspension must end.
    #[error("a suspension lasts at least 1 ms and at most {max_ms} ms")]
    SuspensionLength {
        /// The bound, ms.
        max_ms: u64,
    },
    /// It is on its way down.
    #[error("the actor is ending already")]
    Ending,
    /// A pool keeps nothing from which it could start a child again: whoever needs it asks for it.
    #[error("a pool's children are started by those who ask for them")]
    PoolChild,
    /// A temporary child is forgotten when it ends: there would be nothing to start.
    #[error("a temporary child is forgotten when it ends")]
    Temporary,
    /// Its supervisor refused, or the new start failed; then the actor is down.
    #[error(transparent)]
    Refused(#[from] AdminError),
}

/// Why there is no trace.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TraceError {
    /// No actor of that path or id.
    #[error("there is no such actor")]
    NotFound,
    /// Supervisors and pools handle no messages that could be traced.
    #[error("{0} is a supervisor: only a worker can be traced")]
    NotAWorker(String),
    /// A limit is zero or too high.
    #[error("{field} must be at least 1 and at most {max}")]
    Limit {
        /// Field of the limits.
        field: &'static str,
        /// Its bound.
        max: u64,
    },
    /// The actor is traced by as many as may.
    #[error("the actor is traced {max} times already")]
    TooMany {
        /// The bound.
        max: usize,
    },
}

/// Why there is no tree of that moment.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RewindError {
    /// It was too long ago, or there were too many changes since.
    #[error("the tree is kept since {earliest}")]
    TooOld {
        /// The first moment that is kept, RFC 3339.
        earliest: String,
    },
    /// It is yet to come.
    #[error("that moment is yet to come")]
    Future,
}
