//! `hecate` against the real daemon: in a real terminal, and as a program that other programs call.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use hecate_proto::answer::CommandAnswer;
use hecate_tests::binaries;
use hecate_tests::daemon::{Daemon, Place};
use hecate_tests::http::{Client, Request};
use hecate_tests::patience::until;
use hecate_tests::program::{Ended, Program};
use hecate_tests::pty::Terminal;
use hecate_tests::ventures::{self, VENTURES, below, id_of};
use serde_json::{Value, json};
use std::path::{Path, PathBuf};
use std::process::Stdio;

const CTRL_S: &str = "\x13";

fn attach(place: &Place) -> Terminal {
    Terminal::open(&place.home, &["--socket", place.socket().to_str().unwrap()])
}

/// `hecate` with a socket and arguments, to its end.
fn hecate(place: &Place, args: &[&str]) -> Ended {
    let socket = place.socket();
    Program::new(&binaries::hecate(), &place.home)
        .args(["--socket", socket.to_str().unwrap()])
        .args(args)
        .run()
}

#[test]
fn the_board_moves_with_what_others_do() {
    let folder = tempfile::tempdir().unwrap();
    let daemon = Daemon::start(folder.path());
    let client = daemon.client();
    let mut terminal = attach(daemon.place());
    terminal.wait_for("live");
    terminal.press("2");
    let shop = ventures::set_up(&client, "Tea shop");
    terminal.wait_for("Tea shop");
    ventures::refine(&client, &id_of(&shop), "Sells tea").expect(200);
    terminal.wait_for("Refined");
    client.post(&below(&id_of(&shop), "vision/submit"), &json!({})).expect(200);
    terminal.wait_for("Submitted");
    client.post(&below(&id_of(&shop), "archive"), &json!({})).expect(200);
    terminal.wait_until("an empty board", |screen| !screen.contains("Tea shop"));
    terminal.press("3");
    terminal.wait_for("query_ventures");
    terminal.press("q");
    assert_eq!(terminal.exit_code(), 0);
}

#[test]
fn a_form_sets_a_venture_up() {
    let folder = tempfile::tempdir().unwrap();
    let daemon = Daemon::start(folder.path());
    let mut terminal = attach(daemon.place());
    terminal.wait_for("live");
    terminal.press("2");
    terminal.press_until("n", "setup venture");
    terminal.press(&format!("Greenhouse{CTRL_S}"));
    terminal.wait_for("venture_setup_v1");
    terminal.wait_for("Greenhouse");
    let rows = ventures::every_row(&daemon.client(), 1);
    assert_eq!((rows.len(), rows[0].name.as_str()), (1, "Greenhouse"));
}

#[test]
fn a_terminal_outlives_its_daemon_and_misses_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let daemon = Daemon::start(folder.path());
    ventures::set_up(&daemon.client(), "Before");
    let mut terminal = attach(daemon.place());
    terminal.wait_for("live");
    terminal.press("2");
    terminal.wait_for("Before");
    let place = daemon.kill();
    terminal.wait_for("stale");
    let daemon = place.start();
    ventures::set_up(&daemon.client(), "After");
    terminal.wait_for("After");
    terminal.wait_for("live");
    terminal.press_until("n", "setup venture");
    terminal.press(&format!("From the same terminal{CTRL_S}"));
    terminal.wait_for("venture_setup_v1");
    assert_eq!(ventures::head(&daemon.client()), 3);
}

#[test]
fn verbs_walk_a_venture_to_its_end() {
    let folder = tempfile::tempdir().unwrap();
    let daemon = Daemon::start(folder.path());
    let place = daemon.place();
    let run = |args: &[&str]| -> Value {
        let ended = hecate(place, args);
        assert_eq!((ended.code, ended.stderr.as_str()), (Some(0), ""), "{args:?}: {ended:?}");
        serde_json::from_str(&ended.stdout).unwrap()
    };
    let born: CommandAnswer =
        serde_json::from_value(run(&["venture", "setup", "--name", "Shop", "--json"])).unwrap();
    let id = id_of(&born);
    let refine =
        ["venture", "refine-vision", &id, "--brief", "Tea", "--skills", "rust", "--skills", "sql", "--json"];
    assert_eq!(run(&refine)["status_label"], "Refined");
    assert_eq!(run(&["venture", "submit-vision", &id, "--if-match", "1", "--json"])["version"], 2);
    assert_eq!(run(&["venture", "archive", &id, "--reason", "Sold", "--json"])["status"], 99);
    let row = run(&["venture", "show", &id, "--min-position", "4", "--json"]);
    assert_eq!(
        (&row["venture"]["name"], &row["venture"]["skills"]),
        (&json!("Shop"), &json!(["rust", "sql"]))
    );
    assert_eq!(run(&["venture", "list", "--json"])["ventures"], json!([]));
    assert_eq!(run(&["venture", "list", "--include-archived", "--json"])["ventures"][0]["venture_id"], id);
    assert_eq!(run(&["venture", "vision", &id, "--json"])["vision"][0]["revision"], 1);
}

#[test]
fn verbs_speak_plainly_and_end_with_their_codes() {
    let folder = tempfile::tempdir().unwrap();
    let daemon = Daemon::start(folder.path());
    let place = daemon.place().clone();
    let help = hecate(&place, &["venture", "--help"]);
    assert_eq!(help.code, Some(0), "{help:?}");
    for verb in ["setup", "refine-vision", "submit-vision", "archive", "list", "show", "vision"] {
        assert!(help.stdout.contains(verb), "{verb} is missing in\n{}", help.stdout);
    }
    let spoken = hecate(&place, &["venture", "setup", "--name", "Shop"]);
    assert!(spoken.code == Some(0) && spoken.stdout.contains("venture_setup_v1"), "{spoken:?}");

    let refused = hecate(&place, &["venture", "archive", ventures::NOBODY]);
    assert!(refused.code == Some(1) && refused.stderr.starts_with("venture_not_found"), "{refused:?}");
    let as_json = hecate(&place, &["venture", "archive", ventures::NOBODY, "--json"]);
    assert_eq!(as_json.code, Some(1));
    assert_eq!(serde_json::from_str::<Value>(&as_json.stdout).unwrap()["error"], "venture_not_found");
    for wrong in [
        &["venture", "dance"][..],
        &["venture", "setup"],
        &["castle", "list"],
        &["venture", "setup", "--colour", "red"],
    ] {
        assert_eq!(hecate(&place, wrong).code, Some(2), "{wrong:?}");
    }
    assert_eq!(daemon.terminate().0, Some(0));
    assert_eq!(hecate(&place, &["venture", "list"]).code, Some(69));
    assert_eq!(hecate(&place, &["doctor"]).code, Some(69));
}

#[test]
fn what_is_watched_fits_the_terminal_and_stays_in_its_place() {
    let folder = tempfile::tempdir().unwrap();
    let daemon = Daemon::start(folder.path());
    let socket = daemon.place().socket();
    let words = ["--socket", socket.to_str().unwrap(), "debug", "tree", "--watch"];
    let terminal = Terminal::open(&daemon.place().home, &words);
    let left_out = |screen: &str| {
        let last = screen.strip_prefix("NAME ")?.trim_end().lines().last()?;
        last.strip_prefix("… ")?.strip_suffix(" more")?.parse::<u64>().ok()
    };
    let whole = "the tree from its root to as far as there is room";
    let before = left_out(&terminal.wait_until(whole, |screen| left_out(screen).is_some()));
    // The venture's actor is one more, below what fits.
    ventures::set_up(&daemon.client(), "Watched");
    terminal.wait_until("another picture in the same place", |screen| left_out(screen) > before);
}

#[test]
fn what_is_not_there_yet_names_the_step_before_it() {
    let folder = tempfile::tempdir().unwrap();
    let daemon = Daemon::start(folder.path());
    let place = daemon.place();
    let nobody = "d-01ARZ3NDEKTSV4RRFFQ69G5FAV";
    for (words, before) in [
        (["discovery", "start", ventures::NOBODY], "Submit the vision of a venture"),
        (["design", "start", nobody], "Discover a division"),
        (["plan", "start", nobody], "Complete the design"),
        (["deployment", "start", nobody], "Complete the testing"),
    ] {
        let refused = hecate(place, &words);
        let hint = format!("hint: It begins with the step before: {before}.");
        assert!(refused.code == Some(1) && refused.stderr.contains(&hint), "{refused:?}");
    }
    for (name, rule) in [("\u{200b}", "blank"), ("a\u{0b}b", "pattern"), ("\u{1b}[31mred", "pattern")] {
        let refused = hecate(place, &["venture", "setup", "--name", name]);
        assert!(refused.stderr.contains(&format!("field: name ({rule})")), "{name:?}: {refused:?}");
    }
}

#[test]
fn up_starts_a_daemon_once_and_down_ends_it() {
    let folder = tempfile::tempdir().unwrap();
    let home = folder.path();
    let socket = home.join("run/daemon.sock");
    let run = |args: &[&str]| -> Ended {
        Program::new(&binaries::hecate(), home)
            .env("HECATE_SOCKET", &socket)
            .env("HECATE_DATA_DIR", home.join("data"))
            .args(args)
            .run()
    };
    let guard = Down { program: binaries::hecate(), home, socket: &socket };
    assert_eq!(run(&["down"]).code, Some(1), "there is nothing to stop yet");
    let up = run(&["up"]);
    assert!(up.code == Some(0) && up.stdout.contains("ready"), "{up:?}");
    let client = Client::new(&socket);
    let pid = || client.get("/api/health").expect(200).json()["pid"].clone();
    let first = pid();
    assert_eq!(run(&["up"]).code, Some(0));
    assert_eq!(pid(), first, "a daemon that answers is not started again");
    ventures::set_up(&client, "Shop");

    let doctor = run(&["doctor", "--json"]);
    assert_eq!(doctor.code, Some(0), "{doctor:?}");
    let found: Value = serde_json::from_str(&doctor.stdout).unwrap();
    assert_eq!((&found["ok"], &found["tried"][0]["health"]["pid"]), (&json!(true), &first));
    assert_eq!(found["tried"][0]["file"]["mode"], "0660");

    let down = run(&["down"]);
    assert_eq!(down.code, Some(0), "{down:?}");
    assert!(client.try_ask(&Request::get(VENTURES)).is_err());
    assert_eq!(run(&["up"]).code, Some(0));
    assert_eq!(ventures::head(&client), 1, "the same data");
    drop(guard);
    until("the end of the daemon", || client.try_ask(&Request::get(VENTURES)).is_err().then_some(()));
}

/// Whatever the test's end, what `up` started is stopped.
struct Down<'a> {
    program: PathBuf,
    home: &'a Path,
    socket: &'a Path,
}

impl Drop for Down<'_> {
    fn drop(&mut self) {
        let down = Program::new(&self.program, self.home).env("HECATE_SOCKET", self.socket).args(["down"]);
        // There may be nothing left to stop; `down` is bounded in time by itself.
        let _ = down.into_command().stdout(Stdio::null()).stderr(Stdio::null()).status();
    }
}

#[test]
fn up_in_a_terminal_attaches() {
    let folder = tempfile::tempdir().unwrap();
    let place = Place::new(folder.path());
    let daemon = place.start();
    let mut terminal = Terminal::open(&place.home, &["--socket", place.socket().to_str().unwrap(), "up"]);
    terminal.wait_for("live");
    terminal.press("q");
    assert_eq!(terminal.exit_code(), 0);
    drop(daemon);
}
