//! The portable cases of OTP's own supervisor suite, under their names there. What each case proves is OTP's;
//! how it is proved here is ours: by real actors, their traces, and the answers of the admin functions.

mod admin;
mod counts;
mod discriminators;
mod restart;
mod significant;
mod start;
mod stop;
mod strategies;

use crate::common::{Mood, PATIENCE, Probe, Say, Trace, until};
use hecate_supervision::{
    AutoShutdown, Child, ChildCounts, ExitReason, Flags, Name, Pool, PoolFlags, Restart, Standing, Strategy,
    Tree,
};
use std::collections::HashMap;
use std::sync::{Arc, Mutex};

/// One case: its actors, by their ids, over all their restarts.
#[derive(Default)]
struct Case {
    trace: Arc<Trace>,
    moods: Mutex<HashMap<&'static str, Arc<Mood>>>,
    names: Mutex<HashMap<&'static str, Name<Say>>>,
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

    async fn grow(&self, flags: Flags, children: Vec<Child>) -> Tree {
        let tree = Tree::grow("r", flags, children).await.unwrap();
        self.trace.clear();
        tree
    }

    /// The child ends by itself, and is gone when this returns.
    async fn end(&self, id: &'static str, why: ExitReason) {
        let addr = self.name(id).whereis().unwrap_or_else(|| panic!("{id} does not run"));
        addr.cast(Say::End(why)).unwrap();
        until(|| self.name(id).whereis().is_none_or(|now| now != addr), || format!("the end of {id}")).await;
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

async fn await_down(tree: &Tree) {
    tokio::time::timeout(PATIENCE, tree.ended()).await.unwrap();
}

/// A tree with one pool `p`.
async fn with_pool(pool: &Pool<Probe>, flags_of_pool: PoolFlags) -> Tree {
    let flags = Flags { intensity: 0, ..Flags::default() };
    Tree::grow("r", flags, vec![Child::pool("p", pool, flags_of_pool)]).await.unwrap()
}

fn restarting(restart: Restart, intensity: u32) -> PoolFlags {
    PoolFlags { restart, intensity, ..PoolFlags::default() }
}

fn abnormal() -> ExitReason {
    ExitReason::error("abnormal")
}
