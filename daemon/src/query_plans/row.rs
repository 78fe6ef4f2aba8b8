//! Rows of plans, of what they say and of what came back to them, as they are answered.

use hecate_proto::{
    rows::{PlanFeedbackRow, PlanRow, PlannedDependencyRow, PlannedDeskRow},
    time::rfc3339,
};
use hecate_read_model::{JsonColumn, dossier_columns};
use rusqlite::{Result, Row};

pub(super) fn plan(row: &Row<'_>) -> Result<PlanRow> {
    Ok(PlanRow {
        division_id: row.get("division_id")?,
        division_name: row.get("division_name")?,
        venture_id: row.get("venture_id")?,
        dossier: dossier_columns(row)?,
        desk_count: row.get("desk_count")?,
        sprint_count: row.get("sprint_count")?,
        generated_count: row.get("generated_count")?,
        generation_acks: row.get("generation_acks")?,
        testing_acks: row.get("testing_acks")?,
        deployment_acks: row.get("deployment_acks")?,
        incident_acks: row.get("incident_acks")?,
        rescue_acks: row.get("rescue_acks")?,
    })
}

pub(super) fn desk(row: &Row<'_>) -> Result<PlannedDeskRow> {
    let names = |column: &str| row.get::<_, JsonColumn<_>>(column).map(|names| names.0);
    Ok(PlannedDeskRow {
        desk_id: row.get("desk_id")?,
        division_id: row.get("division_id")?,
        venture_id: row.get("venture_id")?,
        desk_name: row.get("desk_name")?,
        department: row.get("department")?,
        aggregate_name: row.get("aggregate_name")?,
        priority: row.get("priority")?,
        sprint_number: row.get("sprint_number")?,
        sprint_order: row.get("sprint_order")?,
        description: row.get("description")?,
        inboxes: names("inboxes")?,
        policies: names("policies")?,
        emitters: names("emitters")?,
        generated_at: row.get::<_, Option<i64>>("generated_at")?.map(rfc3339),
        inventoried_by: row.get("inventoried_by")?,
        inventoried_at: rfc3339(row.get("inventoried_at")?),
    })
}

pub(super) fn dependency(row: &Row<'_>) -> Result<PlannedDependencyRow> {
    Ok(PlannedDependencyRow {
        dependency_id: row.get("dependency_id")?,
        division_id: row.get("division_id")?,
        venture_id: row.get("venture_id")?,
        from_desk: row.get("from_desk")?,
        to_desk: row.get("to_desk")?,
        dependency_type: row.get("dependency_type")?,
        description: row.get("description")?,
        planned_by: row.get("planned_by")?,
        planned_at: rfc3339(row.get("planned_at")?),
    })
}

pub(super) fn feedback(row: &Row<'_>) -> Result<PlanFeedbackRow> {
    Ok(PlanFeedbackRow {
        source_event_id: row.get("source_event_id")?,
        division_id: row.get("division_id")?,
        venture_id: row.get("venture_id")?,
        kind: row.get("kind")?,
        summary: row.get("summary")?,
        acknowledged_at: rfc3339(row.get("acknowledged_at")?),
    })
}
