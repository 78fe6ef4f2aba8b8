//! The rules' transactions on a real file.

use crate::file::{Design, ModelFile, Rebuild};
use crate::parking::{Canvas, DrawError, Parked, Sheet, Verdict, Work, at};
use crate::projection::ProjectError;
use hecate_event_store::RecordedEvent;
use rusqlite::{Connection, OptionalExtension, Row, Transaction};
use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

const PARKED: &str = "position, stream_id, version, event_type, error, tries, retried_by";

/// One transaction on a file.
struct OpenSheet<'f> {
    tx: Transaction<'f>,
    design: Design,
    in_the_making: bool,
    position: u64,
    rebuild: Rebuild,
    /// True when something is or was parked: only then need streams be asked for.
    waiting: bool,
    /// True when what is parked may have changed.
    touched: bool,
    /// True when a projection was at work.
    drawn: bool,
}

impl Canvas for ModelFile {
    fn model(&self) -> &str {
        self.design.model
    }

    fn position(&self) -> u64 {
        self.position
    }

    fn transact(&mut self, work: &mut Work<'_>) -> Result<(), DrawError> {
        let position = self.position;
        let place = move |error: rusqlite::Error| at("-", position)(error.into());
        let mut sheet = OpenSheet {
            tx: self.db.unchecked_transaction().map_err(place)?,
            design: self.design,
            in_the_making: self.in_the_making,
            position,
            rebuild: self.rebuild,
            waiting: self.touched || self.parking.events > 0,
            touched: self.touched,
            drawn: false,
        };
        work(&mut sheet)?;
        sheet.settle().map_err(at("-", position))?;
        let OpenSheet { tx, position, rebuild, touched, .. } = sheet;
        tx.commit().map_err(place)?;
        (self.position, self.rebuild, self.touched) = (position, rebuild, touched);
        Ok(())
    }
}

impl OpenSheet<'_> {
    fn settle(&self) -> Result<(), ProjectError> {
        if self.drawn { unwinding(|| Ok((self.design.settle)(&self.tx)?)) } else { Ok(()) }
    }

    fn execute(&mut self, sql: &str, params: impl rusqlite::Params) -> Result<usize, ProjectError> {
        self.touched = true;
        Ok(self.tx.prepare_cached(sql)?.execute(params)?)
    }
}

impl Sheet for OpenSheet<'_> {
    fn advance(&mut self, to: u64) -> Result<(), ProjectError> {
        let moved = self
            .tx
            .prepare_cached("UPDATE _checkpoint SET position = ?2 WHERE position = ?1")?
            .execute([self.position, to])?;
        if moved == 0 {
            return Err(ProjectError::CheckpointMoved(self.position));
        }
        self.position = to;
        Ok(())
    }

    fn knows(&self, event_type: &str) -> bool {
        self.design.projections.iter().any(|entry| entry.event_type == event_type)
    }

    fn draw(&mut self, event: &RecordedEvent) -> Result<(), ProjectError> {
        let projections = self.design.projections.iter();
        let mut fitting = projections.filter(|entry| entry.event_type == &*event.event_type);
        self.drawn = true;
        unwinding(|| fitting.try_for_each(|entry| (entry.project)(&self.tx, event)))
    }

    fn waits(&mut self, stream_id: &str) -> Result<bool, ProjectError> {
        if !self.waiting {
            return Ok(false);
        }
        Ok(self.tx.prepare_cached("SELECT 1 FROM _parked WHERE stream_id = ?1")?.exists([stream_id])?)
    }

    fn parked(&mut self, position: u64) -> Result<Option<Parked>, ProjectError> {
        Ok(parked_at(&self.tx, position)?)
    }

    fn park(&mut self, event: &RecordedEvent) -> Result<(), ProjectError> {
        self.waiting = true;
        self.execute(
            "INSERT INTO _parked VALUES (?1, ?2, ?3, ?4, NULL, 0, 0, 0)",
            (event.position, &*event.stream_id, event.version, &*event.event_type),
        )?;
        Ok(())
    }

    fn convict(&mut self, position: u64, verdict: &Verdict) -> Result<(), ProjectError> {
        let Verdict { error, tries, retried_by } = verdict;
        // The log has to be told again after a retry.
        self.execute(
            "UPDATE _parked SET error = ?2, tries = ?3, told = told AND retried_by = ?4, retried_by = ?4
             WHERE position = ?1",
            (position, error, tries, retried_by),
        )?;
        Ok(())
    }

    fn unpark(&mut self, position: u64) -> Result<(), ProjectError> {
        self.execute("DELETE FROM _parked WHERE position = ?1", [position])?;
        self.execute("DELETE FROM _settled WHERE position = ?1", [position])?;
        Ok(())
    }

    fn note_retry(&mut self, position: u64, by: u64) -> Result<(), ProjectError> {
        self.execute("UPDATE _parked SET told = 0, retried_by = ?2 WHERE position = ?1", [position, by])?;
        Ok(())
    }

    fn note_told(&mut self, position: u64, by: u64) -> Result<(), ProjectError> {
        if self.execute("UPDATE _parked SET told = 1 WHERE position = ?1", [position])? == 0 {
            self.execute("INSERT OR REPLACE INTO _settled VALUES (?1, ?2)", [position, by])?;
        }
        Ok(())
    }

    fn note_rebuild(&mut self, by: u64) -> Result<(), ProjectError> {
        // A file that is drawn from the first event on is the rebuild that was asked for.
        let made = if self.in_the_making { by } else { self.rebuild.made };
        self.tx
            .prepare_cached("UPDATE _checkpoint SET rebuild_asked = ?1, rebuilt_for = ?2")?
            .execute([by, made])?;
        self.rebuild = Rebuild { asked: by, made };
        Ok(())
    }
}

/// What the work of a projection came to. The transaction is rolled back after a panic, so nobody sees what it left
/// behind.
fn unwinding(work: impl FnOnce() -> Result<(), ProjectError>) -> Result<(), ProjectError> {
    let drawn = catch_unwind(AssertUnwindSafe(work));
    drawn.unwrap_or_else(|panic| Err(ProjectError::Panicked(words(&*panic))))
}

/// The parked event at this position.
pub(crate) fn parked_at(db: &Connection, position: u64) -> rusqlite::Result<Option<Parked>> {
    let sql = format!("SELECT {PARKED} FROM _parked WHERE position = ?1");
    db.prepare_cached(&sql)?.query_row([position], row).optional()
}

/// The first parked events, at most `max`, of a stream that nothing holds back any more.
pub(crate) fn released(db: &Connection, max: usize) -> rusqlite::Result<Vec<Parked>> {
    let first = "SELECT stream_id FROM (SELECT stream_id, min(position) AS position, error FROM _parked
                 GROUP BY stream_id) WHERE error IS NULL ORDER BY position LIMIT 1";
    let Some(stream_id) =
        db.prepare_cached(first)?.query_row([], |row| row.get::<_, String>(0)).optional()?
    else {
        return Ok(Vec::new());
    };
    let sql = format!("SELECT {PARKED} FROM _parked WHERE stream_id = ?1 ORDER BY position LIMIT ?2");
    db.prepare_cached(&sql)?.query_map((stream_id, max), row)?.collect()
}

/// Culprits that the log does not know, at most `max`.
pub(crate) fn untold(db: &Connection, max: usize) -> rusqlite::Result<Vec<Parked>> {
    let sql = format!("SELECT {PARKED} FROM _parked WHERE error IS NOT NULL AND NOT told LIMIT ?1");
    db.prepare_cached(&sql)?.query_map([max], row)?.collect()
}

/// Positions that the log holds as parked although they are drawn, each with the event that says so; at most
/// `max`.
pub(crate) fn settled(db: &Connection, max: usize) -> rusqlite::Result<Vec<(u64, u64)>> {
    let sql = "SELECT position, told_by FROM _settled LIMIT ?1";
    db.prepare_cached(sql)?.query_map([max], |row| Ok((row.get(0)?, row.get(1)?)))?.collect()
}

fn row(row: &Row<'_>) -> rusqlite::Result<Parked> {
    let text = |column: &str| row.get::<_, String>(column).map(Arc::<str>::from);
    Ok(Parked {
        position: row.get("position")?,
        stream_id: text("stream_id")?,
        version: row.get("version")?,
        event_type: text("event_type")?,
        error: row.get("error")?,
        tries: row.get("tries")?,
        retried_by: row.get("retried_by")?,
    })
}

/// What a panic said.
fn words(panic: &(dyn Any + Send)) -> String {
    let said = panic.downcast_ref::<&str>().map(|text| (*text).to_owned());
    said.or_else(|| panic.downcast_ref::<String>().cloned()).unwrap_or_else(|| "without a word".to_owned())
}
