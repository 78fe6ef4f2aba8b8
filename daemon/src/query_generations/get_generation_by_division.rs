//! The generation of one division with its counts, archived or not.

use super::{Generations, row};
use crate::generate_division::Generation;
use hecate_desk::lifecycle::LongLived;
use hecate_proto::{id::DivisionId, rows::GenerationRow};
use hecate_read_model::{Dossiers, Found, Query, QueryError, QuerySpec};
use rusqlite::Connection;
use schemars::JsonSchema;
use serde::Deserialize;

/// Shows the generation of a division.
#[derive(Deserialize, JsonSchema)]
pub(super) struct GetGenerationByDivision {
    /// Whose generation.
    division_id: DivisionId,
}

impl Query for GetGenerationByDivision {
    type Row = GenerationRow;
    const SPEC: QuerySpec = QuerySpec {
        name: "get_generation_by_division",
        noun: "generation",
        verb: "show",
        path: "/api/divisions/{division_id}/generations",
        says: "Show the generation of a division",
        answers: "generation",
        not_found: Generation::NAMES.is_not_initiated,
    };

    fn read(self, db: &Connection) -> Result<Found<GenerationRow>, QueryError> {
        let found = Generations::find(db, &[self.division_id.as_str()], |row| row::generation(db, row));
        Ok(found?.into())
    }
}
