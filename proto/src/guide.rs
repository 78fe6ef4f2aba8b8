//! How far a venture has come and what can be done next, as `guide_venture` answers it. Times are RFC 3339 in UTC.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// What a venture and its divisions walk through, in order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(inline)]
#[allow(missing_docs, reason = "each is named after what is done")]
pub enum Process {
    Setup,
    Discovery,
    Design,
    Plan,
    Generate,
    Test,
    Deploy,
    Monitor,
    Rescue,
}

/// Where a venture stands as a whole.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(inline)]
pub enum Phase {
    /// Its vision is not submitted.
    Setup,
    /// It has no division.
    Discovery,
    /// A division is not designed.
    Design,
    /// A division is not planned.
    Plan,
    /// A division is not generated.
    Generate,
    /// A division is not tested.
    Test,
    /// A division is not deployed.
    Deploy,
    /// Every division is in operation.
    Operate,
    /// It was put away.
    Archived,
}

/// Where one process stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(inline)]
pub enum State {
    /// Nothing was handed over to it yet.
    None,
    /// Handed over, not started.
    Pending,
    /// At work.
    Active,
    /// On the shelf.
    Paused,
    /// Done.
    Completed,
    /// Put away.
    Archived,
}

/// How a division does in operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(inline)]
pub enum Health {
    /// Nobody has looked.
    Unknown,
    /// Its checks are healthy.
    Ok,
    /// A check is degraded.
    Degraded,
    /// A check is unhealthy.
    Down,
    /// It is being rescued.
    Rescue,
}

/// Where a task stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(inline)]
pub enum TaskState {
    /// Other tasks come first.
    Blocked,
    /// Its turn has come.
    Pending,
    /// Somebody is at work.
    Active,
    /// On the shelf.
    Paused,
    /// It goes on by itself.
    Running,
    /// Nothing is left to do.
    Done,
}

/// What a task is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(inline)]
pub enum Scope {
    /// The whole venture.
    Venture,
    /// One division.
    Division,
}

/// The part that a model plays, named after the stretch of the way that it knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(inline)]
pub enum AiRole {
    /// Discovery and analysis.
    DnA,
    /// Architecture and planning.
    AnP,
    /// Testing and implementation.
    TnI,
    /// Deployment and operations.
    DnO,
}

/// One venture, as `GET /api/venture` shows the active one.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct VentureProgressRow {
    /// `v-` and a ULID.
    pub venture_id: String,
    /// What it is called.
    pub name: String,
    /// Where it stands as a whole.
    pub phase: Phase,
    /// Status flags: INITIATED 1, ARCHIVED 2, VISION_REFINED 32, VISION_SUBMITTED 64.
    pub status: u32,
    /// The status in one word.
    pub status_label: String,
    /// Desks of the venture's own process open in this state.
    pub available_actions: Vec<String>,
    /// Divisions that were not dismissed.
    pub division_count: u32,
    /// Incidents that nobody has resolved.
    pub open_incident_count: u32,
    /// Tasks, its own and its divisions', that wait for others.
    pub blocked_count: u32,
    /// Where in the log it last changed.
    pub last_position: u64,
    /// When it last changed.
    pub updated_at: String,
}

/// One venture with its divisions, as `GET /api/ventures/{venture_id}/status` shows it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct VentureStatusRow {
    /// The venture.
    #[serde(flatten)]
    pub venture: VentureProgressRow,
    /// Its divisions by name, without dismissed ones.
    pub divisions: BTreeMap<String, DivisionStanding>,
    /// Its divisions in the order in which they were found.
    pub division_list: Vec<DivisionProgressRow>,
}

/// Where one division stands.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[schemars(inline)]
pub struct DivisionStanding {
    /// `d-` and a ULID.
    pub division_id: String,
    /// The process that it is in: the latest that is at work, else the latest that could begin.
    pub process: Process,
    /// Where that process stands.
    pub state: State,
    /// How the division does in operation.
    pub health: Health,
    /// Passes through its processes, the most of any of them.
    pub cycle: u32,
}

/// One division in the list of a venture's status.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[schemars(inline)]
pub struct DivisionProgressRow {
    /// What it is called.
    pub name: String,
    /// Where it stands.
    #[serde(flatten)]
    pub standing: DivisionStanding,
    /// True when it turned out to be none.
    pub dismissed: bool,
    /// Tasks of the division that wait for others.
    pub blocked_count: u32,
    /// Incidents that nobody has resolved.
    pub open_incident_count: u32,
    /// The version that was released last.
    pub last_release: Option<String>,
    /// When it last changed.
    pub updated_at: String,
}

/// One thing to do, as `GET /api/ventures/{venture_id}/tasks` lists it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct TaskRow {
    /// What is to be done: `refine-vision`, `design`.
    pub verb: String,
    /// What it is about.
    pub scope: Scope,
    /// Where it stands.
    pub state: TaskState,
    /// The stretch of the way that it lies on.
    pub phase: AiRole,
    /// The part that a model plays in it.
    pub ai_role: AiRole,
    /// Verbs of the tasks that come first; empty unless it is blocked.
    pub blocked_by: Vec<String>,
    /// Desks of this task that are open now.
    pub available_actions: Vec<String>,
    /// The venture.
    pub venture_id: String,
    /// The division, where it is about one.
    pub division_id: Option<String>,
    /// Its name.
    pub division_name: Option<String>,
    /// The process that does it.
    pub process: Process,
    /// The incident, where it is about one.
    pub incident_id: Option<String>,
}

/// One entry of a venture's journal, as `GET /api/ventures/{venture_id}/timeline` lists it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct TimelineRow {
    /// Where the event stands in the log.
    pub position: u64,
    /// The venture.
    pub venture_id: String,
    /// The division, where it is about one.
    pub division_id: Option<String>,
    /// The process that recorded it.
    pub process: Process,
    /// Its type.
    pub event_type: String,
    /// What happened, in one sentence of at most 200 characters.
    pub summary: String,
    /// Who did it, where the event says so.
    pub actor: Option<String>,
    /// When.
    pub at: String,
}
