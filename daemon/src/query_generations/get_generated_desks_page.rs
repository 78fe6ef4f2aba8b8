//! The desks of one generation, pass by pass, a page at a time.

use super::{Generations, row};
use crate::generate_division::Generation;
use hecate_desk::lifecycle::LongLived;
use hecate_proto::{id::DivisionId, rows::GeneratedDeskRow};
use hecate_read_model::{Dossiers, Found, Keyset, Order, Paging, Query, QueryError, QuerySpec};
use rusqlite::Connection;
use schemars::JsonSchema;
use serde::Deserialize;

/// Lists the desks of a generation.
#[derive(Deserialize, JsonSchema)]
pub(super) struct GetGeneratedDesksPage {
    /// Whose generation.
    division_id: DivisionId,
    #[serde(flatten)]
    paging: Paging,
}

impl Query for GetGeneratedDesksPage {
    type Row = GeneratedDeskRow;
    const SPEC: QuerySpec = QuerySpec {
        name: "get_generated_desks_page",
        noun: "generation",
        verb: "desks",
        path: "/api/divisions/{division_id}/generations/desks",
        says: "List the desks of a generation",
        answers: "desks",
        not_found: Generation::NAMES.is_not_initiated,
    };

    fn read(self, db: &Connection) -> Result<Found<GeneratedDeskRow>, QueryError> {
        let rows = Keyset::new("*", "generated_desks", ("generated_at", "desk_id"), Order::Asc);
        Generations::page(db, &[self.division_id.as_str()], rows, &self.paging, row::desk)
    }
}
