//! The programs under test, built once a test run with the target folder and profile of the tests.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

/// Where the programs lie.
struct Built {
    folder: PathBuf,
}

/// `hecate-daemon`, freshly built.
pub fn daemon() -> PathBuf {
    built().folder.join("hecate-daemon")
}

/// `hecate`, freshly built.
pub fn hecate() -> PathBuf {
    built().folder.join("hecate")
}

/// The root of the workspace.
pub fn workspace() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_owned()
}

/// The folder of this profile: `target/debug`.
pub fn profile_folder() -> PathBuf {
    let own = std::env::current_exe().unwrap();
    // target/debug/deps/venture_journey-0123
    own.ancestors().nth(2).unwrap().to_owned()
}

/// Cargo, as the tests were built by it.
pub fn cargo() -> Command {
    Command::new(env!("CARGO"))
}

fn built() -> &'static Built {
    static BUILT: OnceLock<Built> = OnceLock::new();
    BUILT.get_or_init(build)
}

fn build() -> Built {
    let folder = profile_folder();
    let mut cargo = cargo();
    cargo.args(["build", "--quiet", "--bins", "-p", "hecate-daemon", "-p", "hecate-tui"]);
    cargo.arg("--target-dir").arg(folder.parent().unwrap()).current_dir(workspace());
    if folder.ends_with("release") {
        cargo.arg("--release");
    }
    let status = cargo.status().expect("cargo starts");
    assert!(status.success(), "the programs do not build: {status}");
    Built { folder }
}
