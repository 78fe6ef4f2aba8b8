//! Opening the file: who may, whether it is ours, whether we can read it; then the log beside it is
//! grown once, so that later commits write into space that exists and flush no file length.

use std::ffi::OsString;
use std::fs::{File, OpenOptions, TryLockError};
use std::io::{self, Seek, SeekFrom, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use rusqlite::config::DbConfig;
use rusqlite::hooks::Wal;
use rusqlite::{Connection, ErrorCode, OpenFlags, params};
use uuid::Uuid;

use super::checkpoint::WalGauge;
use crate::error::OpenError;

/// "Heca": says whose file it is.
const APPLICATION_ID: i64 = 0x4865_6361;
/// The newest schema that this program knows.
const FORMAT: i64 = 1;
/// How long a statement waits for a lock that another connection holds.
const LOCK_WAIT_MS: u64 = 2_000;
const STATEMENTS_CACHED: usize = 32;
const GROW_STEP_BYTES: usize = 1024 * 1024;

/// A file that is ours alone to write.
pub(super) struct Opened {
    pub(super) conn: Connection,
    /// Held as long as anything writes.
    pub(super) lock: File,
    pub(super) store_id: Uuid,
    pub(super) epoch: u64,
    /// Position of the last event.
    pub(super) head: u64,
}

/// Opens the store at `path`, or makes it; the log beside it gets at least `wal_bytes`.
pub(super) fn open(path: &Path, wal_bytes: u64) -> Result<Opened, OpenError> {
    let lock = acquire(path)?;
    create(path).map_err(|source| OpenError::Io { path: path.to_owned(), source })?;
    let fail = |error| open_error(path, error);
    let mut conn = connect(path, OpenFlags::SQLITE_OPEN_READ_WRITE).map_err(fail)?;
    let fresh = check_format(&conn, path)?;
    prepare(&mut conn, fresh).map_err(fail)?;
    let (store_id, epoch, head) = read_identity(&conn).map_err(fail)?;
    grow_wal(path, wal_bytes).map_err(|source| OpenError::Io { path: path.to_owned(), source })?;
    Ok(Opened { conn, lock, store_id, epoch, head })
}

/// A connection with the settings that all of ours share. None checkpoints when it closes: the log
/// keeps its length for the next start, and closing costs nothing.
pub(super) fn connect(path: &Path, mode: OpenFlags) -> rusqlite::Result<Connection> {
    let conn = Connection::open_with_flags(path, mode | OpenFlags::SQLITE_OPEN_NO_MUTEX)?;
    conn.busy_timeout(Duration::from_millis(LOCK_WAIT_MS))?;
    conn.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true)?;
    conn.set_prepared_statement_cache_capacity(STATEMENTS_CACHED);
    if mode.contains(OpenFlags::SQLITE_OPEN_READ_WRITE) {
        conn.pragma_update(None, "synchronous", "FULL")?;
        conn.pragma_update(None, "wal_autocheckpoint", 0)?;
    }
    Ok(conn)
}

/// `path` with `suffix` behind its last letter.
fn beside(path: &Path, suffix: &str) -> PathBuf {
    let mut name = OsString::from(path);
    name.push(suffix);
    name.into()
}

/// The lock is a file of its own: opening and closing the database file outside of SQLite would
/// drop SQLite's own locks on it.
fn acquire(path: &Path) -> Result<File, OpenError> {
    let io = |source| OpenError::Io { path: path.to_owned(), source };
    let lock = OpenOptions::new()
        .create(true)
        .truncate(false)
        .write(true)
        .mode(0o600)
        .open(beside(path, ".lock"))
        .map_err(io)?;
    match lock.try_lock() {
        Ok(()) => Ok(lock),
        Err(TryLockError::WouldBlock) => Err(OpenError::Locked { path: path.to_owned() }),
        Err(TryLockError::Error(source)) => Err(io(source)),
    }
}

/// Makes the file with its final mode; SQLite gives the log and its index the same one.
fn create(path: &Path) -> io::Result<()> {
    match OpenOptions::new().create_new(true).write(true).mode(0o600).open(path) {
        Ok(file) => {
            file.sync_all()?;
            sync_folder(path)
        }
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
        Err(error) => Err(error),
    }
}

fn sync_folder(path: &Path) -> io::Result<()> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    File::open(folder.unwrap_or(Path::new(".")))?.sync_all()
}

/// Whether the file is still empty; refuses what is not ours before anything is changed.
fn check_format(conn: &Connection, path: &Path) -> Result<bool, OpenError> {
    let fail = |error| open_error(path, error);
    let number = |pragma| conn.pragma_query_value(None, pragma, |row| row.get::<_, i64>(0)).map_err(fail);
    let (application, format) = (number("application_id")?, number("user_version")?);
    let tables: i64 =
        conn.query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0)).map_err(fail)?;
    if application == 0 && format == 0 && tables == 0 {
        return Ok(true);
    }
    if application != APPLICATION_ID {
        let detail = "it is not an event store".to_owned();
        return Err(OpenError::Damaged { path: path.to_owned(), detail });
    }
    if format > FORMAT {
        return Err(OpenError::NewerFormat { path: path.to_owned(), found: format, supported: FORMAT });
    }
    Ok(false)
}

fn prepare(conn: &mut Connection, fresh: bool) -> rusqlite::Result<()> {
    conn.pragma_update(None, "journal_mode", "WAL")?;
    if !fresh {
        return Ok(());
    }
    // One transaction: a crash leaves an empty file or a whole one.
    let tx = conn.transaction()?;
    tx.execute_batch(include_str!("schema.sql"))?;
    tx.execute("INSERT INTO meta (store_id, epoch) VALUES (?1, 1)", params![Uuid::now_v7().as_bytes()])?;
    tx.pragma_update(None, "application_id", APPLICATION_ID)?;
    tx.pragma_update(None, "user_version", FORMAT)?;
    tx.commit()
}

fn read_identity(conn: &Connection) -> rusqlite::Result<(Uuid, u64, u64)> {
    let (store_id, epoch) = conn.query_row("SELECT store_id, epoch FROM meta", [], |row| {
        Ok((super::rows::uuid(row, 0)?, row.get(1)?))
    })?;
    let head = conn.query_row("SELECT coalesce(max(position), 0) FROM events", [], |row| row.get(0))?;
    Ok((store_id, epoch, head))
}

/// Lengthens the log with zeros, which recovery takes for its end, and flushes the new length.
/// Nobody writes yet. Without space the log grows commit by commit, as it would have anyway.
fn grow_wal(path: &Path, wal_bytes: u64) -> io::Result<()> {
    let mut wal =
        OpenOptions::new().write(true).create(true).truncate(false).mode(0o600).open(beside(path, "-wal"))?;
    let length = wal.metadata()?.len();
    match lengthen(&mut wal, length, wal_bytes) {
        Err(error) if error.kind() == io::ErrorKind::StorageFull => {
            tracing::warn!(%error, wal_bytes, "no space to grow the event store's log in advance");
            wal.set_len(length)?;
        }
        grown => grown?,
    }
    wal.sync_all()?;
    sync_folder(path)
}

fn lengthen(wal: &mut File, from: u64, to: u64) -> io::Result<()> {
    let zeros = vec![0; GROW_STEP_BYTES];
    wal.seek(SeekFrom::Start(from))?;
    let mut missing = to.saturating_sub(from);
    while missing > 0 {
        let step = missing.min(GROW_STEP_BYTES as u64);
        wal.write_all(&zeros[..usize::try_from(step).unwrap_or(GROW_STEP_BYTES)])?;
        missing -= step;
    }
    Ok(())
}

fn open_error(path: &Path, error: rusqlite::Error) -> OpenError {
    let path = path.to_owned();
    match error.sqlite_error_code() {
        Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => OpenError::Locked { path },
        Some(
            ErrorCode::CannotOpen
            | ErrorCode::SystemIoFailure
            | ErrorCode::DiskFull
            | ErrorCode::ReadOnly
            | ErrorCode::PermissionDenied
            | ErrorCode::OutOfMemory,
        ) => OpenError::Io { path, source: io::Error::other(error) },
        _ => OpenError::Damaged { path, detail: error.to_string() },
    }
}

/// Lets the gauge know after each commit how long the log has become.
pub(super) fn follow_wal(conn: &mut Connection, wal: Arc<WalGauge>) -> rusqlite::Result<()> {
    conn.wal_hook(Some(move |_: &mut Wal, pages: std::ffi::c_int| {
        wal.committed(u32::try_from(pages).unwrap_or(0));
        Ok(())
    }))
}
