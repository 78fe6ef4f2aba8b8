//! The running tree for whoever writes it down while walking it: no place is looked at that is not asked for.

use super::Node;
use crate::{Tree, tree};
use hecate_proto::tree::TreeNode;
use ractor::ActorId;
use std::collections::HashMap;
use std::sync::Arc;

/// One place of a running tree. What it shows is as it is at the moment of the question.
#[derive(Clone)]
pub struct NodeView {
    node: Arc<Node>,
    groups: Arc<HashMap<ActorId, Vec<String>>>,
}

impl std::fmt::Debug for NodeView {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "NodeView({})", self.node.path)
    }
}

impl NodeView {
    /// Shows this place without what is below it.
    pub fn portrait(&self) -> TreeNode {
        self.node.portrait(&self.groups)
    }

    /// Whether nobody is below it.
    pub fn is_leaf(&self) -> bool {
        self.node.is_leaf()
    }

    /// Looks at its children in start order. No lock is held meanwhile.
    pub fn each_below(&self, look: &mut dyn FnMut(&NodeView)) {
        self.node.each_below(&mut |child| {
            look(&NodeView { node: Arc::clone(child), groups: Arc::clone(&self.groups) });
        });
    }
}

impl Tree {
    /// The place of that path; the root without one.
    pub fn view(&self, path: Option<&str>) -> Option<NodeView> {
        let node = match path {
            Some(path) => self.root.find(path)?,
            None => Arc::clone(&self.root),
        };
        Some(NodeView { node, groups: Arc::new(tree::groups()) })
    }
}
