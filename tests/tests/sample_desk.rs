//! A desk is added to a copy of the house by script: one file and two lines. Everything derived from it is
//! there at once, and is gone when they are gone, byte for byte.
//!
//! This is the slow one: it compiles the daemon's own crates in the copy, one or two minutes the first time.
//! Crates from the registry are not compiled again; they are linked into the copy's target folder.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use hecate_proto::{catalogue::Catalogue, fact::FactFrame, route};
use hecate_tests::daemon::{Daemon, Place};
use hecate_tests::program::Program;
use hecate_tests::pty::Terminal;
use hecate_tests::ventures::{self, below, id_of};
use hecate_tests::{binaries, golden};
use serde_json::{Value, json};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::time::Instant;

/// What the copy leaves behind.
const LEFT_OUT: &[&str] = &["target", ".git"];

/// The same packages as the programs under test, so that registry crates have the same features.
const BUILD: &[&str] = &["build", "--bins", "-p", "hecate-daemon", "-p", "hecate-tui"];

const DESK: &str = include_str!("../samples/rename_venture.rs");
const MODULE: &str = "mod rename_venture;\n";
const LISTED: &str = "        desk::<_, rename_venture::RenameVenture>(),\n";

const OLDER: &str = include_str!("../samples/venture_renamed_v1.rs");
const OLDER_MODULE: &str = "mod venture_renamed_v1;\n";
const UPCASTS: &str = r#"
    const UPCASTS: &'static [hecate_desk::UpcastEntry] = &[hecate_desk::upcast::<
        venture_renamed_v1::VentureRenamedV1,
        rename_venture::VentureRenamed,
    >("venture_renamed_v1", "venture_renamed_v2")];
"#;
/// What the second version of the event says beside what the first said.
const NEWER: &[(&str, &str)] = &[
    ("venture_renamed_v1", "venture_renamed_v2"),
    (
        "    pub(crate) name: String,\n",
        "    pub(crate) name: String,\n    pub(crate) old_name: Option<String>,\n",
    ),
    (
        "            name: self.name.into(),\n",
        "            name: self.name.into(),\n            old_name: Some(venture.name.clone()),\n",
    ),
];

/// A copy of the house with a target folder of its own.
struct Copy {
    tree: PathBuf,
    target: PathBuf,
    _lock: fs::File,
}

impl Copy {
    /// Lies at the same place in every run, so that a second run compiles nothing twice.
    fn make() -> Copy {
        let place = Path::new(env!("CARGO_TARGET_TMPDIR")).join("sample-desk");
        fs::create_dir_all(&place).unwrap();
        let lock = fs::File::create(place.join("lock")).unwrap();
        lock.lock().unwrap();
        let copy = Copy { tree: place.join("tree"), target: place.join("target"), _lock: lock };
        // A file that is as it was keeps its time, so cargo sees what changed and nothing else.
        sync(&binaries::workspace(), &copy.tree);
        copy.link_registry_crates();
        copy
    }

    /// Hard links to what was compiled for the programs under test. Crates from the registry are the same
    /// wherever the workspace lies; those of the house have another name in the copy.
    fn link_registry_crates(&self) {
        binaries::daemon();
        let profile = binaries::profile_folder();
        let own = self.target.join(profile.file_name().unwrap());
        for part in ["deps", "build", ".fingerprint"] {
            link(&profile.join(part), &own.join(part));
        }
    }

    fn door(&self) -> PathBuf {
        self.tree.join("daemon/src/setup_venture/mod.rs")
    }

    fn desk(&self) -> PathBuf {
        self.tree.join("daemon/src/setup_venture/rename_venture.rs")
    }

    fn edit_door(&self, edit: impl Fn(String) -> String) {
        fs::write(self.door(), edit(fs::read_to_string(self.door()).unwrap())).unwrap();
    }

    fn add_desk(&self) {
        fs::write(self.desk(), DESK).unwrap();
        self.edit_door(|door| {
            let with_module =
                door.replacen("mod setup_venture;\n", &format!("{MODULE}mod setup_venture;\n"), 1);
            let archive = "        desk::<_, archive_venture::ArchiveVenture>(),\n";
            with_module.replacen(archive, &format!("{LISTED}{archive}"), 1)
        });
    }

    /// The desk records a second version of its event; the first is raised to it.
    fn raise_event(&self) {
        let newer = NEWER.iter().fold(DESK.to_owned(), |desk, (was, is)| {
            assert!(desk.contains(was), "the sample no longer says {was}");
            desk.replace(was, is)
        });
        fs::write(self.desk(), newer).unwrap();
        fs::write(self.older(), OLDER).unwrap();
        self.edit_door(|door| {
            let door = door.replacen("mod vision;\n", &format!("{OLDER_MODULE}mod vision;\n"), 1);
            door.replacen("    const LABELS", &format!("{UPCASTS}    const LABELS"), 1)
        });
    }

    /// As it was before the second version came.
    fn lower_event(&self) {
        fs::write(self.desk(), DESK).unwrap();
        fs::remove_file(self.older()).unwrap();
        self.edit_door(|door| door.replacen(UPCASTS, "", 1).replacen(OLDER_MODULE, "", 1));
    }

    fn older(&self) -> PathBuf {
        self.tree.join("daemon/src/setup_venture/venture_renamed_v1.rs")
    }

    fn unlist_desk(&self) {
        self.edit_door(|door| door.replacen(LISTED, "", 1));
    }

    fn remove_desk(&self) {
        fs::remove_file(self.desk()).unwrap();
        self.edit_door(|door| door.replacen(LISTED, "", 1).replacen(MODULE, "", 1));
    }

    fn cargo(&self, args: &[&str]) -> Output {
        let mut cargo: Command = binaries::cargo();
        cargo.current_dir(&self.tree).env("CARGO_TARGET_DIR", &self.target).arg(args[0]).arg("--quiet");
        if binaries::profile_folder().ends_with("release") {
            cargo.arg("--release");
        }
        let began = Instant::now();
        let output = cargo.args(&args[1..]).output().unwrap();
        eprintln!("sample desk: cargo {} took {:.1} s", args.join(" "), began.elapsed().as_secs_f32());
        output
    }

    /// The copy's daemon, freshly built.
    fn build(&self) -> PathBuf {
        let built = self.cargo(BUILD);
        assert!(built.status.success(), "{}", String::from_utf8_lossy(&built.stderr));
        let profile = binaries::profile_folder();
        self.target.join(profile.file_name().unwrap()).join("hecate-daemon")
    }

    /// What the compiler says of the daemon with warnings denied. Denied in the source: as a flag it would
    /// compile every crate anew.
    fn complaints(&self) -> Option<String> {
        let lib = self.tree.join("daemon/src/lib.rs");
        let text = fs::read_to_string(&lib).unwrap();
        fs::write(&lib, format!("#![deny(warnings)]\n{text}")).unwrap();
        let built = self.cargo(BUILD);
        fs::write(&lib, text).unwrap();
        (!built.status.success()).then(|| String::from_utf8_lossy(&built.stderr).into_owned())
    }
}

/// Makes `to` the same as `from`; what is the same already is left alone.
fn sync(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    let names = |folder: &Path| {
        fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name()).collect::<Vec<_>>()
    };
    for name in names(to) {
        let (old, new) = (to.join(&name), from.join(&name));
        match (new.exists(), old.is_dir()) {
            (true, _) => {}
            (false, true) => fs::remove_dir_all(old).unwrap(),
            (false, false) => fs::remove_file(old).unwrap(),
        }
    }
    for name in names(from).into_iter().filter(|name| !LEFT_OUT.iter().any(|left_out| name == left_out)) {
        let (old, new) = (from.join(&name), to.join(&name));
        if old.is_dir() {
            sync(&old, &new);
        } else if fs::read(&old).unwrap() != fs::read(&new).unwrap_or_default() {
            fs::copy(old, new).unwrap();
        }
    }
}

/// Hard links of a whole folder; what is there already stays.
fn link(from: &Path, to: &Path) {
    let of_the_house = |name: &str| name.starts_with("hecate") || name.starts_with("libhecate");
    let Ok(entries) = fs::read_dir(from) else { return };
    fs::create_dir_all(to).unwrap();
    for entry in entries.map(Result::unwrap) {
        let (old, new) = (entry.path(), to.join(entry.file_name()));
        if of_the_house(&entry.file_name().to_string_lossy()) {
            continue;
        }
        if entry.file_type().unwrap().is_dir() {
            link(&old, &new);
        } else if !new.exists() {
            fs::hard_link(&old, &new).or_else(|_| fs::copy(&old, &new).map(drop)).unwrap();
        }
    }
}

/// The goldens as the daemon at this place shows them.
fn shown(place: &Place) -> [(&'static str, String); 3] {
    let daemon = place.start();
    let pretty = |path| golden::pretty(&daemon.client().get(path).expect(200).bytes);
    let dot = place.program().args(["tree", "--dot"]).run().stdout;
    [("desks.json", pretty(route::DESKS)), ("openapi.json", pretty(route::OPENAPI)), ("tree.dot", dot)]
}

#[test]
fn one_file_and_two_lines_are_a_desk_everywhere_and_leave_no_trace() {
    let copy = Copy::make();
    copy.add_desk();
    let folder = tempfile::tempdir().unwrap();
    let place = Place { program: copy.build(), log_filter: "debug", ..Place::new(folder.path()) };
    the_desk_is_everywhere(&place.start());

    copy.raise_event();
    copy.build();
    older_events_are_shown_as_newer(&place.start());

    copy.lower_event();
    copy.unlist_desk();
    let complaints = copy.complaints().expect("a desk that nobody lists does not compile");
    assert!(complaints.contains("never constructed") || complaints.contains("never used"), "{complaints}");
    assert!(complaints.contains("rename_venture.rs"), "{complaints}");

    copy.remove_desk();
    copy.build();
    nobody_knows_its_events(&place);
    let folder = tempfile::tempdir().unwrap();
    let place = Place { program: place.program, ..Place::new(folder.path()) };
    for (name, text) in shown(&place) {
        golden::check(name, &text);
    }
}

fn the_desk_is_everywhere(daemon: &Daemon) {
    let client = daemon.client();
    let id = id_of(&ventures::set_up(&client, "Shop"));
    route_and_documents(daemon, &id);
    let place = daemon.place();
    let socket = place.socket();
    let hecate = |args: &[&str]| {
        Program::new(&binaries::hecate(), &place.home)
            .args(["--socket", socket.to_str().unwrap()])
            .args(args)
            .run()
    };
    let help = hecate(&["venture", "--help"]);
    assert!(help.stdout.contains("rename"), "{help:?}");
    let renamed = hecate(&["venture", "rename", &id, "--name", "Market", "--json"]);
    assert_eq!(renamed.code, Some(0), "{renamed:?}");
    assert_eq!(
        serde_json::from_str::<Value>(&renamed.stdout).unwrap()["events"][0]["event_type"],
        "venture_renamed_v1"
    );
    the_form_is_there(place, &client, &id);
    let log = place.log();
    assert!(
        log.lines().any(|line| line.contains("desk") && line.contains("rename_venture")),
        "no span of the desk in\n{log}"
    );
}

/// In the log of the program that knew the first version alone.
fn older_events_are_shown_as_newer(daemon: &Daemon) {
    let client = daemon.client();
    let head = ventures::head(&client) as usize;
    let renamed = |facts: Vec<FactFrame>| -> Vec<FactFrame> {
        facts.into_iter().filter(|fact| fact.fact_type.starts_with("venture_renamed")).collect()
    };
    let before = renamed(daemon.facts_after(0).facts(head));
    assert!(before.len() > 1, "{before:?}");
    for fact in &before {
        assert_eq!((&*fact.fact_type, &fact.data["old_name"]), ("venture_renamed_v2", &Value::Null));
    }
    let id = before[0].data["venture_id"].as_str().unwrap().to_owned();
    let answer = client.post(&below(&id, "rename"), &json!({ "name": "Once more" })).expect(200).json();
    assert_eq!(answer["events"][0]["event_type"], "venture_renamed_v2");
    let after = renamed(daemon.facts_after(head as u64).facts(1));
    assert_eq!(
        after[0].data["old_name"],
        before.last().unwrap().data["name"],
        "the older events were folded"
    );
}

/// The program without the desk does not serve a log that the desk has written.
fn nobody_knows_its_events(place: &Place) {
    let ended = place.program().run();
    assert_eq!(ended.code, Some(78), "{ended:?}");
    for event_type in ["venture_renamed_v1", "venture_renamed_v2"] {
        assert!(ended.stderr.contains(event_type), "{ended:?}");
    }
}

fn route_and_documents(daemon: &Daemon, id: &str) {
    let client = daemon.client();
    let rename = |name: &str| client.post(&below(id, "rename"), &json!({ "name": name }));
    let answer = rename("Fair").expect(200).json();
    assert_eq!(answer["events"][0]["event_type"], "venture_renamed_v1");
    assert_eq!(
        answer["available_actions"],
        json!(["refine_vision", "submit_vision", "rename_venture", "archive_venture"])
    );
    assert_eq!(rename("Fair").expect(422).json()["error"], "same_name");
    assert_eq!(rename(" ").expect(400).json()["details"]["rule"], "blank");
    assert_eq!(daemon.facts_after(0).facts(2)[1].fact_type, "venture_renamed_v1");

    let catalogue: Catalogue = client.get(route::DESKS).expect(200).read();
    let sheet =
        catalogue.desks.iter().find(|desk| desk.name == "rename_venture").expect("it is in the catalogue");
    assert_eq!((sheet.verb.as_str(), sheet.says.as_str()), ("rename", "Rename a venture"));
    assert_eq!(sheet.refusals[0].code, "same_name");
    let document = client.get(route::OPENAPI).expect(200).json();
    assert_eq!(
        document["paths"]["/api/ventures/{venture_id}/rename"]["post"]["operationId"],
        "rename_venture"
    );
}

/// The terminal was built without the desk: it draws the form from the catalogue.
fn the_form_is_there(place: &Place, client: &hecate_tests::http::Client, id: &str) {
    // The read model lists what is open as of its last event.
    let refined = ventures::refine(client, id, "Newly open").expect(200).json();
    let row = ventures::row(client, id, refined["position"].as_u64().unwrap());
    assert!(row.available_actions.contains(&"rename_venture".to_owned()), "{row:?}");
    let mut terminal = Terminal::open(&place.home, &["--socket", place.socket().to_str().unwrap()]);
    terminal.wait_for("live");
    terminal.press("2");
    terminal.wait_for("Shop");
    terminal.press("\r");
    terminal.wait_for("Rename");
    // The third of four.
    terminal.press("jj\r");
    terminal.wait_for("rename venture");
    terminal.press("Bazaar\x13");
    terminal.wait_for("venture_renamed_v1");
}
