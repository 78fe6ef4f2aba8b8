//! A store that holds a million events: how fast it is read again, how large it is, how soon it is back after
//! it was killed under load.

use super::{CATCH_UP, CATCH_UP_20, RECOVERY, SIZE, STORE_AND_RECEIPTS, TOGETHER};
use crate::arguments::{Arguments, Part};
use crate::book::{Book, Measure};
#[cfg(feature = "postgres")]
use crate::contestant::POSTGRES;
#[cfg(feature = "umadb")]
use crate::contestant::UMADB;
use crate::contestant::raw_log::RawArchive;
use crate::contestant::store::{Receipts, StoreArchive};
use crate::contestant::{Archive, RAW_LOG, STORE, Size};
use crate::machine::load_average;
use crate::part::appends::in_turn;
use std::cell::RefCell;
use std::path::Path;
use std::time::{Duration, Instant};

const LOAD_IN_BATCHES: &str = "load in batches of 1,000";
const SUBSCRIBERS: usize = 20;
/// How long the load lasts that is killed.
const LOAD: Duration = Duration::from_secs(2);
/// Receipts are counted on a smaller store: they are the same size everywhere.
const RECEIPTS_EVENTS: u64 = 100_000;

type Archives = [RefCell<Box<dyn Archive>>];

pub(crate) fn run(book: &mut Book, arguments: &Arguments, folder: &Path) {
    let archives: Vec<_> = archives(arguments, folder).into_iter().map(RefCell::new).collect();
    let events = arguments.events;
    eprintln!("filling {} archives with {events} events each", archives.len());
    for archive in &archives {
        fill(book, archive.borrow_mut().as_mut(), events);
    }
    if arguments.has(Part::CatchUp) {
        rounds("catch-up", arguments, &archives, |round, archive| catch_up(book, round, archive, events));
    }
    if arguments.has(Part::Size) {
        sizes(book, arguments, folder, &archives);
    }
    if arguments.has(Part::Recovery) {
        rounds("recovery", arguments, &archives, |round, archive| recovery(book, round, archive));
    }
}

fn rounds(
    name: &str,
    arguments: &Arguments,
    archives: &Archives,
    mut each: impl FnMut(usize, &mut dyn Archive),
) {
    for round in 0..arguments.rounds {
        eprintln!("{name}, round {round}, load average {}", load_average());
        in_turn(archives, round).for_each(|archive| each(round, archive.borrow_mut().as_mut()));
    }
}

fn archives(arguments: &Arguments, folder: &Path) -> Vec<Box<dyn Archive>> {
    let mut all: Vec<Box<dyn Archive>> = Vec::new();
    if arguments.wants(STORE) {
        all.push(Box::new(StoreArchive::new(&folder.join("store"), Receipts::None)));
    }
    if arguments.wants(RAW_LOG) {
        all.push(Box::new(RawArchive::create(folder)));
    }
    #[cfg(feature = "postgres")]
    if arguments.wants(POSTGRES)
        && let Some(peer) = crate::contestant::postgres::Archived::start(&folder.join("postgres"))
    {
        all.push(Box::new(peer));
    }
    #[cfg(feature = "umadb")]
    if arguments.wants(UMADB) {
        all.extend(crate::contestant::umadb::archives(&folder.join("umadb")));
    }
    all
}

fn fill(book: &mut Book, archive: &mut dyn Archive, events: u64) {
    let began = Instant::now();
    if archive.fill(events) {
        let rate = events as f64 / began.elapsed().as_secs_f64();
        book.note(LOAD_IN_BATCHES, archive.name(), Measure::PerSecond, 0, rate);
    }
}

fn catch_up(book: &mut Book, round: usize, archive: &mut dyn Archive, events: u64) {
    let one = archive.catch_up(1, events).as_secs_f64();
    book.note(CATCH_UP, archive.name(), Measure::PerSecond, round, events as f64 / one);
    if archive.name() == STORE {
        let all = archive.catch_up(SUBSCRIBERS, events).as_secs_f64();
        book.note(CATCH_UP_20, STORE, Measure::Seconds, round, all);
        book.note(CATCH_UP_20, TOGETHER, Measure::Times, round, all / one);
    }
}

fn recovery(book: &mut Book, round: usize, archive: &mut dyn Archive) {
    if let Some(took) = archive.crash(LOAD) {
        book.note(RECOVERY, archive.name(), Measure::Seconds, round, took.as_secs_f64());
    }
}

fn sizes(book: &mut Book, arguments: &Arguments, folder: &Path, archives: &Archives) {
    for archive in archives {
        let mut archive = archive.borrow_mut();
        let size = archive.size();
        if size.data > 0 {
            note_size(book, archive.name(), size, arguments.events);
        }
    }
    if !arguments.wants(STORE) {
        return;
    }
    let mut receipts = StoreArchive::new(&folder.join("receipts"), Receipts::Kept);
    receipts.fill(RECEIPTS_EVENTS);
    note_size(book, STORE_AND_RECEIPTS, receipts.size(), RECEIPTS_EVENTS);
}

fn note_size(book: &mut Book, who: &str, size: Size, events: u64) {
    book.note(SIZE, who, Measure::BytesPerEvent, 0, size.data as f64 / events as f64);
    book.note(SIZE, who, Measure::LogMegabytes, 0, size.log as f64 / 1e6);
}
