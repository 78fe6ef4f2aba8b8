//! Why an actor ended. OTP decides about restarts by this value alone, so it is typed from end to end
//! and never read back out of ractor's reason strings.

use crate::panics::Panic;
use crate::plan::{Restart, Shutdown};
use hecate_proto::debug::ReasonClass;
use std::any::Any;

/// Why an actor ended, or why it could not start.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ExitReason {
    /// Done by its own account. Returned from a handler it lets the queue run empty first.
    #[error("normal")]
    Normal,
    /// Stopped by its supervisor, or ended at once by its own account.
    #[error("shutdown")]
    Shutdown,
    /// As `Shutdown`, with a word on it: as clean as that.
    #[error("shutdown: {0}")]
    ShutdownWith(String),
    /// From `init` alone: not needed now. The supervisor counts it as started and keeps its place empty.
    #[error("ignore")]
    Ignore,
    /// Killed: no `terminate` ran.
    #[error("killed")]
    Killed,
    /// Failed with a message for people.
    #[error("error: {0}")]
    Error(String),
    /// An init, a handler or an attached task panicked.
    #[error("error: panicked: {0}")]
    Panic(Box<Panic>),
    /// Its start took longer than `start_timeout`, ms.
    #[error("error: start took more than {0} ms")]
    StartTimeout(u64),
    /// A supervisor could not start this child.
    #[error("error: {path} did not start: {reason}")]
    ChildFailed {
        /// Path of the child.
        path: String,
        /// Why it did not start.
        reason: Box<ExitReason>,
    },
}

impl ExitReason {
    /// Any failure as a reason: `work.map_err(ExitReason::error)?`.
    pub fn error(why: impl std::fmt::Display) -> Self {
        Self::Error(why.to_string())
    }

    /// OTP's two classes: a clean exit does not restart a transient child.
    pub(crate) fn is_clean(&self) -> bool {
        matches!(self, Self::Normal | Self::Shutdown | Self::ShutdownWith(_))
    }

    /// An unclean exit, unless it is just what its supervisor asked for, by that policy. As in OTP a permanent
    /// child that is asked to end has no reason of its own to do so.
    pub(crate) fn is_crash(&self, asked: Option<(Shutdown, Restart)>) -> bool {
        match asked {
            Some((Shutdown::BrutalKill, _)) if *self == Self::Killed => false,
            Some((_, Restart::Permanent)) => *self != Self::Shutdown,
            _ => !self.is_clean(),
        }
    }

    pub(crate) fn class(&self) -> ReasonClass {
        match self {
            Self::Normal => ReasonClass::Normal,
            Self::Shutdown | Self::ShutdownWith(_) => ReasonClass::Shutdown,
            Self::Ignore => ReasonClass::Ignore,
            Self::Killed => ReasonClass::Killed,
            Self::Error(_) => ReasonClass::Error,
            Self::Panic(_) => ReasonClass::Panic,
            Self::StartTimeout(_) | Self::ChildFailed { .. } => ReasonClass::StartFailed,
        }
    }

    pub(crate) fn from_panic(payload: Box<dyn Any + Send>) -> Self {
        Self::Panic(Box::new(Panic::caught(&*payload)))
    }
}
