//! How facts move between processes: from the log to process groups, and from there to whoever joined.
//!
//! A group is the wake-up, the log is the truth. Delivery to a group never waits and may be missed, so
//! whoever must not miss anything keeps its own position and reads the log when it is behind.
#![warn(missing_docs)]

mod emitter;
mod groups;
mod listener;
#[cfg(test)]
mod tests;

pub use emitter::Emitter;
pub use groups::{ALL, Fact, GroupShown, Groups, Present};
pub use listener::{
    AtHand, Hearing, HearingError, HearingGauges, Listener, Outcome, OutcomeFilter, OutcomePage,
    OutcomeState, Reaction, Reacts, Retrying,
};
