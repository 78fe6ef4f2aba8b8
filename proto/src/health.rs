//! `GET /api/health`: is the daemon up, and how far is each part. Answered from the first connection on,
//! whatever state the rest is in.

use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Answer of `GET /api/health` and `/health`, always 200, and of `/ready`, 503 unless `ready`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Health {
    /// The same as `ready`.
    pub ok: bool,
    /// `starting`, `ready` or `stopping`; `starting` again while routes or read models are renewed.
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
    /// One entry a part: `store`, `facts` (how far facts were told to the process groups), `listeners` (how far
    /// the processes have heard them), and each read model under its name.
    pub components: BTreeMap<String, Component>,
}

/// How one part is.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Component {
    /// `ok`, `starting` (it catches up with what was recorded before the daemon began to serve), `degraded`
    /// (a read model that cannot be written or is without some of its events, a listener that waits or gave a fact
    /// up) or `down`.
    pub status: String,
    /// Last global position it holds, where that means something.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub position: Option<u64>,
    /// Positions behind the log's head, for parts that follow it.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub lag: Option<u64>,
    /// Read models only: events that do not draw. None where there are none.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub parked: Option<u64>,
    /// Listeners only: facts that were given up and wait for an operator. None where there are none.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub dead: Option<u64>,
    /// Read models only: the position up to which a new file is drawn, while one is made.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub rebuilt_to: Option<u64>,
    /// What is wrong, for people.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub says: Option<String>,
}
