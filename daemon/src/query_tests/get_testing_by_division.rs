//! The testing of one division with its gate and what it came to, archived or not.

use super::{Tests, row};
use crate::test_division::Testing;
use hecate_desk::lifecycle::LongLived;
use hecate_proto::{id::DivisionId, rows::TestingRow};
use hecate_read_model::{Dossiers, Found, Query, QueryError, QuerySpec};
use rusqlite::Connection;
use schemars::JsonSchema;
use serde::Deserialize;

/// Shows the testing of a division.
#[derive(Deserialize, JsonSchema)]
pub(super) struct GetTestingByDivision {
    /// Whose testing.
    division_id: DivisionId,
}

impl Query for GetTestingByDivision {
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

    fn read(self, db: &Connection) -> Result<Found<TestingRow>, QueryError> {
        Ok(Tests::find(db, &[self.division_id.as_str()], row::testing)?.into())
    }
}
