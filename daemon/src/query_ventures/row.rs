//! A row of `ventures` as it is answered: JSON columns opened, times for people.

use hecate_proto::{rows::VentureRow, time::rfc3339};
use rusqlite::{Row, types::Type};
use serde::de::DeserializeOwned;

/// The columns that [`venture`] reads.
pub(super) const COLUMNS: &str = "venture_id, name, brief, repos, skills, context_map, visibility, revision, \
     status, status_label, available_actions, setup_at, setup_by, vision_submitted_at, archived_at, version, \
     updated_at";

pub(super) fn venture(row: &Row<'_>) -> rusqlite::Result<VentureRow> {
    Ok(VentureRow {
        venture_id: row.get("venture_id")?,
        name: row.get("name")?,
        brief: row.get("brief")?,
        repos: json(row, "repos")?,
        skills: json(row, "skills")?,
        context_map: json(row, "context_map")?,
        visibility: row.get("visibility")?,
        revision: row.get("revision")?,
        status: row.get("status")?,
        status_label: row.get("status_label")?,
        available_actions: json(row, "available_actions")?,
        setup_at: rfc3339(row.get("setup_at")?),
        setup_by: row.get("setup_by")?,
        vision_submitted_at: row.get::<_, Option<i64>>("vision_submitted_at")?.map(rfc3339),
        archived_at: row.get::<_, Option<i64>>("archived_at")?.map(rfc3339),
        version: row.get("version")?,
        updated_at: rfc3339(row.get("updated_at")?),
    })
}

/// A JSON column.
pub(super) fn json<T: DeserializeOwned>(row: &Row<'_>, column: &str) -> rusqlite::Result<T> {
    let text: String = row.get(column)?;
    serde_json::from_str(&text)
        .map_err(|error| rusqlite::Error::FromSqlConversionFailure(0, Type::Text, Box::new(error)))
}
