//! The file of one listener: how far it has come and what came of each fact. The log is the truth: a file
//! that is lost or fits no more is begun again, and what was done then is not done twice.

use super::outcome::{Outcome, OutcomeFilter, OutcomePage, OutcomeState};
use rusqlite::{Connection, ErrorCode, OpenFlags, OptionalExtension, Row, ToSql, Transaction};
use std::collections::HashMap;
use std::io;
use std::path::{Path, PathBuf};
use tokio::sync::OwnedMutexGuard;
use uuid::Uuid;

/// Grows with a change of the tables; a file of another format is of no use.
const FORMAT: u32 = 1;
const TABLES: &str = "
    CREATE TABLE cursor(one INTEGER PRIMARY KEY CHECK (one = 1), position INTEGER NOT NULL,
                        store_id TEXT NOT NULL, epoch INTEGER NOT NULL, listeners TEXT NOT NULL) STRICT;
    CREATE TABLE outcomes(position INTEGER NOT NULL, listener TEXT NOT NULL, event_id TEXT NOT NULL,
                          event_type TEXT NOT NULL, stream_id TEXT NOT NULL, event_at_us INTEGER NOT NULL,
                          state TEXT NOT NULL, code TEXT, why TEXT, dismissal TEXT, recorded INTEGER,
                          attempts INTEGER NOT NULL, first_at_us INTEGER NOT NULL, settled_at_us INTEGER,
                          PRIMARY KEY (position, listener)) STRICT, WITHOUT ROWID;
    CREATE INDEX outcomes_by_state ON outcomes(state, position, listener);";
const COLUMNS: &str = "position, listener, event_id, event_type, stream_id, event_at_us, state, code, why,
                       dismissal, recorded, attempts, first_at_us, settled_at_us";
/// What needs nobody's decision any more.
const DONE_WITH: &str = "state IN ('dispatched', 'skipped', 'refused')";

/// Rows kept of what is done with.
const OUTCOMES_MAX: u64 = 50_000;
/// How long they are kept, by the events' own time.
const KEPT_US: i64 = 30 * 24 * 3_600 * 1_000_000;
/// Rows written between two prunings.
const PRUNED_EVERY: u32 = 1_000;

/// What a file must belong to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Origin {
    pub(crate) store_id: Uuid,
    pub(crate) epoch: u64,
    /// The log's end; a cursor beyond it belongs to another log.
    pub(crate) head: u64,
    /// Who hears what, in words: another set may have wanted what this one passed over.
    pub(crate) listeners: String,
}

/// The right to write a file. It travels into the thread that writes: a killed actor leaves such a thread
/// behind, and its successor waits until the thread is done.
pub(crate) type Pen = OwnedMutexGuard<()>;

/// A listener's file, open for writing by the one who holds the pen.
pub(crate) struct ListenerFile {
    db: Connection,
    cursor: u64,
    written: u32,
    /// Given back after `db` is closed.
    _pen: Pen,
}

/// What can be done about what SQLite says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Remedy {
    /// No space, or locked: it succeeds later.
    Wait,
    /// The file is damaged: begin another.
    BeginAgain,
    /// Nobody knows: start again.
    Crash,
}

/// What a file is worth.
enum Fit {
    Whole(u64),
    /// The same store under other circumstances: what people have to decide, or have decided, stays.
    Decisions,
    /// Nothing, and why.
    Nothing(&'static str),
}

impl ListenerFile {
    /// Opens the file, or begins it where it is none that fits.
    pub(crate) fn open(path: &Path, origin: &Origin, pen: Pen) -> rusqlite::Result<ListenerFile> {
        let found = path.exists().then(|| connect(path).and_then(|db| Ok((fit(&db, origin)?, db))));
        let (cursor, db) = match found {
            Some(Ok((Fit::Whole(cursor), db))) => (cursor, db),
            Some(Ok((Fit::Decisions, mut db))) => {
                tracing::warn!(path = %path.display(), "the log is heard again from the first event on");
                begin_again(&mut db, origin)?;
                (0, db)
            }
            Some(Err(error)) if remedy(&error) == Remedy::Wait => return Err(error),
            Some(Err(error)) => {
                tracing::error!(path = %path.display(), %error, "the listener's file is damaged and is begun again");
                (0, create(path, origin)?)
            }
            Some(Ok((Fit::Nothing(why), db))) => {
                tracing::warn!(path = %path.display(), why, "the listener's file is begun again");
                drop(db);
                (0, create(path, origin)?)
            }
            None => (0, create(path, origin)?),
        };
        Ok(ListenerFile { db, cursor, written: 0, _pen: pen })
    }

    /// Everything up to here is settled.
    pub(crate) fn cursor(&self) -> u64 {
        self.cursor
    }

    /// Keeps an outcome, and that everything up to `cursor` is settled; answers how many dead letters there
    /// are now.
    pub(crate) fn keep(&mut self, outcome: &Outcome, cursor: u64) -> rusqlite::Result<u64> {
        let tx = self.db.transaction()?;
        insert(&tx, outcome)?;
        let cursor = self.cursor.max(cursor);
        move_cursor(&tx, cursor)?;
        if self.written.is_multiple_of(PRUNED_EVERY) {
            prune(&tx, outcome.event_at_us.saturating_sub(KEPT_US), OUTCOMES_MAX)?;
        }
        tx.commit()?;
        self.cursor = cursor;
        self.written = self.written.wrapping_add(1);
        self.dead()
    }

    /// Returns when the disk has everything: what people decided is not heard again.
    pub(crate) fn flush(&mut self) -> rusqlite::Result<()> {
        self.db.query_row("PRAGMA wal_checkpoint(FULL)", [], |_| Ok(()))
    }

    /// Keeps that everything up to here is settled or nobody's to hear.
    pub(crate) fn pass(&mut self, cursor: u64) -> rusqlite::Result<()> {
        move_cursor(&self.db, cursor)?;
        self.cursor = cursor;
        Ok(())
    }

    /// What is known of the facts behind `after` and up to `to`.
    pub(crate) fn known(&self, after: u64, to: u64) -> rusqlite::Result<HashMap<(u64, String), Outcome>> {
        let sql = format!("SELECT {COLUMNS} FROM outcomes WHERE position > ?1 AND position <= ?2");
        let mut rows = self.db.prepare_cached(&sql)?;
        let rows = rows.query_map([after, to], outcome)?;
        rows.map(|row| row.map(|row| ((row.position, row.listener.clone()), row))).collect()
    }

    /// The dead letters of one fact.
    pub(crate) fn dead_at(&self, position: u64) -> rusqlite::Result<Vec<Outcome>> {
        let sql = format!("SELECT {COLUMNS} FROM outcomes WHERE position = ?1 AND state = 'dead'");
        self.db.prepare_cached(&sql)?.query_map([position], outcome)?.collect()
    }

    /// How many dead letters wait for a decision.
    pub(crate) fn dead(&self) -> rusqlite::Result<u64> {
        let sql = "SELECT count(*) FROM outcomes WHERE state = 'dead'";
        self.db.prepare_cached(sql)?.query_row([], |row| row.get(0))
    }
}

/// Reads a page of outcomes, beside whoever writes.
pub(crate) fn read_page(path: &Path, filter: &OutcomeFilter) -> rusqlite::Result<OutcomePage> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let db = Connection::open_with_flags(path, flags)?;
    let (position, listener) = filter.before.clone().unwrap_or((i64::MAX as u64, String::new()));
    let wanted = i64::try_from(filter.limit.saturating_add(1)).unwrap_or(i64::MAX);
    let mut values: Vec<&dyn ToSql> = vec![&position, &listener, &wanted];
    let name = filter.state.map(OutcomeState::as_str);
    let only = name.as_ref().map_or("", |name| {
        values.push(name);
        "AND state = ?4"
    });
    let sql = format!(
        "SELECT {COLUMNS} FROM outcomes WHERE (position, listener) < (?1, ?2) {only}
         ORDER BY position DESC, listener DESC LIMIT ?3"
    );
    let mut outcomes: Vec<Outcome> =
        db.prepare(&sql)?.query_map(&*values, outcome)?.collect::<Result<_, _>>()?;
    let more = outcomes.len() > filter.limit;
    outcomes.truncate(filter.limit);
    let last = outcomes.last().filter(|_| more);
    Ok(OutcomePage { next: last.map(|last| (last.position, last.listener.clone())), outcomes })
}

/// What can be done about what SQLite says.
pub(crate) fn remedy(error: &rusqlite::Error) -> Remedy {
    match error.sqlite_error_code() {
        Some(ErrorCode::DiskFull | ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => Remedy::Wait,
        // A file that was cut short fails as an I/O error; a row that is not what was written, as no code.
        Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase | ErrorCode::SystemIoFailure) | None => {
            Remedy::BeginAgain
        }
        Some(_) => Remedy::Crash,
    }
}

/// Removes the file, then what SQLite keeps beside it: a log without its file is nothing.
pub(crate) fn remove(path: &Path) {
    for suffix in ["", "-wal", "-shm"] {
        let mut name = path.as_os_str().to_owned();
        name.push(suffix);
        match std::fs::remove_file(PathBuf::from(name)) {
            Ok(()) => {}
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => tracing::warn!(path = %path.display(), %error, "a listener's old file stays"),
        }
    }
}

/// A connection with the settings of a disposable file: a lost tail is heard again.
fn connect(path: &Path) -> rusqlite::Result<Connection> {
    let db = Connection::open(path)?;
    db.pragma_update(None, "journal_mode", "WAL")?;
    db.pragma_update(None, "synchronous", "NORMAL")?;
    Ok(db)
}

fn create(path: &Path, origin: &Origin) -> rusqlite::Result<Connection> {
    remove(path);
    let mut db = connect(path)?;
    let tx = db.transaction()?;
    tx.execute_batch(TABLES)?;
    set_origin(&tx, origin)?;
    tx.pragma_update(None, "user_version", FORMAT)?;
    tx.commit()?;
    Ok(db)
}

fn fit(db: &Connection, origin: &Origin) -> rusqlite::Result<Fit> {
    let format: u32 = db.query_row("PRAGMA user_version", [], |row| row.get(0))?;
    if format != FORMAT {
        return Ok(Fit::Nothing("it has another format"));
    }
    let sql = "SELECT position, store_id, epoch, listeners FROM cursor";
    let found = db.query_row(sql, [], |row| {
        let (store_id, epoch, listeners): (String, u64, String) = (row.get(1)?, row.get(2)?, row.get(3)?);
        Ok((row.get::<_, u64>(0)?, store_id, (epoch, listeners)))
    });
    let Some((cursor, store_id, circumstances)) = found.optional()? else {
        return Ok(Fit::Nothing("it is empty"));
    };
    if store_id != origin.store_id.to_string() {
        return Ok(Fit::Nothing("it belongs to another store"));
    }
    if circumstances == (origin.epoch, origin.listeners.clone()) && cursor <= origin.head {
        return Ok(Fit::Whole(cursor));
    }
    // What is kept from here on is kept for long: only from a file that is whole.
    db.query_row("PRAGMA quick_check(1)", [], |row| {
        let whole = row.get::<_, String>(0)? == "ok";
        Ok(if whole { Fit::Decisions } else { Fit::Nothing("it is damaged") })
    })
}

/// Forgets everything but what people have to decide, or have decided.
fn begin_again(db: &mut Connection, origin: &Origin) -> rusqlite::Result<()> {
    let tx = db.transaction()?;
    let forget = "DELETE FROM outcomes WHERE state NOT IN ('dead', 'dismissed') OR position > ?1";
    tx.execute(forget, [origin.head])?;
    set_origin(&tx, origin)?;
    tx.commit()
}

fn set_origin(tx: &Transaction<'_>, origin: &Origin) -> rusqlite::Result<()> {
    tx.execute(
        "INSERT OR REPLACE INTO cursor VALUES (1, 0, ?1, ?2, ?3)",
        (origin.store_id.to_string(), origin.epoch, &origin.listeners),
    )
    .map(drop)
}

fn move_cursor(db: &Connection, cursor: u64) -> rusqlite::Result<()> {
    db.prepare_cached("UPDATE cursor SET position = ?1")?.execute([cursor]).map(drop)
}

fn insert(tx: &Transaction<'_>, row: &Outcome) -> rusqlite::Result<()> {
    let sql = format!("INSERT OR REPLACE INTO outcomes({COLUMNS}) VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?)");
    let (event_id, state) = (row.event_id.to_string(), row.state.as_str());
    let values: [&dyn ToSql; 14] = [
        &row.position,
        &row.listener,
        &event_id,
        &row.event_type,
        &row.stream_id,
        &row.event_at_us,
        &state,
        &row.code,
        &row.why,
        &row.dismissal,
        &row.recorded,
        &row.attempts,
        &row.first_at_us,
        &row.settled_at_us,
    ];
    tx.prepare_cached(&sql)?.execute(values).map(drop)
}

/// Forgets what is done with and happened before `before_us`, and of the rest all but the newest `rows_max`.
fn prune(tx: &Transaction<'_>, before_us: i64, rows_max: u64) -> rusqlite::Result<usize> {
    let sql = format!(
        "DELETE FROM outcomes WHERE {DONE_WITH} AND (event_at_us < ?1 OR position <= coalesce(
             (SELECT position FROM outcomes WHERE {DONE_WITH} ORDER BY position DESC LIMIT 1 OFFSET ?2), 0))"
    );
    tx.prepare_cached(&sql)?.execute((before_us, rows_max))
}

fn outcome(row: &Row<'_>) -> rusqlite::Result<Outcome> {
    let (event_id, state): (String, String) = (row.get("event_id")?, row.get("state")?);
    let unreadable = |column: &str| rusqlite::Error::InvalidColumnName(column.to_owned());
    Ok(Outcome {
        position: row.get("position")?,
        listener: row.get("listener")?,
        event_id: Uuid::parse_str(&event_id).map_err(|_| unreadable("event_id"))?,
        event_type: row.get("event_type")?,
        stream_id: row.get("stream_id")?,
        event_at_us: row.get("event_at_us")?,
        state: OutcomeState::of(&state).ok_or_else(|| unreadable("state"))?,
        code: row.get("code")?,
        why: row.get("why")?,
        dismissal: row.get("dismissal")?,
        recorded: row.get("recorded")?,
        attempts: row.get("attempts")?,
        first_at_us: row.get("first_at_us")?,
        settled_at_us: row.get("settled_at_us")?,
    })
}
