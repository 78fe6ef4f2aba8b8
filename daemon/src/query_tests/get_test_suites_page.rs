//! The runs of a division's test suites as they were begun, a page at a time.

use super::{Tests, row};
use crate::test_division::{SuiteType, Testing};
use hecate_desk::lifecycle::LongLived;
use hecate_proto::{id::DivisionId, rows::TestSuiteRow};
use hecate_read_model::{Dossiers, Found, Keyset, Order, Paging, Query, QueryError, QuerySpec, TextColumn};
use rusqlite::Connection;
use schemars::JsonSchema;
use serde::Deserialize;

/// Lists the runs of test suites.
#[derive(Deserialize, JsonSchema)]
pub(super) struct GetTestSuitesPage {
    /// Whose suites.
    division_id: DivisionId,
    /// Only the runs of the suite of this name.
    name: Option<String>,
    /// Only suites that test this.
    #[serde(rename = "type")]
    of_type: Option<SuiteType>,
    /// Only runs that are open, or that are concluded.
    state: Option<RunState>,
    #[serde(flatten)]
    paging: Paging,
}

#[derive(Clone, Copy, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(inline)]
enum RunState {
    Open,
    Concluded,
}

impl Query for GetTestSuitesPage {
    type Row = TestSuiteRow;
    const SPEC: QuerySpec = QuerySpec {
        name: "get_test_suites_page",
        noun: "testing",
        verb: "suites",
        path: "/api/divisions/{division_id}/tests/suites",
        says: "List the runs of the test suites of a division",
        answers: "suites",
        not_found: Testing::NAMES.is_not_initiated,
    };

    fn read(self, db: &Connection) -> Result<Found<TestSuiteRow>, QueryError> {
        let state = match self.state {
            None => "1",
            Some(RunState::Open) => "concluded_at IS NULL",
            Some(RunState::Concluded) => "concluded_at IS NOT NULL",
        };
        let rows = Keyset::new("*", "test_suites", ("run_at", "suite_id"), Order::Asc)
            .only_with("suite_name = ?", self.name)
            .only_with("suite_type = ?", self.of_type.map(TextColumn))
            .only(state);
        Tests::page(db, &[self.division_id.as_str()], rows, &self.paging, row::suite)
    }
}
