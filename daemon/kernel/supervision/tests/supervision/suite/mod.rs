//! The portable cases of OTP's own supervisor suite, under their names there. What each case proves is OTP's;
//! how it is proved here is ours: by real actors, their traces, and the answers of the admin functions.
//!
//! Not portable: `sup_start_ignore_init` and `get_callback_module` (supervisors have no code of their own),
//! `simple_global_supervisor` (no global names). Supervisors that change while they run are in
//! `../reload`: `significant_upgrade_*` by name, what `code_change*` prove in `applying.rs` and `showing.rs`. What `significant_simple` does is refused since OTP 27.

mod admin;
mod counts;
mod discriminators;
mod restart;
mod significant;
mod start;
mod stop;
mod strategies;

use crate::common::{Mood, PATIENCE, Probe, Say, Trace, find, until, within};
use hecate_proto::tree::TreeNode;
use hecate_supervision::{
    Addr, AutoShutdown, Child, ChildCounts, Ended, ExitReason, Flags, Name, Pool, PoolFlags, Restart,
    Standing, StartError, Strategy, Tree,
};
use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// One case: its actors, by their ids, over all their restarts.
#[derive(Default)]
struct Case {
    trace: Arc<Trace>,
    moods: Mutex<HashMap<&'static str, Arc<Mood>>>,
    names: Mutex<HashMap<&'static str, Name<Say>>>,
    /// The one grown last.
    tree: Mutex<Option<Arc<Tree>>>,
}

impl Case {
    fn mood(&self, id: &'static str) -> Arc<Mood> {
        Arc::clone(self.moods.lock().unwrap().entry(id).or_default())
    }

    fn name(&self, id: &'static str) -> Name<Say> {
        self.names.lock().unwrap().entry(id).or_default().clone()
    }

    fn probe(&self, id: &'static str) -> Probe {
        Probe { id, trace: Arc::clone(&self.trace), mood: self.mood(id) }
    }

    fn child(&self, id: &'static str) -> Child {
        let probe = self.probe(id);
        Child::worker::<Probe>(id, Some(self.name(id)), move || probe.clone())
    }

    fn children(&self, ids: &[&'static str]) -> Vec<Child> {
        ids.iter().map(|id| self.child(id)).collect()
    }

    async fn grow(&self, flags: Flags, children: Vec<Child>) -> Arc<Tree> {
        let tree = Arc::new(within(Tree::grow("r", flags, children)).await.unwrap());
        *self.tree.lock().unwrap() = Some(Arc::clone(&tree));
        self.trace.clear();
        tree
    }

    fn whereis(&self, id: &'static str) -> Addr<Say> {
        self.name(id).whereis().unwrap_or_else(|| panic!("{id} does not run"))
    }

    /// The child ends by itself; its supervisor has heard of it when this returns.
    async fn end(&self, id: &'static str, why: ExitReason) {
        self.see_end(id, |child| child.cast(Say::End(why)).unwrap()).await;
    }

    async fn kill(&self, id: &'static str) {
        self.see_end(id, |child| child.cell().kill()).await;
    }

    async fn see_end(&self, id: &'static str, end: impl FnOnce(&Addr<Say>)) {
        let child = self.whereis(id);
        let tree = self.tree.lock().unwrap().clone().unwrap();
        let place = holder(&tree.snapshot(), &child.actor_id().to_string()).unwrap();
        end(&child);
        let last = || search(&tree.snapshot(), &place.path).map(|place| place.restarts.last);
        let is_recorded = || last().is_none_or(|last| last != place.restarts.last);
        until(is_recorded, || format!("the end of {id}")).await;
        // A question waits behind what its supervisor was told before; one that is gone answers, too.
        let (supervisor, _) = place.path.rsplit_once('/').unwrap();
        drop(tree.count_children(supervisor).await);
    }

    /// Gives a pool the member `id`, made from a probe of that id.
    async fn member(&self, pool: &Pool<Probe>, id: &'static str) -> Result<Addr<Say>, StartError> {
        within(pool.start_child(id, self.probe(id))).await
    }

    async fn await_running(&self, id: &'static str) {
        until(|| self.name(id).whereis().is_some(), || id.to_string()).await;
    }

    /// All that happened since the last look.
    fn told(&self) -> Vec<String> {
        let lines = self.trace.lines();
        self.trace.clear();
        lines
    }
}

fn flags(strategy: Strategy, intensity: u32) -> Flags {
    Flags { strategy, intensity, ..Flags::default() }
}

fn auto(auto_shutdown: AutoShutdown) -> Flags {
    Flags { auto_shutdown, intensity: 5, ..Flags::default() }
}

fn counts(specs: usize, active: usize, supervisors: usize, workers: usize) -> ChildCounts {
    ChildCounts { specs, active, supervisors, workers }
}

/// The ids of the children, the newest first, with who is there.
async fn standing(tree: &Tree, supervisor: &str) -> Vec<String> {
    let word = |standing| match standing {
        Standing::Undefined => "undefined",
        Standing::Restarting => "restarting",
        Standing::Running(_) => "running",
    };
    let rows = tree.which_children(supervisor).await.unwrap();
    rows.into_iter().map(|row| format!("{} {}", row.id, word(row.standing))).collect()
}

async fn await_down(tree: &Tree) -> Ended {
    within(tree.ended(PATIENCE)).await
}

fn last_reason(tree: &Tree, path: &str) -> String {
    find(&tree.snapshot(), path).restarts.last.unwrap().reason
}

/// The tree is up; it has had a question's time to go down.
async fn stays_up(tree: &Tree) {
    tree.count_children("/r").await.unwrap();
    assert_eq!(tree.snapshot().status, "running");
}

fn search(node: &TreeNode, path: &str) -> Option<TreeNode> {
    let below = || node.children.iter().find_map(|child| search(child, path));
    if node.path == path { Some(node.clone()) } else { below() }
}

/// The place of that actor.
fn holder(node: &TreeNode, actor: &str) -> Option<TreeNode> {
    let below = || node.children.iter().find_map(|child| holder(child, actor));
    if node.id.as_deref() == Some(actor) { Some(node.clone()) } else { below() }
}

/// A tree with one pool `p`.
async fn with_pool(pool: &Pool<Probe>, flags_of_pool: PoolFlags) -> Tree {
    let flags = Flags { intensity: 0, ..Flags::default() };
    within(Tree::grow("r", flags, vec![Child::pool("p", pool, flags_of_pool)])).await.unwrap()
}

/// A member crashes; another instance runs when this returns.
async fn crash_member(pool: &Pool<Probe>, id: &str) {
    let before = pool.whereis(id).unwrap();
    before.cast(Say::End(abnormal())).unwrap();
    until(|| pool.whereis(id).is_some_and(|now| now != before), || format!("the new {id}")).await;
}

/// The long leg takes less than so many times as long as the short one. Of both the best of three counts: two
/// may be in bad luck.
async fn assert_scales(times: u32, short: impl AsyncFn() -> Duration, long: impl AsyncFn() -> Duration) {
    let few = short().await.min(short().await).min(short().await);
    let mut tries = Vec::new();
    while tries.len() < 3 {
        let many = long().await;
        if many < few * times {
            return;
        }
        tries.push(many);
    }
    panic!("{few:?} and then {tries:?}");
}

fn restarting(restart: Restart, intensity: u32) -> PoolFlags {
    PoolFlags { restart, intensity, ..PoolFlags::default() }
}

fn abnormal() -> ExitReason {
    ExitReason::error("abnormal")
}
