//! One division, dismissed or not, of whichever venture.

use super::row;
use crate::discover_divisions::DIVISION_NOT_FOUND;
use hecate_proto::{id::DivisionId, rows::DivisionRow};
use hecate_read_model::{Found, Query, QueryError, QuerySpec};
use rusqlite::{Connection, OptionalExtension};
use schemars::JsonSchema;
use serde::Deserialize;

/// Shows one division.
#[derive(Deserialize, JsonSchema)]
pub(super) struct GetDivisionById {
    /// Which one.
    division_id: DivisionId,
}

impl Query for GetDivisionById {
    type Row = DivisionRow;
    const SPEC: QuerySpec = QuerySpec {
        name: "get_division_by_id",
        noun: "division",
        verb: "show",
        path: "/api/divisions/{division_id}",
        says: "Show one division",
        answers: "division",
        not_found: DIVISION_NOT_FOUND,
    };

    fn read(self, db: &Connection) -> Result<Found<DivisionRow>, QueryError> {
        // An id that two ventures use belongs to the first: whatever works for the division is about that one.
        let sql = "SELECT * FROM discovered_divisions WHERE division_id = ?1 ORDER BY rowid LIMIT 1";
        let mut asked = db.prepare_cached(sql)?;
        Ok(asked.query_row([self.division_id.as_str()], row::division).optional()?.into())
    }
}
