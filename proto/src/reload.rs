//! A changed `supervision.toml` as a plan: what would be done to the running tree, shown before it is done.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What it would take for the running tree to become that of another file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ReloadPlan {
    /// Stands for the running tree, the other file and all that is listed here: what is applied is what was
    /// shown. Hexadecimal.
    pub fingerprint: String,
    /// In the order in which they are done, one supervisor after another from the root down.
    pub operations: Vec<Operation>,
    /// Why it cannot be applied; none when it can.
    pub refusals: Vec<ReloadRefusal>,
}

/// One step of a plan.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "operation", rename_all = "snake_case")]
pub enum Operation {
    /// A place is kept and changes what it is told about itself; whoever runs there runs on.
    Change {
        /// The place.
        path: String,
        /// What changes.
        changes: Vec<Change>,
    },
    /// Children change the order in which they are started, and stopped the other way; nobody is touched.
    Reorder {
        /// Their supervisor.
        path: String,
        /// Their ids in the new order.
        children: Vec<String>,
    },
    /// A new place is filled, with all that is below it.
    Start {
        /// The place.
        path: String,
        /// `supervisor`, or the kind.
        kind: String,
        /// How many places that are, its own included.
        places: usize,
    },
    /// A child is ended by its policy and started again, so that what changed holds at once.
    Restart {
        /// The place.
        path: String,
    },
    /// A place is cleared by its policy and given up, with all that is below it.
    Stop {
        /// The place.
        path: String,
        /// `supervisor`, or the kind.
        kind: String,
        /// How many places that are, its own included.
        places: usize,
    },
}

impl Operation {
    /// Whether it was applied before, so that applying it again does nothing.
    pub fn is_waiting(&self) -> bool {
        let waits = |change: &Change| change.takes_effect == TakesEffect::Waiting;
        matches!(self, Self::Change { changes, .. } if changes.iter().all(waits))
    }
}

/// One key of one place.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Change {
    /// As in the file: `intensity`, `shutdown`, `mailbox.capacity`, ….
    pub key: String,
    /// The value of the running tree, as the file would write it.
    pub from: String,
    /// The value of the other file.
    pub to: String,
    /// Since when it holds.
    pub takes_effect: TakesEffect,
}

/// Since when a change holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum TakesEffect {
    /// As soon as it is applied.
    AtOnce,
    /// From the next start of the child on.
    NextStart,
    /// As `next_start`, and applied before: the child has not been started since.
    Waiting,
}

/// A difference that no running tree can follow.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ReloadRefusal {
    /// The place in the running tree, or in the other file where there is none.
    pub path: String,
    /// What stands against it.
    pub rule: ReloadRule,
    /// For people.
    pub message: String,
    /// What to do instead.
    pub hint: String,
}

/// What stands against a reload.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ReloadRule {
    /// The root has another path.
    Root,
    /// A kind would run elsewhere.
    Move,
    /// A supervisor that runs would take others along than it did.
    Strategy,
    /// A place would hold something else than it does.
    Role,
    /// The file was made for other kinds than are compiled in.
    Kind,
    /// It would put the event store at risk, which this daemon does not allow.
    Protected,
}

/// A plan that was applied.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct AppliedReload {
    /// That of the plan.
    pub fingerprint: String,
    /// The supervisors that were changed, or whose children were, from the root down.
    pub supervisors: Vec<String>,
}
