//! The only place that prints. Everything else hands its text here.

use std::io::{self, Write};

/// One line of result on stdout. A reader that went away, as `head` does, is no failure of ours.
pub fn line(text: &str) {
    let mut out = io::stdout().lock();
    drop(writeln!(out, "{text}").and_then(|()| out.flush()));
}

/// One line of trouble on stderr.
pub fn trouble(text: &str) {
    drop(writeln!(io::stderr().lock(), "{text}"));
}
