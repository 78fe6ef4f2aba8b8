//! The plan of one division with its counts, archived or not.

use super::{Plans, row};
use crate::plan_division::Plan;
use hecate_desk::lifecycle::LongLived;
use hecate_proto::rows::PlanRow;
use hecate_read_model::{QuerySpec, Shown};
use rusqlite::{Connection, Result, Row};

impl Shown for Plans {
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

    fn show(_: &Connection, row: &Row<'_>) -> Result<PlanRow> {
        row::plan(row)
    }
}
