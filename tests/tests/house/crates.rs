//! Which of the house's crates a crate may lean on.

use crate::source::{Complaint, House, Source};

/// A crate's folder and what it may name of the house, in `[dependencies]` or `[dev-dependencies]`.
const MAY: &[(&str, &[&str])] =
    &[("proto", &[]), ("tui", &["hecate-proto"]), ("tests", &["hecate-proto"]), ("tests/bench", &[])];
/// Kernel crates know the contract and one another, never a process.
const KERNEL: &[&str] = &[
    "hecate-proto",
    "hecate-supervision",
    "hecate-event-store",
    "hecate-facts",
    "hecate-desk",
    "hecate-read-model",
];

pub(crate) fn check(house: &House) -> Vec<Complaint> {
    house.manifests.iter().filter(|manifest| manifest.path != "Cargo.toml").flat_map(manifest).collect()
}

fn manifest(manifest: &Source) -> Vec<Complaint> {
    let folder = manifest.path.trim_end_matches("/Cargo.toml");
    let listed = MAY.iter().find(|(listed, _)| *listed == folder).map(|(_, may)| *may);
    // The daemon is where everything meets; the terminal is not part of it.
    let may = listed.unwrap_or(KERNEL);
    let lines = (1..).zip(manifest.text.lines());
    let names = lines.filter_map(|(line, text)| {
        let name = text.split(['.', '=', ' ']).next().filter(|name| name.starts_with("hecate-"))?;
        (!may.contains(&name)).then(|| Complaint::new(manifest, line, remedy(folder, name)))
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
            let found = check(&House::of(&[(path, &format!("[dependencies]\n{line}\n"))]));
            assert!(found.len() == 1 && found[0].to_string().contains(remedy), "{path}: {found:?}");
        }
        let right =
            ("daemon/kernel/desk/Cargo.toml", "name = \"hecate-desk\"\nhecate-proto.workspace = true\n");
        assert!(check(&House::of(&[right])).is_empty());
    }
}
