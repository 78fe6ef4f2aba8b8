//! The programs under test, built once a test run with the target folder and profile of the tests.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

/// `hecate-daemon`, freshly built.
pub fn daemon() -> PathBuf {
    built().join("hecate-daemon")
}

/// `hecate`, freshly built.
pub fn hecate() -> PathBuf {
    built().join("hecate")
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

/// `hecate-daemon` whose actors can be killed from outside, freshly built.
pub fn mortal_daemon() -> PathBuf {
    static BUILT: OnceLock<Result<PathBuf, String>> = OnceLock::new();
    let built = BUILT.get_or_init(|| build(&["--example", "mortal", "-p", "hecate-daemon"]));
    built.as_deref().unwrap_or_else(|why| panic!("{why}")).join("examples/mortal")
}

fn built() -> &'static Path {
    static BUILT: OnceLock<Result<PathBuf, String>> = OnceLock::new();
    // One attempt a test run: what does not build does not build for the next test either.
    let built = BUILT.get_or_init(|| build(&["--bins", "-p", "hecate-daemon", "-p", "hecate-tui"]));
    built.as_deref().unwrap_or_else(|why| panic!("{why}"))
}

fn build(what: &[&str]) -> Result<PathBuf, String> {
    let folder = profile_folder();
    let mut cargo = cargo();
    cargo.args(["build", "--quiet"]).args(what);
    cargo.arg("--target-dir").arg(folder.parent().unwrap()).current_dir(workspace());
    if folder.ends_with("release") {
        cargo.arg("--release");
    }
    let status = cargo.status().map_err(|error| format!("cargo does not start: {error}"))?;
    status.success().then_some(folder).ok_or_else(|| format!("the programs do not build: {status}"))
}
