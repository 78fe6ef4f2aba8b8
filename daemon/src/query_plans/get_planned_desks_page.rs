//! The desks of one plan as they were inventoried, a page at a time.

use super::{Plans, row};
use crate::plan_division::{Department, Plan};
use hecate_desk::lifecycle::LongLived;
use hecate_proto::{id::DivisionId, rows::PlannedDeskRow};
use hecate_read_model::{Dossiers, Found, Keyset, Order, Paging, Query, QueryError, QuerySpec, TextColumn};
use rusqlite::Connection;
use schemars::JsonSchema;
use serde::Deserialize;

/// Lists the desks of a plan.
#[derive(Deserialize, JsonSchema)]
pub(super) struct GetPlannedDesksPage {
    /// Whose plan.
    division_id: DivisionId,
    /// Only those of this department.
    department: Option<Department>,
    /// Only those of this priority.
    #[schemars(range(min = 0, max = 3))]
    priority: Option<u8>,
    /// Only those of the sprint of this number.
    sprint: Option<u32>,
    /// Only those that were generated, or only those that were not.
    generated: Option<bool>,
    #[serde(flatten)]
    paging: Paging,
}

impl Query for GetPlannedDesksPage {
    type Row = PlannedDeskRow;
    const SPEC: QuerySpec = QuerySpec {
        name: "get_planned_desks_page",
        noun: "plan",
        verb: "desks",
        path: "/api/divisions/{division_id}/plans/desks",
        says: "List the desks of a plan",
        answers: "desks",
        not_found: Plan::NAMES.is_not_initiated,
    };

    fn read(self, db: &Connection) -> Result<Found<PlannedDeskRow>, QueryError> {
        let rows = Keyset::new("*", "planned_desks", ("inventoried_at", "desk_id"), Order::Asc)
            .only_with("department = ?", self.department.map(TextColumn))
            .only_with("priority = ?", self.priority.map(i64::from))
            .only_with("sprint_number = ?", self.sprint.map(i64::from))
            .only_with("(generated_at IS NOT NULL) = ?", self.generated.map(i64::from));
        Plans::page(db, &[self.division_id.as_str()], rows, &self.paging, row::desk)
    }
}
