//! An escalation has its row, and its flag in that of its rescue.

use super::Rescues;
use crate::rescue_division::{ESCALATED, RedesignEscalated};
use hecate_read_model::{Dossiers, JsonColumn, Project, Recorded};
use rusqlite::{Result, Transaction, named_params};

impl Project<RedesignEscalated> for Rescues {
    fn project(tx: &Transaction<'_>, recorded: &Recorded<RedesignEscalated>) -> Result<()> {
        let escalated = &recorded.event;
        let division = &escalated.of.division;
        tx.prepare_cached(
            "INSERT INTO escalations VALUES (:incident_id, :division_id, :venture_id, :cycle, :reason, :root_cause,
             :affected_aggregates, :escalated_by, :escalated_at)",
        )?
        .execute(named_params! {
            ":incident_id": escalated.of.incident_id, ":division_id": division.division_id,
            ":venture_id": division.venture_id, ":cycle": escalated.cycle, ":reason": escalated.reason,
            ":root_cause": escalated.root_cause,
            ":affected_aggregates": JsonColumn(&escalated.affected_aggregates),
            ":escalated_by": escalated.escalated_by, ":escalated_at": escalated.escalated_at,
        })?;
        let rescue = Rescues::row(tx, &[&division.division_id, &escalated.of.incident_id]);
        rescue.raise(ESCALATED)?;
        rescue.mark(recorded)
    }
}
