//! How a listener's file is opened: gone on with where it fits, corrected where the set of listeners has
//! changed, begun again where the log has.

use super::damage::{OpenError, Remedy, remedy, set_aside};
use rusqlite::{Connection, OptionalExtension, Transaction};
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use uuid::Uuid;

/// Grows with a change of the tables; a file of another format is of no use.
const FORMAT: u32 = 2;
const TABLES: &str = "
    CREATE TABLE cursor(one INTEGER PRIMARY KEY CHECK (one = 1), position INTEGER NOT NULL,
                        store_id TEXT NOT NULL, epoch INTEGER NOT NULL) STRICT;
    CREATE TABLE heard(event_type TEXT NOT NULL, listener TEXT NOT NULL, up_to INTEGER NOT NULL,
                       PRIMARY KEY (event_type, listener)) STRICT, WITHOUT ROWID;
    CREATE TABLE outcomes(position INTEGER NOT NULL, listener TEXT NOT NULL, event_id TEXT NOT NULL,
                          event_type TEXT NOT NULL, stream_id TEXT NOT NULL, event_at_us INTEGER NOT NULL,
                          state TEXT NOT NULL, code TEXT, why TEXT, dismissal TEXT, recorded INTEGER,
                          attempts INTEGER NOT NULL, first_at_us INTEGER NOT NULL, settled_at_us INTEGER,
                          PRIMARY KEY (position, listener)) STRICT, WITHOUT ROWID;
    CREATE INDEX outcomes_by_state ON outcomes(state, position, listener);";
const TABLES_TOTAL: u32 = 3;

/// An event type and a listener of it.
pub(crate) type Pair = (String, String);

/// What a file must belong to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Origin {
    pub(crate) store_id: Uuid,
    pub(crate) epoch: u64,
    /// The log's end; a cursor beyond it belongs to another log.
    pub(crate) head: u64,
    /// Who hears what.
    pub(crate) pairs: BTreeSet<Pair>,
}

/// What a file is worth.
enum Fit {
    /// It can be gone on with from this cursor.
    Whole(u64),
    /// The same store after a restore: what people have to decide, or have decided, stays.
    Decisions,
    /// Nothing, and why.
    Nothing(&'static str),
}

/// Opens the file, or begins it where it is none that fits; answers its cursor too.
///
/// # Errors
/// Whatever says nothing of the file: it stays as it is.
pub(crate) fn open(path: &Path, origin: &Origin) -> Result<(Connection, u64), OpenError> {
    if !path.try_exists()? {
        return begin_another(path, origin);
    }
    match reopen(path, origin) {
        Ok(Ok(opened)) => Ok(opened),
        Ok(Err(why)) => {
            tracing::warn!(path = %path.display(), why, "the listener's file is begun again");
            begin_another(path, origin)
        }
        Err(error) if remedy(&error) == Remedy::BeginAgain => {
            tracing::error!(path = %path.display(), %error, "the listener's file is damaged and is begun again");
            begin_another(path, origin)
        }
        Err(error) => Err(error.into()),
    }
}

/// Makes the tables in an empty file.
pub(crate) fn begin(db: &mut Connection, origin: &Origin) -> rusqlite::Result<()> {
    settle_in(db)?;
    let tx = db.transaction()?;
    tx.execute_batch(TABLES)?;
    begin_cursor(&tx, origin)?;
    tx.pragma_update(None, "user_version", FORMAT)?;
    tx.commit()
}

/// Every pair that the file knows, with the position up to which it has heard the log, or the cursor where
/// that is further.
pub(crate) fn heard(db: &Connection) -> rusqlite::Result<BTreeMap<Pair, u64>> {
    let mut rows = db.prepare("SELECT event_type, listener, up_to FROM heard")?;
    rows.query_map([], |row| Ok(((row.get(0)?, row.get(1)?), row.get(2)?)))?.collect()
}

pub(crate) fn move_cursor(db: &Connection, cursor: u64) -> rusqlite::Result<()> {
    db.prepare_cached("UPDATE cursor SET position = ?1")?.execute([cursor]).map(drop)
}

/// The file that is there, or why it is of no use.
fn reopen(path: &Path, origin: &Origin) -> rusqlite::Result<Result<(Connection, u64), &'static str>> {
    let mut db = Connection::open(path)?;
    settle_in(&db)?;
    let cursor = match fit(&db, origin)? {
        Fit::Whole(cursor) => regroup(&mut db, cursor, &origin.pairs)?,
        Fit::Decisions => {
            tracing::warn!(path = %path.display(), "the log is heard again from the first event on");
            begin_again(&mut db, origin)?;
            0
        }
        Fit::Nothing(why) => return Ok(Err(why)),
    };
    Ok(Ok((db, cursor)))
}

fn begin_another(path: &Path, origin: &Origin) -> Result<(Connection, u64), OpenError> {
    set_aside(path)?;
    let mut db = Connection::open(path)?;
    begin(&mut db, origin)?;
    Ok((db, 0))
}

/// The settings of a disposable file: a lost tail is heard again.
fn settle_in(db: &Connection) -> rusqlite::Result<()> {
    db.pragma_update(None, "journal_mode", "WAL")?;
    db.pragma_update(None, "synchronous", "NORMAL")
}

fn fit(db: &Connection, origin: &Origin) -> rusqlite::Result<Fit> {
    let format: u32 = db.query_row("PRAGMA user_version", [], |row| row.get(0))?;
    if format != FORMAT {
        return Ok(Fit::Nothing("it has another format"));
    }
    let tables = "SELECT count(*) FROM sqlite_schema WHERE type = 'table'";
    if db.query_row(tables, [], |row| row.get::<_, u32>(0))? != TABLES_TOTAL {
        return Ok(Fit::Nothing("it has other tables"));
    }
    let sql = "SELECT position, store_id, epoch FROM cursor";
    let found = db.query_row(sql, [], |row| Ok((row.get::<_, u64>(0)?, row.get(1)?, row.get::<_, u64>(2)?)));
    let Some((cursor, store_id, epoch)): Option<(_, String, _)> = found.optional()? else {
        return Ok(Fit::Nothing("it is empty"));
    };
    if store_id != origin.store_id.to_string() {
        return Ok(Fit::Nothing("it belongs to another store"));
    }
    if epoch == origin.epoch && cursor <= origin.head {
        return Ok(Fit::Whole(cursor));
    }
    // What is kept from here on is kept for long: only from a file that is whole.
    db.query_row("PRAGMA quick_check(1)", [], |row| {
        let whole = row.get::<_, String>(0)? == "ok";
        Ok(if whole { Fit::Decisions } else { Fit::Nothing("it is damaged") })
    })
}

/// Notes who hears what now, and goes back to where the one that has heard least goes on: a new listener
/// hears the log from the first event on, the others nothing twice.
fn regroup(db: &mut Connection, cursor: u64, pairs: &BTreeSet<Pair>) -> rusqlite::Result<u64> {
    let before = heard(db)?;
    if before.keys().eq(pairs) {
        return Ok(cursor);
    }
    let up_to = |pair| before.get(pair).map_or(0, |up_to| cursor.max(*up_to));
    let cursor = pairs.iter().map(up_to).min().unwrap_or(cursor);
    tracing::info!(cursor, "the set of listeners has changed");
    let tx = db.transaction()?;
    tx.execute("DELETE FROM heard", [])?;
    for pair in pairs {
        note_heard(&tx, pair, up_to(pair))?;
    }
    move_cursor(&tx, cursor)?;
    tx.commit()?;
    Ok(cursor)
}

/// Forgets everything but what people have to decide, or have decided.
fn begin_again(db: &mut Connection, origin: &Origin) -> rusqlite::Result<()> {
    let tx = db.transaction()?;
    let forget = "DELETE FROM outcomes WHERE state NOT IN ('dead', 'dismissed') OR position > ?1";
    tx.execute(forget, [origin.head])?;
    begin_cursor(&tx, origin)?;
    tx.commit()
}

/// Nobody has heard anything of this log.
fn begin_cursor(tx: &Transaction<'_>, origin: &Origin) -> rusqlite::Result<()> {
    let values = (origin.store_id.to_string(), origin.epoch);
    tx.execute("INSERT OR REPLACE INTO cursor VALUES (1, 0, ?1, ?2)", values)?;
    tx.execute("DELETE FROM heard", [])?;
    origin.pairs.iter().try_for_each(|pair| note_heard(tx, pair, 0))
}

fn note_heard(tx: &Transaction<'_>, (event_type, listener): &Pair, up_to: u64) -> rusqlite::Result<()> {
    let sql = "INSERT INTO heard VALUES (?1, ?2, ?3)";
    tx.prepare_cached(sql)?.execute((event_type, listener, up_to)).map(drop)
}
