//! The supervision tree as lines: who is under whom, how each is, and what waits.

use super::super::show::clean;
use super::table::aligned;
use hecate_proto::tree::TreeNode;

/// Children of one pool that are drawn: thousands would hide everything else.
const POOL_CHILDREN_MAX: usize = 20;

/// The lines of a tree. Ten thousand children of a pool are drawn when the pool is all that was asked for.
pub(super) fn draw(root: &TreeNode) -> Vec<String> {
    let mut rows =
        vec![["NAME", "STATUS", "KIND", "QUEUE", "HANDLED", "RESTARTS"].map(str::to_owned).to_vec()];
    rows.push(row(root, clean(&root.path)));
    below(root, "", true, &mut rows);
    aligned(&rows)
}

fn below(node: &TreeNode, margin: &str, is_root: bool, rows: &mut Vec<Vec<String>>) {
    let drawn = if node.kind == "pool" && !is_root { POOL_CHILDREN_MAX } else { usize::MAX };
    let (shown, left) = (node.children.len().min(drawn), node.children.len().saturating_sub(drawn));
    for (at, child) in node.children.iter().take(drawn).enumerate() {
        let is_last = at + 1 == shown && left == 0;
        let (branch, under) = if is_last { ("└─ ", "   ") } else { ("├─ ", "│  ") };
        let name = child.path.rsplit('/').next().unwrap_or(&child.path);
        rows.push(row(child, format!("{margin}{branch}{}", clean(name))));
        below(child, &format!("{margin}{under}"), false, rows);
    }
    if left > 0 {
        rows.push(vec![format!("{margin}└─ … {left} more")]);
    }
}

fn row(node: &TreeNode, name: String) -> Vec<String> {
    let kind = match (&node.strategy, &node.intensity) {
        (Some(strategy), Some(intensity)) => format!("{strategy} {}/{}", intensity.used, intensity.max),
        _ => clean(&node.kind),
    };
    let queue = node.mailbox.as_ref().map(|mailbox| format!("{}/{}", mailbox.depth, mailbox.capacity));
    let handled = node.messages.as_ref().map(|messages| messages.handled.to_string());
    let restarts = match (&node.restarts.last, node.restarts.total) {
        (_, 0) => String::new(),
        (Some(last), total) => format!("{total}, last {}", clean(&last.reason)),
        (None, total) => total.to_string(),
    };
    vec![name, clean(&node.status), kind, queue.unwrap_or_default(), handled.unwrap_or_default(), restarts]
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    fn node(path: &str, kind: &str, children: Vec<Value>) -> Value {
        json!({"path": path, "kind": kind, "generation": 1, "status": "running", "restart": "permanent",
               "restarts": {"total": 0}, "children": children})
    }

    fn drawn(tree: Value) -> Vec<String> {
        draw(&serde_json::from_value(tree).unwrap())
    }

    #[test]
    fn a_tree_stands_under_its_root_with_what_waits() {
        let mut model = node("/h/apps/model", "model", vec![]);
        model["mailbox"] = json!({"depth": 3, "capacity": 9, "high_water": 3, "on_full": "wait"});
        model["restarts"] = json!({"total": 2, "last": {"at": "", "reason": "killed\u{1b}[2J"}});
        let apps = node("/h/apps", "supervisor", vec![model, node("/h/apps/b", "b", vec![])]);
        let lines = drawn(node("/h", "supervisor", vec![apps, node("/h/edge", "edge", vec![])]));
        assert_eq!(
            lines,
            [
                "NAME         STATUS   KIND        QUEUE  HANDLED  RESTARTS",
                "/h           running  supervisor",
                "├─ apps      running  supervisor",
                "│  ├─ model  running  model       3/9             2, last killed [2J",
                "│  └─ b      running  b",
                "└─ edge      running  edge",
            ]
        );
    }

    #[test]
    fn a_crowded_pool_is_counted_unless_it_was_asked_for() {
        let children = |_| (0..30).map(|at| node(&format!("/h/p/{at}"), "a", vec![])).collect::<Vec<_>>();
        let pool = node("/h/p", "pool", children(()));
        let lines = drawn(node("/h", "supervisor", vec![pool.clone()]));
        assert_eq!((lines.len(), lines[23].as_str()), (24, "   └─ … 10 more"));
        assert_eq!(drawn(pool).len(), 32);
    }
}
