//! `GET /debug/cluster`: the other nodes of the cluster. And the tree of one of them.

use super::super::{answer::Answer, connection::Asking, edge::Edge};
use super::look::{look, shown};
use axum::extract::Request;
use hecate_cluster::{Cluster, TreeError};
use hecate_desk::{Refusal, Refused};
use hecate_proto::cluster::ClusterView;
use hecate_proto::tree::TreeNode;
use std::sync::Arc;

const NO_SUCH_NODE: Refusal = Refusal::new(404, "node_not_found", "No node of this cluster has this name.");
const AWAY: Refusal = Refusal::new(503, "node_away", "There is no link to this node now.");
const BUSY: Refusal = Refusal::new(503, "node_busy", "Too many questions wait for this node.");
const TOO_SLOW: Refusal = Refusal::new(504, "timeout", "The node did not answer in time.");
const NO_TREE: Refusal = Refusal::new(502, "node_failed", "The node does not show its tree.");

/// Every configured peer; none where no view is configured.
pub(super) async fn show(edge: Arc<Edge>, asking: Asking, request: Request) -> Answer {
    look(&edge, &asking, &request, &[])?;
    let none = || ClusterView { enabled: false, listen: None, strangers: 0, garbled: 0, nodes: Vec::new() };
    shown(&edge, edge.parts.cluster.as_ref().map_or_else(none, Cluster::view))
}

/// The tree of a node of the cluster.
pub(super) async fn tree_of(edge: &Edge, node: &str) -> Result<TreeNode, Refused> {
    let cluster = edge.parts.cluster.as_ref().ok_or_else(|| {
        NO_SUCH_NODE.about("node", node).about("hint", "No cluster view is configured on this node.")
    })?;
    cluster
        .tree(node)
        .await
        .map_err(|error| refuse(&error).about("node", node).about("hint", error.to_string()))
}

fn refuse(error: &TreeError) -> Refused {
    let refusal = match error {
        TreeError::Unknown => NO_SUCH_NODE,
        TreeError::Away => AWAY,
        TreeError::Busy => BUSY,
        TreeError::Timeout => TOO_SLOW,
        TreeError::Refused(_) | TreeError::Garbled(_) => NO_TREE,
    };
    refusal.into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use hecate_cluster::TreeRefusal;

    #[test]
    fn a_node_that_cannot_show_its_tree_is_told_apart_from_one_that_is_busy() {
        assert!(refuse(&TreeError::Busy).is(BUSY));
        assert!(refuse(&TreeError::Refused(TreeRefusal::Starting)).is(NO_TREE));
    }
}
