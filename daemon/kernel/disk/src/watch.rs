//! Who looks on at the disk, and what they are shown: plain calls with plain paths, so that one watch can
//! count and time in production and another can cut the power in a test.

use std::fmt;
use std::io;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Sees what happens to the files of a [`Disk`](crate::Disk). It is asked on whichever thread makes the
/// call, while SQLite holds its locks: it answers soon and uses no connection of that disk.
pub trait Watch: Send + Sync + 'static {
    /// Asked before each call that changes or flushes a file; an error means that the call is not made
    /// and the caller hears of it.
    fn before(&self, call: &Call<'_>) -> Result<(), Fault>;

    /// Told after each flush that succeeded, of a file or of a folder.
    fn synced(&self, path: &Path, took: Duration) {
        let _ = (path, took);
    }
}

/// One call that changes or flushes a file. Paths of SQLite's own files are absolute and without links;
/// the others are as the caller gave them.
#[derive(Clone, Copy, Debug)]
pub enum Call<'a> {
    /// Makes an empty file that was not there.
    Create {
        /// The new file.
        path: &'a Path,
    },
    /// Makes a folder that was not there.
    CreateFolder {
        /// The new folder.
        path: &'a Path,
    },
    /// Writes in place or behind the end.
    Write {
        /// The file.
        path: &'a Path,
        /// Bytes from its start.
        offset: u64,
        /// As they reach the file, checksum included.
        bytes: &'a [u8],
    },
    /// Gives the file this length.
    Truncate {
        /// The file.
        path: &'a Path,
        /// Its length afterwards.
        to_bytes: u64,
    },
    /// Flushes the bytes and the length of a file.
    Sync {
        /// The file.
        path: &'a Path,
    },
    /// Removes a file.
    Remove {
        /// The file.
        path: &'a Path,
    },
    /// Gives a file another name, in place of the file that has it.
    Rename {
        /// Its name until now.
        from: &'a Path,
        /// Its name from now on.
        to: &'a Path,
    },
    /// Flushes which names a folder holds.
    SyncFolder {
        /// The folder.
        path: &'a Path,
    },
}

/// How a call fails. SQLite answers `SQLITE_IOERR` with the kind of the call (a creation:
/// `SQLITE_CANTOPEN`), or `SQLITE_FULL`; beside SQLite it is an [`io::Error`] of kind `Other` or `StorageFull`.
/// A flush that fails is never said to lack space: it is an I/O error, whatever its cause.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// The device failed.
    Io,
    /// There is no space left.
    Full,
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Fault::Io => "the watch over this disk failed the call",
            Fault::Full => "the watch over this disk left no space",
        })
    }
}

impl std::error::Error for Fault {}

impl From<Fault> for io::Error {
    fn from(fault: Fault) -> Self {
        let kind = match fault {
            Fault::Io => io::ErrorKind::Other,
            Fault::Full => io::ErrorKind::StorageFull,
        };
        io::Error::new(kind, fault)
    }
}

/// The watch over a file, if there is one.
#[derive(Clone, Default)]
pub(crate) struct Observer(Option<Arc<dyn Watch>>);

impl Observer {
    pub(crate) fn new(watch: Arc<dyn Watch>) -> Observer {
        Observer(Some(watch))
    }

    pub(crate) fn is_nobody(&self) -> bool {
        self.0.is_none()
    }

    pub(crate) fn before(&self, call: Call<'_>) -> Result<(), Fault> {
        self.0.as_ref().map_or(Ok(()), |watch| watch.before(&call))
    }

    /// Runs a flush and tells how long it took if `flushed` says that it succeeded.
    pub(crate) fn time<T>(
        &self,
        path: &Path,
        flush: impl FnOnce() -> T,
        flushed: impl FnOnce(&T) -> bool,
    ) -> T {
        let Some(watch) = &self.0 else { return flush() };
        let start = Instant::now();
        let answer = flush();
        if flushed(&answer) {
            watch.synced(path, start.elapsed());
        }
        answer
    }
}
