//! The monitoring of one division with its counts and its health, archived or not.

use super::{Monitorings, row};
use crate::monitor_division::Monitoring;
use hecate_desk::lifecycle::LongLived;
use hecate_proto::{id::DivisionId, rows::MonitoringRow};
use hecate_read_model::{Dossiers, Found, Query, QueryError, QuerySpec};
use rusqlite::Connection;
use schemars::JsonSchema;
use serde::Deserialize;

/// Shows the monitoring of a division.
#[derive(Deserialize, JsonSchema)]
pub(super) struct GetMonitoringByDivision {
    /// Whose monitoring.
    division_id: DivisionId,
}

impl Query for GetMonitoringByDivision {
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

    fn read(self, db: &Connection) -> Result<Found<MonitoringRow>, QueryError> {
        Ok(Monitorings::find(db, &[self.division_id.as_str()], row::monitoring)?.into())
    }
}
