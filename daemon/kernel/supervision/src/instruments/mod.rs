//! What can be seen of a running tree, and done to it, from outside: the doors of the debug endpoint.

mod doors;
mod refusals;
mod stats;

pub use doors::{Events, Heard, Trace};
pub use refusals::{InterventionError, RewindError, TraceError};
pub use stats::{Histogram, KindStats, Stats, SupervisorStats};
