//! The live supervision tree as a value: `GET /debug/tree`.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::borrow::Cow;

/// One of the words that the program itself knows: whoever shows ten thousand actors copies none of them.
pub type Word = Cow<'static, str>;

/// Answer of `GET /debug/tree`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct TreeAnswer {
    /// Always true.
    pub ok: bool,
    /// Whose tree it is.
    pub node_id: String,
    /// When it was read, RFC 3339 in UTC.
    pub at: String,
    /// The root supervisor, or whoever was asked for.
    pub tree: TreeNode,
    /// What a tree of the past does not show, because it was not kept.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub not_kept: Vec<String>,
}

/// One supervisor or worker.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct TreeNode {
    /// For example `/hecate/apps/read_models/query_ventures`.
    pub path: String,
    /// `supervisor`, `pool`, or the worker's kind.
    pub kind: String,
    /// The actor's id while one runs; it changes with every restart.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// How often it was started.
    pub generation: u64,
    /// `starting`, `running`, `suspended`, `draining`, `stopping`, `restarting` or `stopped`.
    #[schemars(extend("enum" = ["starting", "running", "suspended", "draining", "stopping", "restarting", "stopped"]))]
    pub status: Word,
    /// `permanent`, `transient` or `temporary`.
    #[schemars(extend("enum" = ["permanent", "transient", "temporary"]))]
    pub restart: Word,
    /// Supervisors only: `one_for_one`, `rest_for_one`, ….
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub strategy: Option<Word>,
    /// Supervisors only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub intensity: Option<Intensity>,
    /// Workers only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mailbox: Option<Mailbox>,
    /// Workers only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub messages: Option<Messages>,
    /// How often, and why last; absent for whoever has never ended.
    #[serde(default, skip_serializing_if = "Restarts::are_none")]
    pub restarts: Restarts,
    /// Process groups it has joined.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub groups: Vec<String>,
    /// In start order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub children: Vec<TreeNode>,
}

/// How many restarts the window holds, and when it gives up.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Intensity {
    /// Restarts inside the window now.
    pub used: u32,
    /// One more than this and the supervisor gives up.
    pub max: u32,
    /// The window, ms.
    pub period_ms: u64,
}

/// The bounded mailbox of one actor. Ten thousand of them are read at once: absent is what is as usual.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Mailbox {
    /// Messages that wait; absent for none.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub depth: u64,
    /// The bound; absent for the usual one.
    #[serde(default = "usual_capacity", skip_serializing_if = "is_usual_capacity")]
    pub capacity: u64,
    /// The most that ever waited in this generation; absent for none.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub high_water: u64,
    /// What a full mailbox does: `wait`, `refuse` or `shed_oldest`; absent for the usual.
    #[serde(default = "usual_on_full", skip_serializing_if = "is_usual_on_full")]
    pub on_full: Word,
}

impl Mailbox {
    /// The bound where nothing else is declared.
    pub const CAPACITY: u64 = 1_024;
    /// What a full mailbox does where nothing else is declared.
    pub const ON_FULL: &str = "wait";
}

fn usual_capacity() -> u64 {
    Mailbox::CAPACITY
}

fn is_usual_capacity(capacity: &u64) -> bool {
    *capacity == Mailbox::CAPACITY
}

fn usual_on_full() -> Word {
    Mailbox::ON_FULL.into()
}

fn is_usual_on_full(on_full: &str) -> bool {
    on_full == Mailbox::ON_FULL
}

fn is_zero(count: &u64) -> bool {
    *count == 0
}

/// Counters of one actor's present generation; absent are those that stand at zero.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Messages {
    /// Handled so far; turns of a loop of its own count too.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub handled: u64,
    /// Refused or shed at a full mailbox, or undelivered at its end.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub dropped: u64,
    /// Time spent in handlers and turns, ns.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub busy_ns: u64,
    /// Variant of the last message handled, or name of the last turn.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last: Option<Word>,
}

/// Restarts of one child.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Restarts {
    /// Since the daemon began.
    pub total: u64,
    /// The last exit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last: Option<LastExit>,
}

impl Restarts {
    /// Whether there is nothing to tell: it has never ended.
    pub fn are_none(&self) -> bool {
        *self == Self::default()
    }
}

/// When and why a child last ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct LastExit {
    /// RFC 3339 in UTC.
    pub at: String,
    /// `normal`, `shutdown`, `killed`, or `error: …`.
    pub reason: String,
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    fn back_and_forth(said: Value) {
        let node: TreeNode = serde_json::from_value(said.clone()).unwrap();
        assert_eq!(serde_json::to_value(node).unwrap(), said);
    }

    fn node(mailbox: Value, messages: Value) -> Value {
        json!({"path": "/h/a", "kind": "a", "generation": 1, "status": "running", "restart": "temporary",
               "mailbox": mailbox, "messages": messages})
    }

    #[test]
    fn what_is_as_usual_is_not_said_and_is_read_all_the_same() {
        back_and_forth(node(json!({}), json!({})));
        let mailbox = json!({"depth": 1, "capacity": 9, "high_water": 2, "on_full": "refuse"});
        let mut busy = node(mailbox, json!({"handled": 1, "dropped": 2, "busy_ns": 3}));
        busy["restarts"] = json!({"total": 1});
        back_and_forth(busy);
        let usual = json!({"depth": 0, "capacity": 1024, "high_water": 0, "on_full": "wait"});
        let mut wordy = node(usual, json!({"handled": 0, "dropped": 0, "busy_ns": 0}));
        wordy["restarts"] = json!({"total": 0});
        let read = |said: Value| serde_json::from_value::<TreeNode>(said).unwrap();
        assert_eq!(read(wordy), read(node(json!({}), json!({}))));
    }
}
