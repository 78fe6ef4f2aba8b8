//! The listener of one process: it reads the log in order, asks its process to react to each fact that it
//! hears, and keeps what came of it. A process reacts once to a fact because its asks carry a key; the
//! listener's part is that no fact is left out, and that none overtakes another.

mod actor;
mod bounded;
mod damage;
mod file;
mod follow;
mod hearing;
mod keep;
mod obey;
mod opening;
mod outcome;
mod reacts;
#[cfg(test)]
mod tests;
mod verdict;

pub use actor::Listener;
pub use hearing::{AtHand, Hearing, HearingError, HearingGauges, Retrying};
pub use outcome::{Outcome, OutcomeFilter, OutcomePage, OutcomeState};
pub use reacts::{Reaction, Reacts};
