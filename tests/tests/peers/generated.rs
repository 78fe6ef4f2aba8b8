//! What is generated for a division builds and passes its own tests with each language's own tools: the commands
//! are those that its README gives, run after the skeleton, after the first desk, and after the others.

use crate::peer::installed;
use hecate_scaffold::{Blueprint, File as Generated, Language, desk, kit, skeleton};
use hecate_tests::program::Process;
use std::fs::File;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

/// Compilers are slow where the machine is busy.
const COMMAND_MAX: Duration = Duration::from_secs(240);
/// More than the coarsest clock by which a tool dates files.
const CLOCK_TICK: Duration = Duration::from_secs(2);
/// The toolchain's own judge of how code is laid out, where it has one.
const FORMATS: &[(Language, &str)] = &[
    (Language::Rust, "cargo fmt --all --check"),
    (Language::Go, "test -z \"$(gofmt -l .)\""),
    (Language::Elixir, "mix format --check-formatted"),
];

#[test]
#[ignore = "no peers installed; .ci/run installs them"]
fn a_division_in_rust_is_green_from_its_skeleton_to_its_last_desk() {
    grow(Language::Rust);
}

#[test]
#[ignore = "no peers installed; .ci/run installs them"]
fn a_division_in_erlang_is_green_from_its_skeleton_to_its_last_desk() {
    grow(Language::Erlang);
}

#[test]
#[ignore = "no peers installed; .ci/run installs them"]
fn a_division_in_elixir_is_green_from_its_skeleton_to_its_last_desk() {
    grow(Language::Elixir);
}

#[test]
#[ignore = "no peers installed; .ci/run installs them"]
fn a_division_in_go_is_green_from_its_skeleton_to_its_last_desk() {
    grow(Language::Go);
}

#[test]
#[ignore = "no peers installed; .ci/run installs them"]
fn a_division_in_typescript_is_green_from_its_skeleton_to_its_last_desk() {
    grow(Language::Typescript);
}

#[test]
#[ignore = "no peers installed; .ci/run installs them"]
fn a_division_in_python_is_green_from_its_skeleton_to_its_last_desk() {
    grow(Language::Python);
}

fn grow(language: Language) {
    let began = Instant::now();
    let place = tempfile::tempdir().unwrap();
    let (folder, plan) = (&place.path().join("project"), kit::plan());
    let readme = write(folder, &skeleton(language, "default", &plan).unwrap());
    demand_green(folder, &readme);

    let (longest, ordinary) = plan.desks.split_last().unwrap();
    let (first, others) = ordinary.split_first().unwrap();
    let add = |each| write(folder, &desk(language, "default", &plan, each, None).unwrap());
    add(first);
    demand_green(folder, &readme);
    for other in others {
        add(other);
    }
    for (_, format) in FORMATS.iter().filter(|(formatted, _)| *formatted == language) {
        run(folder, format);
    }
    add(longest);
    demand_green(folder, &readme);
    demand_red(folder, &plan, language, &readme);
    eprintln!("{language:?}: {:.1} s", began.elapsed().as_secs_f32());
}

/// A green that nothing can turn red would prove nothing: here a test asks for something else than it expects.
fn demand_red(folder: &Path, plan: &Blueprint, language: Language, readme: &str) {
    let placing = plan.desks.iter().find(|desk| desk.desk_name == "place_order").unwrap();
    let files = desk(language, "default", plan, placing, None).unwrap();
    let test = files.iter().find(|file| file.path.contains("test")).unwrap();
    let mut altered = File::create(folder.join(&test.path)).unwrap();
    altered.write_all(test.text.replacen("text 1", "another text", 1).as_bytes()).unwrap();
    // Two of the tools tell by whole seconds whether a file has changed since they compiled it.
    let later = altered.metadata().unwrap().modified().unwrap() + CLOCK_TICK;
    altered.set_modified(later).unwrap();
    let tests = commands(readme).last().unwrap();
    assert!(!is_green(folder, tests), "{language:?}: a test that must fail does not");
}

/// Adds them, for none may be there already, and gives the text of the README if it is among them.
fn write(folder: &Path, files: &[Generated]) -> String {
    for file in files {
        let path = folder.join(&file.path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        File::create_new(path).unwrap().write_all(file.text.as_bytes()).unwrap();
    }
    files.iter().find(|file| file.path == "README.md").map(|file| file.text.clone()).unwrap_or_default()
}

/// The commands that a README gives, but for the installation of what is there already.
fn commands(readme: &str) -> impl Iterator<Item = &str> {
    let blocks = readme.lines().filter_map(|line| line.strip_prefix("    "));
    let commands = blocks.map(|line| line.split("  ").next().unwrap_or_default());
    commands.filter(|command| !command.contains("install"))
}

fn demand_green(folder: &Path, readme: &str) {
    assert!(commands(readme).count() > 0, "{readme}");
    for command in commands(readme) {
        run(folder, command);
    }
}

fn run(folder: &Path, command: &str) {
    assert!(is_green(folder, command), "{command}:\n{}", said(folder));
}

/// What the last command said, beside the project.
fn log(folder: &Path) -> PathBuf {
    folder.with_extension("log")
}

fn said(folder: &Path) -> String {
    std::fs::read_to_string(log(folder)).unwrap_or_default()
}

fn is_green(folder: &Path, command: &str) -> bool {
    let log = File::create(log(folder)).unwrap();
    let peers = installed();
    let path = std::env::var("PATH").unwrap_or_default();
    let path = format!("{0}/node_modules/.bin:{0}:{path}:{0}/python/bin", peers.display());
    let mut shell = Command::new("sh");
    // Nothing may come from outside, and no tool asks its user's own settings where to build.
    shell.env("CARGO_NET_OFFLINE", "true").env("GOPROXY", "off").env("GOFLAGS", "-mod=mod");
    shell.env_remove("CARGO_TARGET_DIR").env_remove("RUSTFLAGS").env("CARGO_PROFILE_DEV_DEBUG", "0");
    shell.env("MIX_HOME", folder.join("_build")).env("LC_ALL", "C.UTF-8").env("PYTHONDONTWRITEBYTECODE", "1");
    let shell = shell.args(["-c", command]).env("PATH", path).current_dir(folder).stdin(Stdio::null());
    let child = shell.stdout(log.try_clone().unwrap()).stderr(log).spawn().unwrap();
    let status = Process(child).wait(COMMAND_MAX);
    status.unwrap_or_else(|| panic!("{command} did not end:\n{}", said(folder))).success()
}
