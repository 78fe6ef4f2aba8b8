//! The journal of one venture, oldest first: what happened, who did it and when.

use crate::setup_venture::VENTURE_NOT_FOUND;
use hecate_proto::guide::{Process, TimelineRow};
use hecate_proto::id::{DivisionId, VentureId};
use hecate_proto::time::rfc3339;
use hecate_read_model::{Found, Keyset, Order, Paging, Query, QueryError, QuerySpec, TextColumn};
use rusqlite::{Connection, Row};
use schemars::JsonSchema;
use serde::Deserialize;

/// Lists what happened in a venture.
#[derive(Deserialize, JsonSchema)]
pub(super) struct GetTimelinePage {
    /// In which one.
    venture_id: VentureId,
    /// Only what is about this division.
    division_id: Option<DivisionId>,
    /// Only what this process recorded.
    process: Option<Process>,
    /// Only what stands behind this position in the log.
    #[schemars(range(min = 0, max = 9_223_372_036_854_775_807_i64))]
    since_position: Option<i64>,
    #[serde(flatten)]
    paging: Paging,
}

impl Query for GetTimelinePage {
    type Row = TimelineRow;
    const SPEC: QuerySpec = QuerySpec {
        name: "get_timeline_page",
        noun: "venture",
        verb: "timeline",
        path: "/api/ventures/{venture_id}/timeline",
        says: "List what happened in a venture",
        answers: "timeline",
        not_found: VENTURE_NOT_FOUND,
    };

    fn read(self, db: &Connection) -> Result<Found<TimelineRow>, QueryError> {
        let known = db
            .prepare_cached("SELECT 1 FROM venture_progress WHERE venture_id = ?1")?
            .exists([self.venture_id.as_str()])?;
        if !known {
            return Ok(Found::Nothing);
        }
        let page = Keyset::new("*", "venture_timeline", ("position", "position"), Order::Asc)
            .only_with("venture_id = ?", Some(self.venture_id.to_string()))
            .only_with("division_id = ?", self.division_id.map(|id| id.to_string()))
            .only_with("process = ?", self.process.map(TextColumn))
            .only_with("position > ?", self.since_position)
            .read(db, &self.paging, entry)?;
        Ok(Found::Page(page))
    }
}

fn entry(row: &Row<'_>) -> rusqlite::Result<TimelineRow> {
    Ok(TimelineRow {
        position: row.get("position")?,
        venture_id: row.get("venture_id")?,
        division_id: row.get("division_id")?,
        process: row.get::<_, TextColumn<_>>("process")?.0,
        event_type: row.get("event_type")?,
        summary: row.get("summary")?,
        actor: row.get("actor")?,
        at: rfc3339(row.get("at")?),
    })
}
