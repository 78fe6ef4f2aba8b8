//! One venture, archived or not.

use super::row;
use crate::setup_venture::VENTURE_NOT_FOUND;
use hecate_proto::{id::VentureId, rows::VentureRow};
use hecate_read_model::{Found, Query, QueryError, QuerySpec};
use rusqlite::{Connection, OptionalExtension};
use schemars::JsonSchema;
use serde::Deserialize;

/// Shows one venture.
#[derive(Deserialize, JsonSchema)]
pub(super) struct GetVentureById {
    /// Which one.
    venture_id: VentureId,
}

impl Query for GetVentureById {
    type Row = VentureRow;
    const SPEC: QuerySpec = QuerySpec {
        name: "get_venture_by_id",
        noun: "venture",
        verb: "show",
        path: "/api/ventures/{venture_id}",
        says: "Show one venture",
        answers: "venture",
        not_found: VENTURE_NOT_FOUND,
    };

    fn read(self, db: &Connection) -> Result<Found<VentureRow>, QueryError> {
        let sql = format!("SELECT {} FROM ventures WHERE venture_id = ?1", row::COLUMNS);
        let found =
            db.prepare_cached(&sql)?.query_row([self.venture_id.as_str()], row::venture).optional()?;
        Ok(found.into())
    }
}
