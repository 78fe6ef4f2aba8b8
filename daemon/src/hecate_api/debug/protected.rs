//! The event store is nobody's plaything: whatever would take it along is refused, unless the daemon was started
//! to be experimented on.

use hecate_desk::{Refusal, Refused};
use hecate_proto::tree::TreeNode;

const PROTECTED: Refusal =
    Refusal::new(403, "event_store_protected", "That would put the event store at risk.");

/// The kind of the actor that is protected.
const KIND: &str = "event_store";

/// Refuses to act on the event store, on its supervisor with all below it, and on whoever is above.
pub(super) fn spare_the_store(root: &TreeNode, path: &str) -> Result<(), Refused> {
    refuse_where(home(root), path, |home| is_at_or_below(path, home) || is_at_or_below(home, path))
}

/// Refuses to change how the event store is kept, or its supervisor. Whoever is above may change.
pub(super) fn spare_its_keeping(root: &TreeNode, path: &str) -> Result<(), Refused> {
    refuse_where(home(root), path, |home| is_at_or_below(path, home))
}

fn refuse_where(
    home: Option<String>,
    path: &str,
    puts_at_risk: impl FnOnce(&str) -> bool,
) -> Result<(), Refused> {
    if !home.is_some_and(|home| puts_at_risk(&home)) {
        return Ok(());
    }
    let hint = "Start the daemon with --unsafe-debug, where its data may be put at risk.";
    Err(PROTECTED.about("path", path).about("hint", hint))
}

/// The path of the supervisor that keeps the store; of the store itself where that is the root.
fn home(root: &TreeNode) -> Option<String> {
    let keeps = |node: &TreeNode| node.children.iter().any(|child| child.kind == KIND);
    if keeps(root) {
        return root.children.iter().find(|child| child.kind == KIND).map(|store| store.path.clone());
    }
    root.children.iter().find_map(|child| if keeps(child) { Some(child.path.clone()) } else { home(child) })
}

/// Whether a place is the other one, or below it.
pub(super) fn is_at_or_below(path: &str, other: &str) -> bool {
    path.strip_prefix(other).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

#[cfg(test)]
mod tests {
    use super::super::tree::tests::node;
    use super::*;

    fn store(path: &str) -> TreeNode {
        TreeNode { kind: KIND.to_owned(), ..node(path, vec![]) }
    }

    #[test]
    fn the_store_its_supervisor_and_all_above_it_are_spared() {
        let kernel = node("/h/kernel", vec![store("/h/kernel/events"), node("/h/kernel/clock", vec![])]);
        let tree = node("/h", vec![kernel, node("/h/kernels", vec![]), node("/h/apps", vec![])]);
        for path in ["/h", "/h/kernel", "/h/kernel/events", "/h/kernel/clock"] {
            assert!(spare_the_store(&tree, path).is_err_and(|refused| refused.is(PROTECTED)), "{path}");
        }
        for path in ["/h/kernels", "/h/apps"] {
            assert_eq!(spare_the_store(&tree, path), Ok(()), "{path}");
        }
    }

    #[test]
    fn how_the_store_is_kept_does_not_change_though_others_may() {
        let tree =
            node("/h", vec![node("/h/kernel", vec![store("/h/kernel/events")]), node("/h/apps", vec![])]);
        for path in ["/h/kernel", "/h/kernel/events"] {
            assert!(spare_its_keeping(&tree, path).is_err_and(|refused| refused.is(PROTECTED)), "{path}");
        }
        for path in ["/h", "/h/apps"] {
            assert_eq!(spare_its_keeping(&tree, path), Ok(()), "{path}");
        }
    }

    #[test]
    fn a_root_that_keeps_the_store_itself_does_not_spare_everything() {
        let tree = node("/h", vec![store("/h/events"), node("/h/apps", vec![])]);
        assert!(spare_the_store(&tree, "/h").is_err() && spare_the_store(&tree, "/h/events").is_err());
        assert_eq!(spare_the_store(&tree, "/h/apps"), Ok(()));
        assert_eq!(spare_the_store(&node("/h", vec![]), "/h"), Ok(()));
    }
}
