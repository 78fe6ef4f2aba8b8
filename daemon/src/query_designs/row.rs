//! Rows of designs and of what they say, as they are answered.

use hecate_proto::{
    rows::{DesignRow, DesignedAggregateRow, DesignedEventRow},
    time::rfc3339,
};
use hecate_read_model::{JsonColumn, dossier_columns};
use rusqlite::{Result, Row};

pub(super) fn design(row: &Row<'_>) -> Result<DesignRow> {
    Ok(DesignRow {
        division_id: row.get("division_id")?,
        division_name: row.get("division_name")?,
        venture_id: row.get("venture_id")?,
        dossier: dossier_columns(row)?,
        aggregate_count: row.get("aggregate_count")?,
        event_count: row.get("event_count")?,
    })
}

pub(super) fn aggregate(row: &Row<'_>) -> Result<DesignedAggregateRow> {
    Ok(DesignedAggregateRow {
        aggregate_id: row.get("aggregate_id")?,
        division_id: row.get("division_id")?,
        venture_id: row.get("venture_id")?,
        aggregate_name: row.get("aggregate_name")?,
        stream_pattern: row.get("stream_pattern")?,
        status_flags: row.get::<_, JsonColumn<_>>("status_flags")?.0,
        description: row.get("description")?,
        revision: row.get("revision")?,
        designed_by: row.get("designed_by")?,
        designed_at: rfc3339(row.get("designed_at")?),
    })
}

pub(super) fn event(row: &Row<'_>) -> Result<DesignedEventRow> {
    Ok(DesignedEventRow {
        designed_event_id: row.get("designed_event_id")?,
        division_id: row.get("division_id")?,
        venture_id: row.get("venture_id")?,
        event_name: row.get("event_name")?,
        aggregate_name: row.get("aggregate_name")?,
        payload_fields: row.get::<_, JsonColumn<_>>("payload_fields")?.0,
        description: row.get("description")?,
        revision: row.get("revision")?,
        designed_by: row.get("designed_by")?,
        designed_at: rfc3339(row.get("designed_at")?),
    })
}
