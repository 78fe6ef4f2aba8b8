//! The design of one division with its counts, archived or not.

use super::{Designs, row};
use crate::design_division::Design;
use hecate_desk::lifecycle::LongLived;
use hecate_proto::rows::DesignRow;
use hecate_read_model::{QuerySpec, Shown};
use rusqlite::{Connection, Result, Row};

impl Shown for Designs {
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

    fn show(_: &Connection, row: &Row<'_>) -> Result<DesignRow> {
        row::design(row)
    }
}
