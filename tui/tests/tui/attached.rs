//! The terminal attached to a daemon that comes, goes and fails.

use crate::{
    fake_daemon::{Asked, FakeDaemon},
    pty::Pty,
    sample::{self, VENTURE},
};
use serde_json::json;
use tempfile::TempDir;

fn with_one_venture() -> (TempDir, FakeDaemon, Pty) {
    let folder = tempfile::tempdir().unwrap();
    let daemon = FakeDaemon::start(folder.path());
    daemon.record(sample::row(VENTURE, "Greenhouse", 0, 0));
    let mut pty = Pty::attach(&daemon.socket);
    pty.wait_for_text("● live");
    pty.press("2");
    pty.wait_for_text("Greenhouse");
    (folder, daemon, pty)
}

fn following(daemon: &FakeDaemon) -> Vec<String> {
    let state = daemon.state();
    let streams = state.asked.iter().filter(|it| it.path == "/api/facts/stream");
    streams.map(|it| it.headers["last-event-id"].clone()).collect()
}

#[test]
fn the_first_frame_comes_before_the_daemon_answers() {
    let folder = tempfile::tempdir().unwrap();
    let daemon = FakeDaemon::start(folder.path());
    daemon.change(|state| state.silent = true);
    let pty = Pty::attach(&daemon.socket);
    pty.wait_for_text("connecting");
    daemon.wait_for("a first question", |state| !state.asked.is_empty());
    daemon.change(|state| state.silent = false);
    pty.wait_for_text("● live");
}

#[test]
fn facts_move_the_board() {
    let (_folder, daemon, pty) = with_one_venture();
    daemon.record(sample::row("v-2", "Lighthouse", 0, 0));
    pty.wait_for_text("Lighthouse");
    daemon.record(sample::row(VENTURE, "Greenhouse of glass", 1, 1));
    let screen = pty.wait_for_text("Greenhouse of glass");
    assert!(screen.contains("2 facts"), "{screen}");
    let state = daemon.state();
    let read = state.asked.iter().rev().find(|it| it.path.ends_with(VENTURE)).unwrap();
    assert_eq!(read.headers["hecate-min-position"], "3");
}

#[test]
fn a_restarted_daemon_is_found_and_nothing_is_lost_or_doubled() {
    let (_folder, daemon, pty) = with_one_venture();
    daemon.record(sample::row(VENTURE, "Greenhouse", 1, 1));
    pty.wait_for_text("1 fact");
    for turn in 0..5_u64 {
        daemon.die();
        pty.wait_for_text("stale since");
        let version = turn + 2;
        daemon.record(sample::row(VENTURE, &format!("House {turn}"), 0, version));
        daemon.come_up();
        pty.wait_for_text(&format!("House {turn}"));
        pty.wait_for_text(&format!("{} facts", version));
        pty.wait_for_text("● live");
    }
    assert_eq!(following(&daemon), ["1", "2", "3", "4", "5", "6"]);
}

#[test]
fn facts_recorded_while_the_daemon_dies_again_and_again_arrive_once_each() {
    let (_folder, daemon, pty) = with_one_venture();
    let mut version = 0;
    let mut record = |count: u64| {
        for _ in 0..count {
            version += 1;
            daemon.record(sample::row(VENTURE, &format!("House {version}"), 0, version));
        }
    };
    for turn in 0..12 {
        record(turn * 3);
        daemon.die();
        record(turn);
        daemon.come_up();
    }
    let all = 12 * 11 / 2 * 4;
    pty.wait_for_text(&format!("{all} facts"));
    pty.wait_for_text(&format!("House {all}"));
    pty.wait_for_text("● live");
}

#[test]
fn a_starting_daemon_is_shown_as_starting() {
    let folder = tempfile::tempdir().unwrap();
    let daemon = FakeDaemon::start(folder.path());
    daemon.change(|state| state.starting = true);
    let pty = Pty::attach(&daemon.socket);
    pty.wait_for_text("daemon is starting");
    daemon.change(|state| state.starting = false);
    pty.wait_for_text("● live");
}

#[test]
fn a_form_sends_what_was_typed_and_the_board_shows_it() {
    let (_folder, daemon, mut pty) = with_one_venture();
    pty.press("n");
    pty.wait_for_text("setup venture");
    pty.press("Orchard\x13");
    pty.wait_for_text("venture_setup_v1");
    pty.wait_for("the new venture in its details", |screen| screen.contains("╭ Orchard"));
    let state = daemon.state();
    let sent = state.asked.iter().find(|it| it.method == "POST").unwrap();
    assert_eq!(sent.body, json!({"name": "Orchard"}));
    assert!(!sent.headers["idempotency-key"].is_empty());
}

#[test]
fn a_lost_answer_is_asked_for_again_under_the_same_key() {
    let (_folder, daemon, mut pty) = with_one_venture();
    daemon.change(|state| state.lose_next_answer = true);
    pty.press("n");
    pty.wait_for_text("setup venture");
    pty.press("Orchard\x13");
    pty.wait_for_text("venture_setup_v1");
    let posts = posts(&daemon);
    assert!(matches!(keys_of(&posts)[..], [first, second] if first == second), "{posts:#?}");
    assert_eq!(daemon.state().rows.len(), 2);
}

fn posts(daemon: &FakeDaemon) -> Vec<Asked> {
    daemon.state().asked.iter().filter(|it| it.method == "POST").cloned().collect()
}

fn keys_of(posts: &[Asked]) -> Vec<&str> {
    posts.iter().map(|it| it.headers["idempotency-key"].as_str()).collect()
}

#[test]
fn a_time_limit_that_passed_is_asked_about_under_the_same_key() {
    let (_folder, daemon, mut pty) = with_one_venture();
    let late = sample::refusal("timeout", "No answer in time.", json!({}));
    daemon.change(|state| state.hide_next_answer = Some((504, late)));
    pty.press("n");
    pty.wait_for_text("setup venture");
    pty.press("Orchard\x13");
    pty.wait_for_text("venture_setup_v1");
    let posts = posts(&daemon);
    assert!(matches!(keys_of(&posts)[..], [first, second] if first == second), "{posts:#?}");
    assert_eq!(daemon.state().rows.len(), 2);
}

#[test]
fn after_a_fault_of_the_daemon_the_same_form_gives_birth_only_once() {
    let (_folder, daemon, mut pty) = with_one_venture();
    let fault = sample::refusal("internal_error", "Something unexpected happened.", json!({}));
    daemon.change(|state| state.hide_next_answer = Some((500, fault)));
    pty.press("n");
    pty.wait_for_text("setup venture");
    pty.press("Orchard\x13");
    let screen = pty.wait_for_text("no final answer: Something unexpected happened.");
    assert!(screen.contains("the same key goes out"), "{screen}");
    pty.press("\x13");
    pty.wait_for_text("venture_setup_v1");
    let posts = posts(&daemon);
    assert!(matches!(keys_of(&posts)[..], [first, second] if first == second), "{posts:#?}");
    assert_eq!(daemon.state().rows.len(), 2);
}

#[test]
fn each_submission_has_a_key_of_its_own() {
    let (_folder, daemon, mut pty) = with_one_venture();
    for name in ["Orchard", "Windmill"] {
        pty.press("n");
        pty.wait_for_text("setup venture");
        pty.press(&format!("{name}\x13"));
        pty.wait_for("the new venture in its details", |screen| screen.contains(&format!("╭ {name}")));
    }
    let posts = posts(&daemon);
    assert!(matches!(keys_of(&posts)[..], [first, second] if first != second), "{posts:#?}");
}

#[test]
fn a_refusal_stands_on_its_field() {
    let (_folder, daemon, mut pty) = with_one_venture();
    let details = json!({"field": "name", "rule": "blank", "hint": "Give it a name."});
    let refusal = sample::refusal("validation_error", "name is blank", details);
    daemon.change(|state| state.next_answer = Some((400, refusal)));
    pty.press("n");
    pty.wait_for_text("setup venture");
    pty.press("  x\x13");
    let screen = pty.wait_for_text("name is blank (blank)");
    assert!(screen.contains("Give it a name."), "{screen}");
}

#[test]
fn the_tree_is_asked_for_only_while_it_is_shown() {
    let (_folder, daemon, mut pty) = with_one_venture();
    pty.press("3");
    pty.wait_for_text("query_ventures");
    daemon.wait_for("the tree twice", |state| {
        state.asked.iter().filter(|it| it.path == "/debug/tree").count() >= 2
    });
    let refusal = sample::refusal("forbidden", "Only operators look here.", json!({}));
    daemon.change(|state| state.tree = Some((403, refusal)));
    pty.wait_for_text("you may not look into this daemon");
    pty.press("2");
    pty.wait_for_text("Greenhouse");
}

#[test]
fn the_terminal_is_handed_back_after_quit_and_after_a_signal() {
    let (_folder, _daemon, mut pty) = with_one_venture();
    pty.press("q");
    assert_eq!(pty.end(), (0, true));

    let (_folder, _daemon, pty) = with_one_venture();
    let pid = rustix::process::Pid::from_raw(pty.pid() as i32).unwrap();
    rustix::process::kill_process(pid, rustix::process::Signal::TERM).unwrap();
    assert_eq!(pty.end(), (0, true));
}

#[cfg(debug_assertions)]
#[test]
fn the_terminal_is_handed_back_after_a_panic_and_the_panic_can_be_read() {
    let (_folder, _daemon, mut pty) = with_one_venture();
    pty.press(":crash\r");
    pty.wait_for_text("crashed on purpose");
    assert_eq!(pty.end(), (101, true));
}

#[test]
fn a_suspended_terminal_comes_back_whole() {
    let (_folder, _daemon, mut pty) = with_one_venture();
    pty.press("\x1a");
    let pid = rustix::process::Pid::from_raw(pty.pid() as i32).unwrap();
    let stopped = rustix::process::WaitOptions::UNTRACED;
    let (_, status) = rustix::process::waitpid(Some(pid), stopped).unwrap().unwrap();
    assert!(status.stopped(), "{status:?}");
    pty.wait_for("the shell's own screen", |screen| !screen.contains("Greenhouse"));
    rustix::process::kill_process(pid, rustix::process::Signal::CONT).unwrap();
    pty.wait_for_text("Greenhouse");
    pty.press("q");
    assert_eq!(pty.end(), (0, true));
}

#[test]
fn no_colour_and_ascii_are_kept_to() {
    let folder = tempfile::tempdir().unwrap();
    let daemon = FakeDaemon::start(folder.path());
    daemon.record(sample::row(VENTURE, "Greenhouse", 0, 0));
    let args = ["--ascii", "--socket", daemon.socket.to_str().unwrap()];
    let mut pty = Pty::run(&args, &[("NO_COLOR", "1")]);
    pty.press("2");
    pty.wait_for_text("* live");
    pty.press("n");
    pty.wait_for_text("setup venture");
    let bytes = pty.bytes();
    assert!(bytes.is_ascii(), "{}", String::from_utf8_lossy(&bytes));
    let text = String::from_utf8(bytes).unwrap();
    let coloured = text.split("\x1b[").skip(1).filter_map(|rest| rest.split_once('m')).any(|(codes, _)| {
        codes.split(';').any(|code| matches!(code.parse(), Ok(30..=38 | 40..=48 | 90..=107_u8)))
    });
    assert!(!coloured, "{text:?}");
}

#[test]
fn a_window_that_shrinks_and_grows_is_drawn_anew() {
    let (_folder, _daemon, mut pty) = with_one_venture();
    pty.resize(40, 10);
    pty.wait_for_text("Hecate needs 60x16");
    pty.resize(120, 40);
    pty.wait_for("the board", |screen| screen.contains("Greenhouse") && !screen.contains("needs"));
}

#[test]
fn what_would_steer_the_terminal_does_not_reach_it() {
    let (_folder, daemon, pty) = with_one_venture();
    daemon.record(sample::row("v-2", "Evil\u{1b}]0;owned\u{7}\u{202e}name", 0, 0));
    pty.wait_for_text("Evil]0;owned");
    let text = String::from_utf8(pty.bytes()).unwrap();
    assert!(!text.contains("\x1b]0;") && !text.contains('\u{202e}'));
}
