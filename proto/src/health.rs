//! `GET /api/health`: is the daemon up, and how far is each part.

use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Answer of `GET /api/health`, `/health` and `/ready`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Health {
    /// True once `ready`.
    pub ok: bool,
    /// `starting`, `ready` or `stopping`.
    pub status: String,
    /// True when commands and queries are served.
    pub ready: bool,
    /// The daemon's version.
    pub version: String,
    /// Who this node is.
    pub node_id: String,
    /// The daemon's process id, as it sees itself.
    pub pid: u32,
    /// Whole seconds since the process began.
    pub uptime_seconds: u64,
    /// One entry a part: `store`, each read model, later `mesh` and `llm`.
    pub components: BTreeMap<String, Component>,
}

/// How one part is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Component {
    /// `ok`, `starting` or `down`.
    pub status: String,
    /// Last global position it holds, where that means something.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub position: Option<u64>,
    /// Positions behind the log's head, for read models.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub lag: Option<u64>,
    /// What is wrong, for people.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub says: Option<String>,
}
