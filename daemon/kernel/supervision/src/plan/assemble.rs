//! From a flat list of entries to one tree: every place has a parent, every kind has one place.

use super::parse::Entry;
use super::source::Source;
use super::{ChildSpec, Plan, Role, WorkerSpec};
use crate::Kinds;
use crate::kinds::Kind;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

pub(super) fn assemble(source: &mut Source<'_>, entries: Vec<Entry>, kinds: &Kinds) -> Option<Plan> {
    for entry in &entries {
        check_path(source, entry);
    }
    check_kinds(source, &entries, kinds);
    let entries = unique(source, entries);
    check_parents(source, &entries);
    let root = root(source, &entries)?;
    let mut children: BTreeMap<String, Vec<Entry>> = BTreeMap::new();
    let mut top = None;
    for entry in entries {
        match parent_of(&entry.path) {
            _ if entry.path == root => top = Some(entry),
            Some(parent) => children.entry(parent.to_owned()).or_default().push(entry),
            None => {}
        }
    }
    top.map(|top| Plan { root: grow(top, &mut children) })
}

/// `/hecate/apps` → `/hecate`; a root has none.
fn parent_of(path: &str) -> Option<&str> {
    path.rsplit_once('/').map(|(parent, _)| parent).filter(|parent| !parent.is_empty())
}

fn check_path(source: &mut Source<'_>, entry: &Entry) {
    let segment = |part: &str| {
        !part.is_empty() && part.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_')
    };
    let well_formed = entry.path.strip_prefix('/').is_some_and(|rest| rest.split('/').all(segment));
    if !well_formed {
        let message = format!("`path` is no path: \"{}\"", entry.path);
        source.fault(entry.path_at.clone(), message, "as in \"/hecate/apps\", of a-z, 0-9 and _");
    }
}

fn unique(source: &mut Source<'_>, entries: Vec<Entry>) -> Vec<Entry> {
    let mut seen = BTreeSet::new();
    let mut first = Vec::with_capacity(entries.len());
    for entry in entries {
        if seen.insert(entry.path.clone()) {
            first.push(entry);
            continue;
        }
        let message = format!("duplicate path {}", entry.path);
        source.fault(entry.path_at, message, "every place has one entry");
    }
    first
}

fn check_parents(source: &mut Source<'_>, entries: &[Entry]) {
    for entry in entries {
        let Some(parent) = parent_of(&entry.path) else { continue };
        let found = entries.iter().find(|other| other.path == parent);
        match found.map(|other| &other.role) {
            Some(Role::Supervisor(_)) => {}
            Some(Role::Worker(_) | Role::Pool(_)) => {
                let message = format!("the parent {parent} is not a supervisor");
                source.fault(entry.path_at.clone(), message, format!("declare {parent} as [[supervisor]]"));
            }
            None => {
                let message = format!("there is no parent {parent}");
                source.fault(entry.path_at.clone(), message, format!("add a [[supervisor]] at {parent}"));
            }
        }
    }
}

fn root(source: &mut Source<'_>, entries: &[Entry]) -> Option<String> {
    let mut roots = entries.iter().filter(|entry| parent_of(&entry.path).is_none());
    let Some(root) = roots.next() else {
        source.fault(0..0, "there is no root", "add a [[supervisor]] with a path of one segment");
        return None;
    };
    if !matches!(root.role, Role::Supervisor(_)) {
        source.fault(root.path_at.clone(), "the root is not a supervisor", "write it as [[supervisor]]");
    }
    for other in roots {
        let message = format!("{} is a second root", other.path);
        source.fault(other.path_at.clone(), message, format!("put it under {}", root.path));
    }
    Some(root.path.clone())
}

fn check_kinds(source: &mut Source<'_>, entries: &[Entry], kinds: &Kinds) {
    let mut placed: BTreeMap<&str, &str> = BTreeMap::new();
    for entry in entries {
        let Some(spec) = spec_of(&entry.role) else { continue };
        if spec.kind.is_empty() {
            continue;
        }
        check_kind(source, entry, &spec.kind, kinds);
        if let Some(first) = placed.insert(&spec.kind, &entry.path) {
            let message = format!("the kind {} is placed twice", spec.kind);
            source.fault(entry.kind_at.clone(), message, format!("it has its place at {first}"));
        }
    }
    for kind in kinds.names().filter(|kind| !placed.contains_key(kind)) {
        let message = format!("the kind {kind} has no place");
        source.fault(0..0, message, "it is compiled in: add a [[child]] or [[pool]] of this kind");
    }
}

fn spec_of(role: &Role) -> Option<&WorkerSpec> {
    match role {
        Role::Supervisor(_) => None,
        Role::Worker(spec) => Some(spec),
        Role::Pool(spec) => Some(&spec.child),
    }
}

fn check_kind(source: &mut Source<'_>, entry: &Entry, kind: &str, kinds: &Kinds) {
    let at = entry.kind_at.clone();
    match (kinds.get(kind), &entry.role) {
        (None, _) => {
            let known: Vec<_> = kinds.names().collect();
            source.fault(at, format!("unknown kind {kind}"), format!("known are {}", known.join(", ")));
        }
        (Some(Kind::Worker(_)), Role::Pool(_)) => {
            source.fault(at, format!("{kind} is a single actor, not a pool"), "write it as [[child]]");
        }
        (Some(Kind::Pool(_)), Role::Worker(_)) => {
            source.fault(at, format!("{kind} is a pool, not a single actor"), "write it as [[pool]]");
        }
        (Some(_), _) => {}
    }
}

fn grow(entry: Entry, rest: &mut BTreeMap<String, Vec<Entry>>) -> Arc<ChildSpec> {
    let Entry { path, restart, shutdown, mut role, .. } = entry;
    if let Role::Supervisor(spec) = &mut role {
        let children = rest.remove(&path).unwrap_or_default();
        spec.children = children.into_iter().map(|child| grow(child, rest)).collect();
    }
    Arc::new(ChildSpec { path: path.into(), restart, shutdown, significant: false, backoff: None, role })
}
