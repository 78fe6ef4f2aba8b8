//! The groups as an operator sees them.

use super::Groups;
use hecate_proto::tree::TreeNode;
use ractor::ActorId;
use std::collections::HashMap;

/// One group.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GroupShown {
    /// An event type, or [`super::ALL`].
    pub group: String,
    /// Who hears it.
    pub members: Vec<Present>,
    /// Which emitters tell it.
    pub publishers: Vec<Present>,
    /// Facts that were put into a mailbox, one for each member, since the group is there.
    pub deliveries: u64,
    /// Facts that found a member's mailbox full, since the group is there.
    pub missed: u64,
}

/// An actor that has a part in a group.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Present {
    /// As in the tree; changes with every restart.
    pub actor_id: String,
    /// Its place; `None` for one that the tree does not show, which started or ended a moment ago.
    pub path: Option<String>,
}

impl Groups {
    /// All groups that have a member or a publisher, by name; `tree` says where each of those sits.
    pub fn show(&self, tree: &TreeNode) -> Vec<GroupShown> {
        let mut paths = HashMap::new();
        note_paths(tree, &mut paths);
        let present = |id: ActorId| {
            let actor_id = id.to_string();
            let path = paths.get(actor_id.as_str()).map(|path| (*path).to_owned());
            Present { actor_id, path }
        };
        let mut shown: Vec<_> = self.0.groups.iter().map(|group| group.show(present)).collect();
        shown.sort_unstable_by(|a, b| a.group.cmp(&b.group));
        shown
    }
}

fn note_paths<'t>(node: &'t TreeNode, paths: &mut HashMap<&'t str, &'t str>) {
    if let Some(id) = &node.id {
        paths.insert(id, &node.path);
    }
    node.children.iter().for_each(|child| note_paths(child, paths));
}
