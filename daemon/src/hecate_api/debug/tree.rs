//! `GET /debug/tree`: the live supervision tree, for operators.

use super::super::{
    answer::{self, Answer},
    connection::Asking,
    edge::Edge,
    headers, params,
};
use axum::extract::Request;
use axum::http::StatusCode;
use hecate_desk::{Refusal, Refused, Rule};
use hecate_proto::{
    time::rfc3339,
    tree::{TreeAnswer, TreeNode},
};
use std::sync::Arc;

const NO_SUCH_PATH: Refusal = Refusal::new(404, "not_found", "There is no such place in the tree.");

/// The tree, or the part of it below `?path=`, at most `?depth=` levels deep.
pub(super) async fn show(edge: Arc<Edge>, asking: Asking, request: Request) -> Answer {
    let parts = &edge.parts;
    parts.operators.admit(asking.connected.peer, edge.own_uid)?;
    let params = params::known(request.uri().query(), &["depth", "path"])?;
    let depth = params.get("depth").map(|text| depth(text)).transpose()?;
    let whole = edge.tree()?.snapshot();
    let mut tree = match params.get("path") {
        Some(path) => find(whole, path).ok_or_else(|| NO_SUCH_PATH.about("path", path.as_str()))?,
        None => whole,
    };
    if let Some(depth) = depth {
        prune(&mut tree, depth);
    }
    let at = rfc3339(parts.node.clock.now_us());
    let answer = TreeAnswer { ok: true, node_id: parts.node.node_id.to_string(), at, tree };
    Ok(answer::json(StatusCode::OK, &answer))
}

fn depth(text: &str) -> Result<u64, Refused> {
    headers::digits(text)
        .ok_or_else(|| Refusal::rule("depth", Rule::Type, "It is a number of levels; 0 shows one node."))
}

fn find(node: TreeNode, path: &str) -> Option<TreeNode> {
    if node.path == path {
        return Some(node);
    }
    node.children.into_iter().find_map(|child| find(child, path))
}

fn prune(node: &mut TreeNode, depth: u64) {
    if depth == 0 {
        node.children.clear();
    }
    node.children.iter_mut().for_each(|child| prune(child, depth.saturating_sub(1)));
}

#[cfg(test)]
mod tests {
    use super::*;
    use hecate_proto::tree::Restarts;

    fn node(path: &str, children: Vec<TreeNode>) -> TreeNode {
        TreeNode {
            path: path.to_owned(),
            kind: "supervisor".to_owned(),
            id: None,
            generation: 1,
            status: "running".to_owned(),
            restart: "permanent".to_owned(),
            strategy: None,
            intensity: None,
            mailbox: None,
            messages: None,
            restarts: Restarts { total: 0, last: None },
            groups: vec![],
            children,
        }
    }

    fn tree() -> TreeNode {
        node("/h", vec![node("/h/a", vec![node("/h/a/x", vec![])]), node("/h/b", vec![])])
    }

    #[test]
    fn a_place_is_found_by_its_path() {
        assert_eq!(find(tree(), "/h/a/x").map(|node| node.path), Some("/h/a/x".to_owned()));
        assert_eq!(find(tree(), "/h/c"), None);
    }

    #[test]
    fn depth_counts_levels_below_the_node() {
        let pruned = |depth| {
            let mut tree = tree();
            prune(&mut tree, depth);
            tree
        };
        assert_eq!(pruned(0).children, vec![]);
        assert_eq!(pruned(1).children.iter().map(|child| child.children.len()).sum::<usize>(), 0);
        assert_eq!(pruned(1).children.len(), 2);
        assert_eq!(pruned(2), tree());
    }
}
