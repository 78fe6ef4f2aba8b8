//! What the instruments of the actor layer show: one actor in detail, the busiest, crashes, deadlock hints,
//! supervision events and the live trace of one actor. Never a payload, never a state that its actor did
//! not offer itself. Times are RFC 3339 in UTC, spans carry their unit in their name.

use crate::tree::TreeNode;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// What a tree of the past does not show, because it was not kept: counters change with every message,
/// groups are joined and left past the tree, and a pool's children come and go too fast.
pub const NOT_KEPT: &[&str] = &["mailbox", "messages", "groups", "pool children"];

/// One actor, as closely as it can be seen from outside.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ActorDetail {
    /// Its place in the tree, without its children.
    #[serde(flatten)]
    pub node: TreeNode,
    /// Those above it, the root first.
    pub ancestors: Vec<Ancestor>,
    /// When the present generation was started.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub started_at: Option<String>,
    /// Age of the present generation, ms.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub uptime_ms: Option<u64>,
    /// What is known of a worker that runs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub work: Option<Work>,
    /// The state that the actor offers.
    pub state: ActorState,
}

/// A supervisor above an actor.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Ancestor {
    /// Its path.
    pub path: String,
    /// `supervisor` or `pool`.
    pub kind: String,
    /// As in [`TreeNode`].
    pub status: String,
}

/// How a worker spends its time. Counters are those of the present generation.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Work {
    /// The message that it handles at this moment, or the turn that its own loop takes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub current: Option<Current>,
    /// Share of the time that it was at work.
    pub busy: Busy,
    /// Messages that it has sent from its handler.
    pub sent: u64,
    /// Messages that never reached it.
    pub dropped: Dropped,
    /// What it has handled, by variant, in the order in which the variants were first seen.
    pub variants: Vec<Variant>,
    /// The last variants handled, at most 16, the newest last.
    pub recent: Vec<String>,
    /// Time in the handler. Measured for at most one message per tick of the coarse clock (1 to 4 ms); the
    /// messages between two of those count as the latter.
    pub handle: Latency,
    /// Time in the mailbox, to the tick of the coarse clock.
    pub queue: Latency,
    /// Whose answers its handler waits for.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub waiting_on: Vec<Waiting>,
    /// While suspended: ms until it goes on by itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resumes_in_ms: Option<u64>,
    /// Live traces of it at this moment.
    pub traces: u64,
    /// Of an actor that lives by a loop of its own, or by what it has published: what its figures are of.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub own_loop: Option<OwnLoop>,
}

/// Whether what an actor does beside its messages is measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum OwnLoop {
    /// Its turns count as messages do, in all figures but those of the mailbox.
    Counted,
    /// Its figures are of its messages alone.
    NotMeasured,
}

/// The message at hand.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Current {
    /// Its variant.
    pub variant: String,
    /// How long it has been handled, ms, to the tick of the coarse clock.
    pub for_ms: u64,
    /// Its trace id, if it has one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trace_id: Option<String>,
}

/// Thousandths of the time spent in handlers, over three windows that end now.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Busy {
    /// Over the last second.
    pub permille_1s: u64,
    /// Over the last ten seconds.
    pub permille_10s: u64,
    /// Over the last minute.
    pub permille_60s: u64,
}

/// Messages that were lost, by why.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Dropped {
    /// Refused at a full mailbox.
    pub full: u64,
    /// Pushed out by a newer message.
    pub shed: u64,
    /// Still in the mailbox when the actor ended.
    pub undelivered: u64,
}

/// One variant of message.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Variant {
    /// Its name.
    pub name: String,
    /// How many were handled.
    pub count: u64,
    /// Mean time in the handler of those that were measured, ns.
    pub mean_ns: u64,
    /// Longest time in the handler, ns: exact below a tick of the coarse clock only for those measured.
    pub max_ns: u64,
}

/// A histogram whose buckets double.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Latency {
    /// Messages counted.
    pub count: u64,
    /// Sum of their times, ns.
    pub sum_ns: u64,
    /// The buckets that are not empty, the shortest times first.
    pub buckets: Vec<Bucket>,
}

/// Messages that took at most so long, and longer than the bucket before.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Bucket {
    /// Upper bound, ns; absent in the last one, which has none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at_most_ns: Option<u64>,
    /// How many.
    pub count: u64,
}

/// One edge of the graph of who waits for whom.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Waiting {
    /// Path of whoever is waited for.
    pub target: String,
    /// Its actor id.
    pub target_id: String,
    /// For how long, ms.
    pub for_ms: u64,
}

/// The state of an actor, read between two messages.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum ActorState {
    /// It offers this.
    Offered {
        /// Whatever it chose to show.
        value: Value,
    },
    /// It offers none, or has none to offer: a supervisor, or nobody runs.
    NotOffered,
    /// It did not come to it in time: its handler is at work.
    Busy,
    /// What it offered is larger than an answer may be.
    TooLarge {
        /// Size of it as JSON, bytes.
        bytes: u64,
    },
}

/// What to rank actors by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum TopBy {
    /// Messages that wait now; the window plays no part.
    Depth,
    /// Thousandths of the window spent in handlers.
    Busy,
    /// Messages handled in the window.
    Messages,
    /// Restarts in the window.
    Restarts,
    /// Mean time in the handler of the window's messages, ns, that at hand included.
    Latency,
}

/// A window that ends now.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum Window {
    /// One second.
    #[serde(rename = "1s")]
    OneSecond,
    /// Ten seconds.
    #[default]
    #[serde(rename = "10s")]
    TenSeconds,
    /// One minute.
    #[serde(rename = "60s")]
    OneMinute,
}

impl Window {
    /// All of them, the shortest first.
    pub const ALL: [Self; 3] = [Self::OneSecond, Self::TenSeconds, Self::OneMinute];

    /// Its length, ms.
    pub const fn ms(self) -> u64 {
        match self {
            Self::OneSecond => 1_000,
            Self::TenSeconds => 10_000,
            Self::OneMinute => 60_000,
        }
    }
}

/// The actors that lead by one measure.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Top {
    /// By which.
    pub by: TopBy,
    /// Over which window.
    pub window: Window,
    /// The leader first. Actors that measure zero are left out.
    pub rows: Vec<TopRow>,
}

/// One actor in the ranking.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct TopRow {
    /// What it is ranked by, in the measure's own unit.
    pub value: u64,
    /// Its path.
    pub path: String,
    /// Its kind.
    pub kind: String,
    /// Its actor id, if it runs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// As in [`TreeNode`].
    pub status: String,
    /// Messages that wait.
    pub depth: u64,
    /// What it handles at this moment.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub current: Option<Current>,
}

/// The record of one crash, kill or failed start.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Crash {
    /// Grows by one with every record since the daemon began.
    pub seq: u64,
    /// When it was seen.
    pub at: String,
    /// Where.
    pub path: String,
    /// What.
    pub kind: String,
    /// The actor that ended; absent when a start failed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// Which start of that place it was.
    pub generation: u64,
    /// What kind of end it was.
    pub reason: ReasonClass,
    /// What the actor said, cut at 1,024 bytes.
    pub message: String,
    /// Where it panicked: file, line and column; absent for other ends.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub place: Option<String>,
    /// The way there, cut at 16 KiB, of a daemon that runs with `RUST_BACKTRACE=1`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub backtrace: Option<String>,
    /// The last variants handled, at most 16, the newest last.
    pub recent: Vec<String>,
    /// The variant at hand, if it ended in its handler.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub handling: Option<String>,
    /// Trace id of the message at hand, if it has one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trace_id: Option<String>,
    /// Messages in its mailbox at the end, that at hand included.
    pub depth: u64,
    /// Paths of those above it, the root first.
    pub ancestors: Vec<String>,
    /// How long it lived, ms.
    pub uptime_ms: u64,
    /// What its supervisor made of it.
    pub decision: Decision,
}

/// The classes of ends that matter to a supervisor and to whoever counts them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ReasonClass {
    /// Done, by its own account.
    Normal,
    /// Stopped, or ended in good order.
    Shutdown,
    /// Not needed.
    Ignore,
    /// Killed.
    Killed,
    /// Returned an error.
    Error,
    /// Panicked.
    Panic,
    /// Its start failed or took too long.
    StartFailed,
}

impl ReasonClass {
    /// All of them.
    pub const ALL: [Self; 7] = [
        Self::Normal,
        Self::Shutdown,
        Self::Ignore,
        Self::Killed,
        Self::Error,
        Self::Panic,
        Self::StartFailed,
    ];

    /// As on the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Normal => "normal",
            Self::Shutdown => "shutdown",
            Self::Ignore => "ignore",
            Self::Killed => "killed",
            Self::Error => "error",
            Self::Panic => "panic",
            Self::StartFailed => "start_failed",
        }
    }
}

/// What a supervisor made of a crash.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Decision {
    /// It has not come to it yet.
    Pending,
    /// Started again, alone or with its group.
    Restarted,
    /// The start failed and is to be tried again.
    RetryLater,
    /// A temporary child is forgotten.
    Forgotten,
    /// It stays down: it was being stopped, or whoever asked for the start was told.
    LeftDown,
    /// Once too often: the supervisor gave up.
    GaveUp,
}

/// Who may never answer.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Deadlocks {
    /// Groups of actors that wait for each other, in the order in which they wait.
    pub cycles: Vec<Vec<Waiter>>,
    /// Actors that have been handling one message for too long, the longest first.
    pub stuck: Vec<Stuck>,
}

/// One actor of a cycle.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Waiter {
    /// Its path.
    pub path: String,
    /// Its actor id.
    pub id: String,
    /// The edge to the next of the cycle.
    pub waiting_on: Waiting,
}

/// An actor that has not come back from its handler.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Stuck {
    /// Its path.
    pub path: String,
    /// Its actor id.
    pub id: String,
    /// What it handles, and since when.
    pub current: Current,
    /// Messages that wait.
    pub depth: u64,
    /// Whose answers it waits for.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub waiting_on: Vec<Waiting>,
}

/// One thing that happened in the tree.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct DebugEvent {
    /// Grows by one with every event since the daemon began.
    pub id: u64,
    /// When.
    pub at: String,
    /// What happened.
    pub kind: DebugEventKind,
    /// Where. For a group event the actor's path; for a plan the root's.
    pub path: String,
    /// The actor, where there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub actor: Option<String>,
    /// Which start of that place it is, where that matters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub generation: Option<u64>,
    /// Why, who or what: the exit reason, the child that could not be kept, the group, the plan.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub detail: Option<String>,
}

/// The kinds of events. A pool's children are too many for an event with every birth and every end in good
/// order: theirs are those that went wrong and those that an operator caused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum DebugEventKind {
    /// A child runs.
    Started,
    /// A child ended by itself.
    ChildTerminated,
    /// A child did not start.
    StartError,
    /// A child that was being stopped ended otherwise than asked.
    ShutdownError,
    /// A child that was being stopped ended as asked.
    Stopped,
    /// A supervisor gave up.
    GaveUp,
    /// A child is started again, or is about to be.
    Restarting,
    /// An actor was suspended.
    Suspended,
    /// A suspended actor goes on.
    Resumed,
    /// An actor joined a process group.
    GroupJoin,
    /// An actor left a process group.
    GroupLeave,
    /// A changed `supervision.toml` was applied.
    PlanApplied,
    /// Somebody tried to act on the running daemon: who, what, and whether it was granted.
    Attempted,
}

impl DebugEventKind {
    /// As on the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Started => "started",
            Self::ChildTerminated => "child_terminated",
            Self::StartError => "start_error",
            Self::ShutdownError => "shutdown_error",
            Self::Stopped => "stopped",
            Self::GaveUp => "gave_up",
            Self::Restarting => "restarting",
            Self::Suspended => "suspended",
            Self::Resumed => "resumed",
            Self::GroupJoin => "group_join",
            Self::GroupLeave => "group_leave",
            Self::PlanApplied => "plan_applied",
            Self::Attempted => "attempted",
        }
    }
}

/// What to trace.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum TraceEvents {
    /// Messages that the actor handles.
    In,
    /// Messages that it sends from its handler.
    Out,
    /// Both.
    Both,
}

/// Bounds of one live trace.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct TraceLimits {
    /// What to trace.
    pub events: TraceEvents,
    /// It ends after so long, ms; at most [`TraceLimits::MAX_MS`].
    pub max_ms: u64,
    /// It ends after so many lines; at most [`TraceLimits::MAX_LINES`].
    pub max_lines: u64,
    /// What goes beyond so many lines in one second is dropped and counted; at most
    /// [`TraceLimits::RATE_PER_S`].
    pub rate_per_s: u64,
}

impl TraceLimits {
    /// No trace lasts longer, ms.
    pub const MAX_MS: u64 = 60_000;
    /// No trace has more lines.
    pub const MAX_LINES: u64 = 10_000;
    /// No trace is faster, lines per second.
    pub const RATE_PER_S: u64 = 1_000;
}

impl Default for TraceLimits {
    fn default() -> Self {
        Self { events: TraceEvents::Both, max_ms: 10_000, max_lines: 1_000, rate_per_s: 100 }
    }
}

/// One line of a live trace.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum TraceLine {
    /// A message was handled.
    In {
        /// When it was done.
        at: String,
        /// Its variant.
        variant: String,
        /// How long it waited, ns; to the tick of the coarse clock when it was sent before the trace began.
        queued_ns: u64,
        /// How long it was handled, ns.
        handled_ns: u64,
        /// Its trace id, if it has one.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        trace_id: Option<String>,
        /// Path of the actor that sent it, when an actor did, and while the trace was on.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        sender: Option<String>,
        /// Why the actor ends with it, if it does.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        failed: Option<String>,
    },
    /// A message was sent.
    Out {
        /// When.
        at: String,
        /// Its variant.
        variant: String,
        /// Path of whom it was sent to.
        target: String,
        /// Its trace id, if it has one.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        trace_id: Option<String>,
    },
    /// The actor ended and its place was taken by a successor, which is traced from its init on.
    Restarted {
        /// When.
        at: String,
        /// The successor's generation.
        generation: u64,
    },
    /// The last line.
    Ended {
        /// When.
        at: String,
        /// Why.
        why: TraceEnd,
        /// Lines before this one.
        lines: u64,
        /// Lines that the rate or a slow reader did not let through, exactly.
        dropped: u64,
    },
}

/// Why a trace ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum TraceEnd {
    /// Its time was over.
    Time,
    /// It had as many lines as it may.
    Lines,
    /// The actor ended, and its place is given up.
    Gone,
}
