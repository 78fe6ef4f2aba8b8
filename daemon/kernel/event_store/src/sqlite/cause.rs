//! What an error of SQLite says about the disk. Every other module decides on one of these four.

use rusqlite::ErrorCode;
use rusqlite::ffi::SQLITE_IOERR_DATA;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Cause {
    /// Somebody else holds a lock; the same call may succeed later.
    Locked,
    /// No space; the same call may succeed later.
    Full,
    /// The disk failed, or the operating system refused.
    Io,
    /// What the file holds is not what was written.
    Damage,
}

pub(super) fn cause(error: &rusqlite::Error) -> Cause {
    // A page whose checksum does not fit is told as an I/O error.
    if error.sqlite_error().is_some_and(|error| error.extended_code == SQLITE_IOERR_DATA) {
        return Cause::Damage;
    }
    match error.sqlite_error_code() {
        Some(
            ErrorCode::DatabaseBusy
            | ErrorCode::DatabaseLocked
            | ErrorCode::FileLockingProtocolFailed
            | ErrorCode::OperationInterrupted
            | ErrorCode::SchemaChanged,
        ) => Cause::Locked,
        Some(ErrorCode::DiskFull) => Cause::Full,
        Some(
            ErrorCode::SystemIoFailure
            | ErrorCode::CannotOpen
            | ErrorCode::ReadOnly
            | ErrorCode::PermissionDenied
            | ErrorCode::OutOfMemory,
        ) => Cause::Io,
        _ => Cause::Damage,
    }
}
