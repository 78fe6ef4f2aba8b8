//! What a listener needs of its process. The kernel of facts knows no desks, so the process says it here.

use crate::Fact;
use hecate_event_store::BoxFuture;

/// A process that reacts to facts, by listeners of its own.
pub trait Reacts: Send + Sync + 'static {
    /// The process: `design_division`.
    fn process(&self) -> &'static str;

    /// The event types that some listener hears, each once.
    fn hears(&self) -> Vec<&'static str>;

    /// The listeners of one event type, in the order in which they are asked; always the same.
    fn listeners(&self, event_type: &str) -> Vec<&'static str>;

    /// Lets one listener react to one fact. It has a minute; a call that takes longer is dropped, and made
    /// again later.
    ///
    /// It may be called again for a fact that it has reacted to, and it can be dropped at any await: the
    /// effect carries the key `{listener}:{event_id}`, and comes about once.
    fn react<'a>(&'a self, listener: &'static str, fact: &'a Fact) -> BoxFuture<'a, Reaction>;

    /// Records in the log that a fact has no effect at one listener, under the key of the ask that `react`
    /// makes of it, so that this ask is refused for ever: the listener's own file may be lost. It has a
    /// minute, too, and may be called again for a fact that it has dismissed.
    ///
    /// # Errors
    /// Why it is not recorded, for people.
    fn forgo<'a>(
        &'a self,
        listener: &'static str,
        fact: &'a Fact,
        why: &'a str,
    ) -> BoxFuture<'a, Result<(), String>>;
}

/// What came of letting a listener react.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reaction {
    /// Its ask was granted, now or when it was asked before.
    Done {
        /// Position of the last event that was recorded for it; none where nothing had to be.
        recorded: Option<u64>,
    },
    /// The fact does not concern it.
    Passed {
        /// Why not, for people.
        why: String,
    },
    /// Its ask was refused for good, as can be expected.
    Refused {
        /// The refusal's code.
        code: String,
        /// The same for people.
        says: String,
    },
    /// Not now, and not the fact's fault: the store is away, a mailbox is full. Tried for as long as it takes.
    Later {
        /// What is missing, for people.
        why: String,
    },
    /// It went wrong, and may go better: tried again, up to a bound.
    Failed {
        /// What went wrong, for people.
        why: String,
    },
    /// It goes wrong however often it is tried: the data does not fit.
    Dead {
        /// What does not fit, for people.
        why: String,
    },
}
