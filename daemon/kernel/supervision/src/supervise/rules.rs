//! What a supervisor is told about itself and about each of its children: OTP's supervisor flags and the
//! part of a child spec that decides. How a child is started and ended is not the core's business.

use super::backoff::Backoff;
use crate::ExitReason;
use crate::plan::{AutoShutdown, Restart, Strategy};
use std::sync::Arc;
use std::time::Duration;

/// OTP's supervisor flags.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Rules {
    pub(crate) strategy: Strategy,
    pub(crate) restarts_max: u32,
    pub(crate) period_ms: u64,
    pub(crate) auto_shutdown: AutoShutdown,
}

/// What a child is by its spec; it decides nothing and is only counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ChildType {
    /// It works.
    Worker,
    /// It supervises.
    Supervisor,
}

/// The part of a child spec that the core decides by.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ChildRules {
    /// Unique among its siblings.
    pub(crate) id: Arc<str>,
    pub(crate) child_type: ChildType,
    pub(crate) restart: Restart,
    pub(crate) significant: bool,
    pub(crate) backoff: Option<Backoff>,
}

/// A child spec that no supervisor takes, or not this one.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidSpec {
    /// An id is one segment of a path.
    #[error("the id {0:?} is no path segment of a-z, 0-9, _ and -")]
    Id(String),
    /// Two children of one supervisor.
    #[error("two children have the id {0}")]
    DuplicateId(String),
    /// It would never end for good.
    #[error("a permanent child cannot be significant")]
    SignificantPermanent,
    /// In no time at all nobody gives up.
    #[error("the period must be a millisecond at least")]
    Period,
    /// It would never be looked at.
    #[error("a significant child needs a supervisor with auto_shutdown")]
    SignificantWithoutAutoShutdown,
}

/// The window of a supervisor or a pool has a length, counted in ms.
pub(crate) fn check_period(period: Duration) -> Result<(), InvalidSpec> {
    if period.as_millis() == 0 { Err(InvalidSpec::Period) } else { Ok(()) }
}

impl ChildRules {
    /// Whether a supervisor of that policy takes it.
    pub(crate) fn check(&self, auto_shutdown: AutoShutdown) -> Result<(), InvalidSpec> {
        check_significant(self.significant, self.restart, auto_shutdown)
    }
}

/// OTP's bad combinations.
pub(crate) fn check_significant(
    significant: bool,
    restart: Restart,
    auto_shutdown: AutoShutdown,
) -> Result<(), InvalidSpec> {
    match (significant, restart, auto_shutdown) {
        (true, _, AutoShutdown::Never) => Err(InvalidSpec::SignificantWithoutAutoShutdown),
        (true, Restart::Permanent, _) => Err(InvalidSpec::SignificantPermanent),
        _ => Ok(()),
    }
}

impl Restart {
    /// OTP's table: whether a child that ended by itself is started again.
    pub(crate) fn follows(self, reason: &ExitReason) -> bool {
        match self {
            Self::Permanent => true,
            Self::Transient => !reason.is_clean(),
            Self::Temporary => false,
        }
    }
}
