//! The testing of one division with its gate and what it came to, archived or not.

use super::{Tests, row};
use crate::test_division::Testing;
use hecate_desk::lifecycle::LongLived;
use hecate_proto::rows::TestingRow;
use hecate_read_model::{QuerySpec, Shown};
use rusqlite::{Connection, Result, Row};

impl Shown for Tests {
    type Row = TestingRow;
    const SPEC: QuerySpec = QuerySpec {
        name: "get_testing_by_division",
        noun: "testing",
        verb: "show",
        path: "/api/divisions/{division_id}/tests",
        says: "Show the testing of a division",
        answers: "testing",
        not_found: Testing::NAMES.is_not_initiated,
    };

    fn show(_: &Connection, row: &Row<'_>) -> Result<TestingRow> {
        row::testing(row)
    }
}
