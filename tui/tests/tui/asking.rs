//! `hecate ask` as a program calls it.

use crate::{fake_daemon::FakeDaemon, pty::binary, sample};
use serde_json::{Value, json};
use std::{
    io::{Read, Write},
    path::Path,
    process::{Child, Command, Stdio},
};
use tempfile::TempDir;

fn daemon() -> (TempDir, FakeDaemon) {
    let folder = tempfile::tempdir().unwrap();
    let daemon = FakeDaemon::start(folder.path());
    (folder, daemon)
}

fn asking(folder: &Path, args: &[&str]) -> Command {
    let mut command = Command::new(binary());
    command.arg("ask").arg("--socket").arg(folder.join("daemon.sock")).args(args);
    command.env("XDG_STATE_HOME", folder).env_remove("HECATE_SOCKET");
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

fn start(folder: &Path, args: &[&str]) -> Child {
    asking(folder, args).spawn().unwrap()
}

/// Exit code, stdout and stderr of a question with this on stdin.
fn asked(folder: &Path, args: &[&str], input: &str) -> (Option<i32>, String, String) {
    let mut child = start(folder, args);
    child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (output.status.code(), text(output.stdout), text(output.stderr))
}

#[test]
fn the_answer_comes_on_stdout_and_stdin_follows_the_question() {
    let (folder, daemon) = daemon();
    daemon.say_chunk("Green **leaves**");
    daemon.say_chunk("\nin water.");
    daemon.say_done();
    let args = ["What is this?", "--system", "Be brief.", "--model", "oolong"];
    let (code, out, err) = asked(folder.path(), &args, "tea\n");
    assert_eq!((code, out.as_str(), err.as_str()), (Some(0), "Green **leaves**\nin water.\n", ""));
    let messages = json!([{"role": "system", "content": "Be brief."}, {"role": "user", "content": "What is this?\n\ntea\n"}]);
    assert_eq!(daemon.questions(), [json!({"model": "oolong", "stream": true, "messages": messages})]);
}

#[test]
fn an_answer_that_is_not_all_says_so_on_stderr() {
    for (reason, says) in [
        ("length", "cut off"),
        ("content_filter", "withholds"),
        ("tool_calls", "tools"),
        ("odd\u{1b}[2J", "odd\\u001b[2J"),
    ] {
        let (folder, daemon) = daemon();
        daemon.say_chunk("Half");
        daemon.say(sample::answer_done().replace("\"stop\"", &json!(reason).to_string()));
        daemon.break_off();
        let (code, out, err) = asked(folder.path(), &["What?"], "");
        assert_eq!((code, out.as_str()), (Some(0), "Half\n"), "{err}");
        assert!(err.contains(says) && err.lines().count() == 1, "{err}");
    }
}

#[test]
fn without_a_model_the_usual_one_is_asked() {
    let (folder, daemon) = daemon();
    daemon.say_done();
    daemon.say_done();
    asked(folder.path(), &["Hello"], "");
    std::fs::create_dir(folder.path().join("hecate")).unwrap();
    std::fs::write(folder.path().join("hecate/model"), "ollama/oolong").unwrap();
    asked(folder.path(), &["Hello"], "");
    let models: Vec<Value> = daemon.questions().iter().map(|it| it["model"].clone()).collect();
    assert_eq!(models, ["ollama/camellia", "ollama/oolong"]);
}

#[test]
fn json_is_one_object_when_the_answer_is_whole() {
    let (folder, daemon) = daemon();
    daemon.say("data: {\"content\": \"\", \"thinking\": \"Hm.\", \"done\": false}\n\n");
    daemon.say_chunk("Tea.");
    daemon.say_done();
    let (code, out, _) = asked(folder.path(), &["What?", "--json"], "");
    let answer: Value = serde_json::from_str(&out).unwrap();
    assert_eq!(code, Some(0));
    assert_eq!(
        (&answer["content"], &answer["thinking"], &answer["ok"]),
        (&json!("Tea."), &json!("Hm."), &json!(true))
    );
    assert_eq!(answer["usage"]["completion_tokens"], 34);
}

#[test]
fn an_answer_kept_for_json_has_a_bound() {
    let (folder, daemon) = daemon();
    (0..17).for_each(|_| daemon.say_chunk(&"x".repeat(1_000_000)));
    let (code, out, err) = asked(folder.path(), &["What?", "--json"], "");
    let answer: Value = serde_json::from_str(&out).unwrap();
    assert_eq!((code, &answer["ok"], &answer["error"]), (Some(1), &json!(false), &json!("truncated")));
    assert!(err.contains("longer than"), "{err}");
    daemon.wait_for("the connection's end", |state| state.answers_left == 1);
}

#[test]
fn an_error_in_the_midst_names_the_question_as_the_daemon_knows_it() {
    let (folder, daemon) = daemon();
    let failed = json!({"error": "rate_limited", "message": "Later.", "retryable": true, "done": true});
    daemon.say(format!("data: {failed}\n\n"));
    let (_, out, _) = asked(folder.path(), &["What?", "--json"], "");
    let answer: Value = serde_json::from_str(&out).unwrap();
    let state = daemon.state();
    let question = state.asked.iter().find(|it| it.path == "/api/llm/chat").unwrap();
    assert_eq!(answer["correlation_id"], question.headers["hecate-correlation-id"]);
}

#[test]
fn every_bad_end_has_its_exit_code_and_its_code_on_stderr() {
    let failed = json!({"error": "rate_limited", "message": "Later.", "retryable": true, "done": true});
    for (frames, code, out, err) in [
        (format!("data: {failed}\n\n"), Some(1), "Half", "rate_limited: Later."),
        (String::new(), Some(1), "Half", "truncated: The answer broke off"),
    ] {
        let (folder, daemon) = daemon();
        daemon.say_chunk("Half");
        daemon.say(frames);
        daemon.break_off();
        let ended = asked(folder.path(), &["What?"], "");
        assert_eq!((ended.0, ended.1.trim_end()), (code, out), "{}", ended.2);
        assert!(ended.2.starts_with(err), "{}", ended.2);
    }
    let (folder, daemon) = daemon();
    let refusal = sample::refusal("model_not_found", "No provider knows it.", json!({}));
    daemon.change(|state| state.next_answer = Some((404, refusal)));
    let (code, out, err) = asked(folder.path(), &["What?"], "");
    assert_eq!((code, out.as_str()), (Some(1), ""));
    assert!(err.starts_with("model_not_found: "), "{err}");
    assert_eq!(asked(folder.path(), &[], "").0, Some(2), "nothing to ask");
    assert_eq!(asked(folder.path(), &["--nonsense"], "").0, Some(2));
    daemon.die();
    assert_eq!(asked(folder.path(), &["What?"], "").0, Some(69));
}

#[test]
fn a_reader_that_leaves_closes_the_connection_at_once() {
    for args in [["What?", "--system", "Brief."].as_slice(), &["What?", "--json"]] {
        let (folder, daemon) = daemon();
        let mut child = start(folder.path(), args);
        drop(child.stdin.take());
        daemon.wait_for("the question", |state| state.asked.iter().any(|it| it.path == "/api/llm/chat"));
        daemon.say_chunk("One line\n");
        let mut out = child.stdout.take().unwrap();
        if !args.contains(&"--json") {
            out.read_exact(&mut [0; 9]).unwrap();
        }
        drop(out);
        daemon.wait_for("the connection's end", |state| state.answers_left == 1);
        assert_eq!(child.wait().unwrap().code(), Some(0));
    }
}

#[test]
fn an_answer_that_cannot_be_written_ends_at_once() {
    let (folder, daemon) = daemon();
    let mut command = asking(folder.path(), &["What?"]);
    let full = std::fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
    let child = command.stdin(Stdio::null()).stdout(full).spawn().unwrap();
    daemon.say_chunk("One line\n");
    daemon.wait_for("the connection's end", |state| state.answers_left == 1);
    let ended = child.wait_with_output().unwrap();
    let err = String::from_utf8(ended.stderr).unwrap();
    assert_eq!(ended.status.code(), Some(1), "{err}");
    assert!(err.starts_with("hecate: the result cannot be written") && err.lines().count() == 1, "{err}");
}

#[test]
fn an_interrupt_closes_the_connection() {
    let (folder, daemon) = daemon();
    let mut child = start(folder.path(), &["What?"]);
    drop(child.stdin.take());
    daemon.say_chunk("Half");
    let mut half = [0; 4];
    child.stdout.as_mut().unwrap().read_exact(&mut half).unwrap();
    assert_eq!(&half, b"Half", "it streams");
    let pid = rustix::process::Pid::from_raw(child.id() as i32).unwrap();
    rustix::process::kill_process(pid, rustix::process::Signal::INT).unwrap();
    assert!(!child.wait().unwrap().success());
    daemon.wait_for("the connection's end", |state| state.answers_left == 1);
}
