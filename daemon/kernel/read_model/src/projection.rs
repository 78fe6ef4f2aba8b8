//! One event type drawn onto the tables of one read model.

use hecate_desk::{Aggregate, Event};
use hecate_event_store::RecordedEvent;
use rusqlite::Transaction;
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
    /// The file's checkpoint is not where this projection left it, at this position.
    #[error("somebody else has drawn the file on from position {0}")]
    CheckpointMoved(u64),
    /// SQLite said no.
    #[error(transparent)]
    Sqlite(#[from] rusqlite::Error),
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
