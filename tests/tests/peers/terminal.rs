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

#[test]
#[ignore = "no peers installed; .ci/run installs them"]
fn a_pipe_prints_an_answer() {
    let house = House::with_engine(Answers::Brief);
    let plain = ask(&house, &["--model", MODEL, "Say something"]);
    assert_eq!((plain.code, plain.stderr.as_str()), (Some(0), ""), "{plain:?}");
    assert!(!plain.stdout.trim().is_empty(), "{plain:?}");
    let as_json = ask(&house, &["--json", "Say something"]);
    assert_eq!(as_json.code, Some(0), "{as_json:?}");
    let answer: ChatAnswer = serde_json::from_str(&as_json.stdout).unwrap();
    assert!(!answer.content.is_empty() && answer.usage.completion_tokens > 0, "{answer:?}");
}
