//! How the vision of one venture changed, newest first.

use super::row::json;
use crate::setup_venture::VENTURE_NOT_FOUND;
use hecate_proto::{id::VentureId, rows::VisionRevisionRow, time::rfc3339};
use hecate_read_model::{Found, Keyset, Order, Paging, Query, QueryError, QuerySpec};
use rusqlite::{Connection, Row};
use schemars::JsonSchema;
use serde::Deserialize;

/// Lists the revisions of a venture's vision.
#[derive(Deserialize, JsonSchema)]
pub(super) struct GetVisionRevisionsPage {
    /// Whose vision.
    venture_id: VentureId,
    #[serde(flatten)]
    paging: Paging,
}

impl Query for GetVisionRevisionsPage {
    type Row = VisionRevisionRow;
    const SPEC: QuerySpec = QuerySpec {
        name: "get_vision_revisions_page",
        noun: "venture",
        verb: "vision",
        path: "/api/ventures/{venture_id}/vision",
        says: "List the revisions of a venture's vision",
        answers: "vision",
        not_found: VENTURE_NOT_FOUND,
    };

    fn read(self, db: &Connection) -> Result<Found<VisionRevisionRow>, QueryError> {
        let known = db
            .prepare_cached("SELECT 1 FROM ventures WHERE venture_id = ?1")?
            .exists([self.venture_id.as_str()])?;
        if !known {
            return Ok(Found::Nothing);
        }
        let page = Keyset::new("*", "vision_revisions", ("revision", "venture_id"), Order::Desc)
            .only_with("venture_id = ?", Some(self.venture_id.to_string()))
            .read(db, &self.paging, revision)?;
        Ok(Found::Page(page))
    }
}

fn revision(row: &Row<'_>) -> rusqlite::Result<VisionRevisionRow> {
    Ok(VisionRevisionRow {
        venture_id: row.get("venture_id")?,
        revision: row.get("revision")?,
        brief: row.get("brief")?,
        repos: json(row, "repos")?,
        skills: json(row, "skills")?,
        context_map: json(row, "context_map")?,
        refined_by: row.get("refined_by")?,
        refined_at: rfc3339(row.get("refined_at")?),
    })
}
