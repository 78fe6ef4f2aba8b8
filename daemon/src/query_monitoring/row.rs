//! Rows of monitorings and of what they watch, as they are answered.

use hecate_proto::{
    rows::{HealthCheckRow, HealthSampleRow, IncidentRow, MonitoringRow, SlaThresholdRow},
    time::rfc3339,
};
use hecate_read_model::dossier_columns;
use rusqlite::{Result, Row};

pub(super) fn monitoring(row: &Row<'_>) -> Result<MonitoringRow> {
    Ok(MonitoringRow {
        division_id: row.get("division_id")?,
        division_name: row.get("division_name")?,
        venture_id: row.get("venture_id")?,
        dossier: dossier_columns(row)?,
        check_count: row.get("check_count")?,
        open_incident_count: row.get("open_incident_count")?,
        health: row.get("health")?,
    })
}

pub(super) fn check(row: &Row<'_>) -> Result<HealthCheckRow> {
    Ok(HealthCheckRow {
        check_id: row.get("check_id")?,
        division_id: row.get("division_id")?,
        venture_id: row.get("venture_id")?,
        check_name: row.get("check_name")?,
        check_type: row.get("check_type")?,
        endpoint: row.get("endpoint")?,
        interval_ms: row.get("interval_ms")?,
        timeout_ms: row.get("timeout_ms")?,
        unhealthy_after: row.get("unhealthy_after")?,
        expected_status: row.get("expected_status")?,
        last_status: row.get("last_status")?,
        last_latency_ms: row.get("last_latency_ms")?,
        last_checked_at: row.get::<_, Option<i64>>("last_checked_at")?.map(rfc3339),
        consecutive: row.get("consecutive")?,
        registered_at: rfc3339(row.get("registered_at")?),
        deregistered_at: row.get::<_, Option<i64>>("deregistered_at")?.map(rfc3339),
    })
}

pub(super) fn sample(row: &Row<'_>) -> Result<HealthSampleRow> {
    Ok(HealthSampleRow {
        check_id: row.get("check_id")?,
        division_id: row.get("division_id")?,
        venture_id: row.get("venture_id")?,
        status: row.get("status")?,
        latency_ms: row.get("latency_ms")?,
        samples: row.get("samples")?,
        recorded_at: rfc3339(row.get("recorded_at")?),
    })
}

pub(super) fn threshold(row: &Row<'_>) -> Result<SlaThresholdRow> {
    Ok(SlaThresholdRow {
        division_id: row.get("division_id")?,
        venture_id: row.get("venture_id")?,
        signal: row.get("signal")?,
        threshold: row.get("threshold")?,
        window_s: row.get("window_s")?,
        severity: row.get("severity")?,
        set_by: row.get("set_by")?,
        set_at: rfc3339(row.get("set_at")?),
    })
}

pub(super) fn incident(row: &Row<'_>) -> Result<IncidentRow> {
    Ok(IncidentRow {
        incident_id: row.get("incident_id")?,
        division_id: row.get("division_id")?,
        division_name: row.get("division_name")?,
        venture_id: row.get("venture_id")?,
        cycle: row.get("cycle")?,
        incident_title: row.get("incident_title")?,
        severity: row.get("severity")?,
        description: row.get("description")?,
        check_id: row.get("check_id")?,
        signal: row.get("signal")?,
        release_id: row.get("release_id")?,
        state: row.get("state")?,
        outcome: row.get("outcome")?,
        resolution: row.get("resolution")?,
        raised_by: row.get("raised_by")?,
        raised_at: rfc3339(row.get("raised_at")?),
        resolved_at: row.get::<_, Option<i64>>("resolved_at")?.map(rfc3339),
    })
}
