//! The only place that prints. Everything else hands its text here.

use super::exit::Exit;
use crate::core::letters::spelt_out;
use std::{
    io::{self, IsTerminal, Write},
    os::fd::AsFd,
    sync::atomic::{AtomicBool, Ordering::Relaxed},
};
use tokio::{io::Interest, net::unix::pipe::Sender};

/// Set once a result could not be written, so that nobody in between has to hand the news on.
static LOST: AtomicBool = AtomicBool::new(false);
/// Set once nothing that is printed reaches anybody: it was lost, or its reader went away.
static UNHEARD: AtomicBool = AtomicBool::new(false);

/// One line of result on stdout. A reader that went away, as `head` does, is no failure of ours.
pub fn line(text: &str) {
    let mut out = io::stdout().lock();
    written(writeln!(out, "{text}").and_then(|()| out.flush()));
}

/// One line of JSON on stdout, which must be compact. On a terminal, nothing in it steers the terminal.
pub fn json(text: &str) {
    if io::stdout().is_terminal() { line(&spelt_out(text)) } else { line(text) }
}

/// A piece of result on stdout, shown at once.
pub fn piece(text: &str) {
    let mut out = io::stdout().lock();
    written(out.write_all(text.as_bytes()).and_then(|()| out.flush()));
}

/// Ends when the pipe that results go into has lost its reader. Of anything else, nothing is ever said.
pub async fn reader_left() {
    let out = io::stdout().as_fd().try_clone_to_owned();
    // Unchecked, since the checked one would make the pipe non-blocking for everybody who writes to it.
    let watched = out.and_then(Sender::from_owned_fd_unchecked);
    match watched {
        Ok(pipe) if pipe.ready(Interest::ERROR).await.is_ok() => {}
        _ => std::future::pending().await,
    }
}

/// Takes note of how writing a result went; the first failure is told.
pub fn written(result: io::Result<()>) {
    let Err(error) = result else {
        return;
    };
    UNHEARD.store(true, Relaxed);
    if error.kind() != io::ErrorKind::BrokenPipe && !LOST.swap(true, Relaxed) {
        trouble(&format!("hecate: the result cannot be written: {error}"));
    }
}

/// Whether it is in vain to print more.
pub fn is_unheard() -> bool {
    UNHEARD.load(Relaxed)
}

/// How to end: a result that nobody got is not done.
pub fn exit(meant: Exit) -> Exit {
    if meant == Exit::Done && LOST.load(Relaxed) { Exit::Refused } else { meant }
}

/// One line of trouble on stderr.
pub fn trouble(text: &str) {
    drop(writeln!(io::stderr().lock(), "{text}"));
}
