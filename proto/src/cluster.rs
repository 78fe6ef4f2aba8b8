//! The nodes of one cluster as one of them sees the others: `GET /debug/cluster`.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What a node shows of its cluster.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ClusterView {
    /// Whether a cluster is configured at all.
    pub enabled: bool,
    /// Where this node is called, while it listens.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub listen: Option<String>,
    /// How many knocked with a key that nobody pinned.
    pub strangers: u64,
    /// Messages of peers that were not understood.
    pub garbled: u64,
    /// The configured peers, by name.
    pub nodes: Vec<NodeView>,
}

/// One configured peer.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct NodeView {
    /// Its name, which is the hash of its key.
    pub node_id: String,
    /// Where it is called.
    pub address: String,
    /// `linked`, `away`, or `refused`: it answers, and one of the two does not want the link.
    pub state: String,
    /// Since when, RFC 3339 in UTC.
    pub since: String,
    /// Why it was refused, or why the last link ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// There and back through both gateways, µs; while linked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub latency_us: Option<u64>,
    /// The program at the other end; while linked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
    /// Facts for it that found no place, or that went down with its predecessor.
    pub dropped: u64,
    /// Facts of it that were told here.
    pub heard: u64,
    /// Facts of it that it dropped before they were sent.
    pub missed: u64,
    /// Links to it that came about.
    pub links: u64,
}
