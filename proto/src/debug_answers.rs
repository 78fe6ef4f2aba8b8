//! How the debug endpoint answers: what the instruments show, and of which node at which moment.

use crate::debug::{ActorDetail, Crash};
use crate::reload::{AppliedReload, ReloadPlan};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// An answer of the debug endpoint.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "{T}Shown")]
pub struct Shown<T> {
    /// Always true.
    #[schemars(extend("const" = true))]
    pub ok: bool,
    /// Whose it is.
    pub node_id: String,
    /// When it was read, RFC 3339 in UTC.
    pub at: String,
    /// What was asked for.
    #[serde(flatten)]
    pub shown: T,
}

/// `GET /debug/actors/{actor}`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct OneActor {
    /// The actor.
    pub actor: ActorDetail,
}

/// `GET /debug/crashes`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Crashes {
    /// The oldest first.
    pub crashes: Vec<Crash>,
}

/// `GET /debug/groups`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct GroupList {
    /// By name.
    pub groups: Vec<GroupState>,
}

/// One process group.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct GroupState {
    /// An event type, or `facts.all`.
    pub group: String,
    /// Who hears it.
    pub members: Vec<Present>,
    /// Who tells it.
    pub publishers: Vec<Present>,
    /// Facts that were put into a mailbox, one for each member, since the group is there.
    pub deliveries: u64,
    /// Facts that found a member's mailbox full, since the group is there.
    pub missed: u64,
}

/// An actor that has a part in a group.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Present {
    /// As in the tree; changes with every restart.
    pub actor_id: String,
    /// Its path; absent for one that started or ended a moment ago.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub path: Option<String>,
}

/// `GET /debug/runtime`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Runtime {
    /// The daemon's version.
    pub version: String,
    /// Seconds since the process began.
    pub uptime_seconds: u64,
    /// What runs the actors.
    pub tokio: TokioState,
    /// The process, as the kernel counts it.
    pub process: ProcessState,
}

/// The async runtime.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct TokioState {
    /// Tasks that have not ended; an actor is two of them.
    pub alive_tasks: u64,
    /// Tasks that are ready and belong to no worker yet.
    pub global_queue_depth: u64,
    /// The threads that poll tasks.
    pub workers: Vec<WorkerState>,
}

/// One thread that polls tasks.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct WorkerState {
    /// Time that it was not parked since the process began, ms.
    pub busy_ms: u64,
    /// How often it had nothing to do.
    pub parks: u64,
}

/// The process; what this system does not say is absent.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ProcessState {
    /// Its id.
    pub pid: u32,
    /// Threads.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub threads: Option<u64>,
    /// Memory that is in RAM, bytes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rss_bytes: Option<u64>,
    /// Most memory that ever was in RAM, bytes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rss_peak_bytes: Option<u64>,
    /// Open file descriptors.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub open_fds: Option<u64>,
    /// File descriptors that it may open.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub open_fds_max: Option<u64>,
}

/// What was done to an actor.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Done {
    /// `suspend`, `resume`, `kill`, `restart` or `drain`.
    pub operation: String,
    /// Path of the actor.
    pub path: String,
    /// For a suspension: ms until the actor goes on by itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resumes_in_ms: Option<u64>,
}

/// What goes on without whoever asked for it: the socket that it was asked by goes down before its end, or because
/// of it. The audit says how it ends.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Begun {
    /// The operation.
    pub begun: String,
}

/// `POST /debug/tree/plan`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Planned {
    /// What would be done, and what stands against it.
    pub plan: ReloadPlan,
}

/// `POST /debug/tree/apply`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Applied {
    /// What was done.
    pub applied: AppliedReload,
}
