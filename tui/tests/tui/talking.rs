//! Talking with a model through the real terminal: streams, ends of every kind, and what a kill must not take.

use crate::{
    fake_daemon::{DEADLINE, FakeDaemon},
    pty::Pty,
    sample,
};
use serde_json::{Value, json};
use std::{path::Path, time::Instant};
use tempfile::TempDir;

const SENT: &str = "\r";
const ESC: &str = "\x1b";
const CTRL_C: &str = "\x03";

fn attached(folder: &Path, daemon: &FakeDaemon) -> Pty {
    let socket = daemon.socket.to_str().unwrap();
    let (state, config) = (folder.join("state"), folder.join("config"));
    let env = [("XDG_STATE_HOME", state.to_str().unwrap()), ("XDG_CONFIG_HOME", config.to_str().unwrap())];
    let pty = Pty::run(&["--socket", socket], &env);
    pty.wait_for("a live chat with a model", |screen| {
        screen.contains("● live") && screen.contains("ollama/camellia")
    });
    pty
}

fn with_a_model() -> (TempDir, FakeDaemon, Pty) {
    let folder = tempfile::tempdir().unwrap();
    let daemon = FakeDaemon::start(folder.path());
    let pty = attached(folder.path(), &daemon);
    (folder, daemon, pty)
}

fn ask(daemon: &FakeDaemon, pty: &mut Pty, question: &str) {
    let before = daemon.questions().len();
    pty.press(&format!("{question}{SENT}"));
    daemon.wait_for("the question", |state| {
        state.asked.iter().filter(|it| it.path == "/api/llm/chat").count() > before
    });
}

#[test]
fn an_answer_streams_and_is_drawn_as_it_comes() {
    let (_folder, daemon, mut pty) = with_a_model();
    ask(&daemon, &mut pty, "iWhat is **tea**?");
    pty.wait_for_text("answering, Ctrl+C stops");
    // A letter of two bytes and a frame, each cut in the middle.
    daemon.say("data: {\"content\": \"## Caf");
    daemon.say("é\\n\\n- **leaves** in\", \"done\": fal");
    daemon.say("se}\n\n: heartbeat\n\n");
    pty.wait_for("a heading and half an item", |screen| {
        screen.contains("Café") && screen.contains("• leaves in")
    });
    daemon.say_chunk(" water\n");
    pty.wait_for_text("• leaves in water");
    daemon.say_done();
    let screen = pty.wait_for_text("12 tokens read, 34 written");
    assert!(screen.contains("What is **tea**?") && !screen.contains("answering"), "{screen}");
    let question = &daemon.questions()[0];
    assert_eq!(
        question,
        &json!({"model": "ollama/camellia", "stream": true,
                "messages": [{"role": "user", "content": "What is **tea**?"}]})
    );
}

#[test]
fn a_prompt_may_have_several_lines() {
    let (_folder, daemon, mut pty) = with_a_model();
    ask(&daemon, &mut pty, "ione\x1b\rtwo\nthree\x1b[200~ and\npasted\x1b[201~");
    assert_eq!(daemon.questions()[0]["messages"][0]["content"], "one\ntwo\nthree and\npasted");
}

#[test]
fn a_stopped_answer_closes_its_connection() {
    for stop in [CTRL_C, "\x1b\x1b[D\x1b"] {
        let (_folder, daemon, mut pty) = with_a_model();
        ask(&daemon, &mut pty, "iTell me");
        daemon.say_chunk("Once upon a time");
        pty.wait_for_text("Once upon a time");
        assert_eq!(daemon.state().answers_left, 0);
        pty.press(stop);
        pty.wait_for_text("stopped");
        daemon.wait_for("the connection's end", |state| state.answers_left == 1);
        pty.wait_for_text("Once upon a time");
    }
}

/// What is faster than it can be drawn waits at the other end, and no key waits for it.
#[test]
fn a_stop_goes_before_a_flood() {
    let (_folder, daemon, mut pty) = with_a_model();
    ask(&daemon, &mut pty, "iTell me");
    (0..4).for_each(|_| daemon.say_chunk(&"flood ".repeat(150_000)));
    daemon.say_chunk("\n\nTHE END");
    pty.wait_for_text("flood flood");
    pty.press(CTRL_C);
    let screen = pty.wait_for_text("stopped");
    assert!(!screen.contains("THE END"), "{screen}");
    daemon.wait_for("the connection's end", |state| state.answers_left == 1);
}

#[test]
fn a_stop_before_the_first_byte_closes_the_connection_too() {
    let (_folder, daemon, mut pty) = with_a_model();
    ask(&daemon, &mut pty, "iTell me");
    pty.press(CTRL_C);
    daemon.wait_for("the connection's end", |state| state.answers_left == 1);
}

#[test]
fn one_can_read_back_while_it_streams() {
    let (_folder, daemon, mut pty) = with_a_model();
    ask(&daemon, &mut pty, "iCount");
    for number in 0..100 {
        daemon.say_chunk(&format!("line {number}\n\n"));
    }
    pty.wait_for_text("line 99");
    // Apart, since together they would be Alt and a letter.
    pty.press(ESC);
    pty.wait_for_text("i write");
    pty.press("g");
    pty.wait_for("the beginning", |screen| screen.contains("Count") && screen.contains("line 0"));
    daemon.say_chunk("line 100\n\n");
    let screen = pty.wait_for_text("2 new lines ↓");
    assert!(screen.contains("line 0") && !screen.contains("line 100"), "{screen}");
    pty.press("G");
    pty.wait_for("the end", |screen| screen.contains("line 100") && !screen.contains("new lines"));
    daemon.say_chunk("line 101\n\n");
    pty.wait_for_text("line 101");
}

#[test]
fn every_bad_end_is_an_error_and_what_came_stays() {
    let failed =
        json!({"error": "provider_error", "message": "It fell over.", "retryable": false, "done": true});
    let cases: [(&str, String); 5] = [
        ("It fell over. (provider_error)", format!("data: {failed}\n\n")),
        ("a part of the answer cannot be read", "data: {\"content\": 7}\n\n".to_owned()),
        ("a line that is no part of a stream", "{\"content\": \"bare\", \"done\": false}\n\n".to_owned()),
        ("the stream ended before the answer did", "data: [DONE]\n\n".to_owned()),
        ("the stream ended before the answer did", String::new()),
    ];
    for (says, bytes) in cases {
        let (_folder, daemon, mut pty) = with_a_model();
        ask(&daemon, &mut pty, "iTell me");
        daemon.say_chunk("Half an answer");
        pty.wait_for_text("Half an answer");
        daemon.say(bytes);
        daemon.break_off();
        let screen = pty.wait_for_text(says);
        assert!(screen.contains("Half an answer"), "{screen}");
    }
}

#[test]
fn a_refused_question_says_why() {
    let (_folder, daemon, mut pty) = with_a_model();
    let refusal =
        sample::refusal("model_not_found", "No provider knows it.", json!({"hint": "Try another."}));
    daemon.change(|state| state.next_answer = Some((404, refusal)));
    ask(&daemon, &mut pty, "iTell me");
    pty.wait_for_text("No provider knows it. (model_not_found) Try another.");
    pty.press(ESC);
    pty.wait_for_text("i write");
    pty.press("r");
    daemon.wait_for("the question again", |state| {
        state.asked.iter().filter(|it| it.path == "/api/llm/chat").count() == 2
    });
}

#[test]
fn a_daemon_that_dies_mid_answer_leaves_an_error_and_the_draft() {
    let (_folder, daemon, mut pty) = with_a_model();
    ask(&daemon, &mut pty, "iTell me");
    daemon.say_chunk("Half an answer");
    pty.wait_for_text("Half an answer");
    pty.press("and then");
    pty.wait_for_text("and then");
    daemon.die();
    let screen = pty.wait_for_text("the answer broke off");
    assert!(screen.contains("Half an answer") && screen.contains("and then"), "{screen}");
    daemon.come_up();
    pty.wait_for_text("● live");
    daemon.wait_for("the models again", |state| {
        state.asked.iter().filter(|it| it.path == "/api/llm/models").count() == 2
    });
    ask(&daemon, &mut pty, "");
    assert_eq!(daemon.questions()[1]["messages"][2]["content"], "and then");
}

/// Waits until the journal holds a draft to which text was only ever appended. What is in a file survives a kill.
fn wait_for_draft(journal: &Path, draft: &str) {
    let until = Instant::now() + DEADLINE;
    let held = || {
        let lines = std::fs::read_to_string(journal).unwrap_or_default();
        let changes = lines.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
        changes.filter_map(|change| change["put"].as_str().map(str::to_owned)).collect::<String>()
    };
    while held() != draft {
        assert!(Instant::now() < until, "the journal holds {:?}", held());
        std::thread::yield_now();
    }
}

#[test]
fn a_draft_prompts_and_the_model_survive_a_kill() {
    let (folder, daemon, mut pty) = with_a_model();
    ask(&daemon, &mut pty, "\ti first question");
    daemon.say_chunk("An answer.");
    daemon.say_done();
    pty.wait_for_text("12 tokens read");
    pty.press("a half-written\nsecond question");
    pty.wait_for_text("second question");
    wait_for_draft(&folder.path().join("state/hecate/draft-0.journal"), "a half-written\nsecond question");
    pty.kill();
    drop(pty);
    let mut pty = Pty::run(
        &["--socket", daemon.socket.to_str().unwrap()],
        &[("XDG_STATE_HOME", folder.path().join("state").to_str().unwrap())],
    );
    let screen = pty.wait_for("the draft and the model", |screen| {
        screen.contains("a half-written")
            && screen.contains("second question")
            && screen.contains("ollama/oolong")
    });
    assert!(screen.contains("● live") || screen.contains("connecting"), "{screen}");
    pty.press("i\x1b[A\x1b[A");
    pty.wait_for("the prompt before", |screen| {
        screen.contains(" first question") && !screen.contains("half-written")
    });
    pty.press("\x1b[B");
    pty.wait_for_text("a half-written");
}

#[test]
fn an_edited_personality_counts_at_the_next_question() {
    let (folder, daemon, mut pty) = with_a_model();
    let config = folder.path().join("config/hecate");
    std::fs::create_dir_all(config.join("roles")).unwrap();
    std::fs::write(config.join("roles/pirate.md"), "Say arr.").unwrap();
    pty.press(":roles\r");
    pty.wait_for_text("about 2 tokens in every question");
    pty.press(ESC);
    pty.wait_for_text("i write");
    pty.press(":role pirate\r");
    pty.wait_for_text("playing pirate");
    std::fs::write(config.join("personality.md"), "Be kind.").unwrap();
    ask(&daemon, &mut pty, "iHello");
    let system = |question: &Value| {
        let all = question["messages"].as_array().unwrap().clone();
        all.into_iter()
            .filter(|it| it["role"] == "system")
            .map(|it| it["content"].clone())
            .collect::<Vec<_>>()
    };
    assert_eq!(system(&daemon.questions()[0]), ["Be kind.", "Say arr."]);
}

#[test]
fn json_on_a_terminal_cannot_steer_it_either() {
    let folder = tempfile::tempdir().unwrap();
    let daemon = FakeDaemon::start(folder.path());
    daemon.say_chunk("a\u{9b}31m\u{202e}b");
    daemon.say_done();
    let socket = daemon.socket.to_str().unwrap();
    let state = folder.path().to_str().unwrap();
    let pty = Pty::run(&["ask", "--socket", socket, "--json", "What?"], &[("XDG_STATE_HOME", state)]);
    pty.wait_for_text(r"a\u009b31m\u202eb");
}

#[test]
fn what_a_model_writes_cannot_steer_the_terminal() {
    let (_folder, daemon, mut pty) = with_a_model();
    ask(&daemon, &mut pty, "iTell me");
    daemon.say_chunk("a\u{1b}]0;owned\u{7}b &#27;[2J \u{202e}c\u{9b}31m\n\nend of it");
    pty.wait_for_text("end of it");
    let text = String::from_utf8(pty.bytes()).unwrap();
    assert!(!text.contains("\x1b]0;") && !text.contains('\u{202e}') && !text.contains('\u{9b}'), "{text:?}");
}
