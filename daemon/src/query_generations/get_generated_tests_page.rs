//! The tests of one generation, pass by pass, a page at a time.

use super::{Generations, row};
use crate::generate_division::{Generation, TestType};
use hecate_desk::lifecycle::LongLived;
use hecate_proto::{id::DivisionId, rows::GeneratedTestRow};
use hecate_read_model::{Dossiers, Found, Keyset, Order, Paging, Query, QueryError, QuerySpec, TextColumn};
use rusqlite::Connection;
use schemars::JsonSchema;
use serde::Deserialize;

/// Lists the tests of a generation.
#[derive(Deserialize, JsonSchema)]
pub(super) struct GetGeneratedTestsPage {
    /// Whose generation.
    division_id: DivisionId,
    /// Only those of this extent: `unit`, `e2e`, ….
    #[serde(rename = "type")]
    of_type: Option<TestType>,
    /// Only those of the module of this name.
    module: Option<String>,
    #[serde(flatten)]
    paging: Paging,
}

impl Query for GetGeneratedTestsPage {
    type Row = GeneratedTestRow;
    const SPEC: QuerySpec = QuerySpec {
        name: "get_generated_tests_page",
        noun: "generation",
        verb: "tests",
        path: "/api/divisions/{division_id}/generations/tests",
        says: "List the tests of a generation",
        answers: "tests",
        not_found: Generation::NAMES.is_not_initiated,
    };

    fn read(self, db: &Connection) -> Result<Found<GeneratedTestRow>, QueryError> {
        let rows = Keyset::new("*", "generated_tests", ("generated_at", "test_id"), Order::Asc)
            .only_with("test_type = ?", self.of_type.map(TextColumn))
            .only_with("module_name = ?", self.module);
        Generations::page(db, &[self.division_id.as_str()], rows, &self.paging, row::test)
    }
}
