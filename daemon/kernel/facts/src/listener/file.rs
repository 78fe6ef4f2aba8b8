//! The file of one listener: how far it has come and what came of each fact. The log is the truth: a file
//! that is lost or fits no more is begun again, and what was done then is not done twice.

use super::{
    damage::OpenError,
    opening::{self, Origin, Pair, move_cursor},
    outcome::{Outcome, OutcomeFilter, OutcomePage, OutcomeState},
};
use rusqlite::types::Type;
use rusqlite::{Connection, OpenFlags, Row, ToSql, Transaction};
use std::collections::HashMap;
use std::path::Path;
use tokio::sync::OwnedMutexGuard;
use uuid::Uuid;

const COLUMNS: &str = "position, listener, event_id, event_type, stream_id, event_at_us, state, code, why,
                       dismissal, recorded, attempts, first_at_us, settled_at_us";
/// What needs nobody's decision any more.
const DONE_WITH: &str = "state IN ('dispatched', 'skipped', 'refused')";

/// The largest position that a file can name, and so a log.
pub(crate) const POSITION_MAX: u64 = i64::MAX as u64;
/// Rows kept of what is done with.
const OUTCOMES_MAX: u64 = 50_000;
/// How long they are kept, by the events' own time.
const KEPT_US: i64 = 30 * 24 * 3_600 * 1_000_000;
/// Rows written between two prunings.
const PRUNED_EVERY: u32 = 1_000;

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

/// Where a file stands when it is opened.
#[derive(Debug)]
pub(crate) struct Standing {
    /// Everything up to here is settled.
    pub(crate) cursor: u64,
    /// How many dead letters wait for a decision.
    pub(crate) dead: u64,
    /// Position of the last fact of which something is known.
    pub(crate) outcomes_to: u64,
    /// Who has heard more than the cursor says, and up to where: a listener that came later goes over that
    /// part alone.
    pub(crate) ahead: HashMap<Pair, u64>,
}

impl ListenerFile {
    /// Opens the file, or begins it where it is none that fits.
    pub(crate) fn open(path: &Path, origin: &Origin, pen: Pen) -> Result<ListenerFile, OpenError> {
        let (db, cursor) = opening::open(path, origin)?;
        Ok(ListenerFile { db, cursor, written: 0, _pen: pen })
    }

    /// A file that holds nothing yet, on a connection of one's own.
    #[cfg(test)]
    pub(crate) fn begin(mut db: Connection, origin: &Origin, pen: Pen) -> rusqlite::Result<ListenerFile> {
        opening::begin(&mut db, origin)?;
        Ok(ListenerFile { db, cursor: 0, written: 0, _pen: pen })
    }

    /// Where it stands.
    pub(crate) fn standing(&self) -> rusqlite::Result<Standing> {
        let last = "SELECT coalesce(max(position), 0) FROM outcomes";
        let mut ahead: HashMap<_, _> = opening::heard(&self.db)?.into_iter().collect();
        ahead.retain(|_, up_to| *up_to > self.cursor);
        Ok(Standing {
            cursor: self.cursor,
            dead: self.dead()?,
            outcomes_to: self.db.query_row(last, [], |row| row.get(0))?,
            ahead,
        })
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

    /// Keeps an outcome that somebody decided, and returns when the disk has it.
    pub(crate) fn keep_decided(&mut self, outcome: &Outcome, cursor: u64) -> rusqlite::Result<u64> {
        self.db.pragma_update(None, "synchronous", "FULL")?;
        let kept = self.keep(outcome, cursor);
        self.db.pragma_update(None, "synchronous", "NORMAL")?;
        kept
    }

    /// Forgets what is known of an event that the log does not hold; answers how many dead letters there are
    /// now.
    pub(crate) fn forget(&mut self, ghost: &Outcome) -> rusqlite::Result<u64> {
        let sql = "DELETE FROM outcomes WHERE position = ?1 AND listener = ?2 AND event_id = ?3";
        self.db.execute(sql, (ghost.position, &ghost.listener, ghost.event_id.to_string()))?;
        self.dead()
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
    let (position, listener) = filter.before.clone().unwrap_or((POSITION_MAX, String::new()));
    let position = position.min(POSITION_MAX);
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
    let unreadable = |column: &str| {
        let why = format!("{column} is not what was written");
        rusqlite::Error::FromSqlConversionFailure(0, Type::Text, why.into())
    };
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
