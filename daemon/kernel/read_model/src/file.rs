//! The SQLite file of one read model: made anew whenever it does not fit the code or the log.

use crate::{projection::ProjectError, projection::ProjectionEntry};
use hecate_event_store::RecordedEvent;
use rusqlite::{Connection, ErrorCode, OpenFlags, OptionalExtension, Transaction};
use sha2::{Digest, Sha256};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use uuid::Uuid;

/// The kernel's own tables beside the model's.
const OWN_TABLES: &str = "
    CREATE TABLE _schema(one INTEGER PRIMARY KEY CHECK (one = 1), fingerprint TEXT NOT NULL,
                         store_id TEXT NOT NULL, epoch INTEGER NOT NULL) STRICT;
    CREATE TABLE _checkpoint(one INTEGER PRIMARY KEY CHECK (one = 1), position INTEGER NOT NULL) STRICT;
    INSERT INTO _checkpoint(one, position) VALUES (1, 0);";

/// What a file must have been drawn from to be of use.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Origin {
    pub(crate) fingerprint: String,
    pub(crate) store_id: Uuid,
    pub(crate) epoch: u64,
    /// The log's end; a checkpoint beyond it belongs to another log.
    pub(crate) head: u64,
}

/// A read model's file, open for writing.
pub(crate) struct ModelFile {
    db: Connection,
    projections: &'static [ProjectionEntry],
}

/// A batch that could not be drawn, and at which event.
#[derive(Debug, thiserror::Error)]
#[error("event {event_type} at position {position}: {source}")]
pub(crate) struct DrawError {
    event_type: String,
    position: u64,
    source: ProjectError,
}

/// What can be done about a batch that could not be drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Remedy {
    /// No space, or locked: the same batch succeeds later.
    Wait,
    /// The file is damaged: throw it away.
    Redraw,
    /// The code does not fit the log.
    Crash,
}

impl DrawError {
    pub(crate) fn remedy(&self) -> Remedy {
        match &self.source {
            ProjectError::Sqlite(error) => remedy(error),
            ProjectError::BadData(_) | ProjectError::CheckpointMoved(_) => Remedy::Crash,
        }
    }
}

/// What can be done about what SQLite says.
pub(crate) fn remedy(error: &rusqlite::Error) -> Remedy {
    match error.sqlite_error_code() {
        Some(ErrorCode::DiskFull | ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => Remedy::Wait,
        // A file that was cut short fails as an I/O error.
        Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase | ErrorCode::SystemIoFailure) => {
            Remedy::Redraw
        }
        _ => Remedy::Crash,
    }
}

/// Tells whether the tables or the projections have changed.
pub(crate) fn fingerprint(tables: &str, revision: u32, projections: &[ProjectionEntry]) -> String {
    let mut hash = Sha256::new();
    hash.update(revision.to_le_bytes());
    for part in [OWN_TABLES, tables].into_iter().chain(projections.iter().map(|entry| entry.event_type)) {
        hash.update(part);
        hash.update([0]);
    }
    hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
}

impl ModelFile {
    /// Opens the file where it fits its origin, else makes it anew. Answers its checkpoint too.
    pub(crate) fn open(
        path: &Path,
        tables: &str,
        projections: &'static [ProjectionEntry],
        origin: &Origin,
    ) -> rusqlite::Result<(ModelFile, u64)> {
        match fitting(path, origin) {
            Ok(Some((db, checkpoint))) => return Ok((ModelFile { db, projections }, checkpoint)),
            Ok(None) => {}
            Err(error) => tracing::warn!(path = %path.display(), %error, "the read model cannot be read"),
        }
        remove(path);
        let db = connect(path)?;
        db.execute_batch(&format!("BEGIN; {OWN_TABLES} {tables} COMMIT;"))?;
        db.execute(
            "INSERT INTO _schema(one, fingerprint, store_id, epoch) VALUES (1, ?1, ?2, ?3)",
            (&origin.fingerprint, origin.store_id.to_string(), origin.epoch),
        )?;
        tracing::info!(path = %path.display(), "the read model is drawn anew from the log");
        Ok((ModelFile { db, projections }, 0))
    }

    /// Draws a batch and moves the checkpoint, in one transaction. Draws nothing when the checkpoint is not
    /// where the caller believes: somebody else draws this file.
    pub(crate) fn draw(
        &mut self,
        events: &[Arc<RecordedEvent>],
        from: u64,
        to: u64,
    ) -> Result<(), DrawError> {
        let place = |source: ProjectError| DrawError { event_type: "-".to_owned(), position: to, source };
        let tx = self.db.transaction().map_err(|error| place(error.into()))?;
        let moved = tx
            .prepare_cached("UPDATE _checkpoint SET position = ?2 WHERE position = ?1")
            .and_then(|mut update| update.execute([from, to]))
            .map_err(|error| place(error.into()))?;
        if moved == 0 {
            return Err(place(ProjectError::CheckpointMoved(from)));
        }
        for event in events {
            draw_one(&tx, self.projections, event)?;
        }
        tx.commit().map_err(|error| place(error.into()))
    }
}

fn draw_one(
    tx: &Transaction<'_>,
    projections: &[ProjectionEntry],
    event: &RecordedEvent,
) -> Result<(), DrawError> {
    projections.iter().filter(|entry| entry.event_type == &*event.event_type).try_for_each(|entry| {
        (entry.project)(tx, event).map_err(|source| DrawError {
            event_type: event.event_type.to_string(),
            position: event.position,
            source,
        })
    })
}

/// A connection with the settings of a disposable file: a lost tail is drawn again.
fn connect(path: &Path) -> rusqlite::Result<Connection> {
    let db = Connection::open(path)?;
    db.pragma_update(None, "journal_mode", "WAL")?;
    db.pragma_update(None, "synchronous", "NORMAL")?;
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

fn fitting(path: &Path, origin: &Origin) -> rusqlite::Result<Option<(Connection, u64)>> {
    if !path.exists() {
        return Ok(None);
    }
    let db = connect(path)?;
    let drawn_from = db
        .query_row("SELECT fingerprint, store_id, epoch FROM _schema", [], |row| {
            Ok((row.get::<_, String>(0)?, row.get::<_, String>(1)?, row.get::<_, u64>(2)?))
        })
        .optional()?;
    let checkpoint: u64 = db.query_row("SELECT position FROM _checkpoint", [], |row| row.get(0))?;
    let wanted = (origin.fingerprint.clone(), origin.store_id.to_string(), origin.epoch);
    let fits = drawn_from == Some(wanted) && checkpoint <= origin.head;
    Ok(fits.then_some((db, checkpoint)))
}

/// Removes the file and what SQLite keeps beside it.
pub(crate) fn remove(path: &Path) {
    for suffix in ["", "-wal", "-shm"] {
        let mut name = path.as_os_str().to_owned();
        name.push(suffix);
        match std::fs::remove_file(PathBuf::from(name)) {
            Ok(()) => {}
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
            Err(error) => tracing::warn!(path = %path.display(), %error, "an old read model stays"),
        }
    }
}
