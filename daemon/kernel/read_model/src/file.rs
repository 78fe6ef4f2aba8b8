//! The SQLite file of one read model: made beside the old one whenever that does not fit the code or the
//! log, and put in its place when it is whole.
//!
//! A file in the making is nobody's loss: it is written without a log and without a flush, and thrown away
//! where whoever made it is gone. Before it takes its place it is flushed as a whole.

use crate::model::Settle;
use crate::parking::Poison;
use crate::pen::Pen;
use crate::projection::{ProjectionEntry, Remedy, remedy};
use hecate_disk::beside;
use rusqlite::{Connection, OpenFlags, OptionalExtension};
use sha2::{Digest, Sha256};
use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};
use uuid::Uuid;

/// The kernel's own tables beside the model's.
///
/// `_checkpoint`: how far the file is drawn; the last rebuild that was asked for, and the last that was made.
/// `_parked`: what could not be drawn. Rows without an error wait for the ones before them in their stream.
/// `_settled`: what the log holds as parked (since `told_by`) and this file has drawn all the same.
const OWN_TABLES: &str = "
    CREATE TABLE _schema(one INTEGER PRIMARY KEY CHECK (one = 1), fingerprint TEXT NOT NULL,
                         store_id TEXT NOT NULL, epoch INTEGER NOT NULL) STRICT;
    CREATE TABLE _checkpoint(one INTEGER PRIMARY KEY CHECK (one = 1), position INTEGER NOT NULL,
                             rebuild_asked INTEGER NOT NULL, rebuilt_for INTEGER NOT NULL) STRICT;
    INSERT INTO _checkpoint VALUES (1, 0, 0, 0);
    CREATE TABLE _parked(position INTEGER PRIMARY KEY, stream_id TEXT NOT NULL, version INTEGER NOT NULL,
                         event_type TEXT NOT NULL, error TEXT, tries INTEGER NOT NULL,
                         retried_by INTEGER NOT NULL, told INTEGER NOT NULL) STRICT;
    CREATE INDEX _parked_by_stream ON _parked(stream_id, position);
    CREATE TABLE _settled(position INTEGER PRIMARY KEY, told_by INTEGER NOT NULL) STRICT;";

/// What is appended to the name of a file in the making.
const NEXT: &str = ".next";
/// Statements kept prepared: more than all projections of one model have.
const STATEMENTS_MAX: usize = 64;
/// Events of the log that a checkpoint lags behind, at most.
const CHECKPOINT_LAG_MAX: u64 = 1_000;
/// Page cache of a file in the making, KiB: index pages that are written again and again stay in memory.
const MAKING_CACHE_KIB: i64 = 32 * 1024;

/// What a file must have been drawn from to be of use.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Origin {
    pub(crate) fingerprint: String,
    pub(crate) store_id: Uuid,
    pub(crate) epoch: u64,
    /// The log's end; a checkpoint beyond it belongs to another log.
    pub(crate) head: u64,
}

/// What a file is drawn with.
#[derive(Clone, Copy)]
pub(crate) struct Design {
    pub(crate) model: &'static str,
    pub(crate) tables: &'static str,
    pub(crate) revision: u32,
    pub(crate) projections: &'static [ProjectionEntry],
    pub(crate) settle: Settle,
    pub(crate) on_poison: Poison,
}

/// A read model's file, open for writing by the one who holds the pen.
pub(crate) struct ModelFile {
    pub(crate) db: Connection,
    pub(crate) design: Design,
    /// Its checkpoint.
    pub(crate) position: u64,
    /// Nothing that it draws lies between its checkpoint and here.
    clear_to: u64,
    /// Drawn from the first event on, and seen by nobody yet.
    pub(crate) in_the_making: bool,
    pub(crate) parking: Parking,
    /// True when `parking` is out of date.
    pub(crate) touched: bool,
    pub(crate) rebuild: Rebuild,
    pub(crate) pen: Pen,
}

/// How much is parked in a file.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Parking {
    /// Events that do not draw.
    pub(crate) culprits: u64,
    /// Events that are parked, culprits and those behind them.
    pub(crate) events: u64,
    /// True when the log does not tell of it as it is.
    pub(crate) untold: bool,
}

/// The last rebuild asked for, and the last made, by the position of the order.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Rebuild {
    pub(crate) asked: u64,
    pub(crate) made: u64,
}

impl Rebuild {
    pub(crate) fn is_due(self) -> bool {
        self.asked > self.made
    }
}

impl Design {
    /// Tells whether the tables or the projections have changed.
    pub(crate) fn fingerprint(self) -> String {
        let mut hash = Sha256::new();
        hash.update(self.revision.to_le_bytes());
        // A file in which something is parked is of no use to a model that must not be without it.
        hash.update([u8::from(self.on_poison == Poison::Halt)]);
        let types = self.projections.iter().map(|entry| entry.event_type);
        for part in [OWN_TABLES, self.tables].into_iter().chain(types) {
            hash.update(part);
            hash.update([0]);
        }
        hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
    }
}

impl ModelFile {
    /// Opens the file where it fits its origin; removes it where it does not.
    pub(crate) fn open(
        path: &Path,
        design: Design,
        origin: &Origin,
        pen: Pen,
    ) -> rusqlite::Result<Option<ModelFile>> {
        let fits = path.exists().then(|| connect(path).and_then(|db| Ok(fits(&db, origin)?.then_some(db))));
        match fits.transpose() {
            Ok(Some(Some(db))) => return ModelFile::of(db, design, pen).map(Some),
            Ok(_) => {}
            // A disk that is full says nothing about the file.
            Err(error) if remedy(&error) == Remedy::Wait => return Err(error),
            Err(error) => tracing::warn!(path = %path.display(), %error, "the read model cannot be read"),
        }
        remove(path);
        Ok(None)
    }

    /// Begins a file beside `path`. One that somebody else began is of no use: nobody knows what of it reached
    /// the disk.
    pub(crate) fn begin(
        path: &Path,
        design: Design,
        origin: &Origin,
        pen: Pen,
    ) -> rusqlite::Result<ModelFile> {
        let next = next(path);
        remove(&next);
        let db = connect_disposable(&next)?;
        db.execute_batch(&format!("BEGIN; {OWN_TABLES} {}", design.tables))?;
        db.execute(
            "INSERT INTO _schema(one, fingerprint, store_id, epoch) VALUES (1, ?1, ?2, ?3)",
            (&origin.fingerprint, origin.store_id.to_string(), origin.epoch),
        )?;
        db.execute_batch("COMMIT")?;
        tracing::info!(model = design.model, "the read model is drawn from the log");
        Ok(ModelFile { in_the_making: true, ..ModelFile::of(db, design, pen)? })
    }

    fn of(db: Connection, design: Design, pen: Pen) -> rusqlite::Result<ModelFile> {
        let (position, rebuild) =
            db.query_row("SELECT position, rebuild_asked, rebuilt_for FROM _checkpoint", [], |row| {
                Ok((row.get(0)?, Rebuild { asked: row.get(1)?, made: row.get(2)? }))
            })?;
        let (parking, clear_to, in_the_making, touched) = (Parking::read(&db)?, position, false, false);
        Ok(ModelFile { db, design, position, clear_to, in_the_making, parking, touched, rebuild, pen })
    }

    /// The position up to which all that it draws is in it.
    pub(crate) fn drawn_to(&self) -> u64 {
        self.position.max(self.clear_to)
    }

    /// Goes on to a position up to which the log has nothing for it. That the file says so too can wait: most of what
    /// is recorded is another model's, and what its checkpoint lags behind is read again after a restart. Answers
    /// whether it waits.
    pub(crate) fn pass(&mut self, to: u64) -> bool {
        let waits = !self.in_the_making && to - self.position < CHECKPOINT_LAG_MAX;
        if waits {
            self.clear_to = to;
        }
        waits
    }

    /// Its own path, where the file that answers lies at `path`.
    pub(crate) fn path(&self, path: &Path) -> PathBuf {
        if self.in_the_making { next(path) } else { path.to_owned() }
    }

    /// Counts again what is parked, if that may have changed.
    pub(crate) fn count_parked(&mut self) -> rusqlite::Result<()> {
        if self.touched {
            self.parking = Parking::read(&self.db)?;
            self.touched = false;
        }
        Ok(())
    }

    /// Flushes the file in the making: from here on it is one whole file.
    pub(crate) fn complete(&self) -> rusqlite::Result<()> {
        self.db.pragma_update(None, "synchronous", "FULL")?;
        // A commit that writes anything flushes whatever was written before it.
        self.db.execute("UPDATE _schema SET epoch = epoch", []).map(drop)
    }

    /// Puts the completed file in the place of the old one, which nobody may have open any more.
    pub(crate) fn take_place(self, path: &Path) -> io::Result<ModelFile> {
        let ModelFile { db, design, pen, .. } = self;
        db.close().map_err(|(_, error)| io::Error::other(error))?;
        let next = next(path);
        let folder = File::open(path.parent().unwrap_or(Path::new(".")))?;
        File::open(&next)?.sync_all()?;
        // The old file first, and for good: its log beside the new file would be played into it.
        remove(path);
        folder.sync_all()?;
        std::fs::rename(&next, path)?;
        folder.sync_all()?;
        connect(path).and_then(|db| ModelFile::of(db, design, pen)).map_err(io::Error::other)
    }
}

impl Parking {
    fn read(db: &Connection) -> rusqlite::Result<Parking> {
        let sql = "SELECT count(error), count(*), coalesce(sum(error IS NOT NULL AND NOT told), 0)
                   + (SELECT count(*) FROM _settled) FROM _parked";
        db.prepare_cached(sql)?.query_row([], |row| {
            let untold = row.get::<_, u64>(2)? > 0;
            Ok(Parking { culprits: row.get(0)?, events: row.get(1)?, untold })
        })
    }
}

/// The name of the file in the making.
fn next(path: &Path) -> PathBuf {
    beside(path, NEXT)
}

/// A connection to a file that answers: a tail that is lost is drawn again.
fn connect(path: &Path) -> rusqlite::Result<Connection> {
    let db = Connection::open(path)?;
    db.pragma_update(None, "journal_mode", "WAL")?;
    db.pragma_update(None, "synchronous", "NORMAL")?;
    db.set_prepared_statement_cache_capacity(STATEMENTS_MAX);
    Ok(db)
}

/// A connection to a file in the making, alone with it. A batch that fails is taken back from memory; what a
/// crash leaves is of no use.
fn connect_disposable(path: &Path) -> rusqlite::Result<Connection> {
    let db = Connection::open(path)?;
    db.pragma_update(None, "locking_mode", "EXCLUSIVE")?;
    db.pragma_update(None, "journal_mode", "MEMORY")?;
    db.pragma_update(None, "synchronous", "OFF")?;
    db.pragma_update(None, "cache_size", -MAKING_CACHE_KIB)?;
    db.set_prepared_statement_cache_capacity(STATEMENTS_MAX);
    Ok(db)
}

/// A connection that only reads.
pub(crate) fn connect_reader(path: &Path) -> rusqlite::Result<Connection> {
    let db = Connection::open_with_flags(
        path,
        OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX,
    )?;
    db.pragma_update(None, "query_only", true)?;
    Ok(db)
}

fn fits(db: &Connection, origin: &Origin) -> rusqlite::Result<bool> {
    let drawn_from = db
        .query_row("SELECT fingerprint, store_id, epoch FROM _schema", [], |row| {
            Ok((row.get::<_, String>(0)?, row.get::<_, String>(1)?, row.get::<_, u64>(2)?))
        })
        .optional()?;
    let wanted = (origin.fingerprint.clone(), origin.store_id.to_string(), origin.epoch);
    // A file of another design may not have the kernel's tables as they are now.
    if drawn_from != Some(wanted) {
        return Ok(false);
    }
    let checkpoint: u64 = db.query_row("SELECT position FROM _checkpoint", [], |row| row.get(0))?;
    Ok(checkpoint <= origin.head)
}

/// Removes the file, then what SQLite keeps beside it: a log without its file is nothing.
pub(crate) fn remove(path: &Path) {
    for suffix in ["", "-wal", "-shm"] {
        match std::fs::remove_file(beside(path, suffix)) {
            Ok(()) => {}
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => tracing::warn!(path = %path.display(), %error, "an old read model stays"),
        }
    }
}
