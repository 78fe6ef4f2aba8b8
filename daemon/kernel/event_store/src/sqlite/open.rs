//! Opening the file: who may, whether it is ours, whole and readable; then the log beside it is grown
//! once, so that later commits write into space that exists and flush no file length.

use std::collections::HashSet;
use std::fs::{File, OpenOptions, TryLockError};
use std::io;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use hecate_disk::{Disk, beside};
use rusqlite::config::DbConfig;
use rusqlite::hooks::Wal;
use rusqlite::{Connection, ErrorCode, OpenFlags, params};
use uuid::Uuid;

use super::cause::{Cause, cause};
use super::checkpoint::WalGauge;
use super::identity::{self, Identity};
use super::log::{self, Log};
use crate::error::OpenError;

/// "Heca": says whose file it is.
const APPLICATION_ID: i64 = 0x4865_6361;
/// The one schema that this program knows.
pub(super) const FORMAT: i64 = 2;
/// How long a statement waits for a lock that another connection holds.
const LOCK_WAIT_MS: u64 = 2_000;
const STATEMENTS_CACHED: usize = 32;
/// Page cache of the writer at most, KiB. A batch of a thousand events touches thousands of index pages; with
/// SQLite's 2 MB they would go to the log and come back several times within one commit.
const WRITER_CACHE_KIB: i64 = 64 * 1024;

/// The files of a store that is ours alone to write.
pub(super) struct Files {
    path: PathBuf,
    disk: Disk,
    /// Held as long as anything writes.
    _lock: File,
}

pub(super) struct Opened {
    pub(super) conn: Connection,
    pub(super) files: Files,
    pub(super) identity: Identity,
    /// Position of the last event.
    pub(super) head: u64,
}

/// Opens the store at `path`, or makes it; the log beside it gets at least `wal_bytes`.
pub(super) fn open(path: &Path, disk: &Disk, wal_bytes: u64) -> Result<Opened, OpenError> {
    let fail = |error| open_error(path, &error);
    let io = |source| OpenError::Io { path: path.to_owned(), source };
    let lock = acquire(path)?;
    let known = identity::read(path).map_err(io)?;
    check_log(path)?;
    disk.create(path).map_err(io)?;
    let mut conn = prepared(disk.connect_writer(path).map_err(fail)?).map_err(fail)?;
    conn.pragma_update(None, "cache_size", -WRITER_CACHE_KIB).map_err(fail)?;
    conn.pragma_update(None, "cache_spill", false).map_err(fail)?;
    let fresh = check_format(&conn, path)?;
    if let (true, Some(lost)) = (fresh, known) {
        return Err(lost_events(path, lost));
    }
    prepare(&mut conn, fresh).map_err(fail)?;
    let (identity, head) = read_identity(&conn).map_err(fail)?;
    match known {
        None => identity::write(disk, path, identity).map_err(io)?,
        Some(known) if known == identity => {}
        Some(known) => return Err(another_store(path, known, identity)),
    }
    grow_log(disk, path, wal_bytes).map_err(io)?;
    let files = Files { path: path.to_owned(), disk: disk.clone(), _lock: lock };
    Ok(Opened { conn, files, identity, head })
}

/// A connection with the settings that all of ours share. None checkpoints when it closes: the writer
/// does, in its own time.
pub(super) fn connect(disk: &Disk, path: &Path, mode: OpenFlags) -> rusqlite::Result<Connection> {
    prepared(disk.connect(path, mode | OpenFlags::SQLITE_OPEN_NO_MUTEX)?)
}

fn prepared(conn: Connection) -> rusqlite::Result<Connection> {
    conn.busy_timeout(Duration::from_millis(LOCK_WAIT_MS))?;
    conn.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true)?;
    conn.set_prepared_statement_cache_capacity(STATEMENTS_CACHED);
    // This also reads the file: a connection that has not does not know of the log, and checkpoints nothing.
    conn.pragma_update(None, "synchronous", "FULL")?;
    conn.pragma_update(None, "wal_autocheckpoint", 0)?;
    Ok(conn)
}

/// Switches the kind of journal. SQLite answers with the new kind before the switch is made, so the statement
/// is stepped to its end, where it would say that it failed.
pub(super) fn set_journal(conn: &Connection, kind: &str) -> rusqlite::Result<()> {
    let mut switch = conn.prepare(&format!("PRAGMA journal_mode = {kind}"))?;
    switch.query_map([], |_| Ok(()))?.collect()
}

impl Files {
    /// Forgets a log whose whole content is in the file: from now on the file alone is the store. The log
    /// keeps its length for the next start.
    pub(super) fn forget_log(&self) -> io::Result<()> {
        self.disk.overwrite(&log_of(&self.path), 0, &[0; log::HEADER_BYTES])
    }
}

fn log_of(path: &Path) -> PathBuf {
    beside(path, "-wal")
}

/// The lock is a file of its own: opening and closing the database file outside of SQLite would
/// drop SQLite's own locks on it.
pub(super) fn acquire(path: &Path) -> Result<File, OpenError> {
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

/// Refuses a log that lost what was acknowledged; SQLite would take the break for its end.
pub(super) fn check_log(path: &Path) -> Result<(), OpenError> {
    match log::inspect(&read_log(path)?) {
        Log::Empty | Log::Whole { .. } => Ok(()),
        Log::Broken { frame } => {
            let detail = match frame {
                0 => "the header of the log does not fit".to_owned(),
                _ => format!("frame {frame} of the log does not fit, and acknowledged commits are behind it"),
            };
            Err(OpenError::Damaged { path: log_of(path), detail })
        }
    }
}

/// The numbers of the pages that are read from the log and not from the file.
pub(super) fn logged_pages(path: &Path) -> Result<HashSet<u32>, OpenError> {
    Ok(log::pages(&read_log(path)?))
}

/// The bytes of the log; none where there is no log.
fn read_log(path: &Path) -> Result<Vec<u8>, OpenError> {
    let path = log_of(path);
    match std::fs::read(&path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Vec::new()),
        read => read.map_err(|source| OpenError::Io { path, source }),
    }
}

/// Whether the file is still empty; refuses what is not ours before anything is changed.
pub(super) fn check_format(conn: &Connection, path: &Path) -> Result<bool, OpenError> {
    let fail = |error| open_error(path, &error);
    let number = |pragma| conn.pragma_query_value(None, pragma, |row| row.get::<_, i64>(0)).map_err(fail);
    let application = number("application_id")?;
    let format = number("user_version")?;
    let tables: i64 =
        conn.query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0)).map_err(fail)?;
    if application == 0 && format == 0 && tables == 0 {
        return Ok(true);
    }
    if application != APPLICATION_ID {
        return Err(damaged(path, "it is not an event store".to_owned()));
    }
    if format != FORMAT {
        return Err(OpenError::OtherFormat { path: path.to_owned(), found: format, known: FORMAT });
    }
    Ok(false)
}

fn prepare(conn: &mut Connection, fresh: bool) -> rusqlite::Result<()> {
    set_journal(conn, "WAL")?;
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

pub(super) fn read_identity(conn: &Connection) -> rusqlite::Result<(Identity, u64)> {
    let identity = conn.query_row("SELECT store_id, epoch FROM meta", [], |row| {
        Ok(Identity { store_id: super::rows::uuid(row, 0)?, epoch: row.get(1)? })
    })?;
    let head = conn.query_row("SELECT coalesce(max(position), 0) FROM events", [], |row| row.get(0))?;
    Ok((identity, head))
}

/// Lengthens the log with zeros, which recovery takes for its end, and flushes the new length.
/// Nobody writes yet. Without space the log grows commit by commit, as it would have anyway.
fn grow_log(disk: &Disk, path: &Path, wal_bytes: u64) -> io::Result<()> {
    match disk.lengthen(&log_of(path), wal_bytes) {
        Err(error) if error.kind() == io::ErrorKind::StorageFull => {
            tracing::warn!(%error, wal_bytes, "no space to grow the event store's log in advance");
            Ok(())
        }
        grown => grown,
    }
}

/// A store that was written before pages had checksums: SQLite alone can say no more than "no database".
/// Nobody here has the file open, so it may be looked at past SQLite.
fn earlier_format(path: &Path) -> Option<OpenError> {
    let header = std::fs::read(path).ok()?;
    let number = |at: usize| header.get(at..)?.first_chunk().map(|bytes| u32::from_be_bytes(*bytes).into());
    let (found, application): (i64, i64) = (number(60)?, number(68)?);
    let ours = application == APPLICATION_ID && found < FORMAT;
    ours.then(|| OpenError::OtherFormat { path: path.to_owned(), found, known: FORMAT })
}

fn damaged(path: &Path, detail: String) -> OpenError {
    OpenError::Damaged { path: path.to_owned(), detail }
}

fn lost_events(path: &Path, lost: Identity) -> OpenError {
    damaged(path, format!("the events of store {lost} are gone; restore a backup"))
}

pub(super) fn another_store(path: &Path, known: Identity, found: Identity) -> OpenError {
    damaged(
        path,
        format!("it holds store {found}, where store {known} was; `restore` puts a backup in place"),
    )
}

pub(super) fn open_error(path: &Path, error: &rusqlite::Error) -> OpenError {
    if error.sqlite_error_code() == Some(ErrorCode::NotADatabase)
        && let Some(earlier) = earlier_format(path)
    {
        return earlier;
    }
    let path = path.to_owned();
    match cause(error) {
        Cause::Locked => OpenError::Locked { path },
        Cause::Full | Cause::Io => OpenError::Io { path, source: io::Error::other(error.to_string()) },
        Cause::Damage => OpenError::Damaged { path, detail: error.to_string() },
    }
}

/// Lets the gauge know after each commit how long the log has become.
pub(super) fn follow_wal(conn: &mut Connection, wal: Arc<WalGauge>) -> rusqlite::Result<()> {
    conn.wal_hook(Some(move |_: &mut Wal, pages: std::ffi::c_int| {
        wal.committed(u32::try_from(pages).unwrap_or(0));
        Ok(())
    }))
}
