//! The dependencies of one plan as they were planned, a page at a time.

use super::{Plans, row};
use crate::plan_division::Plan;
use hecate_desk::lifecycle::LongLived;
use hecate_proto::{id::DivisionId, rows::PlannedDependencyRow};
use hecate_read_model::{Dossiers, Found, Keyset, Order, Paging, Query, QueryError, QuerySpec};
use rusqlite::Connection;
use schemars::JsonSchema;
use serde::Deserialize;

/// Lists the dependencies of a plan.
#[derive(Deserialize, JsonSchema)]
pub(super) struct GetPlannedDependenciesPage {
    /// Whose plan.
    division_id: DivisionId,
    #[serde(flatten)]
    paging: Paging,
}

impl Query for GetPlannedDependenciesPage {
    type Row = PlannedDependencyRow;
    const SPEC: QuerySpec = QuerySpec {
        name: "get_planned_dependencies_page",
        noun: "plan",
        verb: "dependencies",
        path: "/api/divisions/{division_id}/plans/dependencies",
        says: "List the dependencies of a plan",
        answers: "dependencies",
        not_found: Plan::NAMES.is_not_initiated,
    };

    fn read(self, db: &Connection) -> Result<Found<PlannedDependencyRow>, QueryError> {
        let rows = Keyset::new("*", "planned_dependencies", ("planned_at", "dependency_id"), Order::Asc);
        Plans::page(db, &[self.division_id.as_str()], rows, &self.paging, row::dependency)
    }
}
