//! `hecate NOUN VERB`: outputs and exits.

use crate::{
    fake_daemon::FakeDaemon,
    pty::binary,
    sample::{self, VENTURE},
};
use serde_json::{Value, json};
use std::process::{Command, Output};
use tempfile::TempDir;

fn daemon() -> (TempDir, FakeDaemon) {
    let folder = tempfile::tempdir().unwrap();
    let daemon = FakeDaemon::start(folder.path());
    daemon.record(sample::row(VENTURE, "Greenhouse", 0, 0));
    (folder, daemon)
}

fn hecate(daemon: &FakeDaemon, args: &[&str]) -> (i32, String, String) {
    let Output { status, stdout, stderr } =
        Command::new(binary()).args(args).env("HECATE_SOCKET", &daemon.socket).output().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (status.code().unwrap(), text(stdout), text(stderr))
}

#[test]
fn a_command_says_what_it_recorded() {
    let (_folder, daemon) = daemon();
    let args = [
        "venture",
        "setup",
        "--name",
        "Orchard",
        "--repos",
        "a",
        "--repos",
        "b, c",
        "--visibility",
        "public",
    ];
    let (code, out, err) = hecate(&daemon, &args);
    assert_eq!((code, err.as_str()), (0, ""));
    insta::assert_snapshot!(out, @r"
    venture_setup_v1
    v-00000000000000000000000002 is Setup (version 0, position 2)
    open now: refine_vision
    ");
    let body = daemon.state().asked.last().unwrap().body.clone();
    assert_eq!(body, json!({"name": "Orchard", "repos": ["a", "b, c"], "visibility": "public"}));
}

#[test]
fn flags_of_our_own_become_headers() {
    let (_folder, daemon) = daemon();
    let args = [
        "venture",
        "refine-vision",
        VENTURE,
        "--brief",
        "-- more",
        "--if-match",
        "0",
        "--idempotency-key",
        "k1",
        "--actor",
        "ada",
        "--json",
    ];
    let (code, out, _) = hecate(&daemon, &args);
    assert_eq!(code, 0);
    let answer: Value = serde_json::from_str(&out).unwrap();
    assert_eq!(answer["version"], 1);
    let asked = daemon.state().asked.last().unwrap().clone();
    assert_eq!(asked.path, format!("/api/ventures/{VENTURE}/vision/refine"));
    for (name, value) in [("if-match", "0"), ("idempotency-key", "k1"), ("hecate-actor", "ada")] {
        assert_eq!(asked.headers[name], value);
    }
    assert_eq!(asked.body, json!({"brief": "-- more"}));
}

#[test]
fn queries_are_tables_and_lists() {
    let (_folder, daemon) = daemon();
    let (code, out, _) =
        hecate(&daemon, &["venture", "list", "--include-archived", "--limit", "7", "--min-position", "1"]);
    assert_eq!(code, 0);
    insta::assert_snapshot!(out, @r"
    VENTURE ID                    NAME        BRIEF                                 REVISION  STATUS LABEL  UPDATED AT
    v-01J8ZC0000000000000000000A  Greenhouse  Grows tomatoes where there is no sun  0         Setup         2026-08-22T10:00:00.000000Z
    ");
    let asked = daemon.state().asked.last().unwrap().clone();
    assert_eq!(asked.path, "/api/ventures?limit=7&include_archived=true");
    assert_eq!(asked.headers["hecate-min-position"], "1");
    let (code, out, _) = hecate(&daemon, &["venture", "show", VENTURE]);
    assert_eq!(code, 0);
    insta::assert_snapshot!("one_venture", out);
}

#[test]
fn a_refusal_ends_with_1_and_its_code_on_stderr() {
    let (_folder, daemon) = daemon();
    let details = json!({"field": "name", "rule": "blank", "hint": "Give it a name."});
    let refusal = sample::refusal("validation_error", "name is blank", details);
    daemon.change(|state| state.next_answer = Some((400, refusal)));
    let (code, out, err) = hecate(&daemon, &["venture", "setup", "--name", " "]);
    assert_eq!((code, out.as_str()), (1, ""));
    insta::assert_snapshot!(err, @r"
    validation_error: name is blank
    field: name (blank)
    hint: Give it a name.
    ");
}

#[test]
fn what_cannot_be_understood_ends_with_2() {
    let (_folder, daemon) = daemon();
    for args in [
        &["venture", "setup"][..],
        &["venture", "setup", "--name", "x", "--visibility", "everywhere"],
        &["venture", "setup", "--name", "x", "--context-map", "{"],
        &["venture", "setup", "--name", "x", "--context-map", r#"{"a":1,"a":2}"#],
        &["venture", "setup", "--name", "x", "--unheard-of", "y"],
        &["venture", "fly"],
        &["venture"],
        &["venture", "list", "--limit", "many"],
        &["--unheard-of"],
    ] {
        let (code, out, err) = hecate(&daemon, args);
        assert_eq!((code, out.as_str()), (2, ""), "{args:?}: {err}");
        assert!(!err.is_empty());
    }
    assert!(!daemon.state().asked.iter().any(|it| it.method == "POST"));
}

#[test]
fn a_command_whose_outcome_is_unknown_names_the_key_that_tells_it() {
    let (_folder, daemon) = daemon();
    let setup = ["venture", "setup", "--name", "Orchard"];
    daemon.change(|state| state.lose_next_answer = true);
    let (code, _, err) = hecate(&daemon, &setup);
    assert_eq!(code, 69);
    let key = daemon.state().asked.last().unwrap().headers["idempotency-key"].clone();
    let says = format!("outcome unknown; repeat with --idempotency-key {key} to learn it");
    assert!(err.contains(&says), "{err}");
    let (code, out, err) = hecate(&daemon, &[&setup[..], &["--idempotency-key", &key]].concat());
    assert_eq!((code, err.as_str()), (0, ""));
    assert!(out.contains("version 0, position 2"), "{out}");
    let timeout = sample::refusal("command_timeout", "No answer in time.", json!({}));
    for (status, unknown) in [(500, true), (504, true), (503, false), (409, false)] {
        daemon.change(|state| state.next_answer = Some((status, timeout.clone())));
        let (code, _, err) = hecate(&daemon, &setup);
        assert_eq!((code, err.contains("outcome unknown")), (1, unknown), "{status}: {err}");
    }
    let keys: std::collections::BTreeSet<String> =
        daemon.state().asked.iter().filter_map(|it| it.headers.get("idempotency-key").cloned()).collect();
    assert_eq!(keys.len(), 5, "each command has a key of its own");
}

#[test]
fn a_name_cannot_deceive_whoever_reads_it() {
    let (_folder, daemon) = daemon();
    daemon.record(sample::row(VENTURE, "Gr\u{202e}een\u{200b}ho\u{1b}use\u{2066}", 0, 0));
    for args in [&["venture", "list"][..], &["venture", "show", VENTURE]] {
        let (_, out, _) = hecate(&daemon, args);
        assert!(out.contains("Greenho use"), "{out:?}");
    }
}

#[test]
fn a_result_that_cannot_be_written_is_not_done() {
    let (_folder, daemon) = daemon();
    for args in [&["venture", "list"][..], &["venture", "list", "--json"], &["version"], &["--help"]] {
        let full = std::fs::File::options().write(true).open("/dev/full").unwrap();
        let run = Command::new(binary())
            .args(args)
            .env("HECATE_SOCKET", &daemon.socket)
            .stdout(full)
            .output()
            .unwrap();
        let err = String::from_utf8(run.stderr).unwrap();
        assert_eq!(run.status.code(), Some(1), "{args:?}: {err}");
        assert!(err.contains("the result cannot be written"), "{err}");
    }
}

#[test]
fn help_is_a_word_too() {
    let (_folder, daemon) = daemon();
    let (code, out, err) = hecate(&daemon, &["help"]);
    assert_eq!((code, err.as_str()), (0, ""));
    assert_eq!(out, hecate(&daemon, &["--help"]).1);
}

#[test]
fn a_daemon_that_hangs_is_named_soon() {
    let folder = tempfile::tempdir().unwrap();
    let mute = FakeDaemon::absent(folder.path());
    let _listener = std::os::unix::net::UnixListener::bind(&mute.socket).unwrap();
    for args in [&["venture", "list"][..], &["venture", "--help"], &["doctor"]] {
        let (code, out, err) = hecate(&mute, args);
        assert_eq!(code, 69);
        assert!((out + &err).contains("accepts but does not answer within 2 s"), "{args:?}");
    }
}

#[test]
fn no_daemon_ends_with_69() {
    let folder = tempfile::tempdir().unwrap();
    let nobody = FakeDaemon::absent(folder.path());
    for args in [&["venture", "list"][..], &["doctor"], &["doctor", "--json"]] {
        let (code, ..) = hecate(&nobody, args);
        assert_eq!(code, 69, "{args:?}");
    }
}

#[test]
fn help_comes_from_the_catalogue_also_for_a_desk_never_seen_before() {
    let (_folder, daemon) = daemon();
    daemon.change(|state| state.extra_desks.push(sample::unheard_of_desk()));
    let (code, out, _) = hecate(&daemon, &["venture", "--help"]);
    assert_eq!(code, 0);
    assert!(out.contains("refine-vision") && out.contains("Put the venture away"), "{out}");
    let (code, out, _) = hecate(&daemon, &["hive", "feed", "--help"]);
    assert_eq!(code, 0);
    assert!(out.contains("--litres <NUMBER>") && out.contains("How much. (1–20)"), "{out}");
    let (code, ..) = hecate(&daemon, &["hive", "feed", "--litres", "2", "--syrup", "one_to_one", "--winter"]);
    assert_eq!(code, 0);
    let asked = daemon.state().asked.last().unwrap().clone();
    assert_eq!(asked.body, json!({"litres": 2, "syrup": "one_to_one", "winter": true}));
}

#[test]
fn the_socket_may_be_named_after_the_verb() {
    let (_folder, daemon) = daemon();
    let socket = daemon.socket.to_str().unwrap();
    let out = Command::new(binary()).args(["venture", "list", "--socket", socket]).output().unwrap();
    assert!(out.status.success(), "{out:?}");
}

#[test]
fn the_doctor_finds_a_daemon_and_names_troubles() {
    let (folder, daemon) = daemon();
    let (code, out, _) = hecate(&daemon, &["doctor"]);
    assert_eq!(code, 0);
    assert!(out.contains("answers   ready after") && out.contains("All is well"), "{out}");
    let (_, out, _) = hecate(&daemon, &["doctor", "--json"]);
    let report: Value = serde_json::from_str(&out).unwrap();
    assert_eq!(report["tried"][0]["health"]["version"], "0.1.0");

    drop(std::os::unix::net::UnixListener::bind(folder.path().join("stale.sock")).unwrap());
    let stale = FakeDaemon { socket: folder.path().join("stale.sock"), ..FakeDaemon::absent(folder.path()) };
    let (code, out, _) = hecate(&stale, &["doctor"]);
    assert_eq!(code, 69);
    assert!(out.contains("a socket that nobody listens on"), "{out}");
    let file = FakeDaemon { socket: folder.path().join("file"), ..FakeDaemon::absent(folder.path()) };
    std::fs::write(&file.socket, "").unwrap();
    let (_, out, _) = hecate(&file, &["doctor"]);
    assert!(out.contains("this is no socket"), "{out}");
}

#[test]
fn a_script_learns_which_socket_answers() {
    let (folder, daemon) = daemon();
    let socket = daemon.socket.to_str().unwrap();
    let (code, out, err) = hecate(&daemon, &["doctor", "--path"]);
    assert_eq!((code, out, err), (0, format!("{socket}\n"), String::new()));
    let (_, out, _) = hecate(&daemon, &["doctor", "--json"]);
    assert_eq!(serde_json::from_str::<Value>(&out).unwrap()["socket"], socket);

    let nobody =
        FakeDaemon { socket: folder.path().join("nobody.sock"), ..FakeDaemon::absent(folder.path()) };
    assert_eq!(hecate(&nobody, &["doctor", "--path"]), (69, String::new(), String::new()));
    let (_, out, _) = hecate(&nobody, &["doctor", "--json"]);
    assert_eq!(serde_json::from_str::<Value>(&out).unwrap().get("socket"), Some(&Value::Null));
    let (code, ..) = hecate(&daemon, &["doctor", "--path", "--json"]);
    assert_eq!(code, 2);
}

#[test]
fn an_empty_variable_of_the_environment_counts_as_absent() {
    let folder = tempfile::tempdir().unwrap();
    let tried = |empty: bool| {
        let mut command = Command::new(binary());
        command.args(["doctor", "--json"]).env("HOME", folder.path());
        for name in ["HECATE_SOCKET", "XDG_RUNTIME_DIR", "XDG_STATE_HOME"] {
            if empty {
                command.env(name, "")
            } else {
                command.env_remove(name)
            };
        }
        let report: Value = serde_json::from_slice(&command.output().unwrap().stdout).unwrap();
        let sockets = report["tried"].as_array().unwrap().iter();
        sockets.map(|it| it["socket"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(tried(true), tried(false));
    assert_eq!(tried(true)[1..], [folder.path().join(".hecate/daemon.sock").to_str().unwrap().to_owned()]);
}

#[test]
fn a_listener_that_tells_no_health_is_no_daemon() {
    let (_folder, daemon) = daemon();
    let refusal = sample::refusal("not_found", "No such route.", json!({}));
    daemon.change(|state| state.health = Some((404, refusal)));
    let (code, out, _) = hecate(&daemon, &["doctor"]);
    assert_eq!(code, 69);
    assert!(out.contains("asked for its health, it answers 404"), "{out}");
}

#[test]
fn without_a_terminal_nothing_attaches() {
    let (_folder, daemon) = daemon();
    let (code, out, err) = hecate(&daemon, &[]);
    assert_eq!((code, out.as_str()), (2, ""));
    assert!(err.contains("no terminal"), "{err}");
}
