//! One write where SQLite makes many. A commit goes into the log piece by piece, the header of a frame and
//! then its page, each a call to the system of its own, and only the flush behind them makes it count. So
//! the pieces wait here until something needs them in the file: the flush, a read, anything else.

use std::ffi::c_int;
use std::sync::{Mutex, MutexGuard, PoisonError};

use rusqlite::ffi::SQLITE_OK;

/// What waits at most. SQLite's unix VFS masks the length of a write with 17 bits: one of 128 KiB would
/// write nothing and be taken for a full disk.
const RUN_BYTES_MAX: usize = 64 * 1024;

/// Pieces of one file that are not written yet, one behind the other.
#[derive(Default)]
pub(crate) struct Gather {
    run: Mutex<Run>,
}

#[derive(Default)]
struct Run {
    offset: u64,
    bytes: Vec<u8>,
}

impl Gather {
    /// Takes a piece. What waits goes down first if the piece does not continue it.
    pub(crate) fn take(&self, bytes: &[u8], offset: u64, below: impl FnOnce(&[u8], u64) -> c_int) -> c_int {
        let mut run = self.run();
        if !run.goes_on_with(bytes, offset) {
            let answer = run.settle(below);
            if answer != SQLITE_OK {
                return answer;
            }
            run.offset = offset;
        }
        run.bytes.extend_from_slice(bytes);
        SQLITE_OK
    }

    /// Writes what waits. Pieces that could not be written are gone: whoever made them is told here.
    pub(crate) fn settle(&self, below: impl FnOnce(&[u8], u64) -> c_int) -> c_int {
        self.run().settle(below)
    }

    fn run(&self) -> MutexGuard<'_, Run> {
        self.run.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Run {
    fn goes_on_with(&self, bytes: &[u8], offset: u64) -> bool {
        self.offset + self.bytes.len() as u64 == offset && self.bytes.len() + bytes.len() <= RUN_BYTES_MAX
    }

    fn settle(&mut self, below: impl FnOnce(&[u8], u64) -> c_int) -> c_int {
        if self.bytes.is_empty() {
            return SQLITE_OK;
        }
        let answer = below(&self.bytes, self.offset);
        self.bytes.clear();
        answer
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rusqlite::ffi::SQLITE_FULL;

    #[test]
    fn pieces_that_follow_each_other_are_one_write() {
        let (gather, mut written) = (Gather::default(), Vec::new());
        let mut take = |gather: &Gather, offset: u64, bytes: &[u8]| {
            gather.take(bytes, offset, |bytes, offset| {
                written.push((offset, bytes.to_vec()));
                SQLITE_OK
            })
        };
        for (offset, bytes) in [(0, b"ab"), (2, b"cd"), (4, b"ef"), (100, b"gh")] {
            assert_eq!(take(&gather, offset, bytes), SQLITE_OK);
        }
        assert_eq!(written, [(0, b"abcdef".to_vec())]);
        let mut rest = Vec::new();
        let settle = |bytes: &[u8], offset| {
            rest.push((offset, bytes.to_vec()));
            SQLITE_OK
        };
        assert_eq!(gather.settle(settle), SQLITE_OK);
        assert_eq!(rest, [(100, b"gh".to_vec())]);
        assert_eq!(gather.settle(|_, _| unreachable!("nothing waits")), SQLITE_OK);
    }

    #[test]
    fn a_long_run_goes_down_in_bounded_writes() {
        let (gather, mut lengths, piece) = (Gather::default(), Vec::new(), [7; 4_096]);
        for index in 0..100 {
            let offset = index * piece.len() as u64;
            assert_eq!(
                gather.take(&piece, offset, |bytes, _| {
                    lengths.push(bytes.len());
                    SQLITE_OK
                }),
                SQLITE_OK
            );
        }
        gather.settle(|bytes, _| {
            lengths.push(bytes.len());
            SQLITE_OK
        });
        assert!(lengths.iter().all(|length| *length <= RUN_BYTES_MAX), "{lengths:?}");
        assert_eq!(lengths.iter().sum::<usize>(), 100 * piece.len());
    }

    #[test]
    fn a_write_that_fails_is_told_once_and_forgotten() {
        let gather = Gather::default();
        assert_eq!(gather.take(b"ab", 0, |_, _| unreachable!()), SQLITE_OK);
        assert_eq!(gather.take(b"cd", 50, |_, _| SQLITE_FULL), SQLITE_FULL);
        assert_eq!(gather.settle(|_, _| unreachable!("nothing waits")), SQLITE_OK);
    }
}
