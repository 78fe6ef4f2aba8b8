//! What a daemon has written below the root of its workspaces, and whether that is what it says that it has.

use crate::daemon::Daemon;
use crate::http::Client;
use serde_json::Value;
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use std::path::Path;

/// The hash of every file below a folder, by its path from there; of all there are, whoever wrote them.
pub fn files_below(folder: &Path) -> BTreeMap<String, String> {
    let mut files = BTreeMap::new();
    gather(folder, folder, &mut files);
    files
}

fn gather(root: &Path, folder: &Path, files: &mut BTreeMap<String, String>) {
    for entry in std::fs::read_dir(folder).unwrap().map(Result::unwrap) {
        let path = entry.path();
        if entry.file_type().unwrap().is_dir() {
            gather(root, &path, files);
            continue;
        }
        let from_root = path.strip_prefix(root).unwrap().to_str().unwrap().to_owned();
        files.insert(from_root, sha256(&std::fs::read(&path).unwrap()));
    }
}

/// Demands that each completed pass of a generation has all its files on disk and no others, as its manifest names
/// them, and that the daemon still knows what each of them holds. Answers how many passes there were.
///
/// # Panics
/// With the first workspace or file that is not so.
pub fn demand_manifests<'e>(daemon: &Daemon, events: impl IntoIterator<Item = &'e Value>) -> usize {
    let completed = events.into_iter().filter(|event| event["type"] == "generation_completed_v1");
    let passes: Vec<&Value> = completed.map(|event| &event["data"]).collect();
    for pass in &passes {
        let workspace = daemon.place().workspaces().join(pass["workspace_path"].as_str().unwrap());
        let files = files_below(&workspace);
        let lines: String = files.iter().map(|(path, hash)| format!("{hash}  {path}\n")).collect();
        assert_eq!(pass["manifest_sha256"], sha256(lines.as_bytes()), "{}: {files:#?}", workspace.display());
        files.iter().for_each(|(path, hash)| demand_blob(&daemon.client(), &workspace.join(path), hash));
    }
    passes.len()
}

fn demand_blob(client: &Client, file: &Path, hash: &str) {
    let kept = client.get(&format!("/api/blobs/{hash}")).expect(200);
    assert_eq!(kept.bytes, std::fs::read(file).unwrap(), "{}", file.display());
}

fn sha256(content: &[u8]) -> String {
    Sha256::digest(content).iter().map(|byte| format!("{byte:02x}")).collect()
}
