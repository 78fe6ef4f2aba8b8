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
    open now: venture refine-vision
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
    VENTURE ID                    NAME        BRIEF                                 VISIBILITY  REVISION  STATUS LABEL  SETUP AT              UPDATED AT
    v-01J8ZC0000000000000000000A  Greenhouse  Grows tomatoes where there is no sun  realm       0         Setup         2026-08-22T10:00:00Z  2026-08-22T10:00:00Z
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
fn a_refusal_says_what_is_missing_and_what_is_open_in_the_words_of_the_command_line() {
    let (_folder, daemon) = daemon();
    let details = json!({"missing": ["an event of order", "an event of bill"], "status": 5,
        "status_label": "Active", "available_actions": ["refine_vision", "unheard_of"], "open_incidents": ["inc-1"]});
    let refusal = sample::refusal("design_incomplete", "A design has more than that.", details);
    daemon.change(|state| state.next_answer = Some((422, refusal)));
    let (code, _, err) = hecate(&daemon, &["venture", "archive", VENTURE]);
    assert_eq!(code, 1);
    insta::assert_snapshot!(err, @r"
    design_incomplete: A design has more than that.
    missing: an event of order; an event of bill
    it is: Active
    open incidents: inc-1
    open now: venture refine-vision, unheard_of
    ");
}

#[test]
fn things_inside_of_a_thing_stand_below_it_once_as_a_table() {
    let (_folder, daemon) = daemon();
    let division =
        |id: &str, state: &str| json!({"division_id": id, "process": "plan", "state": state, "cycle": 1});
    let listed = |name: &str, id: &str, state: &str| {
        let mut row = json!({"name": name});
        row.as_object_mut().unwrap().extend(division(id, state).as_object().unwrap().clone());
        row
    };
    let mut row = sample::row(VENTURE, "Shop", 0, 0);
    row["divisions"] = json!({"orders": division("d-1", "active"), "bills": division("d-2", "paused")});
    row["division_list"] = json!([listed("orders", "d-1", "active"), listed("bills", "d-2", "paused")]);
    daemon.record(row);
    let (_, out, _) = hecate(&daemon, &["venture", "show", VENTURE]);
    assert!(out.contains("available_actions  venture refine-vision, venture submit-vision"), "{out}");
    let (_, below) = out.split_once("\n\n").expect("a table below");
    insta::assert_snapshot!(below, @r"
    division list
    NAME    STATE   CYCLE
    orders  active  1
    bills   paused  1
    ");
    assert_eq!(out.matches("d-1").count() + out.matches("orders").count(), 1, "{out}");
}

#[test]
fn the_doctor_does_not_call_a_daemon_well_of_which_a_part_is_not() {
    let (_folder, daemon) = daemon();
    let mut health = sample::health(true, 7);
    let ailing = [
        ("query_ventures", json!({"status": "degraded", "position": 4, "lag": 300, "says": "disk full"})),
        ("query_plans", json!({"status": "degraded", "parked": 2})),
        ("listeners", json!({"status": "degraded", "dead": 24, "says": "24 facts were given up."})),
        ("query_tests", json!({"status": "starting", "lag": 3})),
    ];
    ailing.into_iter().for_each(|(name, part)| health["components"][name] = part);
    daemon.change(|state| state.health = Some((200, health)));
    let (code, out, _) = hecate(&daemon, &["doctor"]);
    assert_eq!(code, 1, "{out}");
    assert!(!out.contains("All is well"), "{out}");
    assert!(out.contains("query_ventures degraded, 300 behind: disk full"), "{out}");
    assert!(out.contains("not all is well: listeners, query_plans, query_ventures."), "{out}");
    assert!(out.contains("/debug/listeners, then replay or dismiss it"), "{out}");
    assert!(out.contains("`hecate read_model parked query_plans`"), "{out}");
    assert_eq!(out.matches("remedy").count(), 3, "{out}");
    let (code, out, _) = hecate(&daemon, &["doctor", "--json"]);
    assert_eq!((code, serde_json::from_str::<Value>(&out).unwrap()["ok"].clone()), (1, json!(false)));
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
fn json_that_an_option_takes_is_sketched_in_its_help() {
    let (_folder, daemon) = daemon();
    let mut desk = sample::unheard_of_desk();
    desk["body"]["properties"]["frames"] = json!({"type": "array", "description": "Its frames.", "items": {
        "type": "object", "required": ["name"], "properties": {"name": {"type": "string"}, "combs": {"type": "integer"}}}});
    daemon.change(|state| state.extra_desks.push(desk));
    let (_, out, _) = hecate(&daemon, &["hive", "feed", "--help"]);
    assert!(out.contains("Its frames. ([{name: text, combs?: number}])"), "{out}");
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
