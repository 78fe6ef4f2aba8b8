//! The whole circle: divisions in all processes at once, driven over the socket; how soon what they did is seen; and
//! all read models drawn anew from a log that they have filled.

mod commands;
mod copies;
mod division;
mod lag;
mod rebuild;

use crate::book::Book;
use std::path::Path;
use std::time::Duration;

pub(crate) const REBUILD_ALL: &str = "rebuild of all read models from a log of the circle";
pub(crate) const LIVE_LAG: &str = "acknowledged to visible at 1,000 events/s";
const COMMANDS: &str = "commands over the socket, 1,000 divisions in all processes";
/// Divisions that are on their way at the same time.
const DIVISIONS: usize = 1_000;

pub(crate) struct Extent {
    pub(crate) rounds: usize,
    pub(crate) turn: Duration,
    /// In the log that is drawn.
    pub(crate) events: u64,
}

pub(crate) fn run(book: &mut Book, program: &Path, folder: &Path, extent: &Extent) {
    commands::run(book, program, &folder.join("commands"), extent);
    lag::run(book, program, &folder.join("lag"), extent);
}

pub(crate) fn rebuild_all(book: &mut Book, program: &Path, folder: &Path, extent: &Extent) {
    rebuild::run(book, program, folder, extent);
}
