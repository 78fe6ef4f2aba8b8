//! Another file for a tree that runs: what is shown, what is done, what is refused, and what is taken back.

mod applying;
mod many;
mod showing;
mod significant;

use crate::common::{Probe, Say, Stage, find, within};
use hecate_proto::reload::{AppliedReload, Operation};
use hecate_supervision::{Addr, Pool, ReloadError, ReloadPlan, Tree};

/// Actors `a` to `d` and the pool `p`, all of which a file may leave out.
struct House {
    stage: Stage,
    pool: Pool<Probe>,
}

impl House {
    fn new() -> Self {
        let (mut stage, pool) = (Stage::of(&["a", "b", "c", "d"]), Pool::new());
        stage.kinds.pool::<Probe>("p", &pool);
        for kind in ["a", "b", "c", "d", "p"] {
            stage.kinds.optional(kind);
        }
        Self { stage, pool }
    }

    async fn boot(&self, file: &str) -> Tree {
        let tree = within(Tree::boot(&self.stage.plan(&text(file)), &self.stage.kinds)).await.unwrap();
        self.stage.trace.clear();
        tree
    }

    /// Who bears the name of this kind now.
    fn addr(&self, id: &str) -> Addr<Say> {
        let number = ["a", "b", "c", "d"].iter().position(|known| *known == id).unwrap();
        self.stage.names[number].whereis().unwrap_or_else(|| panic!("{id} does not run"))
    }

    fn told(&self) -> Vec<String> {
        let lines = self.stage.trace.lines();
        self.stage.trace.clear();
        lines
    }
}

/// A file in short: a line a place, parents first. `/r rest_for_one`, `/r/a restart="transient"`: a place
/// ending in a lower-case letter of a kind is an actor, `p` a pool, every other a supervisor.
fn text(file: &str) -> String {
    let mut text = "schema = 1\n".to_owned();
    for line in file.lines().map(str::trim).filter(|line| !line.is_empty()) {
        let (path, rest) = line.split_once(' ').unwrap_or((line, ""));
        let id = path.rsplit('/').next().unwrap();
        let section = match id {
            "a" | "b" | "c" | "d" => format!("[[child]]\nkind = \"{id}\"\n"),
            "p" => "[[pool]]\nkind = \"p\"\n".to_owned(),
            _ => "[[supervisor]]\n".to_owned(),
        };
        text += &format!("{section}path = \"{path}\"\n{}\n", rest.replace("; ", "\n"));
    }
    text
}

fn plan(tree: &Tree, file: &str, restarts: bool) -> ReloadPlan {
    let plan = tree.read_plan(&text(file), "new.toml").unwrap_or_else(|faults| panic!("{faults:#?}"));
    tree.plan_reload(&plan, restarts).unwrap()
}

async fn reload(tree: &Tree, file: &str) -> Result<AppliedReload, ReloadError> {
    tree.apply(plan(tree, file, false)).await
}

/// The plan as a person would read it.
fn shown(plan: &ReloadPlan) -> Vec<String> {
    let steps = plan.shown().operations.iter().map(|operation| match operation {
        Operation::Change { path, changes } => {
            let change = |change: &hecate_proto::reload::Change| {
                format!(" {}: {} -> {} {:?}", change.key, change.from, change.to, change.takes_effect)
            };
            format!("change {path}{}", changes.iter().map(change).collect::<Vec<_>>().join(","))
        }
        Operation::Reorder { path, children } => format!("reorder {path} {}", children.join(" ")),
        Operation::Start { path, kind, places } => format!("start {path} {kind} {places}"),
        Operation::Restart { path } => format!("restart {path}"),
        Operation::Stop { path, kind, places } => format!("stop {path} {kind} {places}"),
    });
    let refusals =
        plan.shown().refusals.iter().map(|refusal| format!("refused {:?} {}", refusal.rule, refusal.path));
    steps.chain(refusals).collect()
}

/// The paths of the live tree in start order, each with its status.
fn standing(tree: &Tree) -> Vec<String> {
    fn walk(node: &hecate_proto::tree::TreeNode, rows: &mut Vec<String>) {
        rows.push(format!("{} {}", node.path, node.status));
        node.children.iter().for_each(|child| walk(child, rows));
    }
    let mut rows = Vec::new();
    walk(&tree.snapshot(), &mut rows);
    rows
}

fn mailbox_capacity(tree: &Tree, path: &str) -> u64 {
    find(&tree.snapshot(), path).mailbox.map_or(0, |mailbox| mailbox.capacity)
}
