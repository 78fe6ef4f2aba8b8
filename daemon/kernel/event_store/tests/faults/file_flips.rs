//! Every single bit of the file of a closed store.

use std::collections::BTreeMap;
use std::fs::{self, File, OpenOptions};
use std::os::unix::fs::FileExt;
use std::path::Path;

use hecate_disk::{Disk, PAGE_BYTES};
use rusqlite::OpenFlags;
use tempfile::TempDir;

use crate::author::Author;
use crate::flips::{Tally, Truth, Verdict, every_bit};
use crate::ground::{Bench, Dice, all_cores, beside, file, folder, number, options};
use crate::model::Model;
use crate::recording::Recording;

const FILE_BYTES_MIN: usize = 64 * 1024;
const COMMANDS: u64 = 45;

#[test]
fn a_sample_of_flipped_bits_in_the_file_is_found_or_harmless() {
    let store = ClosedStore::new();
    let mut bits = store.marked_bits();
    let mut dice = Dice::new(number("HECATE_FAULT_SEED", 1));
    bits.extend((0..number("HECATE_FAULT_FLIPS", 1_000)).map(|_| dice.below(store.bits())));
    store.flip(&bits);
}

#[test]
#[ignore = "minutes"]
fn every_flipped_bit_in_the_file_is_found_or_harmless() {
    let store = ClosedStore::new();
    store.flip(&every_bit(store.bits()));
}

#[test]
fn every_flipped_bit_in_the_note_of_the_identity_is_found_or_harmless() {
    let store = ClosedStore::new();
    let (bench, tally) = (Bench::new(), Tally::default());
    let copy = store.copy();
    let id = beside(&file(copy.path()), ".id");
    let text = fs::read(&id).unwrap();
    for bit in 0..text.len() * 8 {
        let mut flipped = text.clone();
        flipped[bit / 8] ^= 1 << (bit % 8);
        fs::write(&id, flipped).unwrap();
        let verdict = bench.run(store.truth.judge(&file(copy.path())));
        tally.count(verdict.unwrap_or_else(|wrong| panic!("bit {bit} of the identity: {wrong}")));
    }
    println!("identity flips: {} bits, {tally:?}", text.len() * 8);
}

struct ClosedStore {
    home: TempDir,
    bytes: Vec<u8>,
    truth: Truth,
}

impl ClosedStore {
    fn new() -> Self {
        let home = folder();
        let steps = Author::new(5).life(COMMANDS);
        let recording = Bench::new().run(Recording::of(home.path(), options(), Model::default(), &steps));
        let bytes = fs::read(file(home.path())).unwrap();
        assert!(bytes.len() >= FILE_BYTES_MIN, "{} bytes", bytes.len());
        let truth = Truth::of(&[recording.last().clone()]);
        Self { home, bytes, truth }
    }

    fn bits(&self) -> u64 {
        self.bytes.len() as u64 * 8
    }

    /// The file and its identity, without a log: an orderly close leaves the file whole.
    fn copy(&self) -> TempDir {
        let copy = folder();
        for suffix in ["", ".id"] {
            fs::copy(beside(&file(self.home.path()), suffix), beside(&file(copy.path()), suffix)).unwrap();
        }
        copy
    }

    /// All bits of the database's header; of each page the begin of its own header, and of its checksum.
    fn marked_bits(&self) -> Vec<u64> {
        let pages = (0..self.bits()).step_by(PAGE_BYTES * 8);
        let page_bits = PAGE_BYTES as u64 * 8;
        let of_page = |start| (start..start + 32).chain(start + page_bits - 32..start + page_bits);
        (0..100 * 8).chain(pages.flat_map(of_page)).collect()
    }

    fn flip(&self, bits: &[u64]) {
        let tally = Tally::default();
        let prepare = || Flipper::new(self);
        let took = all_cores(bits.len() as u64, prepare, |flipper, case| {
            let bit = bits[case as usize];
            let verdict = flipper.flip(self, bit);
            tally.count(verdict.unwrap_or_else(|wrong| panic!("bit {bit} of the file: {wrong}")));
        });
        println!(
            "file flips: {} of {} bits, {tally:?}, in {took:?}; {:?}",
            bits.len(),
            self.bits(),
            kinds(self.home.path())
        );
    }
}

/// A copy of the store, in which one bit at a time is flipped.
struct Flipper {
    bench: Bench,
    copy: TempDir,
    raw: File,
}

impl Flipper {
    fn new(store: &ClosedStore) -> Self {
        let copy = store.copy();
        let raw = OpenOptions::new().read(true).write(true).open(file(copy.path())).unwrap();
        Self { bench: Bench::new(), copy, raw }
    }

    fn flip(&self, store: &ClosedStore, bit: u64) -> Result<Verdict, String> {
        let (at, byte) = (bit / 8, store.bytes[(bit / 8) as usize]);
        self.raw.write_all_at(&[byte ^ (1 << (bit % 8))], at).unwrap();
        let verdict = self.bench.run(store.truth.judge(&file(self.copy.path())));
        self.raw.write_all_at(&[byte], at).unwrap();
        if fs::read(file(self.copy.path())).unwrap() == store.bytes {
            return verdict;
        }
        Err(format!("the file was changed by looking at it; {verdict:?}"))
    }
}

/// How many pages of which kind the file has.
fn kinds(home: &Path) -> BTreeMap<String, u64> {
    let conn = Disk::real().connect(&file(home), OpenFlags::SQLITE_OPEN_READ_ONLY).unwrap();
    let mut select = conn.prepare("SELECT name || ' ' || pagetype, count(*) FROM dbstat GROUP BY 1").unwrap();
    let rows = select.query_map([], |row| Ok((row.get(0)?, row.get(1)?))).unwrap();
    rows.collect::<Result<_, _>>().unwrap()
}
