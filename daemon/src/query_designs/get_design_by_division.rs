//! The design of one division with its counts, archived or not.

use super::{Designs, row};
use crate::design_division::Design;
use hecate_desk::lifecycle::LongLived;
use hecate_proto::{id::DivisionId, rows::DesignRow};
use hecate_read_model::{Dossiers, Found, Query, QueryError, QuerySpec};
use rusqlite::Connection;
use schemars::JsonSchema;
use serde::Deserialize;

/// Shows the design of a division.
#[derive(Deserialize, JsonSchema)]
pub(super) struct GetDesignByDivision {
    /// Whose design.
    division_id: DivisionId,
}

impl Query for GetDesignByDivision {
    type Row = DesignRow;
    const SPEC: QuerySpec = QuerySpec {
        name: "get_design_by_division",
        noun: "design",
        verb: "show",
        path: "/api/divisions/{division_id}/designs",
        says: "Show the design of a division",
        answers: "design",
        not_found: Design::NAMES.is_not_initiated,
    };

    fn read(self, db: &Connection) -> Result<Found<DesignRow>, QueryError> {
        Ok(Designs::find(db, &[self.division_id.as_str()], row::design)?.into())
    }
}
