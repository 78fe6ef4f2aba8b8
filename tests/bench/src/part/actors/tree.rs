//! The whole production tree: up on stores that are empty but there, so that no schema is made, and down again.

use super::{BOOT, END};
use crate::book::{Book, Measure};
use crate::daemon::Daemon;
use crate::part::DAEMON;
use std::path::Path;

pub(super) fn round(book: &mut Book, round: usize, program: &Path, folder: &Path) {
    let folder = folder.join(format!("tree{round}"));
    Daemon::start(program, &folder).end();
    let daemon = Daemon::start(program, &folder);
    let booted = daemon.booted().unwrap();
    book.note(BOOT, DAEMON, Measure::Seconds, round, booted.as_secs_f64());
    book.note(END, DAEMON, Measure::Seconds, round, daemon.end().as_secs_f64());
}
