//! What the listeners of the processes heard and what came of it, for operators: `GET /debug/listeners` and what
//! lies below it.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// Answer of `GET /debug/listeners`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ListenersAnswer {
    /// Always true.
    pub ok: bool,
    /// Whose listeners they are.
    pub node_id: String,
    /// When they were looked at, RFC 3339 in UTC.
    pub at: String,
    /// Position of the log's last event; none while the store is down.
    pub head: Option<u64>,
    /// One entry a process that hears something.
    pub listeners: Vec<ListenerState>,
}

/// How the listener of one process is doing.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ListenerState {
    /// The process, `design_division`.
    pub process: String,
    /// What it hears.
    pub hears: Vec<HeardType>,
    /// Everything up to this position is settled; none before its first start.
    pub cursor: Option<u64>,
    /// Events of the log behind the cursor.
    pub lag: Option<u64>,
    /// Facts that were given up and wait for an operator.
    pub dead: u64,
    /// The fact that is tried again, while everything behind it waits.
    pub retrying: Option<RetriedFact>,
    /// What it waits for before it hears anything more, for people: its file cannot be opened or written.
    pub waiting: Option<String>,
    /// Requests that were granted, since the daemon began.
    pub dispatched_total: u64,
    /// Facts that did not concern their listener, since the daemon began.
    pub skipped_total: u64,
    /// Requests that were refused, since the daemon began.
    pub refused_total: u64,
}

/// One event type and who hears it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct HeardType {
    /// `division_discovered_v1`.
    pub event_type: String,
    /// `on_division_discovered_initiate_design`, in the order in which they are asked.
    pub listeners: Vec<String>,
}

/// A fact that is tried again.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RetriedFact {
    /// Its position.
    pub position: u64,
    /// Who tries.
    pub listener: String,
    /// Since when, RFC 3339 in UTC.
    pub since: String,
    /// How often it failed.
    pub attempts: u32,
    /// What is wrong, for people.
    pub why: String,
}

/// Answer of `GET /debug/listeners/{process}/outcomes`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct OutcomesAnswer {
    /// Always true.
    pub ok: bool,
    /// The rows, the newest fact first.
    pub outcomes: Vec<OutcomeRow>,
    /// Give it back as `cursor`; none on the last page.
    pub next_cursor: Option<String>,
}

/// Answer of a decision about a dead letter: what came of it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct DecidedAnswer {
    /// Always true; whether the fact is settled now is in the row.
    pub ok: bool,
    /// The row as it is now.
    pub outcome: OutcomeRow,
}

/// What came of one fact at one listener.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OutcomeRow {
    /// The fact's position in the log.
    pub position: u64,
    /// Who heard it.
    pub listener: String,
    /// The fact's id.
    pub event_id: Uuid,
    /// The fact's type.
    pub event_type: String,
    /// The fact's stream.
    pub stream_id: String,
    /// When the fact happened, RFC 3339 in UTC.
    pub event_at: String,
    /// `dispatched`, `skipped`, `refused`, `retrying`, `dead` or `dismissed`.
    pub state: String,
    /// The code of a refusal.
    pub code: Option<String>,
    /// Why it was skipped, refused, is tried again or was given up.
    pub why: Option<String>,
    /// Why an operator dismissed it.
    pub dismissal: Option<String>,
    /// Position of the last event that was recorded for it.
    pub recorded: Option<u64>,
    /// How often the listener was asked, without the times when nobody could have answered.
    pub attempts: u32,
    /// When it was asked first, RFC 3339 in UTC.
    pub first_at: String,
    /// When it was settled; none while it is tried again.
    pub settled_at: Option<String>,
}
