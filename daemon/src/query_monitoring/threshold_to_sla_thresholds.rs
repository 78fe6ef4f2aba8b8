//! The threshold of a signal takes the place of the one before.

use super::Monitorings;
use crate::monitor_division::SlaThresholdSet;
use hecate_read_model::{Dossiers, Project, Recorded, TextColumn};
use rusqlite::{Result, Transaction, named_params};

impl Project<SlaThresholdSet> for Monitorings {
    fn project(tx: &Transaction<'_>, recorded: &Recorded<SlaThresholdSet>) -> Result<()> {
        let SlaThresholdSet { pass, threshold, set_by, set_at } = &recorded.event;
        tx.prepare_cached(
            "INSERT OR REPLACE INTO sla_thresholds VALUES (:division_id, :signal, :venture_id, :threshold,
             :window_s, :severity, :set_by, :set_at)",
        )?
        .execute(named_params! {
            ":division_id": pass.division_id, ":signal": TextColumn(threshold.signal),
            ":venture_id": pass.venture_id, ":threshold": threshold.threshold,
            ":window_s": threshold.window_s, ":severity": TextColumn(threshold.severity), ":set_by": set_by,
            ":set_at": set_at,
        })?;
        Monitorings::row(tx, &[&pass.division_id]).mark(recorded)
    }
}
