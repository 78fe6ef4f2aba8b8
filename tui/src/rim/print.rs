//! The only place that prints. Everything else hands its text here.

use super::exit::Exit;
use std::{
    io::{self, Write},
    sync::atomic::{AtomicBool, Ordering::Relaxed},
};

/// Set once a result could not be written. Only the process's end looks at it, so that nobody in between
/// has to hand the news on.
static LOST: AtomicBool = AtomicBool::new(false);

/// One line of result on stdout. A reader that went away, as `head` does, is no failure of ours.
pub fn line(text: &str) {
    let mut out = io::stdout().lock();
    written(writeln!(out, "{text}").and_then(|()| out.flush()));
}

/// A piece of result on stdout, shown at once.
pub fn piece(text: &str) {
    let mut out = io::stdout().lock();
    written(out.write_all(text.as_bytes()).and_then(|()| out.flush()));
}

/// Takes note of how writing a result went; the first failure is told.
pub fn written(result: io::Result<()>) {
    let failed = result.err().filter(|error| error.kind() != io::ErrorKind::BrokenPipe);
    let Some(error) = failed else {
        return;
    };
    if !LOST.swap(true, Relaxed) {
        trouble(&format!("hecate: the result cannot be written: {error}"));
    }
}

/// How to end: a result that nobody got is not done.
pub fn exit(meant: Exit) -> Exit {
    if meant == Exit::Done && LOST.load(Relaxed) { Exit::Refused } else { meant }
}

/// One line of trouble on stderr.
pub fn trouble(text: &str) {
    drop(writeln!(io::stderr().lock(), "{text}"));
}
