//! A diagnosis has its row.

use super::Rescues;
use crate::rescue_division::IncidentDiagnosed;
use hecate_read_model::{Dossiers, Project, Recorded, TextColumn};
use rusqlite::{Result, Transaction, named_params};

impl Project<IncidentDiagnosed> for Rescues {
    fn project(tx: &Transaction<'_>, recorded: &Recorded<IncidentDiagnosed>) -> Result<()> {
        let found = &recorded.event;
        tx.prepare_cached(
            "INSERT INTO diagnoses VALUES (:diagnosis_id, :incident_id, :division_id, :venture_id, :diagnosis,
             :root_cause, :category, :diagnosed_by, :diagnosed_at)",
        )?
        .execute(named_params! {
            ":diagnosis_id": found.diagnosis_id, ":incident_id": found.incident_id,
            ":division_id": found.pass.division_id, ":venture_id": found.pass.venture_id,
            ":diagnosis": found.diagnosis, ":root_cause": found.root_cause,
            ":category": TextColumn(found.category), ":diagnosed_by": found.diagnosed_by,
            ":diagnosed_at": found.diagnosed_at,
        })?;
        Rescues::row(tx, &[&found.pass.division_id, &found.incident_id]).mark(recorded)
    }
}
