//! Rows of rescues, and of what was found and done in them, as they are answered.

use hecate_proto::{
    rows::{DiagnosisRow, EscalationRow, FixRow, RescueRow},
    time::rfc3339,
};
use hecate_read_model::{JsonColumn, dossier_columns};
use rusqlite::{Result, Row};

pub(super) fn rescue(row: &Row<'_>) -> Result<RescueRow> {
    Ok(RescueRow {
        division_id: row.get("division_id")?,
        incident_id: row.get("incident_id")?,
        division_name: row.get("division_name")?,
        venture_id: row.get("venture_id")?,
        dossier: dossier_columns(row)?,
        incident_title: row.get("incident_title")?,
        severity: row.get("severity")?,
        outcome: row.get("outcome")?,
        resolution: row.get("resolution")?,
        lessons_learned: row.get::<_, JsonColumn<_>>("lessons_learned")?.0,
        action_items: row.get::<_, JsonColumn<_>>("action_items")?.0,
        mitigated_at: row.get::<_, Option<i64>>("mitigated_at")?.map(rfc3339),
        time_to_mitigate_ms: row.get("time_to_mitigate_ms")?,
        time_to_resolve_ms: row.get("time_to_resolve_ms")?,
    })
}

pub(super) fn diagnosis(row: &Row<'_>) -> Result<DiagnosisRow> {
    Ok(DiagnosisRow {
        diagnosis_id: row.get("diagnosis_id")?,
        incident_id: row.get("incident_id")?,
        division_id: row.get("division_id")?,
        venture_id: row.get("venture_id")?,
        diagnosis: row.get("diagnosis")?,
        root_cause: row.get("root_cause")?,
        category: row.get("category")?,
        diagnosed_by: row.get("diagnosed_by")?,
        diagnosed_at: rfc3339(row.get("diagnosed_at")?),
    })
}

pub(super) fn fix(row: &Row<'_>) -> Result<FixRow> {
    Ok(FixRow {
        fix_id: row.get("fix_id")?,
        incident_id: row.get("incident_id")?,
        division_id: row.get("division_id")?,
        venture_id: row.get("venture_id")?,
        diagnosis_id: row.get("diagnosis_id")?,
        fix_type: row.get("fix_type")?,
        mitigation: row.get("mitigation")?,
        fix_description: row.get("fix_description")?,
        affected_desks: row.get::<_, JsonColumn<_>>("affected_desks")?.0,
        applied_by: row.get("applied_by")?,
        applied_at: rfc3339(row.get("applied_at")?),
    })
}

pub(super) fn escalation(row: &Row<'_>) -> Result<EscalationRow> {
    Ok(EscalationRow {
        incident_id: row.get("incident_id")?,
        division_id: row.get("division_id")?,
        venture_id: row.get("venture_id")?,
        cycle: row.get("cycle")?,
        reason: row.get("reason")?,
        root_cause: row.get("root_cause")?,
        affected_aggregates: row.get::<_, JsonColumn<_>>("affected_aggregates")?.0,
        escalated_by: row.get("escalated_by")?,
        escalated_at: rfc3339(row.get("escalated_at")?),
    })
}
