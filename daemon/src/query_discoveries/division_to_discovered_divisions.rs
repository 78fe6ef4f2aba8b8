//! What happens to a division changes its row, and the count of its discovery.

use super::Discoveries;
use crate::discover_divisions::{DivisionDiscovered, DivisionDismissed};
use hecate_read_model::{Dossiers, Project, Recorded};
use rusqlite::{Result, Transaction, named_params};

impl Project<DivisionDiscovered> for Discoveries {
    fn project(tx: &Transaction<'_>, recorded: &Recorded<DivisionDiscovered>) -> Result<()> {
        let found = &recorded.event;
        tx.prepare_cached(
            "INSERT INTO discovered_divisions VALUES (:division_id, :division_name, :venture_id, :venture_name,
             :description, :rationale, :discovered_by, :discovered_at, NULL, NULL)",
        )?
        .execute(named_params! {
            ":division_id": found.division_id, ":division_name": found.division_name,
            ":venture_id": found.venture_id, ":venture_name": found.venture_name,
            ":description": found.description, ":rationale": found.rationale,
            ":discovered_by": found.discovered_by, ":discovered_at": found.discovered_at,
        })?;
        let discovery = Discoveries::row(tx, &[&found.venture_id]);
        discovery.set("division_count = division_count + 1", &[])?;
        discovery.mark(recorded)
    }
}

impl Project<DivisionDismissed> for Discoveries {
    fn project(tx: &Transaction<'_>, recorded: &Recorded<DivisionDismissed>) -> Result<()> {
        let DivisionDismissed { venture_id, division_id, reason, dismissed_at, .. } = &recorded.event;
        tx.prepare_cached(
            "UPDATE discovered_divisions SET dismissed_at = ?3, dismiss_reason = ?4
             WHERE division_id = ?1 AND venture_id = ?2",
        )?
        .execute((division_id, venture_id, dismissed_at, reason))?;
        let discovery = Discoveries::row(tx, &[venture_id]);
        discovery.set("division_count = division_count - 1", &[])?;
        discovery.mark(recorded)
    }
}
