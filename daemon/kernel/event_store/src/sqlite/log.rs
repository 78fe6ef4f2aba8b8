//! Reads the write-ahead log as it lies on the disk, before SQLite does. SQLite takes the first frame
//! that does not fit for the end, whatever is behind it: right after a power cut, when only the last
//! commit can be torn, and silent loss after a bit has flipped in the middle. A commit is flushed before
//! the next one is written, so a commit that continues a broken one tells the two apart. (A flip in the
//! last commit, found together with a crash, looks like a torn one to every log.)

use std::collections::HashSet;

/// The log's own header, bytes.
pub(super) const HEADER_BYTES: usize = 32;
const FRAME_HEADER_BYTES: usize = 24;
/// The last bit of the magic number says in which order checksums read their words.
const MAGIC: u32 = 0x377f_0682;

/// What a log is worth.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Log {
    /// Nothing was committed into it.
    Empty,
    /// Whole, but for a tail that nobody was told of.
    Whole {
        /// Frames up to the last commit.
        frames: usize,
    },
    /// Acknowledged commits are behind a frame that does not fit.
    Broken {
        /// The frame, from 1; 0 is the header.
        frame: usize,
    },
}

/// The first two words of a frame's header, and of the log's, that tie it to this run of the log.
type Salts = [u8; 8];

/// Judges the bytes of a log.
pub(super) fn inspect(log: &[u8]) -> Log {
    let Some((header, _)) = log.split_at_checked(HEADER_BYTES) else { return Log::Empty };
    if header.iter().all(|byte| *byte == 0) {
        return Log::Empty;
    }
    let Some(run) = Run::of(header) else { return Log::Broken { frame: 0 } };
    let frames = run.frames(log);
    let (whole, committed) = run.follow(&frames);
    if run.goes_on(&frames[whole..]) {
        return Log::Broken { frame: whole + 1 };
    }
    if committed == 0 { Log::Empty } else { Log::Whole { frames: committed } }
}

/// The numbers of the pages that were committed into the log.
pub(super) fn pages(log: &[u8]) -> HashSet<u32> {
    let Some(run) = log.get(..HEADER_BYTES).and_then(Run::of) else { return HashSet::new() };
    let frames = run.frames(log);
    let (_, committed) = run.follow(&frames);
    frames[..committed].iter().map(|frame| big_endian(frame, 0)).collect()
}

/// One run of the log, from a header to the next.
struct Run {
    page_bytes: usize,
    salts: Salts,
    sum: (u32, u32),
    word: fn([u8; 4]) -> u32,
}

impl Run {
    fn of(header: &[u8]) -> Option<Self> {
        let magic = big_endian(header, 0);
        if magic & !1 != MAGIC {
            return None;
        }
        let word = if magic & 1 == 1 { u32::from_be_bytes } else { u32::from_le_bytes };
        let sum = checksum((0, 0), &header[..24], word);
        let page_bytes = usize::try_from(big_endian(header, 8)).ok()?;
        let salts = header[16..24].try_into().ok()?;
        let fits = sum == (big_endian(header, 24), big_endian(header, 28)) && page_bytes.is_power_of_two();
        fits.then_some(Self { page_bytes, salts, sum, word })
    }

    fn frames<'l>(&self, log: &'l [u8]) -> Vec<&'l [u8]> {
        log[HEADER_BYTES..].chunks_exact(FRAME_HEADER_BYTES + self.page_bytes).collect()
    }

    /// How many frames fit, and how many of them up to the last commit.
    fn follow(&self, frames: &[&[u8]]) -> (usize, usize) {
        let (mut sum, mut committed) = (self.sum, 0);
        for (index, frame) in frames.iter().enumerate() {
            sum = checksum(sum, &frame[..8], self.word);
            sum = checksum(sum, &frame[FRAME_HEADER_BYTES..], self.word);
            if !self.owns(frame) || sum != (big_endian(frame, 16), big_endian(frame, 20)) {
                return (index, committed);
            }
            if is_commit(frame) {
                committed = index + 1;
            }
        }
        (frames.len(), committed)
    }

    /// Whether a whole commit continues another one in `behind`, which begins with the frame that does not
    /// fit. What an earlier tear has left there has such marks too, but nothing that continues them.
    fn goes_on(&self, behind: &[&[u8]]) -> bool {
        let mut before: Option<&[u8]> = None;
        for frame in behind {
            let owned = self.owns(frame);
            let continues = owned && before.is_some_and(|before| self.continues(before, frame));
            if continues && is_commit(frame) {
                return true;
            }
            before = (continues || owned && is_commit(frame)).then_some(frame);
        }
        false
    }

    /// Whether `frame` was written behind `before`, as the checksum that is stored with that one has it.
    fn continues(&self, before: &[u8], frame: &[u8]) -> bool {
        let sum = checksum((big_endian(before, 16), big_endian(before, 20)), &frame[..8], self.word);
        let sum = checksum(sum, &frame[FRAME_HEADER_BYTES..], self.word);
        sum == (big_endian(frame, 16), big_endian(frame, 20))
    }

    fn owns(&self, frame: &[u8]) -> bool {
        frame[8..16] == self.salts
    }
}

/// The last frame of a commit says how long the database is now.
fn is_commit(frame: &[u8]) -> bool {
    big_endian(frame, 4) != 0
}

fn big_endian(bytes: &[u8], at: usize) -> u32 {
    bytes[at..].first_chunk().map_or(0, |word| u32::from_be_bytes(*word))
}

fn checksum(mut sum: (u32, u32), bytes: &[u8], word: fn([u8; 4]) -> u32) -> (u32, u32) {
    for [first, second] in bytes.as_chunks::<4>().0.as_chunks::<2>().0 {
        sum.0 = sum.0.wrapping_add(word(*first)).wrapping_add(sum.1);
        sum.1 = sum.1.wrapping_add(word(*second)).wrapping_add(sum.0);
    }
    sum
}

#[cfg(test)]
mod tests {
    use super::*;
    use rusqlite::Connection;

    /// A log of five commits as SQLite writes it, with zeros behind.
    fn written() -> Vec<u8> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("some.db");
        let db = Connection::open(&path).unwrap();
        db.pragma_update(None, "journal_mode", "WAL").unwrap();
        db.execute_batch("CREATE TABLE t (x)").unwrap();
        for x in 0..4 {
            db.execute("INSERT INTO t VALUES (?1)", [x]).unwrap();
        }
        let mut log = std::fs::read(folder.path().join("some.db-wal")).unwrap();
        log.resize(log.len() + 10_000, 0);
        log
    }

    const FRAME: usize = FRAME_HEADER_BYTES + 4_096;

    #[test]
    fn a_log_of_sqlite_is_whole() {
        assert_eq!(inspect(&written()), Log::Whole { frames: 6 });
        assert_eq!(inspect(&[]), Log::Empty);
        assert_eq!(inspect(&[0; 50_000]), Log::Empty);
    }

    #[test]
    fn a_log_that_was_cut_is_whole_up_to_the_cut() {
        let log = written();
        for (bytes, frames) in [(HEADER_BYTES + 3 * FRAME, 3), (HEADER_BYTES + 3 * FRAME + 100, 3)] {
            assert_eq!(inspect(&log[..bytes]), Log::Whole { frames });
        }
    }

    #[test]
    fn a_flipped_bit_before_acknowledged_commits_is_damage() {
        let log = written();
        for at in [HEADER_BYTES + 2 * FRAME + 9, HEADER_BYTES + 2 * FRAME + 1_000] {
            let mut flipped = log.clone();
            flipped[at] ^= 4;
            assert_eq!(inspect(&flipped), Log::Broken { frame: 3 }, "byte {at}");
        }
        for at in 0..HEADER_BYTES {
            let mut flipped = log.clone();
            flipped[at] ^= 4;
            assert_eq!(inspect(&flipped), Log::Broken { frame: 0 }, "byte {at}");
        }
    }

    #[test]
    fn pages_count_up_to_the_last_commit() {
        let log = written();
        assert_eq!(pages(&log), HashSet::from([1, 2]));
        assert_eq!(pages(&log[..HEADER_BYTES + FRAME]), HashSet::new(), "half a commit");
        assert_eq!(pages(&[0; 50_000]), HashSet::new());
    }

    #[test]
    fn a_flip_in_the_last_frame_of_the_last_commit_but_one_is_damage() {
        let mut log = written();
        log[HEADER_BYTES + 4 * FRAME + 1_000] ^= 4;
        assert_eq!(inspect(&log), Log::Broken { frame: 5 });
    }

    #[test]
    fn marks_that_an_earlier_tear_left_behind_are_no_damage() {
        let mut log = written();
        // Frame 4 is torn, and the marks behind it are not of one stretch: 5 does not continue what 4 says.
        let (from, to) = (HEADER_BYTES + 5 * FRAME, HEADER_BYTES + 4 * FRAME);
        log.copy_within(from..from + FRAME, to);
        log[HEADER_BYTES + 3 * FRAME + 50] ^= 1;
        log[from + 60] ^= 1;
        assert_eq!(inspect(&log), Log::Whole { frames: 3 });
    }

    #[test]
    fn a_torn_last_commit_is_no_damage() {
        let mut log = written();
        log[HEADER_BYTES + 5 * FRAME + 50] ^= 1;
        assert_eq!(inspect(&log), Log::Whole { frames: 5 });
    }
}
