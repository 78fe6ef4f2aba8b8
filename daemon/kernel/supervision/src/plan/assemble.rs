//! From a flat list of entries to one tree: every place has a parent, and only one entry.

use super::check::{check, check_places};
use super::read::Entry;
use super::source::Source;
use super::{ChildSpec, Role};
use crate::Kinds;
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

/// The root of the tree, if there is one; whether all is right says `source`.
pub(super) fn assemble(
    source: &mut Source,
    mut entries: Vec<Entry>,
    kinds: &Kinds,
) -> Option<Arc<ChildSpec>> {
    check_places(source, &entries, kinds);
    entries.retain(|entry| has_path(source, entry));
    let entries = unique(source, entries);
    check_parents(source, &entries);
    check(source, &entries, kinds);
    let root = root(source, &entries)?;
    let mut children: BTreeMap<String, Vec<Entry>> = BTreeMap::new();
    let mut top = None;
    for entry in entries {
        match parent_of(&entry.path.value) {
            _ if entry.path.value == root => top = Some(entry),
            Some(parent) => children.entry(parent.to_owned()).or_default().push(entry),
            None => {}
        }
    }
    top.map(|top| grow(top, &mut children))
}

/// `/hecate/apps` → `/hecate`; a root has none.
pub(super) fn parent_of(path: &str) -> Option<&str> {
    path.rsplit_once('/').map(|(parent, _)| parent).filter(|parent| !parent.is_empty())
}

fn has_path(source: &mut Source, entry: &Entry) -> bool {
    if entry.path.is_missing() {
        return false;
    }
    let segment = |part: &str| {
        !part.is_empty() && part.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_')
    };
    let well_formed = entry.path.value.strip_prefix('/').is_some_and(|rest| rest.split('/').all(segment));
    if !well_formed {
        let message = format!("`path` is no path: \"{}\"", entry.path.value);
        source.fault(entry.path.at.clone(), message, "as in \"/hecate/apps\", of a-z, 0-9 and _");
    }
    well_formed
}

fn unique(source: &mut Source, entries: Vec<Entry>) -> Vec<Entry> {
    let mut first: HashMap<String, std::ops::Range<usize>> = HashMap::new();
    let is_first = |entry: &Entry| {
        let before = first.insert(entry.path.value.clone(), entry.path.at.clone());
        if before.is_some() {
            let message = format!("duplicate path {}", entry.path.value);
            source.fault(entry.path.at.clone(), message, "every place has one entry");
        }
        before.is_none()
    };
    entries.into_iter().filter(is_first).collect()
}

fn check_parents(source: &mut Source, entries: &[Entry]) {
    let roles: HashMap<_, _> = entries.iter().map(|entry| (entry.path.value.as_str(), &entry.role)).collect();
    for entry in entries {
        let Some(parent) = parent_of(&entry.path.value) else { continue };
        let (message, hint) = match roles.get(parent) {
            Some(Role::Supervisor(_)) => continue,
            Some(Role::Worker(_) | Role::Pool(_)) => {
                let message = format!("the parent {parent} is not a supervisor");
                (message, format!("declare {parent} as [[supervisor]]"))
            }
            None => (format!("there is no parent {parent}"), format!("add a [[supervisor]] at {parent}")),
        };
        source.fault(entry.path.at.clone(), message, hint);
    }
}

fn root(source: &mut Source, entries: &[Entry]) -> Option<String> {
    let mut roots = entries.iter().filter(|entry| parent_of(&entry.path.value).is_none());
    let Some(root) = roots.next() else {
        source.fault(0..0, "there is no root", "add a [[supervisor]] with a path of one segment");
        return None;
    };
    if !matches!(root.role, Role::Supervisor(_)) {
        source.fault(root.path.at.clone(), "the root is not a supervisor", "write it as [[supervisor]]");
    }
    for other in roots {
        let message = format!("{} is a second root", other.path.value);
        source.fault(other.path.at.clone(), message, format!("put it under {}", root.path.value));
    }
    Some(root.path.value.clone())
}

fn grow(entry: Entry, rest: &mut BTreeMap<String, Vec<Entry>>) -> Arc<ChildSpec> {
    let Entry { path, restart, shutdown, significant, backoff, mut role, .. } = entry;
    if let Role::Supervisor(spec) = &mut role {
        let children = rest.remove(&path.value).unwrap_or_default();
        spec.children = children.into_iter().map(|child| grow(child, rest)).collect();
    }
    Arc::new(ChildSpec { path: path.value.into(), restart, shutdown, significant, backoff, role })
}
