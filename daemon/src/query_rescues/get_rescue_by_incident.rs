//! The rescue of one incident, archived or not.

use super::{Rescues, row};
use crate::rescue_division::Rescue;
use hecate_desk::lifecycle::LongLived;
use hecate_proto::rows::RescueRow;
use hecate_read_model::{QuerySpec, Shown};
use rusqlite::{Connection, Result, Row};

impl Shown for Rescues {
    type Row = RescueRow;
    const SPEC: QuerySpec = QuerySpec {
        name: "get_rescue_by_incident",
        noun: "rescue",
        verb: "show",
        path: "/api/divisions/{division_id}/rescues/{incident_id}",
        says: "Show the rescue of an incident",
        answers: "rescue",
        not_found: Rescue::NAMES.is_not_initiated,
    };

    fn show(_: &Connection, row: &Row<'_>) -> Result<RescueRow> {
        row::rescue(row)
    }
}
