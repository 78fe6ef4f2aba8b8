//! `GET /debug/tree`: the supervision tree as it is, or as it was a moment ago.

use super::super::{answer::Answer, connection::Asking, edge::Edge};
use super::cluster::tree_of;
use super::fields::{Chosen, Fields};
use super::look::{look, shown_of};
use axum::extract::Request;
use hecate_desk::{Refusal, Refused, Rule};
use hecate_proto::debug::NOT_KEPT;
use hecate_proto::tree::TreeNode;
use hecate_supervision::{RewindError, Tree};
use jiff::Timestamp;
use serde::Serialize;
use std::sync::Arc;

const NO_SUCH_PATH: Refusal = Refusal::new(404, "not_found", "There is no such place in the tree.");
const NOT_KEPT_SO_LONG: Refusal =
    Refusal::new(422, "tree_not_kept", "The tree of that moment is not kept any more.");

/// Levels that nobody's tree has.
const DEPTH_MAX: u64 = 64;

#[derive(Serialize)]
struct TreeShown<'t> {
    tree: Chosen<'t>,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    not_kept: &'static [&'static str],
}

/// The tree, or the part of it below `?path=`, at most `?depth=` levels deep, at `?at=`; or that of `?node=`.
pub(super) async fn show(edge: Arc<Edge>, asking: Asking, request: Request) -> Answer {
    let wanted = look(&edge, &asking, &request, &["depth", "path", "fields", "at", "node"])?;
    let depth = wanted.number("depth", 0..=DEPTH_MAX)?;
    let fields = wanted.text("fields").map_or(Ok(Fields::ALL), Fields::read)?;
    let at = wanted.text("at").map(moment).transpose()?;
    let own = &*edge.parts.node.node_id;
    let node = wanted.text("node").unwrap_or(own);
    let whole = match (node == own, at) {
        (true, None) => edge.tree()?.snapshot(),
        (true, Some(at)) => past(edge.tree()?, at)?,
        (false, None) => tree_of(&edge, node).await?,
        (false, Some(_)) => return Err(Refusal::rule("at", Rule::Range, "Each node keeps its own past.")),
    };
    let part = match wanted.text("path") {
        Some(path) => find(&whole, path).ok_or_else(|| NO_SUCH_PATH.about("path", path))?,
        None => &whole,
    };
    let tree = Chosen { node: part, fields, levels: depth.unwrap_or(DEPTH_MAX) };
    shown_of(&edge, node, TreeShown { tree, not_kept: if at.is_some() { NOT_KEPT } else { &[] } })
}

fn moment(text: &str) -> Result<Timestamp, Refused> {
    let hint = "A time as RFC 3339 says it, such as 2026-11-23T10:00:00Z.";
    text.parse().map_err(|_| Refusal::rule("at", Rule::Pattern, hint))
}

fn past(tree: &Tree, at: Timestamp) -> Result<TreeNode, Refused> {
    tree.at(at).map_err(|error| match error {
        RewindError::TooOld { earliest } => NOT_KEPT_SO_LONG
            .about("field", "at")
            .about("hint", format!("The earliest moment that is kept is {earliest}."))
            .about("earliest", earliest),
        RewindError::Future => Refusal::rule("at", Rule::Range, "That moment is yet to come."),
    })
}

fn find<'t>(node: &'t TreeNode, path: &str) -> Option<&'t TreeNode> {
    if node.path == path {
        return Some(node);
    }
    let towards = |child: &&TreeNode| {
        path.strip_prefix(&child.path).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    };
    node.children.iter().filter(towards).find_map(|child| find(child, path))
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use hecate_proto::tree::Restarts;

    pub(in super::super) fn node(path: &str, children: Vec<TreeNode>) -> TreeNode {
        TreeNode {
            path: path.to_owned(),
            kind: "supervisor".to_owned(),
            id: None,
            generation: 1,
            status: "running".into(),
            restart: "permanent".into(),
            strategy: None,
            intensity: None,
            mailbox: None,
            messages: None,
            restarts: Restarts::default(),
            groups: vec![],
            children,
        }
    }

    #[test]
    fn a_place_is_found_by_its_path() {
        let tree = node("/h", vec![node("/h/a", vec![node("/h/a/x", vec![])]), node("/h/ab", vec![])]);
        let found = |path: &str| find(&tree, path).map(|node| node.path.as_str());
        assert_eq!(found("/h/a/x"), Some("/h/a/x"));
        assert_eq!((found("/h"), found("/h/ab")), (Some("/h"), Some("/h/ab")));
        assert_eq!((found("/h/c"), found("/h/a/"), found("")), (None, None, None));
    }
}
