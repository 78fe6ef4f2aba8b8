//! A fix has its row; the first mitigation of a pass stands in that of its rescue.

use super::Rescues;
use crate::rescue_division::{FixApplied, MITIGATED};
use hecate_read_model::{Dossiers, JsonColumn, Project, Recorded, TextColumn};
use rusqlite::{Result, Transaction, named_params};

impl Project<FixApplied> for Rescues {
    fn project(tx: &Transaction<'_>, recorded: &Recorded<FixApplied>) -> Result<()> {
        let FixApplied { pass, incident_id, fix, diagnosis_id, applied_at, .. } = &recorded.event;
        tx.prepare_cached(
            "INSERT INTO fixes VALUES (:fix_id, :incident_id, :division_id, :venture_id, :diagnosis_id, :fix_type,
             :mitigation, :fix_description, :affected_desks, :applied_by, :applied_at)",
        )?
        .execute(named_params! {
            ":fix_id": fix.fix_id, ":incident_id": incident_id, ":division_id": pass.division_id,
            ":venture_id": pass.venture_id, ":diagnosis_id": diagnosis_id,
            ":fix_type": TextColumn(fix.fix_type), ":mitigation": fix.mitigation,
            ":fix_description": recorded.event.fix_description,
            ":affected_desks": JsonColumn(&recorded.event.affected_desks),
            ":applied_by": recorded.event.applied_by, ":applied_at": applied_at,
        })?;
        let rescue = Rescues::row(tx, &[&pass.division_id, incident_id]);
        if fix.mitigation {
            rescue.raise(MITIGATED)?;
            rescue.set(
                "mitigated_at = coalesce(mitigated_at, ?),
                 time_to_mitigate_ms = coalesce(time_to_mitigate_ms,
                     max(? - coalesce(pass_began_at, initiated_at), 0) / 1000)",
                &[applied_at, applied_at],
            )?;
        }
        rescue.mark(recorded)
    }
}
