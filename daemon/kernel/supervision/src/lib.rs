//! OTP's supervision on ractor: who starts whom, in which order, and what a crash takes along.
//!
//! An [`Actor`] answers messages one at a time. An [`Addr`] is the only way to reach one: it is
//! bounded, counted and timed. A [`Tree`] of supervisors keeps actors alive by the rules of
//! `supervision.toml`, and shows itself as a value at any moment.

#![warn(missing_docs)]

mod actor;
mod addr;
mod alarm;
mod clock;
mod exit;
mod inbox;
#[cfg(test)]
mod inbox_tests;
mod instruments;
mod kinds;
mod links;
mod mailbox;
mod name;
mod node;
mod panics;
mod plan;
mod pool;
mod reload;
mod shell;
mod supervise;
pub mod trace;
mod tree;

pub use actor::{Actor, Me, Message, Unheard};
pub use addr::{Addr, CallError, Reply, SendError};
pub use exit::ExitReason;
pub use instruments::{
    Events, Heard, Histogram, InterventionError, KindStats, RewindError, Stats, SupervisorStats, Trace,
    TraceError, Turns,
};
pub use kinds::Kinds;
pub use name::Name;
pub use node::NodeView;
pub use panics::{Panic, note_panics};
pub use plan::{
    AutoShutdown, ConfigError, Patience, Plan, Restart, Severity, Shutdown, Strategy, parse_duration,
    place_of,
};
pub use pool::{Pool, StartError};
pub use reload::{ReloadError, ReloadPlan};
pub use supervise::admin::{AdminError, ChildInfo, ChildRef, ChildSpecInfo, Standing};
pub use supervise::backoff::Backoff;
pub use supervise::child::{Child, Flags, PoolFlags};
pub use supervise::children::ChildCounts;
pub use supervise::rules::{ChildType, InvalidSpec};
pub use tree::{BootError, Ended, GaveUp, Tree};
