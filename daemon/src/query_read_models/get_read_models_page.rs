//! Every read model of this daemon, whether something was ever decided about it or not.

use crate::tend_read_models::READ_MODEL_NOT_FOUND;
use hecate_proto::{rows::ReadModelRow, time::rfc3339};
use hecate_read_model::{Found, Keyset, Order, Paging, Query, QueryError, QuerySpec};
use rusqlite::{Connection, Row};
use schemars::JsonSchema;
use serde::Deserialize;

/// Lists read models.
#[derive(Deserialize, JsonSchema)]
pub(super) struct GetReadModelsPage {
    #[serde(flatten)]
    paging: Paging,
}

impl Query for GetReadModelsPage {
    type Row = ReadModelRow;
    const SPEC: QuerySpec = QuerySpec {
        name: "get_read_models_page",
        noun: "read_model",
        verb: "list",
        path: "/api/read-models",
        says: "List read models with what is parked and the last rebuild",
        answers: "read_models",
        not_found: READ_MODEL_NOT_FOUND,
    };

    fn read(self, db: &Connection) -> Result<Found<ReadModelRow>, QueryError> {
        // The names are compiled in; the log knows only those about which something was decided.
        let names: Vec<String> = crate::MODELS.iter().map(|model| format!("('{}')", model.name)).collect();
        let from = format!(
            "(WITH names(model) AS (VALUES {}) SELECT names.model, rebuild_requested_at, rebuild_requested_by,
              rebuild_reason, rebuild_position,
              (SELECT count(*) FROM parked_events WHERE parked_events.model = names.model) AS parked
              FROM names LEFT JOIN read_models USING (model))",
            names.join(", ")
        );
        let page = Keyset::new("*", &from, ("model", "model"), Order::Asc).read(db, &self.paging, row)?;
        Ok(Found::Page(page))
    }
}

fn row(row: &Row<'_>) -> rusqlite::Result<ReadModelRow> {
    Ok(ReadModelRow {
        model: row.get("model")?,
        parked: row.get("parked")?,
        rebuild_requested_at: row.get::<_, Option<i64>>("rebuild_requested_at")?.map(rfc3339),
        rebuild_requested_by: row.get("rebuild_requested_by")?,
        rebuild_reason: row.get("rebuild_reason")?,
        rebuild_position: row.get("rebuild_position")?,
    })
}
