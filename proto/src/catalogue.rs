//! The desk catalogue, `GET /api/desks`: every desk as data.
//!
//! Forms, slash commands, command-line verbs and tool schemas are drawn from it at run time, so an older
//! terminal drives a newer daemon.

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// Answer of `GET /api/desks`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Catalogue {
    /// Always true.
    pub ok: bool,
    /// Every public desk, by process, in the order in which a process walks through them.
    pub desks: Vec<DeskSheet>,
    /// Desks that only listeners and the house itself ask: they have no route.
    #[serde(default)]
    pub internal: Vec<DeskSheet>,
    /// Every query.
    pub queries: Vec<QuerySheet>,
}

/// One desk: what it is called, what it asks, when it is open, what it may answer.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct DeskSheet {
    /// The process it belongs to, for example `setup_venture`.
    pub process: String,
    /// What the process keeps, for example `venture`: the noun of command-line verbs.
    pub noun: String,
    /// Its name, a verb and a noun: `refine_vision`.
    pub name: String,
    /// The command-line verb under the noun: the name without its own noun, `refine-vision`, `setup`.
    pub verb: String,
    /// Always `POST`.
    pub method: String,
    /// For example `/api/ventures/{venture_id}/vision/refine`.
    pub path: String,
    /// The path's parameters, in order; each is an id.
    pub path_params: Vec<String>,
    /// One sentence: what it does.
    pub says: String,
    /// The states in which it is open.
    pub allowed_in: AllowedIn,
    /// JSON Schema (2020-12) of the request body, an object.
    pub body: Value,
    /// How many such objects a body may hold, as an array; 1 where it holds an object and no array.
    #[serde(default = "one", skip_serializing_if = "is_one")]
    pub at_once_max: usize,
    /// What it may refuse beyond the refusals common to all desks.
    pub refusals: Vec<RefusalSheet>,
    /// The event types it may record.
    pub records: Vec<RecordedType>,
    /// The event types it hears: a desk that hears is also run by its process's listener.
    pub hears: Vec<String>,
}

const fn one() -> usize {
    1
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde hands over a reference")]
const fn is_one(count: &usize) -> bool {
    *count == 1
}

/// A mask over the status flags.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AllowedIn {
    /// True for desks that give birth: they are open before the first event.
    pub before_birth: bool,
    /// Every one of these flags is set.
    pub all_of: u32,
    /// None of these flags is set.
    pub none_of: u32,
    /// At least one of these flags is set; 0 where none is asked for.
    #[serde(default)]
    pub any_of: u32,
}

/// One expected no.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RefusalSheet {
    /// HTTP status.
    pub status: u16,
    /// Stable code.
    pub code: String,
    /// One sentence for people.
    pub says: String,
}

/// An event type and who is told of it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RecordedType {
    /// For example `venture_setup_v1`.
    pub event_type: String,
    /// `group` (this node) or `group_and_mesh`.
    pub emits: String,
    /// JSON Schema (2020-12) of its data. Times are microseconds there and RFC 3339 on every stream.
    #[serde(default)]
    pub data: Value,
}

/// One query: a page of things or a single thing.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct QuerySheet {
    /// The query app, for example `query_ventures`.
    pub app: String,
    /// The noun of command-line verbs, for example `venture`.
    pub noun: String,
    /// Its name, for example `get_ventures_page`.
    pub name: String,
    /// The command-line verb under the noun: `list`, `show`, `vision`.
    pub verb: String,
    /// Always `GET`.
    pub method: String,
    /// For example `/api/ventures`.
    pub path: String,
    /// The path's parameters, in order.
    pub path_params: Vec<String>,
    /// One sentence: what it answers.
    pub says: String,
    /// The key under which the answer holds the thing or the list.
    pub answers: String,
    /// JSON Schema of the query parameters, an object.
    pub params: Value,
    /// JSON Schema of one row.
    pub row: Value,
}
