//! What a check has seen changes its row and the health of its monitoring, and is a sample for seven days.

use super::{Monitorings, check_to_health_checks::refresh};
use crate::monitor_division::HealthStatusRecorded;
use hecate_read_model::{Dossiers, Project, Recorded, TextColumn};
use rusqlite::{Result, Transaction, named_params};

/// Samples are kept for so long before the last one of all: by the events' own times, so that a file drawn anew
/// holds the same.
const KEPT_US: i64 = 7 * 24 * 3_600 * 1_000_000;

impl Project<HealthStatusRecorded> for Monitorings {
    fn project(tx: &Transaction<'_>, recorded: &Recorded<HealthStatusRecorded>) -> Result<()> {
        let seen = &recorded.event;
        tx.prepare_cached(
            "UPDATE health_checks SET last_status = ?2, last_latency_ms = ?3, last_checked_at = ?4,
             consecutive = ?5 WHERE check_id = ?1",
        )?
        .execute((
            &seen.check_id,
            TextColumn(seen.status),
            seen.latency_ms,
            seen.recorded_at,
            seen.consecutive,
        ))?;
        tx.prepare_cached(
            "INSERT OR REPLACE INTO health_samples VALUES (:check_id, :recorded_at, :division_id, :venture_id,
             :status, :latency_ms, :samples)",
        )?
        .execute(named_params! {
            ":check_id": seen.check_id, ":recorded_at": seen.recorded_at,
            ":division_id": seen.pass.division_id, ":venture_id": seen.pass.venture_id,
            ":status": TextColumn(seen.status), ":latency_ms": seen.latency_ms, ":samples": seen.samples,
        })?;
        tx.prepare_cached("DELETE FROM health_samples WHERE recorded_at < ?")?
            .execute([seen.recorded_at.saturating_sub(KEPT_US)])?;
        let monitoring = Monitorings::row(tx, &[&seen.pass.division_id]);
        refresh(&monitoring)?;
        monitoring.mark(recorded)
    }
}
