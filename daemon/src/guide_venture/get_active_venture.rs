//! The venture that something happened to last, archived ones aside: the one that a front-end opens with.

use hecate_desk::Refusal;
use hecate_proto::{guide::VentureProgressRow, time::rfc3339};
use hecate_read_model::{Found, JsonColumn, Query, QueryError, QuerySpec, TextColumn};
use rusqlite::{Connection, OptionalExtension, Row};
use schemars::JsonSchema;
use serde::Deserialize;

const NO_ACTIVE_VENTURE: Refusal =
    Refusal::new(404, "venture_not_found", "There is no venture, or every one is archived.");

/// Shows the active venture.
#[derive(Deserialize, JsonSchema)]
pub(super) struct GetActiveVenture {}

impl Query for GetActiveVenture {
    type Row = VentureProgressRow;
    const SPEC: QuerySpec = QuerySpec {
        name: "get_active_venture",
        noun: "venture",
        verb: "active",
        path: "/api/venture",
        says: "Show the venture that something happened to last",
        answers: "venture",
        not_found: NO_ACTIVE_VENTURE,
    };

    fn read(self, db: &Connection) -> Result<Found<VentureProgressRow>, QueryError> {
        let sql = "SELECT * FROM venture_progress WHERE status & 2 = 0 ORDER BY last_position DESC LIMIT 1";
        Ok(db.prepare_cached(sql)?.query_row([], venture).optional()?.into())
    }
}

/// A row of `venture_progress` as it is answered.
pub(super) fn venture(row: &Row<'_>) -> rusqlite::Result<VentureProgressRow> {
    Ok(VentureProgressRow {
        venture_id: row.get("venture_id")?,
        name: row.get("name")?,
        phase: row.get::<_, TextColumn<_>>("phase")?.0,
        status: row.get("status")?,
        status_label: row.get("status_label")?,
        available_actions: row.get::<_, JsonColumn<_>>("available_actions")?.0,
        division_count: row.get("division_count")?,
        open_incident_count: row.get("open_incident_count")?,
        blocked_count: row.get("blocked_count")?,
        last_position: row.get("last_position")?,
        updated_at: rfc3339(row.get("updated_at")?),
    })
}
