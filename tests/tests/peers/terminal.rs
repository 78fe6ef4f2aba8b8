//! `hecate` and a real engine: in a real terminal, and as a pipe.

use crate::house::House;
use crate::peer::{Answers, MODEL};
use hecate_proto::llm::ChatAnswer;
use hecate_tests::binaries;
use hecate_tests::program::{Ended, Program};
use hecate_tests::pty::Terminal;

const CTRL_C: &str = "\x03";
const ESCAPE: &str = "\x1b";

fn ask(house: &House, args: &[&str]) -> Ended {
    let place = house.daemon.place();
    let hecate = Program::new(&binaries::hecate(), &place.home);
    hecate.args(["--socket", place.socket().to_str().unwrap(), "ask"]).args(args).run()
}

#[test]
#[ignore = "no peers installed; .ci/run installs them"]
fn a_terminal_shows_an_answer_as_it_comes_and_stops_it() {
    let house = House::with_engine(Answers::Endless);
    let place = house.daemon.place();
    let mut terminal = Terminal::open(&place.home, &["--socket", place.socket().to_str().unwrap()]);
    terminal.wait_until("a live chat with the engine", |screen| {
        screen.contains("live") && screen.contains(MODEL)
    });
    terminal.press("iWhat do you say?\r");
    terminal.wait_for("hello hello hello");
    house.engine.wait_for_busy_slots(1);
    terminal.press(CTRL_C);
    terminal.wait_for("stopped");
    house.engine.wait_for_busy_slots(0);
    assert_eq!(house.engine.stopped_early(), 1);
    terminal.wait_for("hello hello hello");
    // The question has long left the screen. Escape alone, since with a letter it would be Alt.
    terminal.press(ESCAPE);
    terminal.wait_for("i write");
    terminal.press("g");
    terminal.wait_for("What do you say?");
}

/// The tiny model draws its words by lot, and now and then draws the end first.
fn until_it_says_something<T>(ask: impl Fn() -> T, says: impl Fn(&T) -> bool) -> T {
    let said = (0..10).map(|_| ask()).find(says);
    said.unwrap_or_else(|| panic!("ten times nothing"))
}

#[test]
#[ignore = "no peers installed; .ci/run installs them"]
fn a_pipe_prints_an_answer() {
    let house = House::with_engine(Answers::Brief);
    let plain = || {
        let ended = ask(&house, &["--model", MODEL, "Say something"]);
        assert_eq!((ended.code, ended.stderr.as_str()), (Some(0), ""), "{ended:?}");
        ended
    };
    until_it_says_something(plain, |ended| !ended.stdout.trim().is_empty());
    let as_json = || {
        let ended = ask(&house, &["--json", "Say something"]);
        assert_eq!(ended.code, Some(0), "{ended:?}");
        serde_json::from_str::<ChatAnswer>(&ended.stdout).unwrap()
    };
    let answer = until_it_says_something(as_json, |answer| !answer.content.is_empty());
    assert!(answer.usage.completion_tokens > 0, "{answer:?}");
}
