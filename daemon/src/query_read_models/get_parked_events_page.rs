//! The events that one read model could not draw, by position.

use crate::tend_read_models::{READ_MODEL_NOT_FOUND, demand_model};
use hecate_proto::{rows::ParkedEventRow, time::rfc3339};
use hecate_read_model::{Found, Keyset, Order, Paging, Query, QueryError, QuerySpec};
use rusqlite::{Connection, Row};
use schemars::JsonSchema;
use serde::Deserialize;

/// Lists the events that a read model could not draw.
#[derive(Deserialize, JsonSchema)]
pub(super) struct GetParkedEventsPage {
    /// The read model.
    model: String,
    #[serde(flatten)]
    paging: Paging,
}

impl Query for GetParkedEventsPage {
    type Row = ParkedEventRow;
    const SPEC: QuerySpec = QuerySpec {
        name: "get_parked_events_page",
        noun: "read_model",
        verb: "parked",
        path: "/api/read-models/{model}/parked",
        says: "List the events that a read model could not draw",
        answers: "parked",
        not_found: READ_MODEL_NOT_FOUND,
    };

    fn read(self, db: &Connection) -> Result<Found<ParkedEventRow>, QueryError> {
        demand_model(&self.model)?;
        let page = Keyset::new("*", "parked_events", ("position", "model"), Order::Asc)
            .only_with("model = ?", Some(self.model))
            .read(db, &self.paging, row)?;
        Ok(Found::Page(page))
    }
}

fn row(row: &Row<'_>) -> rusqlite::Result<ParkedEventRow> {
    Ok(ParkedEventRow {
        model: row.get("model")?,
        position: row.get("position")?,
        stream_id: row.get("stream_id")?,
        event_type: row.get("event_type")?,
        error: row.get("error")?,
        tries: row.get("tries")?,
        parked_at: rfc3339(row.get("parked_at")?),
    })
}
