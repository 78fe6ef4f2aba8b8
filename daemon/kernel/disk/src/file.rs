//! What happens at an open file of SQLite, without a word of C: pages are sealed and verified, the watch is
//! asked, and only then the call goes down. Answers are SQLite's result codes.

use std::ffi::c_int;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};

use rusqlite::ffi::{
    SQLITE_CANTOPEN, SQLITE_FULL, SQLITE_IOERR_DATA, SQLITE_IOERR_DIR_FSYNC, SQLITE_IOERR_FSYNC,
    SQLITE_IOERR_READ, SQLITE_IOERR_SHORT_READ, SQLITE_IOERR_TRUNCATE, SQLITE_IOERR_WRITE, SQLITE_NOTADB,
    SQLITE_OK,
};

use crate::beside;
use crate::gather::Gather;
use crate::page::{self, CHECKSUM_BYTES, PAGE_BYTES, RESERVED_AT};
use crate::registry::OpenDatabase;
use crate::watch::{Call, Fault, Observer};

/// The header of a database, which SQLite reads alone before it knows the size of a page.
const HEADER_BYTES: u64 = 100;

/// One file that SQLite has open.
pub(crate) struct OpenFile {
    path: PathBuf,
    observer: Observer,
    /// Set for the main file of a database, whose pages have checksums.
    database: Option<OpenDatabase>,
    /// Set for a log whose writer flushes every commit.
    gather: Option<Gather>,
    /// The VFS below flushes the folder along with the first flush of this file.
    folder_is_due: AtomicBool,
}

impl OpenFile {
    /// The main file of a database.
    pub(crate) fn database(path: PathBuf, observer: Observer) -> OpenFile {
        let database = Some(OpenDatabase::new(&path, &observer));
        OpenFile { path, observer, database, gather: None, folder_is_due: AtomicBool::new(false) }
    }

    /// A log or a journal, which may be made by opening it. One that gathers holds back what is written to
    /// it until the next flush.
    pub(crate) fn journal(path: PathBuf, observer: Observer, gathers: bool) -> OpenFile {
        let gather = gathers.then(Gather::default);
        OpenFile { path, observer, database: None, gather, folder_is_due: AtomicBool::new(true) }
    }

    /// A file that nobody watches.
    pub(crate) fn temporary(path: PathBuf) -> OpenFile {
        let observer = Observer::default();
        OpenFile { path, observer, database: None, gather: None, folder_is_due: AtomicBool::new(false) }
    }

    /// To be asked before the file is opened in a way that makes it when it is missing.
    pub(crate) fn create(&self) -> Result<(), c_int> {
        if self.observer.is_nobody() || self.path.symlink_metadata().is_ok() {
            return Ok(());
        }
        self.observer.before(Call::Create { path: &self.path }).map_err(|fault| code(fault, SQLITE_CANTOPEN))
    }

    /// What to say of a read at `offset` that was answered with `answer` and brought `bytes`.
    pub(crate) fn verified(&self, answer: c_int, bytes: &[u8], offset: u64) -> c_int {
        if self.database.is_none() || !matches!(answer, SQLITE_OK | SQLITE_IOERR_SHORT_READ) {
            return answer;
        }
        if offset + bytes.len() as u64 <= HEADER_BYTES {
            return answer;
        }
        let Some((number, page)) = whole_page(bytes, offset) else {
            let path = self.path.display();
            tracing::error!(%path, offset, bytes = bytes.len(), "a read that is no page was refused");
            return SQLITE_IOERR_READ;
        };
        let still_empty =
            number == 1 && answer == SQLITE_IOERR_SHORT_READ && page.iter().all(|byte| *byte == 0);
        if still_empty || (answer == SQLITE_OK && page::page_is_whole(number, page)) {
            return answer;
        }
        self.damage(number, page)
    }

    fn damage(&self, number: u32, page: &[u8; PAGE_BYTES]) -> c_int {
        let path = self.path.display();
        if number == 1 && page[RESERVED_AT] != CHECKSUM_BYTES && !page::lost_its_claim(page) {
            tracing::error!(%path, "this is no database with page checksums");
            return SQLITE_NOTADB;
        }
        tracing::error!(%path, page = number, "a page does not fit its checksum");
        SQLITE_IOERR_DATA
    }

    /// Writes `bytes` by `below`, with a checksum if they are a page.
    pub(crate) fn write(&self, bytes: &[u8], offset: u64, below: impl FnOnce(&[u8], u64) -> c_int) -> c_int {
        if let Some(gather) = &self.gather {
            return gather.take(bytes, offset, |bytes, offset| self.write_watched(bytes, offset, below));
        }
        if self.database.is_none() {
            return self.write_watched(bytes, offset, below);
        }
        let sealable = whole_page(bytes, offset)
            .filter(|(number, page)| *number != 1 || page[RESERVED_AT] == CHECKSUM_BYTES);
        let Some((number, page)) = sealable else {
            let path = self.path.display();
            tracing::error!(%path, offset, bytes = bytes.len(), "a write without place for a checksum was refused");
            return SQLITE_IOERR_WRITE;
        };
        self.write_watched(&page::seal(number, page), offset, below)
    }

    /// Writes what was held back, before anything that needs it in the file.
    pub(crate) fn settle(&self, below: impl FnOnce(&[u8], u64) -> c_int) -> c_int {
        let Some(gather) = &self.gather else { return SQLITE_OK };
        gather.settle(|bytes, offset| self.write_watched(bytes, offset, below))
    }

    fn write_watched(&self, bytes: &[u8], offset: u64, below: impl FnOnce(&[u8], u64) -> c_int) -> c_int {
        match self.observer.before(Call::Write { path: &self.path, offset, bytes }) {
            Ok(()) => below(bytes, offset),
            Err(fault) => code(fault, SQLITE_IOERR_WRITE),
        }
    }

    pub(crate) fn truncate(&self, to_bytes: u64, below: impl FnOnce() -> c_int) -> c_int {
        match self.observer.before(Call::Truncate { path: &self.path, to_bytes }) {
            Ok(()) => below(),
            Err(fault) => code(fault, SQLITE_IOERR_TRUNCATE),
        }
    }

    pub(crate) fn sync(&self, below: impl FnOnce() -> c_int) -> c_int {
        // As by SQLite's own VFS: whatever the cause, a failed flush is no full disk that may be tried again.
        if self.observer.before(Call::Sync { path: &self.path }).is_err() {
            return SQLITE_IOERR_FSYNC;
        }
        let answer = self.observer.time(&self.path, below, |answer| *answer == SQLITE_OK);
        if answer == SQLITE_OK { self.folder_synced() } else { answer }
    }

    /// Shows what the VFS below does unasked: the first flush of a journal flushes its folder too. That is
    /// what makes the end of an earlier journal last, so a watch that models the disk must know.
    fn folder_synced(&self) -> c_int {
        if !self.folder_is_due.swap(false, Ordering::Relaxed) {
            return SQLITE_OK;
        }
        let call = Call::SyncFolder { path: beside::folder_of(&self.path) };
        self.observer.before(call).map_or(SQLITE_IOERR_DIR_FSYNC, |()| SQLITE_OK)
    }
}

/// The result code of a fault in a call whose own failure is `otherwise`.
pub(crate) fn code(fault: Fault, otherwise: c_int) -> c_int {
    match fault {
        Fault::Io => otherwise,
        Fault::Full => SQLITE_FULL,
    }
}

/// The page that these bytes are, if they are one, and its number.
fn whole_page(bytes: &[u8], offset: u64) -> Option<(u32, &[u8; PAGE_BYTES])> {
    let page = bytes.try_into().ok()?;
    let index = offset.is_multiple_of(PAGE_BYTES as u64).then_some(offset / PAGE_BYTES as u64)?;
    Some((u32::try_from(index + 1).ok()?, page))
}
