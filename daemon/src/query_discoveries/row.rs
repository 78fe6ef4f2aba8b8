//! Rows of discoveries and divisions as they are answered.

use hecate_proto::{
    rows::{DiscoveryRow, DivisionRow},
    time::rfc3339,
};
use hecate_read_model::dossier_columns;
use rusqlite::{Result, Row};

pub(super) fn discovery(row: &Row<'_>) -> Result<DiscoveryRow> {
    Ok(DiscoveryRow {
        venture_id: row.get("venture_id")?,
        venture_name: row.get("venture_name")?,
        dossier: dossier_columns(row)?,
        division_count: row.get("division_count")?,
    })
}

pub(super) fn division(row: &Row<'_>) -> Result<DivisionRow> {
    let dismissed_at: Option<i64> = row.get("dismissed_at")?;
    Ok(DivisionRow {
        division_id: row.get("division_id")?,
        division_name: row.get("division_name")?,
        venture_id: row.get("venture_id")?,
        venture_name: row.get("venture_name")?,
        description: row.get("description")?,
        rationale: row.get("rationale")?,
        discovered_by: row.get("discovered_by")?,
        discovered_at: rfc3339(row.get("discovered_at")?),
        dismissed: dismissed_at.is_some(),
        dismissed_at: dismissed_at.map(rfc3339),
        dismiss_reason: row.get("dismiss_reason")?,
    })
}
