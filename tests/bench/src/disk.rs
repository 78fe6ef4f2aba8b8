//! What the disk alone can do.

use crate::figures::Rate;
use std::fs::File;
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::time::{Duration, Instant};

const PAGE_BYTES: usize = 4_096;
/// Written over in turns, so that the file does not grow: growing costs more than a log that is grown ahead.
const PAGES: u64 = 1_024;

/// Writes a page and waits until it is on disk, again and again.
pub(crate) fn sync_loop(folder: &Path, seconds: Duration) -> Rate {
    let file = File::create(folder.join("sync_loop")).unwrap();
    let page = [7; PAGE_BYTES];
    (0..PAGES).for_each(|at| file.write_all_at(&page, at * PAGE_BYTES as u64).unwrap());
    file.sync_all().unwrap();
    let (began, mut each) = (Instant::now(), Vec::new());
    while began.elapsed() < seconds {
        let from = Instant::now();
        let at = each.len() as u64 % PAGES;
        file.write_all_at(&page, at * PAGE_BYTES as u64).unwrap();
        file.sync_data().unwrap();
        each.push(from.elapsed());
    }
    Rate { took: began.elapsed(), each }
}
