//! A daemon whose actors are killed at random, and what must not leak out of it.

use crate::binaries;
use crate::daemon::Place;
use hecate_proto::tree::TreeNode;
use serde::Deserialize;
use std::collections::{BTreeMap, BTreeSet};
use std::io::{BufRead, BufReader, Write};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// Steers the kills in one daemon.
#[derive(Clone, Debug)]
pub struct Reaper {
    socket: PathBuf,
}

/// What the actor layer of a daemon holds, by its own registers.
#[derive(Debug, Deserialize)]
pub struct Census {
    /// Actors that were killed so far.
    pub hits: u64,
    /// Blows that hit nobody.
    pub misses: u64,
    /// Ids of all actors.
    pub actors: BTreeSet<String>,
    /// Names in the global register.
    pub names: Vec<String>,
    /// Groups that have a member.
    pub groups: Vec<Group>,
}

/// One process group.
#[derive(Debug, Deserialize)]
pub struct Group {
    /// Scope and name.
    pub group: String,
    /// Ids of its members.
    pub members: BTreeSet<String>,
}

impl Reaper {
    /// A place for the daemon that can be reaped, on a tree of its own or that of this workspace.
    pub fn place(folder: &Path, supervision: Option<PathBuf>) -> (Place, Reaper) {
        let socket = folder.join("reaper.sock");
        let place = Place {
            home: folder.to_owned(),
            program: binaries::mortal_daemon(),
            log_filter: "error",
            supervision,
            environment: vec![
                ("REAPER_SOCKET", socket.display().to_string()),
                // glibc gives new threads one arena after another, and each keeps what its thread has freed:
                // with many of them a store that is opened again and again looks like one that leaks.
                ("MALLOC_ARENA_MAX", "2".to_owned()),
            ],
        };
        (place, Reaper { socket })
    }

    /// Strikes a random actor of those that there are now every so often, from now on; never the root of the
    /// tree, whose end is the daemon's.
    pub fn reap(&self, every: Duration, seed: u64, tree: &TreeNode) {
        let root = tree.id.as_deref().unwrap();
        self.ask(&format!("reap {} {seed} {root}", every.as_millis()));
    }

    /// Kills nobody from now on.
    pub fn rest(&self) {
        self.ask("rest");
    }

    /// What there is.
    pub fn census(&self) -> Census {
        self.ask("census")
    }

    fn ask(&self, order: &str) -> Census {
        let mut stream = UnixStream::connect(&self.socket).unwrap();
        writeln!(stream, "{order}").unwrap();
        let mut line = String::new();
        BufReader::new(stream).read_line(&mut line).unwrap();
        serde_json::from_str(&line).unwrap()
    }

    /// Forgets the socket of an earlier process.
    pub fn clear(&self) {
        let _ = std::fs::remove_file(&self.socket);
    }
}

impl Census {
    /// Members by group, each named by its place in a tree; one that has no place by its id.
    pub fn members(&self, tree: &TreeNode) -> BTreeMap<&str, Vec<String>> {
        let places = places(tree);
        let place = |id: &String| places.get(id).unwrap_or(id).clone();
        let named = self.groups.iter().map(|group| {
            let mut members: Vec<_> = group.members.iter().map(place).collect();
            members.sort_unstable();
            (group.group.as_str(), members)
        });
        named.collect()
    }

    /// Actors that have no place in a tree.
    pub fn strays(&self, tree: &TreeNode) -> Vec<&String> {
        let places = places(tree);
        self.actors.iter().filter(|id| !places.contains_key(*id)).collect()
    }
}

/// The place of every actor that runs, by its id.
pub fn places(tree: &TreeNode) -> BTreeMap<String, String> {
    let own = tree.id.clone().map(|id| (id, tree.path.clone()));
    own.into_iter().chain(tree.children.iter().flat_map(places)).collect()
}

/// What the descriptors of a process lead to, each with how many do. Sockets, pipes and the like by kind alone.
pub fn descriptors(pid: u32) -> BTreeMap<String, usize> {
    let mut open = BTreeMap::new();
    for entry in std::fs::read_dir(format!("/proc/{pid}/fd")).unwrap() {
        // One that was closed meanwhile leads nowhere.
        let Ok(target) = std::fs::read_link(entry.unwrap().path()) else { continue };
        let target = target.to_string_lossy();
        let kind = target.split_once(":[").map_or(&*target, |(kind, _)| kind);
        *open.entry(kind.to_owned()).or_default() += 1;
    }
    open
}

/// Resident memory of a process, kB.
pub fn memory_kb(pid: u32) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
    line.trim_end_matches("kB").trim().parse().unwrap()
}

/// The tree of this workspace, with patience for as many restarts as there may be. Who has no patience at all keeps
/// none: whatever stands on it is to be renewed with it.
pub fn patient_tree(folder: &Path) -> PathBuf {
    let text = std::fs::read_to_string(binaries::workspace().join("supervision.toml")).unwrap();
    let patient = |line: &str| match line.split_once(" = ") {
        Some(("intensity", times)) if times != "0" => "intensity = 1000\n".to_owned(),
        Some(("period", _)) => "period = \"1s\"\n".to_owned(),
        _ => format!("{line}\n"),
    };
    let file = folder.join("patient.toml");
    std::fs::write(&file, text.lines().map(patient).collect::<String>()).unwrap();
    file
}
