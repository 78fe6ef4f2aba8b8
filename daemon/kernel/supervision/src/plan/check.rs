//! What entries must be to each other, and to what is compiled in.

use super::assemble::parent_of;
use super::read::Entry;
use super::source::Source;
use super::words::nearest;
use super::{AutoShutdown, Restart, Role, Shutdown, SupervisorSpec, WorkerSpec};
use crate::Kinds;
use crate::kinds::Kind;
use crate::supervise::rules::{InvalidSpec, check_significant};
use std::collections::HashMap;

/// Names in one hint.
const NAMES_MAX: usize = 10;

pub(super) fn check(source: &mut Source, entries: &[Entry], kinds: &Kinds) {
    let supervisors: HashMap<_, _> = entries.iter().filter_map(named_supervisor).collect();
    for entry in entries {
        let parent = parent_of(&entry.path.value);
        match parent.and_then(|parent| supervisors.get(parent)) {
            Some(supervisor) => check_child(source, entry, supervisor),
            None if parent.is_none() => check_root(source, entry),
            None => {}
        }
        check_restart(source, entry, kinds);
        match &entry.role {
            Role::Supervisor(spec) => check_supervisor(source, entry, spec, entries),
            Role::Worker(spec) => check_worker(source, entry, spec, kinds),
            Role::Pool(spec) => check_pool(source, entry, &spec.child, spec.flags.restart, kinds),
        }
    }
}

fn named_supervisor(entry: &Entry) -> Option<(&str, &SupervisorSpec)> {
    match &entry.role {
        Role::Supervisor(spec) => Some((&entry.path.value, spec)),
        Role::Worker(_) | Role::Pool(_) => None,
    }
}

/// Every kind has its place, and only one.
pub(super) fn check_places(source: &mut Source, entries: &[Entry], kinds: &Kinds) {
    let mut placed: HashMap<&str, &str> = HashMap::new();
    for entry in entries {
        let Some(kind) = entry.role.kind().filter(|kind| !kind.is_empty()) else { continue };
        if let Some(first) = placed.insert(kind, &entry.path.value) {
            let message = format!("the kind {kind} is placed twice");
            source.fault(entry.place(|marks| &marks.kind), message, format!("it has its place at {first}"));
        }
    }
    let homeless: Vec<_> = kinds.required().filter(|kind| !placed.contains_key(kind)).collect();
    if !homeless.is_empty() {
        let message = format!("no place for what is compiled in: {}", homeless.join(", "));
        source.fault(0..0, message, "add a [[child]] or [[pool]] of each of these kinds");
    }
}

/// OTP's bad combinations.
fn check_child(source: &mut Source, entry: &Entry, supervisor: &SupervisorSpec) {
    let auto_shutdown = supervisor.flags.auto_shutdown;
    if let Err(invalid) = check_significant(entry.significant, entry.restart, auto_shutdown) {
        let hint = match invalid {
            InvalidSpec::SignificantPermanent => {
                "make it transient or temporary, so that it can end for good"
            }
            _ => "give its supervisor auto_shutdown = \"any_significant\" or \"all_significant\"",
        };
        source.fault(entry.place(|marks| &marks.significant), invalid.to_string(), hint);
    }
    let is_supervisor = matches!(entry.role, Role::Supervisor(_));
    if is_supervisor && entry.shutdown != Shutdown::Infinity {
        let message = "a supervisor that ends at a limit kills what is left below it";
        let hint = "\"infinity\" lets each of its children have its own limit";
        source.warn(entry.place(|marks| &marks.shutdown), message, hint);
    }
}

fn check_root(source: &mut Source, entry: &Entry) {
    if entry.significant {
        let at = entry.place(|marks| &marks.significant);
        source.fault(at, "the root is nobody's child, so it cannot be significant", "leave it out");
    }
    let marks = [&entry.marks.restart, &entry.marks.shutdown, &entry.marks.backoff];
    for (key, at) in ["restart", "shutdown", "backoff"].into_iter().zip(marks) {
        let Some(at) = at.clone() else { continue };
        let message = format!("the root is nobody's child, so {key} says nothing");
        source.fault(at, message, "leave it out: whoever starts the tree decides");
    }
}

fn check_restart(source: &mut Source, entry: &Entry, kinds: &Kinds) {
    if entry.restart != Restart::Permanent && kinds.are_permanent() {
        let message = format!("nobody would notice that {} is gone", entry.path.value);
        let hint = "leave restart out: everybody but a pool's children is permanent here";
        source.fault(entry.place(|marks| &marks.restart), message, hint);
    }
}

fn check_supervisor(source: &mut Source, entry: &Entry, spec: &SupervisorSpec, entries: &[Entry]) {
    let at_home = |child: &&Entry| parent_of(&child.path.value) == Some(&entry.path.value);
    if spec.flags.intensity == 0 {
        let permanent = |child: &&Entry| at_home(child) && child.restart == Restart::Permanent;
        if let Some(child) = entries.iter().find(permanent) {
            let message = format!("the first crash of {} takes {} down", child.path.value, entry.path.value);
            let hint = "right where its own supervisor is to decide at once; else forgive a few";
            source.warn(entry.place(|marks| &marks.intensity), message, hint);
        }
    }
    let ends_by_itself = spec.flags.auto_shutdown != AutoShutdown::Never;
    if ends_by_itself && !entries.iter().any(|child| at_home(&child) && child.significant) {
        let message = "auto_shutdown never happens: no child is significant";
        let hint = "mark a child as significant = true, or leave it out";
        source.warn(entry.place(|marks| &marks.auto_shutdown), message, hint);
    }
}

fn check_worker(source: &mut Source, entry: &Entry, spec: &WorkerSpec, kinds: &Kinds) {
    let kind = match known(source, entry, &spec.kind, kinds) {
        Some(Kind::Worker(kind)) => kind,
        Some(Kind::Pool(_)) => {
            let message = format!("{} is a pool, not a single actor", spec.kind);
            return source.fault(entry.place(|marks| &marks.kind), message, "write it as [[pool]]");
        }
        None => return,
    };
    for (group, at) in spec.groups.iter().zip(&entry.marks.groups) {
        if !kind.joins() {
            let message = format!("{} joins no groups", spec.kind);
            source.fault(
                at.clone(),
                message,
                "leave groups out: this kind would not understand what is told",
            );
        } else if !kinds.published().any(|published| published == group) {
            let hint = match nearest(group, kinds.published()) {
                Some(meant) => format!("did you mean \"{meant}\"?"),
                None => "a group is named as the fact that is told to it".into(),
            };
            source.fault(at.clone(), format!("nobody publishes to the group \"{group}\""), hint);
        }
    }
}

fn check_pool(source: &mut Source, entry: &Entry, spec: &WorkerSpec, restart: Restart, kinds: &Kinds) {
    match known(source, entry, &spec.kind, kinds) {
        Some(Kind::Pool(kind)) if restart != Restart::Temporary && !kind.restarts() => {
            let message = format!("{} keeps nothing that a child could be started from again", spec.kind);
            source.fault(entry.place(|marks| &marks.restart), message, "its children are \"temporary\"");
        }
        Some(Kind::Worker(_)) => {
            let message = format!("{} is a single actor, not a pool", spec.kind);
            source.fault(entry.place(|marks| &marks.kind), message, "write it as [[child]]");
        }
        Some(Kind::Pool(_)) | None => {}
    }
}

/// Not more names than a person reads.
fn some_of(names: Vec<&str>) -> String {
    match names.split_at_checked(NAMES_MAX) {
        Some((first, more)) if !more.is_empty() => format!("{} and {} more", first.join(", "), more.len()),
        _ => names.join(", "),
    }
}

/// The kind compiled in. One that is missing was faulted where the entry was read.
fn known<'k>(source: &mut Source, entry: &Entry, kind: &str, kinds: &'k Kinds) -> Option<&'k Kind> {
    let found = kinds.get(kind);
    if found.is_none() && !kind.is_empty() {
        let hint = match nearest(kind, kinds.names()) {
            Some(meant) => format!("did you mean {meant}?"),
            None => format!("known are {}", some_of(kinds.names().collect())),
        };
        source.fault(entry.place(|marks| &marks.kind), format!("unknown kind {kind}"), hint);
    }
    found
}
