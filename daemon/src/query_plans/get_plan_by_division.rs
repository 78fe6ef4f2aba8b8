//! The plan of one division with its counts, archived or not.

use super::{Plans, row};
use crate::plan_division::Plan;
use hecate_desk::lifecycle::LongLived;
use hecate_proto::{id::DivisionId, rows::PlanRow};
use hecate_read_model::{Dossiers, Found, Query, QueryError, QuerySpec};
use rusqlite::Connection;
use schemars::JsonSchema;
use serde::Deserialize;

/// Shows the plan of a division.
#[derive(Deserialize, JsonSchema)]
pub(super) struct GetPlanByDivision {
    /// Whose plan.
    division_id: DivisionId,
}

impl Query for GetPlanByDivision {
    type Row = PlanRow;
    const SPEC: QuerySpec = QuerySpec {
        name: "get_plan_by_division",
        noun: "plan",
        verb: "show",
        path: "/api/divisions/{division_id}/plans",
        says: "Show the plan of a division",
        answers: "plan",
        not_found: Plan::NAMES.is_not_initiated,
    };

    fn read(self, db: &Connection) -> Result<Found<PlanRow>, QueryError> {
        Ok(Plans::find(db, &[self.division_id.as_str()], row::plan)?.into())
    }
}
