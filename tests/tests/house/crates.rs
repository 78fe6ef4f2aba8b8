//! Which of the house's crates a crate may lean on.

use crate::source::{Complaint, House, Source};

/// A crate's folder and what it may name of the house, in `[dependencies]` or `[dev-dependencies]`.
const MAY: &[(&str, &[&str])] = &[
    ("proto", &[]),
    ("tui", &["hecate-proto"]),
    // Pure: what is generated follows from the plan alone.
    ("daemon/scaffold", &[]),
    // Stores are prepared, and looked at, past the daemon; what is generated is built and tested.
    ("tests", &["hecate-proto", "hecate-event-store", "hecate-disk", "hecate-scaffold"]),
    // The journeys bring about what it measures; actors are measured without a daemon around them.
    ("tests/bench", &["hecate-event-store", "hecate-tests", "hecate-supervision", "hecate-facts"]),
];
/// The one crate that talks to SQLite in C, with lints of its own; everywhere else `unsafe` is forbidden.
const MAY_SAY_UNSAFE: &str = "daemon/kernel/disk";
/// Kernel crates know the contract and one another, never a process.
const KERNEL: &[&str] = &[
    "hecate-proto",
    "hecate-supervision",
    "hecate-disk",
    "hecate-event-store",
    "hecate-facts",
    "hecate-desk",
    "hecate-read-model",
    "hecate-blobs",
    "hecate-cluster",
    "hecate-names",
];

pub(crate) fn check(house: &House) -> Vec<Complaint> {
    let manifests = || house.manifests.iter().filter(|manifest| manifest.path != "Cargo.toml");
    manifests().flat_map(manifest).chain(manifests().filter_map(own_lints)).collect()
}

/// The workspace forbids `unsafe`; a crate that does not take its lints could say it.
fn own_lints(manifest: &Source) -> Option<Complaint> {
    let forbids = manifest.text.contains("[lints]\nworkspace = true")
        || manifest.text.contains("unsafe_code = \"forbid\"")
        || manifest.path.starts_with(MAY_SAY_UNSAFE);
    (!forbids).then(|| Complaint::new(manifest, 1, "take the workspace's lints: they forbid `unsafe`"))
}

fn manifest(manifest: &Source) -> Vec<Complaint> {
    let folder = manifest.path.trim_end_matches("/Cargo.toml");
    let listed = MAY.iter().find(|(listed, _)| *listed == folder).map(|(_, may)| *may);
    let may = listed.unwrap_or(KERNEL);
    let lines = (1..).zip(manifest.text.lines());
    let names = lines.filter_map(|(line, text)| {
        let name = text.split(['.', '=', ' ']).next().filter(|name| name.starts_with("hecate-"))?;
        // The daemon is where everything meets; the terminal is not part of it.
        let meets = folder == "daemon" && name == "hecate-scaffold";
        (!meets && !may.contains(&name)).then(|| Complaint::new(manifest, line, remedy(folder, name)))
    });
    names.collect()
}

fn remedy(folder: &str, name: &str) -> String {
    if folder.starts_with("daemon/kernel") {
        return format!(
            "the kernel knows no process: let `{name}` hand over what is needed as data or a trait"
        );
    }
    format!("`{folder}` meets `{name}` over the socket: put what both must say into proto")
}

#[cfg(test)]
mod tests {
    use super::*;

    const LINTS: &str = "[lints]\nworkspace = true\n";

    #[test]
    fn a_crate_that_reaches_too_far_is_told_what_to_do() {
        for (path, line, remedy) in [
            ("tui/Cargo.toml", "hecate-desk.workspace = true", "into proto"),
            ("tests/Cargo.toml", "hecate-daemon = { path = \"../daemon\" }", "into proto"),
            ("proto/Cargo.toml", "hecate-facts.workspace = true", "into proto"),
            (
                "daemon/kernel/desk/Cargo.toml",
                "hecate-daemon = { path = \"../..\" }",
                "the kernel knows no process",
            ),
            ("daemon/Cargo.toml", "hecate-tui.workspace = true", "into proto"),
        ] {
            let text = format!("{LINTS}[dependencies]\n{line}\n");
            let found = check(&House::of(&[(path, &text)]));
            assert!(found.len() == 1 && found[0].to_string().contains(remedy), "{path}: {found:?}");
        }
        let right = format!("name = \"hecate-desk\"\n{LINTS}hecate-proto.workspace = true\n");
        assert!(check(&House::of(&[("daemon/kernel/desk/Cargo.toml", &right)])).is_empty());
    }

    #[test]
    fn a_crate_with_lints_of_its_own_is_told_to_take_the_workspaces() {
        let found = check(&House::of(&[("tui/Cargo.toml", "[lints.rust]\nunreachable_pub = \"warn\"\n")]));
        assert!(found.len() == 1 && found[0].to_string().contains("forbid `unsafe`"), "{found:?}");
        assert!(check(&House::of(&[("daemon/kernel/disk/Cargo.toml", "")])).is_empty());
    }
}
