//! The live supervision tree as a value: `GET /debug/tree`.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

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
    /// `starting`, `running`, `suspended`, `draining`, `restarting` or `stopped`.
    #[schemars(extend("enum" = ["starting", "running", "suspended", "draining", "restarting", "stopped"]))]
    pub status: String,
    /// `permanent`, `transient` or `temporary`.
    #[schemars(extend("enum" = ["permanent", "transient", "temporary"]))]
    pub restart: String,
    /// Supervisors only: `one_for_one`, `rest_for_one`, ….
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub strategy: Option<String>,
    /// Supervisors only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub intensity: Option<Intensity>,
    /// Workers only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mailbox: Option<Mailbox>,
    /// Workers only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub messages: Option<Messages>,
    /// How often, and why last.
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

/// The bounded mailbox of one actor.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Mailbox {
    /// Messages that wait.
    pub depth: u64,
    /// The bound.
    pub capacity: u64,
    /// The most that ever waited in this generation.
    pub high_water: u64,
    /// What a full mailbox does: `wait`, `refuse` or `shed_oldest`.
    pub on_full: String,
}

/// Counters of one actor's present generation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Messages {
    /// Handled so far; turns of a loop of its own count too.
    pub handled: u64,
    /// Refused or shed at a full mailbox, or undelivered at its end.
    pub dropped: u64,
    /// Time spent in handlers and turns, ns.
    pub busy_ns: u64,
    /// Variant of the last message handled, or name of the last turn.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last: Option<String>,
}

/// Restarts of one child.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Restarts {
    /// Since the daemon began.
    pub total: u64,
    /// The last exit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last: Option<LastExit>,
}

/// When and why a child last ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct LastExit {
    /// RFC 3339 in UTC.
    pub at: String,
    /// `normal`, `shutdown`, `killed`, or `error: …`.
    pub reason: String,
}
