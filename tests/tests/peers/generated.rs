//! What is generated for a division builds and passes its own tests with each language's own tools: the commands
//! are those that its README gives, run after the skeleton, after the first desk, and after the others.

use crate::peer::installed;
use hecate_scaffold::{Blueprint, Department, DeskPlan, File as Generated, Language, desk, kit, skeleton};
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
/// Kinds whose samples hold their number somewhere, of all that two fields of a desk have; texts simply say theirs.
const MIXED_UP: [&str; 5] = ["boolean", "timestamp", "date", "uuid", "map"];
/// Who judges how code is laid out, where the toolchain has somebody or the registry does.
const FORMATS: &[(Language, &str)] = &[
    (Language::Rust, "cargo fmt --all --check"),
    (Language::Go, "test -z \"$(gofmt -l .)\""),
    (Language::Elixir, "mix format --check-formatted"),
    (Language::Typescript, "prettier --log-level warn --check src"),
    (Language::Python, "black --quiet --check ."),
];

#[test]
#[ignore = "no peers installed; .ci/run installs them"]
fn a_division_in_rust_is_green_from_its_skeleton_to_its_last_desk() {
    grow(Language::Rust);
}

#[test]
#[ignore = "no peers installed; .ci/run installs them"]
fn a_division_in_rust_may_have_any_name_and_its_tests_find_a_mixed_up_field() {
    call_anything(Language::Rust);
    mix_up(Language::Rust);
}

#[test]
#[ignore = "no peers installed; .ci/run installs them"]
fn a_division_in_erlang_is_green_from_its_skeleton_to_its_last_desk() {
    grow(Language::Erlang);
}

#[test]
#[ignore = "no peers installed; .ci/run installs them"]
fn a_division_in_erlang_may_have_any_name_and_its_tests_find_a_mixed_up_field() {
    call_anything(Language::Erlang);
    mix_up(Language::Erlang);
}

#[test]
#[ignore = "no peers installed; .ci/run installs them"]
fn a_division_in_elixir_is_green_from_its_skeleton_to_its_last_desk() {
    grow(Language::Elixir);
}

#[test]
#[ignore = "no peers installed; .ci/run installs them"]
fn a_division_in_elixir_may_have_any_name_and_its_tests_find_a_mixed_up_field() {
    call_anything(Language::Elixir);
    mix_up(Language::Elixir);
}

#[test]
#[ignore = "no peers installed; .ci/run installs them"]
fn a_division_in_go_is_green_from_its_skeleton_to_its_last_desk() {
    grow(Language::Go);
}

#[test]
#[ignore = "no peers installed; .ci/run installs them"]
fn a_division_in_go_may_have_any_name_and_its_tests_find_a_mixed_up_field() {
    call_anything(Language::Go);
    mix_up(Language::Go);
}

#[test]
#[ignore = "no peers installed; .ci/run installs them"]
fn a_division_in_typescript_is_green_from_its_skeleton_to_its_last_desk() {
    grow(Language::Typescript);
}

#[test]
#[ignore = "no peers installed; .ci/run installs them"]
fn a_division_in_typescript_may_have_any_name_and_its_tests_find_a_mixed_up_field() {
    call_anything(Language::Typescript);
    mix_up(Language::Typescript);
}

#[test]
#[ignore = "no peers installed; .ci/run installs them"]
fn a_division_in_python_is_green_from_its_skeleton_to_its_last_desk() {
    grow(Language::Python);
}

#[test]
#[ignore = "no peers installed; .ci/run installs them"]
fn a_division_in_python_may_have_any_name_and_its_tests_find_a_mixed_up_field() {
    call_anything(Language::Python);
    mix_up(Language::Python);
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
    alter(folder, &test.path, &test.text.replacen("text 1", "another text", 1));
    assert!(!is_green(folder, tests_of(readme)), "{language:?}: a test that must fail does not");
}

/// Names of divisions that some language could take for something else, each with a desk of each department.
fn call_anything(language: Language) {
    for name in kit::HARD_DIVISIONS {
        let desks = Department::ALL.map(|department| {
            let is_of = |desk: &&DeskPlan| desk.department == department;
            kit::plan().desks.iter().find(is_of).cloned().unwrap()
        });
        let plan = Blueprint { division_name: name.to_owned(), desks: desks.to_vec() };
        let place = tempfile::tempdir().unwrap();
        let folder = &place.path().join("project");
        let readme = write(folder, &skeleton(language, "default", &plan).unwrap());
        for each in &plan.desks {
            write(folder, &desk(language, "default", &plan, each, None).unwrap());
        }
        run(folder, tests_of(&readme));
    }
}

/// A handler that takes one field for another of its kind, or leaves it out, turns its tests red.
fn mix_up(language: Language) {
    let place = tempfile::tempdir().unwrap();
    let folder = &place.path().join("project");
    let plan = Blueprint { division_name: "shop".to_owned(), desks: vec![kit::two_of_each()] };
    let readme = write(folder, &skeleton(language, "default", &plan).unwrap());
    let files = desk(language, "default", &plan, &plan.desks[0], None).unwrap();
    write(folder, &files);
    run(folder, tests_of(&readme));
    for kind in MIXED_UP {
        let Slip { file, right, wrong } = slip(language, kind);
        let is_it = |each: &&Generated| each.path.ends_with(file) && !each.path.contains("test");
        let file = files.iter().find(is_it).unwrap();
        let at = file.text.rfind(&right).unwrap_or_else(|| panic!("no `{right}` in {}", file.path));
        let mut text = file.text.clone();
        text.replace_range(at..at + right.len(), &wrong);
        alter(folder, &file.path, &text);
        assert!(!is_green(folder, tests_of(&readme)), "{language:?}: `{wrong}` for `{right}` is green");
        alter(folder, &file.path, &file.text);
    }
    run(folder, tests_of(&readme));
}

/// One slip of the pen, where the file holds the right thing for the last time.
struct Slip {
    file: &'static str,
    right: String,
    wrong: String,
}

fn slip(language: Language, kind: &str) -> Slip {
    let capitalised = || format!("{}{}", kind[..1].to_ascii_uppercase(), &kind[1..]);
    let by_name = |which: &str| format!("command.{which}_{kind}");
    let (file, right, wrong) = match language {
        Language::Rust => ("command.rs", by_name("b"), by_name("a")),
        Language::Erlang => ("handler.erl", format!("b_{kind}"), format!("{{a_{kind}, b_{kind}}}")),
        Language::Elixir => ("handler.ex", by_name("b"), by_name("a")),
        Language::Typescript => ("handler.ts", by_name("b"), by_name("a")),
        Language::Python => ("handler.py", by_name("b"), by_name("a")),
        Language::Go => {
            let kind = if kind == "uuid" { "UUID".to_owned() } else { capitalised() };
            let wrong = match kind.as_str() {
                // What is left out is false in Go; both samples are true, so that this at least is found.
                "Boolean" => "false".to_owned(),
                _ => format!("command.A{kind}"),
            };
            ("handler.go", format!("command.B{kind}"), wrong)
        }
    };
    Slip { file, right, wrong }
}

/// Two of the tools tell by whole seconds whether a file has changed since they compiled it.
fn alter(folder: &Path, path: &str, text: &str) {
    let mut altered = File::create(folder.join(path)).unwrap();
    altered.write_all(text.as_bytes()).unwrap();
    let later = altered.metadata().unwrap().modified().unwrap() + CLOCK_TICK;
    altered.set_modified(later).unwrap();
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

/// The last of its commands builds whatever has to be built.
fn tests_of(readme: &str) -> &str {
    commands(readme).last().unwrap()
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
