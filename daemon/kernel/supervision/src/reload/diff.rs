//! The difference between the tree that runs and the one that is wished for, as steps and refusals. Pure: it
//! looks at values.

use crate::plan::{ChildSpec, PoolSpec, Restart, Role, SupervisorSpec, WorkerSpec, written};
use hecate_proto::reload::{
    Change, Operation, ReloadRefusal, ReloadRule,
    TakesEffect::{self, AtOnce, NextStart, Waiting},
};
use std::collections::HashMap;
use std::sync::Arc;

/// What it takes to come from one tree to another.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Difference {
    pub(crate) operations: Vec<Operation>,
    pub(crate) refusals: Vec<ReloadRefusal>,
}

/// What each worker that runs was started by. Since then a reload may have told its place something else, which
/// waits for its next start.
#[derive(Clone, Debug, Default)]
pub(crate) struct Running(pub(crate) HashMap<Arc<str>, Arc<WorkerSpec>>);

impl Running {
    /// As it runs, in a place that is said to be so.
    pub(super) fn as_it_runs(&self, said: &ChildSpec) -> ChildSpec {
        let runs = self.0.get(&said.path).filter(|_| matches!(said.role, Role::Worker(_)));
        let role = runs.map_or_else(|| said.role.clone(), |spec| Role::Worker(Arc::clone(spec)));
        ChildSpec { role, ..said.clone() }
    }

    /// Whether there is something that a new start would bring. A temporary child is forgotten when it is ended.
    pub(super) fn can_renew(&self, old: &ChildSpec, new: &ChildSpec) -> bool {
        let is_kept = [old, new].iter().all(|spec| spec.restart != Restart::Temporary);
        is_kept && matches!(new.role, Role::Worker(_)) && self.as_it_runs(old).role != new.role
    }

    /// How a place that is kept would run otherwise: as far as it was told already, that waits. Where it runs as it
    /// is wished to but was told otherwise, that is taken back.
    fn changes(&self, old: &ChildSpec, new: &ChildSpec) -> Vec<Change> {
        let told = changes_of(old, new);
        let mut changes = changes_of(&self.as_it_runs(old), new);
        for change in changes.iter_mut().filter(|change| !told.iter().any(|told| told.key == change.key)) {
            change.takes_effect = Waiting;
        }
        let takes_back = |told: &Change| !changes.iter().any(|change| change.key == told.key);
        let taken_back: Vec<_> = told.into_iter().filter(takes_back).collect();
        changes.extend(taken_back);
        changes
    }
}

/// `restarts` says that children are started again for whatever else would wait for their next start.
pub(crate) fn diff(old: &ChildSpec, new: &ChildSpec, running: &Running, restarts: bool) -> Difference {
    let mut difference = Difference::default();
    if old.path != new.path {
        let message = format!("the root would be {}", new.path);
        difference.refuse(&old.path, ReloadRule::Root, message, "a root keeps its path as long as it runs");
        return difference;
    }
    difference.refuse_moves(old, new);
    let changes = changes_of(old, new);
    difference.change(&old.path, changes);
    difference.compare(old, new, running, restarts);
    difference
}

impl Difference {
    fn refuse(&mut self, path: &str, rule: ReloadRule, message: String, hint: &str) {
        self.refusals.push(ReloadRefusal { path: path.into(), rule, message, hint: hint.into() });
    }

    /// Who runs in one place cannot run in another at the same time, and to stop it first is no reload.
    fn refuse_moves(&mut self, old: &ChildSpec, new: &ChildSpec) {
        let mut new_places = HashMap::new();
        new.walk(&mut |spec| {
            spec.role.kind().map(|kind| new_places.insert(kind.to_owned(), Arc::clone(&spec.path)));
        });
        old.walk(&mut |spec| {
            let there = spec.role.kind().and_then(|kind| new_places.get(kind));
            if let Some(there) = there.filter(|there| **there != spec.path) {
                let hint = "restart the daemon with the new file to move it";
                self.refuse(&spec.path, ReloadRule::Move, format!("it would move to {there}"), hint);
            }
        });
    }

    /// Two supervisors of one path, level by level, as they are applied.
    fn compare(&mut self, old: &ChildSpec, new: &ChildSpec, running: &Running, restarts: bool) {
        let (Role::Supervisor(old_own), Role::Supervisor(new_own)) = (&old.role, &new.role) else { return };
        if old_own.flags.strategy != new_own.flags.strategy {
            let (from, to) = (old_own.flags.strategy.as_str(), new_own.flags.strategy.as_str());
            let message = format!("its strategy would change from {from} to {to}");
            let hint = "restart the daemon with the new file to change it";
            self.refuse(&old.path, ReloadRule::Strategy, message, hint);
        }
        let kept: Vec<_> = kept(old_own, new_own).collect();
        let mut renewed = Vec::new();
        for (before, after) in &kept {
            self.check_role(before, after);
            let changes = running.changes(before, after);
            if restarts && running.can_renew(before, after) {
                renewed.push(Operation::Restart { path: before.path.to_string() });
            }
            self.change(&before.path, changes);
        }
        self.reorder(&old.path, old_own, new_own);
        let added = new_own.children.iter().filter(|child| old_own.child(&child.path).is_none());
        self.operations.extend(added.map(|child| {
            let (path, kind, places) = shown(child);
            Operation::Start { path, kind, places }
        }));
        self.operations.extend(renewed);
        let removed = old_own.children.iter().rev().filter(|child| new_own.child(&child.path).is_none());
        self.operations.extend(removed.map(|child| {
            let (path, kind, places) = shown(child);
            Operation::Stop { path, kind, places }
        }));
        kept.iter().for_each(|(before, after)| self.compare(before, after, running, restarts));
    }

    fn check_role(&mut self, old: &ChildSpec, new: &ChildSpec) {
        let (_, from, _) = shown(old);
        let (_, to, _) = shown(new);
        if from != to || std::mem::discriminant(&old.role) != std::mem::discriminant(&new.role) {
            let hint = "give it a path of its own";
            self.refuse(
                &old.path,
                ReloadRule::Role,
                format!("the place of {from} would be that of {to}"),
                hint,
            );
        }
    }

    fn change(&mut self, path: &str, changes: Vec<Change>) {
        if !changes.is_empty() {
            self.operations.push(Operation::Change { path: path.into(), changes });
        }
    }

    fn reorder(&mut self, path: &str, old: &SupervisorSpec, new: &SupervisorSpec) {
        let before: Vec<_> = kept(new, old).map(|(_, before)| before.id()).collect();
        let after: Vec<_> = kept(old, new).map(|(_, after)| after.id()).collect();
        if before != after {
            let children = new.children.iter().map(|child| child.id().to_owned()).collect();
            self.operations.push(Operation::Reorder { path: path.into(), children });
        }
    }
}

/// Those that are in both, in the order of the second.
pub(super) fn kept<'s>(
    old: &'s SupervisorSpec,
    new: &'s SupervisorSpec,
) -> impl Iterator<Item = (&'s Arc<ChildSpec>, &'s Arc<ChildSpec>)> {
    new.children.iter().filter_map(|after| Some((old.child(&after.path)?, after)))
}

impl SupervisorSpec {
    pub(crate) fn child(&self, path: &str) -> Option<&Arc<ChildSpec>> {
        self.children.iter().find(|child| *child.path == *path)
    }
}

impl ChildSpec {
    /// This place and all below it, top down.
    pub(crate) fn walk(&self, visit: &mut impl FnMut(&ChildSpec)) {
        visit(self);
        if let Role::Supervisor(own) = &self.role {
            own.children.iter().for_each(|child| child.walk(visit));
        }
    }
}

/// Path, kind, and how many places it takes.
fn shown(spec: &ChildSpec) -> (String, String, usize) {
    let mut places = 0;
    spec.walk(&mut |_| places += 1);
    (spec.path.to_string(), spec.role.kind().unwrap_or("supervisor").to_owned(), places)
}

/// What a place that is kept is told anew. What has a refusal of its own is not among it.
fn changes_of(old: &ChildSpec, new: &ChildSpec) -> Vec<Change> {
    let mut changes = Changes::default();
    changes.note("restart", AtOnce, old.restart.as_str(), new.restart.as_str());
    changes.note("shutdown", AtOnce, old.shutdown, new.shutdown);
    changes.note("significant", AtOnce, old.significant, new.significant);
    changes.note("backoff", AtOnce, written::backoff(old.backoff), written::backoff(new.backoff));
    match (&old.role, &new.role) {
        (Role::Supervisor(old), Role::Supervisor(new)) => {
            let (old, new) = (&old.flags, &new.flags);
            changes.note("intensity", AtOnce, old.intensity, new.intensity);
            changes.note("period", AtOnce, written::duration(old.period), written::duration(new.period));
            changes.note("auto_shutdown", AtOnce, old.auto_shutdown.as_str(), new.auto_shutdown.as_str());
        }
        (Role::Worker(old), Role::Worker(new)) => changes.note_worker(old, new, NextStart),
        (Role::Pool(old), Role::Pool(new)) => changes.note_pool(old, new),
        _ => {}
    }
    changes.0
}

#[derive(Default)]
struct Changes(Vec<Change>);

impl Changes {
    fn note<T: ToString + PartialEq>(&mut self, key: &str, takes_effect: TakesEffect, from: T, to: T) {
        if from != to {
            let (from, to) = (from.to_string(), to.to_string());
            self.0.push(Change { key: key.into(), from, to, takes_effect });
        }
    }

    fn note_worker(&mut self, old: &WorkerSpec, new: &WorkerSpec, since: TakesEffect) {
        let limits = [old, new].map(|spec| written::duration(spec.start_timeout));
        let groups = [old, new].map(|spec| format!("{:?}", spec.groups));
        self.note("start_timeout", since, &limits[0], &limits[1]);
        self.note("groups", since, &groups[0], &groups[1]);
        self.note("mailbox.capacity", since, old.mailbox.capacity, new.mailbox.capacity);
        self.note("mailbox.on_full", since, old.mailbox.on_full.as_str(), new.mailbox.on_full.as_str());
    }

    /// A pool takes all of it at once: its children come and go, and those that come are what it says then.
    fn note_pool(&mut self, old: &PoolSpec, new: &PoolSpec) {
        let (was, is) = (&old.flags, &new.flags);
        self.note("max_children", AtOnce, was.children_max, is.children_max);
        self.note("restart", AtOnce, was.restart.as_str(), is.restart.as_str());
        self.note("shutdown", AtOnce, was.shutdown, is.shutdown);
        self.note("intensity", AtOnce, was.intensity, is.intensity);
        self.note("period", AtOnce, written::duration(was.period), written::duration(is.period));
        self.note("backoff", AtOnce, written::backoff(was.backoff), written::backoff(is.backoff));
        self.note_worker(&old.child, &new.child, AtOnce);
    }
}
