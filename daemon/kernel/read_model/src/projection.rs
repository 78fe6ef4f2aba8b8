//! One event type drawn onto the tables of one read model.

use hecate_desk::{Aggregate, Event};
use hecate_event_store::RecordedEvent;
use rusqlite::{ErrorCode, Transaction};
use uuid::Uuid;

/// An event with its type restored, and where it stands in the log.
#[derive(Debug)]
pub struct Recorded<E> {
    /// What happened.
    pub event: E,
    /// Its id.
    pub event_id: Uuid,
    /// Position in the log, from 1.
    pub position: u64,
    /// Version in its stream, from 0.
    pub version: u64,
    /// When, microseconds since the epoch.
    pub at_us: i64,
}

/// Draws one type of event. Rows depend on the event alone: no clock, no randomness, no other file.
pub trait Project<E> {
    /// Changes the rows.
    fn project(tx: &Transaction<'_>, recorded: &Recorded<E>) -> rusqlite::Result<()>;
}

/// A projection with its types rubbed off.
pub struct ProjectionEntry {
    /// The event type that it draws.
    pub event_type: &'static str,
    /// Decodes the event and draws it.
    pub project: fn(&Transaction<'_>, &RecordedEvent) -> Result<(), ProjectError>,
}

/// Why an event could not be drawn.
#[derive(Debug, thiserror::Error)]
pub enum ProjectError {
    /// The data does not fit the type.
    #[error("the event does not fit its type: {0}")]
    BadData(#[from] serde_json::Error),
    /// The projection has a bug.
    #[error("the projection panicked: {0}")]
    Panicked(String),
    /// The file's checkpoint is not where this projection left it, at this position.
    #[error("somebody else has drawn the file on from position {0}")]
    CheckpointMoved(u64),
    /// SQLite said no.
    #[error(transparent)]
    Sqlite(#[from] rusqlite::Error),
}

/// What can be done about something that could not be drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Remedy {
    /// No space, or locked: the same batch succeeds later.
    Wait,
    /// The file is damaged: throw it away.
    Redraw,
    /// It is the event's own fault: it will not draw however often it is tried.
    Park,
    /// Nobody knows: start again.
    Crash,
}

impl ProjectError {
    pub(crate) fn remedy(&self) -> Remedy {
        match self {
            ProjectError::Sqlite(error) => remedy(error),
            ProjectError::BadData(_) | ProjectError::Panicked(_) => Remedy::Park,
            ProjectError::CheckpointMoved(_) => Remedy::Crash,
        }
    }
}

/// What can be done about what SQLite says.
pub(crate) fn remedy(error: &rusqlite::Error) -> Remedy {
    // An error that is not SQLite's own is about a value that came or did not come.
    let Some(code) = error.sqlite_error_code() else { return Remedy::Park };
    match code {
        ErrorCode::DiskFull | ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked => Remedy::Wait,
        // A file that was cut short fails as an I/O error.
        ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase | ErrorCode::SystemIoFailure => Remedy::Redraw,
        // What the rows and the SQL say about this event. `Unknown` is SQLite's plain error.
        ErrorCode::ConstraintViolation
        | ErrorCode::TypeMismatch
        | ErrorCode::TooBig
        | ErrorCode::ParameterOutOfRange
        | ErrorCode::Unknown => Remedy::Park,
        _ => Remedy::Crash,
    }
}

/// Rubs the types off a projection: model `M` draws event `E` of aggregate `A`.
pub const fn projects<M: Project<E>, A: Aggregate, E: Event<A>>() -> ProjectionEntry {
    ProjectionEntry {
        event_type: E::TYPE,
        project: |tx, stored| {
            let recorded = Recorded {
                event: serde_json::from_str::<E>(stored.data.get())?,
                event_id: stored.event_id,
                position: stored.position,
                version: stored.version,
                at_us: stored.at_us,
            };
            Ok(M::project(tx, &recorded)?)
        },
    }
}
