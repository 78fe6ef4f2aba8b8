//! How the tree is walked: top down, in start order. Ten thousand places are looked at in one go, so the
//! members of a pool are met one by one, and not asked for children that they cannot have.

use super::Node;
use std::sync::Arc;

impl Node {
    /// Looks at the children, and at the members.
    pub(super) fn each_below(&self, look: &mut dyn FnMut(&Arc<Node>)) {
        if self.is_member {
            return;
        }
        self.children().iter().for_each(&mut *look);
        if let Some(members) = self.members.get() {
            members.each(look);
        }
    }

    /// Has its memory at hand for who looks next: many places that are touched one after the other, with nothing
    /// done in between, are fetched side by side.
    pub(crate) fn touch(&self) {
        std::hint::black_box((self.live.is_poisoned(), self.path.as_bytes().last()));
    }

    /// Whether there are none of them.
    pub(super) fn is_leaf(&self) -> bool {
        let has_members = || self.members.get().is_some_and(|members| !members.is_empty());
        self.is_member || (self.lock_children().is_empty() && !has_members())
    }

    /// Looks at the places of the plan, which pools' children are not among.
    pub(crate) fn each_place(self: &Arc<Self>, look: &mut dyn FnMut(&Arc<Node>)) {
        look(self);
        self.children().iter().for_each(|child| child.each_place(look));
    }

    /// Looks at this place and all below it.
    pub(crate) fn visit(self: &Arc<Self>, look: &mut dyn FnMut(&Arc<Node>)) {
        look(self);
        self.each_below(&mut |child| child.visit(look));
    }

    /// This place and all below it.
    pub(crate) fn everyone(self: &Arc<Self>) -> Vec<Arc<Node>> {
        let mut found = Vec::new();
        self.visit(&mut |node| found.push(Arc::clone(node)));
        found
    }

    /// The place of that path, here or below.
    pub(crate) fn find(self: &Arc<Self>, path: &str) -> Option<Arc<Node>> {
        let rest = path.strip_prefix(&*self.path)?;
        if rest.is_empty() {
            return Some(Arc::clone(self));
        }
        let id = rest.strip_prefix('/')?;
        let member = || self.members.get()?.node(id);
        self.children().iter().find_map(|child| child.find(path)).or_else(member)
    }

    /// The place where the actor of that number runs, here or below.
    pub(crate) fn find_actor(self: &Arc<Self>, pid: u64) -> Option<Arc<Node>> {
        let runs_in = |node: &Node| node.live().occupant.as_ref().is_some_and(|it| it.id.pid() == pid);
        let mut found = None;
        self.visit(&mut |node| {
            if found.is_none() && runs_in(node) {
                found = Some(Arc::clone(node));
            }
        });
        found
    }
}
