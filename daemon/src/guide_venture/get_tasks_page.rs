//! What there is to do in one venture: its own tasks, then those of its divisions in the order in which they were
//! found. A page holds so many divisions, so that the tasks of one stay together.

use super::plain::{self, Division, Venture};
use super::tasks;
use crate::setup_venture::VENTURE_NOT_FOUND;
use hecate_desk::Status;
use hecate_proto::guide::TaskRow;
use hecate_proto::id::VentureId;
use hecate_read_model::{Found, Keyset, Order, Page, Paging, Query, QueryError, QuerySpec};
use rusqlite::Connection;
use schemars::JsonSchema;
use serde::Deserialize;

/// Lists what there is to do in a venture.
#[derive(Deserialize, JsonSchema)]
pub(super) struct GetTasksPage {
    /// In which one.
    venture_id: VentureId,
    /// `limit` counts divisions: the tasks of one stay together.
    #[serde(flatten)]
    paging: Paging,
}

impl Query for GetTasksPage {
    type Row = TaskRow;
    const SPEC: QuerySpec = QuerySpec {
        name: "get_tasks_page",
        noun: "venture",
        verb: "tasks",
        path: "/api/ventures/{venture_id}/tasks",
        says: "List what there is to do in a venture",
        answers: "tasks",
        not_found: VENTURE_NOT_FOUND,
    };

    fn read(self, db: &Connection) -> Result<Found<TaskRow>, QueryError> {
        let Some(venture) = plain::venture(db, self.venture_id.as_str())? else {
            return Ok(Found::Nothing);
        };
        // The first page begins with what is about the whole venture.
        let own = if self.paging.cursor.is_none() { tasks::of_venture(&venture) } else { Vec::new() };
        let Page { rows, next_cursor } = divisions(db, venture, &self.paging)?;
        let rows = own.into_iter().chain(rows.iter().flat_map(tasks::of_division)).collect();
        Ok(Found::Page(Page { rows, next_cursor }))
    }
}

/// A page of live divisions; none of an archived venture.
fn divisions(db: &Connection, venture: Venture, paging: &Paging) -> Result<Page<Division>, QueryError> {
    if venture.status.has(Status::ARCHIVED) {
        return Ok(Page { rows: Vec::new(), next_cursor: None });
    }
    Keyset::new("division_id, name", "division_progress", ("found", "division_id"), Order::Asc)
        .only("NOT dismissed")
        .only_with("venture_id = ?", Some(venture.venture_id.clone()))
        .read(db, paging, |row| {
            let division_id: String = row.get("division_id")?;
            let works = plain::works(db, &venture.venture_id, &division_id)?;
            let venture_id = venture.venture_id.clone();
            Ok(Division { venture_id, division_id, name: row.get("name")?, works })
        })
}
