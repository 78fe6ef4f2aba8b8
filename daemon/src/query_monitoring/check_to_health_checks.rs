//! A check that comes or goes changes its row, and the count and health of its monitoring.

use super::Monitorings;
use crate::monitor_division::{HealthCheckDeregistered, HealthCheckRegistered};
use hecate_read_model::{DossierRow, Dossiers, Project, Recorded, TextColumn};
use rusqlite::{Result, Transaction, named_params};

/// One that comes again under its name begins anew.
impl Project<HealthCheckRegistered> for Monitorings {
    fn project(tx: &Transaction<'_>, recorded: &Recorded<HealthCheckRegistered>) -> Result<()> {
        let HealthCheckRegistered { pass, check, registered_at, .. } = &recorded.event;
        tx.prepare_cached(
            "INSERT OR REPLACE INTO health_checks VALUES (:check_id, :division_id, :venture_id, :check_name,
             :check_type, :endpoint, :interval_ms, :timeout_ms, :unhealthy_after, :expected_status, 'unknown',
             NULL, NULL, 0, :registered_at, NULL)",
        )?
        .execute(named_params! {
            ":check_id": check.check_id, ":division_id": pass.division_id, ":venture_id": pass.venture_id,
            ":check_name": check.check_name, ":check_type": TextColumn(check.check_type),
            ":endpoint": check.endpoint, ":interval_ms": check.interval_ms, ":timeout_ms": check.timeout_ms,
            ":unhealthy_after": check.unhealthy_after, ":expected_status": check.expected_status,
            ":registered_at": registered_at,
        })?;
        let monitoring = Monitorings::row(tx, &[&pass.division_id]);
        refresh(&monitoring)?;
        monitoring.mark(recorded)
    }
}

impl Project<HealthCheckDeregistered> for Monitorings {
    fn project(tx: &Transaction<'_>, recorded: &Recorded<HealthCheckDeregistered>) -> Result<()> {
        let HealthCheckDeregistered { pass, check_id, deregistered_at, .. } = &recorded.event;
        tx.prepare_cached("UPDATE health_checks SET deregistered_at = ?2 WHERE check_id = ?1")?
            .execute((check_id, deregistered_at))?;
        let monitoring = Monitorings::row(tx, &[&pass.division_id]);
        refresh(&monitoring)?;
        monitoring.mark(recorded)
    }
}

/// The count of the checks that are there, and the worst that they have seen.
pub(super) fn refresh(monitoring: &DossierRow<'_, Monitorings>) -> Result<()> {
    monitoring.set(
        "check_count = (SELECT count(*) FROM health_checks AS checks
             WHERE checks.division_id = monitorings.division_id AND deregistered_at IS NULL),
         health = coalesce((SELECT last_status FROM health_checks AS checks
             WHERE checks.division_id = monitorings.division_id AND deregistered_at IS NULL
             ORDER BY CASE last_status WHEN 'unhealthy' THEN 0 WHEN 'degraded' THEN 1
                 WHEN 'unknown' THEN 2 ELSE 3 END LIMIT 1), 'unknown')",
        &[],
    )
}
