//! What is done about a file that cannot be used: only one that is proved damaged is begun again, and even
//! that one is set aside. A disk in trouble says nothing of what lies on it.

use hecate_disk::beside;
use rusqlite::{Error, ErrorCode};
use std::io;
use std::path::Path;

/// What can be done about what SQLite says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Remedy {
    /// No space, or locked: it succeeds later.
    Wait,
    /// The file is damaged: begin another.
    BeginAgain,
    /// Nobody knows, and it says nothing of the file: open it again.
    Crash,
}

/// Why a file was not opened.
#[derive(Debug, thiserror::Error)]
pub(crate) enum OpenError {
    #[error(transparent)]
    Sqlite(#[from] Error),
    #[error(transparent)]
    Folder(#[from] io::Error),
}

/// What can be done about what SQLite says.
pub(crate) fn remedy(error: &Error) -> Remedy {
    match error {
        // A row that is not what was written.
        Error::FromSqlConversionFailure(..)
        | Error::IntegralValueOutOfRange(..)
        | Error::InvalidColumnType(..)
        | Error::Utf8Error(..) => return Remedy::BeginAgain,
        _ => {}
    }
    match error.sqlite_error_code() {
        Some(ErrorCode::DiskFull | ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => Remedy::Wait,
        Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) => Remedy::BeginAgain,
        _ => Remedy::Crash,
    }
}

/// Moves the file out of the way, to `{path}.damaged`, with the log that SQLite keeps beside it; the one that
/// was set aside before makes room. Harmless where there is none.
pub(crate) fn set_aside(path: &Path) -> io::Result<()> {
    let aside = beside(path, ".damaged");
    for stale in [beside(&aside, "-wal"), beside(&aside, "-shm")] {
        absent_is_fine(std::fs::remove_file(stale))?;
    }
    // The file goes first: a log that stays without its file is nothing.
    absent_is_fine(std::fs::rename(path, &aside))?;
    absent_is_fine(std::fs::rename(beside(path, "-wal"), beside(&aside, "-wal")))?;
    absent_is_fine(std::fs::remove_file(beside(path, "-shm")))
}

fn absent_is_fine(done: io::Result<()>) -> io::Result<()> {
    match done {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        done => done,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rusqlite::{ffi, types::Type};

    #[test]
    fn only_what_proves_damage_begins_a_file_again() {
        let sqlite = |code| Error::SqliteFailure(ffi::Error::new(code), None);
        for (error, expected) in [
            (sqlite(ffi::SQLITE_FULL), Remedy::Wait),
            (sqlite(ffi::SQLITE_BUSY), Remedy::Wait),
            (sqlite(ffi::SQLITE_CORRUPT), Remedy::BeginAgain),
            (sqlite(ffi::SQLITE_NOTADB), Remedy::BeginAgain),
            (Error::IntegralValueOutOfRange(0, -1), Remedy::BeginAgain),
            (Error::InvalidColumnType(0, "state".to_owned(), Type::Null), Remedy::BeginAgain),
            (sqlite(ffi::SQLITE_IOERR_FSYNC), Remedy::Crash),
            (sqlite(ffi::SQLITE_CANTOPEN), Remedy::Crash),
            (sqlite(ffi::SQLITE_NOMEM), Remedy::Crash),
            (sqlite(ffi::SQLITE_PERM), Remedy::Crash),
            (Error::ToSqlConversionFailure("too large".into()), Remedy::Crash),
        ] {
            assert_eq!(remedy(&error), expected, "{error:?}");
        }
    }
}
