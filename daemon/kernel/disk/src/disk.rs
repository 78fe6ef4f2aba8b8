//! The door of this crate: a way to the disk that opens connections and writes the few bytes that a store
//! writes beside SQLite.

use std::fmt::{self, Write};
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::path::{self, Path};
use std::sync::Arc;

use rusqlite::{Connection, OpenFlags};

use crate::registry::Listed;
use crate::watch::{Observer, Watch};
use crate::{beside, vfs};

/// A way to the disk. Cheap to clone.
#[derive(Clone)]
pub struct Disk {
    observer: Observer,
    /// How a database names the watch; without one it needs no name.
    listed: Option<Arc<Listed>>,
}

impl Disk {
    /// The disk as it is: pages have checksums, nobody watches.
    pub fn real() -> Disk {
        Disk { observer: Observer::default(), listed: None }
    }

    /// The disk under a watch, which sees the calls of this disk alone. While a database is open through
    /// two disks at once, their logs are seen by the one that opened it last.
    pub fn watched(watch: Arc<dyn Watch>) -> Disk {
        let observer = Observer::new(watch);
        Disk { listed: Some(Arc::new(Listed::new(observer.clone()))), observer }
    }

    /// Opens a connection whose files all go through this disk. A database that is still empty gets 8
    /// reserved bytes per page, so that its pages carry checksums; one that is not and has none is
    /// refused with `SQLITE_NOTADB` at the first read. Damage is `SQLITE_IOERR_DATA`, then or later.
    ///
    /// Step `PRAGMA journal_mode = WAL` to its end (collect its rows): it answers `wal` before the switch is
    /// written. When the disk then fails it, only the next step tells; the connection goes on with
    /// rollback journals, and still calls its mode `wal`.
    ///
    /// Temporary files and the super-journal of a transaction over attached databases are not watched.
    pub fn connect(&self, path: &Path, flags: OpenFlags) -> rusqlite::Result<Connection> {
        let name = self.name_of(path).map_err(|_| rusqlite::Error::InvalidPath(path.to_owned()))?;
        vfs::connect(&name, flags)
    }

    /// Opens a connection to read and write whose every commit is flushed (`synchronous=FULL`). A commit then
    /// goes into the log as one write, at that flush, instead of two for every page. Whoever lowers
    /// `synchronous` on it loses commits that other connections already see.
    pub fn connect_writer(&self, path: &Path) -> rusqlite::Result<Connection> {
        let name = self.name_of(path).map_err(|_| rusqlite::Error::InvalidPath(path.to_owned()))?;
        let first = if name.contains('?') { '&' } else { '?' };
        let name = format!("{name}{first}{}=1", vfs::GATHER);
        let conn = vfs::connect(&name, OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX)?;
        conn.pragma_update(None, "synchronous", "FULL")?;
        Ok(conn)
    }

    /// What to call the file at `path` in SQL, in `ATTACH` and `VACUUM INTO` of a connection of this crate,
    /// so that this disk's watch sees it. Under its plain path it has checksums and no watch. Attached
    /// databases must exist already: only `VACUUM INTO` and [`connect`](Self::connect) reserve the place
    /// for checksums, and without it nothing is written.
    pub fn name_of(&self, path: &Path) -> io::Result<String> {
        let absolute = path::absolute(path)?;
        let mut name = String::from("file://");
        for byte in absolute.as_os_str().as_bytes() {
            match byte {
                b'/' | b'-' | b'_' | b'.' | b'0'..=b'9' | b'a'..=b'z' | b'A'..=b'Z' => {
                    name.push(*byte as char)
                }
                other => write!(name, "%{other:02X}").map_err(io::Error::other)?,
            }
        }
        if let Some(listed) = &self.listed {
            write!(name, "?{}={}", vfs::PARAMETER, listed.number).map_err(io::Error::other)?;
        }
        Ok(name)
    }

    /// Makes the file, for its owner alone (mode 0600), and flushes it and its folder. Answers true when it
    /// was made now; a file that is there stays as it is.
    pub fn create(&self, path: &Path) -> io::Result<bool> {
        beside::create(&self.observer, path)
    }

    /// Writes zeros behind the end, in steps of 1 MiB, until the file has `to_bytes`, then flushes it and its
    /// folder; makes the file (mode 0600) when it is missing, and never shortens it. Without space the
    /// file gets its old length back, and the error is of kind `StorageFull`.
    pub fn lengthen(&self, path: &Path, to_bytes: u64) -> io::Result<()> {
        beside::lengthen(&self.observer, path, to_bytes)
    }

    /// Writes over what is there, in place, then flushes the file. Not for the main file of a database
    /// that this program has open: closing a second handle to it would drop SQLite's locks.
    pub fn overwrite(&self, path: &Path, offset: u64, bytes: &[u8]) -> io::Result<()> {
        beside::overwrite(&self.observer, path, offset, bytes)
    }

    /// Makes `bytes` the whole content of a small file (mode 0600), at once or not at all: written and
    /// flushed as `{path}.next`, renamed, and the folder flushed.
    pub fn replace(&self, path: &Path, bytes: &[u8]) -> io::Result<()> {
        beside::replace(&self.observer, path, bytes)
    }

    /// Makes `bytes` the whole content of a file (mode 0600) that many may write at once: written and flushed
    /// under the name `unfinished`, which nobody else uses, and renamed. The folder of `path` is not flushed.
    /// After an error nothing is left under either name that was not there before, and it may be tried again,
    /// which is why a flush that failed for want of space is told as what it is.
    pub fn place(&self, unfinished: &Path, path: &Path, bytes: &[u8]) -> io::Result<()> {
        beside::place(&self.observer, unfinished, path, bytes)
    }

    /// Makes the folder, for its owner alone (mode 0700); one that is there stays as it is. Answers true when it
    /// was made now. The folder that holds it is not flushed.
    pub fn make_folder(&self, path: &Path) -> io::Result<bool> {
        beside::make_folder(&self.observer, path)
    }

    /// Flushes which names a folder holds.
    pub fn flush_folder(&self, path: &Path) -> io::Result<()> {
        beside::sync_folder(&self.observer, path)
    }
}

impl fmt::Debug for Disk {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Disk").field("watched", &self.listed.is_some()).finish()
    }
}
