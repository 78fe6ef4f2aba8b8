//! How far one venture has come, with each of its divisions. A discovery finds a bounded number of them, so they
//! need no pages.

use super::get_active_venture::venture;
use crate::setup_venture::VENTURE_NOT_FOUND;
use hecate_proto::guide::{DivisionProgressRow, DivisionStanding, VentureStatusRow};
use hecate_proto::{id::VentureId, time::rfc3339};
use hecate_read_model::{Found, Query, QueryError, QuerySpec, TextColumn};
use rusqlite::{Connection, OptionalExtension, Row};
use schemars::JsonSchema;
use serde::Deserialize;

/// Shows how far a venture has come.
#[derive(Deserialize, JsonSchema)]
pub(super) struct GetVentureStatus {
    /// Which one.
    venture_id: VentureId,
    /// Dismissed divisions too, in the list alone.
    include_dismissed: Option<bool>,
}

impl Query for GetVentureStatus {
    type Row = VentureStatusRow;
    const SPEC: QuerySpec = QuerySpec {
        name: "get_venture_status",
        noun: "venture",
        verb: "status",
        path: "/api/ventures/{venture_id}/status",
        says: "Show how far a venture and its divisions have come",
        answers: "venture",
        not_found: VENTURE_NOT_FOUND,
    };

    fn read(self, db: &Connection) -> Result<Found<VentureStatusRow>, QueryError> {
        let id = self.venture_id.as_str();
        let known = db
            .prepare_cached("SELECT * FROM venture_progress WHERE venture_id = ?1")?
            .query_row([id], venture)
            .optional()?;
        let Some(venture) = known else { return Ok(Found::Nothing) };
        let division_list: Vec<DivisionProgressRow> = db
            .prepare_cached(
                "SELECT * FROM division_progress WHERE venture_id = ?1 AND dismissed <= ?2
                 ORDER BY found, division_id",
            )?
            .query_map((id, self.include_dismissed.unwrap_or(false)), division)?
            .collect::<Result<_, _>>()?;
        let live = division_list.iter().filter(|division| !division.dismissed);
        let divisions = live.map(|division| (division.name.clone(), division.standing.clone())).collect();
        Ok(Found::One(VentureStatusRow { venture, divisions, division_list }))
    }
}

fn division(row: &Row<'_>) -> rusqlite::Result<DivisionProgressRow> {
    let standing = DivisionStanding {
        division_id: row.get("division_id")?,
        process: row.get::<_, TextColumn<_>>("current_process")?.0,
        state: row.get::<_, TextColumn<_>>("state")?.0,
        health: row.get::<_, TextColumn<_>>("health")?.0,
        cycle: row.get("cycle")?,
    };
    Ok(DivisionProgressRow {
        name: row.get("name")?,
        standing,
        dismissed: row.get("dismissed")?,
        blocked_count: row.get("blocked_count")?,
        open_incident_count: row.get("open_incident_count")?,
        last_release: row.get("last_release")?,
        updated_at: rfc3339(row.get("updated_at")?),
    })
}
