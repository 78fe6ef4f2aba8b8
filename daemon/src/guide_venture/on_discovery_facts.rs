//! Divisions are found and dismissed. What was dismissed stays in the file and counts no more.

use super::journal::{Entry, because, enter};
use super::{GuideVenture, changed, refresh};
use crate::discover_divisions::{DivisionDiscovered, DivisionDismissed};
use hecate_desk::Event;
use hecate_proto::guide::Process;
use hecate_read_model::{Project, Recorded};
use rusqlite::{Result, Transaction};

impl Project<DivisionDiscovered> for GuideVenture {
    fn project(tx: &Transaction<'_>, recorded: &Recorded<DivisionDiscovered>) -> Result<()> {
        let DivisionDiscovered { venture_id, division_id, division_name, discovered_by, .. } =
            &recorded.event;
        note_division(tx, recorded.position, (venture_id, division_id, division_name))?;
        let entry = Entry {
            venture_id,
            division_id: Some(division_id),
            process: Process::Discovery,
            event_type: DivisionDiscovered::TYPE,
            says: format!("Division {division_name} discovered"),
            actor: Some(discovered_by),
            moves: true,
        };
        enter(tx, recorded, entry)
    }
}

impl Project<DivisionDismissed> for GuideVenture {
    fn project(tx: &Transaction<'_>, recorded: &Recorded<DivisionDismissed>) -> Result<()> {
        let DivisionDismissed { venture_id, division_id, division_name, reason, dismissed_by, .. } =
            &recorded.event;
        refresh::count(tx, venture_id, division_id, -1)?;
        tx.prepare_cached(
            "UPDATE division_progress SET dismissed = 1 WHERE venture_id = ?1 AND division_id = ?2",
        )?
        .execute([venture_id, division_id])?;
        let entry = Entry {
            venture_id,
            division_id: Some(division_id),
            process: Process::Discovery,
            event_type: DivisionDismissed::TYPE,
            says: because(format!("Division {division_name} dismissed"), Some(reason)),
            actor: Some(dismissed_by),
            moves: false,
        };
        enter(tx, recorded, entry)?;
        changed::moved(tx, venture_id, None)
    }
}

/// Makes sure of a division's row, whichever fact told of it first: the one that found it may wait to be drawn.
pub(super) fn note_division(
    tx: &Transaction<'_>,
    position: u64,
    (venture_id, division_id, name): (&str, &str, &str),
) -> Result<()> {
    let new = tx
        .prepare_cached(
            "INSERT OR IGNORE INTO division_progress(venture_id, division_id, name, found) VALUES (?1, ?2, ?3, ?4)",
        )?
        .execute((venture_id, division_id, name, position))?;
    if new > 0 { refresh::count(tx, venture_id, division_id, 1) } else { Ok(()) }
}
