//! The release that stands after a rollback takes the place of the one that was handed over.

use super::Monitorings;
use crate::monitor_division::ReleaseWithdrawn;
use hecate_read_model::{Dossiers, JsonColumn, Project, Recorded};
use rusqlite::{Result, Transaction};

impl Project<ReleaseWithdrawn> for Monitorings {
    fn project(tx: &Transaction<'_>, recorded: &Recorded<ReleaseWithdrawn>) -> Result<()> {
        let monitoring = Monitorings::row(tx, &[&recorded.event.of.division_id]);
        monitoring.set("handoff = ?", &[&JsonColumn(recorded.event.watched())])?;
        monitoring.mark(recorded)
    }
}
