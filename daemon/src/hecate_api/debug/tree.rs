//! `GET /debug/tree`: the supervision tree as it is, or as it was a moment ago.

use super::super::{answer::Answer, connection::Asking, edge::Edge};
use super::cluster::tree_of;
use super::fields::{Chosen, Fields, Walked};
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
#[serde(bound = "T: Walked")]
struct TreeShown<'t, T: Walked> {
    tree: Chosen<'t, T>,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    not_kept: &'static [&'static str],
}

/// The tree, or the part of it below `?path=`, at most `?depth=` levels deep, at `?at=`; or that of `?node=`.
pub(super) async fn show(edge: Arc<Edge>, asking: Asking, request: Request) -> Answer {
    let wanted = look(&edge, &asking, &request, &["depth", "path", "fields", "at", "node"])?;
    let wanted = Part {
        path: wanted.text("path"),
        levels: wanted.number("depth", 0..=DEPTH_MAX)?.unwrap_or(DEPTH_MAX),
        fields: wanted.text("fields").map_or(Ok(Fields::ALL), Fields::read)?,
        at: wanted.text("at").map(moment).transpose()?,
        of: wanted.text("node").unwrap_or(&edge.parts.node.node_id),
    };
    let is_own = wanted.of == &*edge.parts.node.node_id;
    match (is_own, wanted.at) {
        (true, None) => wanted.shown(&edge, edge.tree()?.view(wanted.path).as_ref()),
        (true, Some(at)) => wanted.shown(&edge, wanted.find(&past(edge.tree()?, at)?)),
        (false, None) => wanted.shown(&edge, wanted.find(&tree_of(&edge, wanted.of).await?)),
        (false, Some(_)) => Err(Refusal::rule("at", Rule::Range, "Each node keeps its own past.")),
    }
}

/// What is to be shown of which tree.
struct Part<'w> {
    path: Option<&'w str>,
    levels: u64,
    fields: Fields,
    at: Option<Timestamp>,
    of: &'w str,
}

impl Part<'_> {
    fn find<'t>(&self, whole: &'t TreeNode) -> Option<&'t TreeNode> {
        self.path.map_or(Some(whole), |path| find(whole, path))
    }

    fn shown(&self, edge: &Edge, found: Option<&impl Walked>) -> Answer {
        let node = found.ok_or_else(|| NO_SUCH_PATH.about("path", self.path.unwrap_or_default()))?;
        let tree = Chosen { node, fields: self.fields, levels: self.levels };
        let not_kept = if self.at.is_some() { NOT_KEPT } else { &[] };
        shown_of(edge, self.of, TreeShown { tree, not_kept })
    }
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
