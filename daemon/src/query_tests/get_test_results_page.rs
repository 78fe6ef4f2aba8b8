//! The results of a division's tests as they were recorded, a page at a time.

use super::{Tests, row};
use crate::test_division::{TestStatus, Testing};
use hecate_desk::lifecycle::LongLived;
use hecate_proto::{
    id::{DivisionId, SuiteId},
    rows::TestResultRow,
};
use hecate_read_model::{Dossiers, Found, Keyset, Order, Paging, Query, QueryError, QuerySpec, TextColumn};
use rusqlite::Connection;
use schemars::JsonSchema;
use serde::Deserialize;

/// Lists the results of tests.
#[derive(Deserialize, JsonSchema)]
pub(super) struct GetTestResultsPage {
    /// Whose results.
    division_id: DivisionId,
    /// Only those of this run.
    suite_id: Option<SuiteId>,
    /// Only those that ended like this.
    status: Option<TestStatus>,
    #[serde(flatten)]
    paging: Paging,
}

impl Query for GetTestResultsPage {
    type Row = TestResultRow;
    const SPEC: QuerySpec = QuerySpec {
        name: "get_test_results_page",
        noun: "testing",
        verb: "results",
        path: "/api/divisions/{division_id}/tests/results",
        says: "List the results of the tests of a division",
        answers: "results",
        not_found: Testing::NAMES.is_not_initiated,
    };

    fn read(self, db: &Connection) -> Result<Found<TestResultRow>, QueryError> {
        let rows = Keyset::new("*", "test_results", ("recorded_at", "result_id"), Order::Asc)
            .only_with("suite_id = ?", self.suite_id.map(|id| id.to_string()))
            .only_with("status = ?", self.status.map(TextColumn));
        Tests::page(db, &[self.division_id.as_str()], rows, &self.paging, row::result)
    }
}
