//! The generation of one division with its counts, archived or not.

use super::{Generations, row};
use crate::generate_division::Generation;
use hecate_desk::lifecycle::LongLived;
use hecate_proto::rows::GenerationRow;
use hecate_read_model::{QuerySpec, Shown};
use rusqlite::{Connection, Result, Row};

impl Shown for Generations {
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

    fn show(db: &Connection, row: &Row<'_>) -> Result<GenerationRow> {
        row::generation(db, row)
    }
}
