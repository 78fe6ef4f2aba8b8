//! The monitoring of one division with its counts and its health, archived or not.

use super::{Monitorings, row};
use crate::monitor_division::Monitoring;
use hecate_desk::lifecycle::LongLived;
use hecate_proto::rows::MonitoringRow;
use hecate_read_model::{QuerySpec, Shown};
use rusqlite::{Connection, Result, Row};

impl Shown for Monitorings {
    type Row = MonitoringRow;
    const SPEC: QuerySpec = QuerySpec {
        name: "get_monitoring_by_division",
        noun: "monitoring",
        verb: "show",
        path: "/api/divisions/{division_id}/monitoring",
        says: "Show the monitoring of a division",
        answers: "monitoring",
        not_found: Monitoring::NAMES.is_not_initiated,
    };

    fn show(_: &Connection, row: &Row<'_>) -> Result<MonitoringRow> {
        row::monitoring(row)
    }
}
