//! Every single bit of the write-ahead log of a store that was killed. A commit is flushed before the next one
//! is written, so a break with finished commits behind it is damage. At the very end no log can tell a
//! flipped bit from a commit that was never finished: there, and only there, the answers may be those of
//! the store before its last commit, or before the last two.

use std::fs::{self, OpenOptions};
use std::ops::Range;
use std::os::unix::fs::FileExt;

use hecate_event_store::{Options, SqliteStore};
use tempfile::TempDir;

use crate::author::Author;
use crate::flips::{Tally, Truth, Verdict, every_bit};
use crate::ground::{Bench, Dice, all_cores, beside, file, folder, number, options};
use crate::model::{Model, said};
use crate::steps::Request;

const LOG_HEADER_BYTES: usize = 32;
const FRAME_HEADER_BYTES: usize = 24;
const FRAME_BYTES: usize = FRAME_HEADER_BYTES + 4_096;
/// The stretch whose bits are flipped: all that this run of the log has written, and what an earlier
/// run left behind it.
const STRETCH_BYTES: usize = 64 * 1024;

#[test]
fn a_sample_of_flipped_bits_in_the_log_is_found_or_cuts_the_last_commits() {
    let store = KilledStore::new();
    let mut dice = Dice::new(number("HECATE_FAULT_SEED", 1));
    let mut bits: Vec<u64> = (0..LOG_HEADER_BYTES as u64 * 8).collect();
    bits.extend((0..number("HECATE_FAULT_FLIPS", 3_000)).map(|_| dice.below(STRETCH_BYTES as u64 * 8)));
    store.flip(&bits);
}

#[test]
#[ignore = "minutes"]
fn every_flipped_bit_in_the_log_is_found_or_cuts_the_last_commits() {
    KilledStore::new().flip(&every_bit(STRETCH_BYTES as u64 * 8));
}

/// The files of a store as a killed process leaves them.
struct KilledStore {
    files: [(&'static str, Vec<u8>); 3],
    /// The frames of the last commit, and of the one before it, in bytes of the log.
    last: Range<usize>,
    last_but_one: Range<usize>,
    truth: Truth,
}

impl KilledStore {
    fn log(&self) -> &[u8] {
        &self.files[1].1
    }

    /// Commits until the log has begun anew and holds most of the stretch.
    fn new() -> Self {
        Bench::new().run(async {
            let home = folder();
            let path = file(home.path());
            let store = SqliteStore::open(&path, Options { wal_bytes: STRETCH_BYTES as u64, ..options() });
            let (store, mut author, mut states) = (store.unwrap(), Author::new(9), vec![Model::default()]);
            loop {
                let request = Request::Append(author.plain());
                let mut model = states[0].clone();
                assert_eq!(said(request.apply(&mut model)), said(request.ask(&store).await));
                states.insert(0, model);
                let log = fs::read(beside(&path, "-wal")).unwrap();
                let commits = commits(&log);
                let end = commits.last().map_or(0, |last| last.end);
                if log.len() > STRETCH_BYTES
                    && states.len() > 20
                    && (STRETCH_BYTES - 5 * FRAME_BYTES..STRETCH_BYTES).contains(&end)
                {
                    let [.., last_but_one, last] = &commits[..] else { panic!("two commits") };
                    let files =
                        ["", "-wal", ".id"].map(|suffix| (suffix, fs::read(beside(&path, suffix)).unwrap()));
                    states.truncate(3);
                    return Self {
                        files,
                        last: last.clone(),
                        last_but_one: last_but_one.clone(),
                        truth: Truth::of(&states),
                    };
                }
            }
        })
    }

    fn flip(&self, bits: &[u64]) {
        let tally = Tally::default();
        let prepare = || Flipper::new(self);
        let took = all_cores(bits.len() as u64, prepare, |flipper, case| {
            let bit = bits[case as usize];
            let verdict = flipper.flip(self, bit);
            let verdict = verdict.unwrap_or_else(|wrong| panic!("bit {bit} of the log: {wrong}"));
            if let Verdict::Same(lost @ 1..) = verdict {
                let (at, allowed) = ((bit / 8) as usize, [&self.last, &self.last_but_one][lost - 1]);
                assert!(allowed.contains(&at), "bit {bit} of the log: lost {lost} commits, {allowed:?}");
            }
            tally.count(verdict);
        });
        println!(
            "log flips: {} of {} bits, {tally:?}, in {took:?}; last commits {:?} {:?}",
            bits.len(),
            STRETCH_BYTES * 8,
            self.last_but_one,
            self.last
        );
    }
}

/// A copy of the store, in which one bit of the log at a time is flipped.
struct Flipper {
    bench: Bench,
    copy: TempDir,
}

impl Flipper {
    fn new(store: &KilledStore) -> Self {
        let flipper = Self { bench: Bench::new(), copy: folder() };
        flipper.leave(store);
        flipper
    }

    /// The files as the killed process left them.
    fn leave(&self, store: &KilledStore) {
        for (suffix, bytes) in &store.files {
            fs::write(beside(&file(self.copy.path()), suffix), bytes).unwrap();
        }
    }

    fn flip(&self, store: &KilledStore, bit: u64) -> Result<Verdict, String> {
        let at = (bit / 8) as usize;
        let byte = store.log()[at];
        self.write(at, byte ^ (1 << (bit % 8)));
        let verdict = self.bench.run(store.truth.judge(&file(self.copy.path())));
        if verdict == Ok(Verdict::Refused) {
            // Nobody came so far as to change a file.
            self.write(at, byte);
        } else {
            self.leave(store);
        }
        verdict
    }

    fn write(&self, at: usize, byte: u8) {
        let log = OpenOptions::new().write(true).open(beside(&file(self.copy.path()), "-wal")).unwrap();
        log.write_all_at(&[byte], at as u64).unwrap();
    }
}

/// The commits of this run of the log, by the rules of SQLite's file format.
fn commits(log: &[u8]) -> Vec<Range<usize>> {
    let Some(salts) = log.get(16..24) else { return Vec::new() };
    let (mut commits, mut start) = (Vec::new(), LOG_HEADER_BYTES);
    for (index, frame) in log[LOG_HEADER_BYTES..].chunks_exact(FRAME_BYTES).enumerate() {
        if frame[8..16] != *salts {
            break;
        }
        let end = LOG_HEADER_BYTES + (index + 1) * FRAME_BYTES;
        if frame[4..8] != [0; 4] {
            commits.push(start..end);
            start = end;
        }
    }
    commits
}
