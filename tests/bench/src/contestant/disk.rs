//! What the disk alone can do: the floor under everything that is durable.

use super::{Contestant, DISK, Writer};
use crate::sample::Sample;
use std::fs::File;
use std::os::unix::fs::FileExt;
use std::path::Path;

const PAGE_BYTES: usize = 4_096;
/// Written over in turns, so that the file does not grow: growing costs more than a log that is grown ahead.
const PAGES: u64 = 1_024;

/// Writes a page and waits until it is on the disk, again and again.
pub(crate) struct Disk {
    file: File,
}

impl Disk {
    pub(crate) fn create(folder: &Path) -> Disk {
        let file = File::create(folder.join("bare")).unwrap();
        (0..PAGES).for_each(|at| file.write_all_at(&[7; PAGE_BYTES], at * PAGE_BYTES as u64).unwrap());
        file.sync_all().unwrap();
        Disk { file }
    }
}

impl Contestant for Disk {
    fn name(&self) -> &'static str {
        DISK
    }

    fn writers_max(&self) -> usize {
        1
    }

    fn writer(&self) -> Box<dyn Writer + '_> {
        Box::new(Pages { file: &self.file, turn: 0 })
    }
}

struct Pages<'a> {
    file: &'a File,
    turn: u64,
}

impl Writer for Pages<'_> {
    fn append(&mut self, _: &Sample) {
        let at = self.turn % PAGES * PAGE_BYTES as u64;
        self.file.write_all_at(&[7; PAGE_BYTES], at).unwrap();
        self.file.sync_data().unwrap();
        self.turn += 1;
    }
}
