//! The checks of one division as they were registered, a page at a time; deregistered ones only when asked for.

use super::{Monitorings, row};
use crate::monitor_division::{CheckType, Health, Monitoring};
use hecate_desk::lifecycle::LongLived;
use hecate_proto::{id::DivisionId, rows::HealthCheckRow};
use hecate_read_model::{Dossiers, Found, Keyset, Order, Paging, Query, QueryError, QuerySpec, TextColumn};
use rusqlite::Connection;
use schemars::JsonSchema;
use serde::Deserialize;

/// Lists the health checks of a division.
#[derive(Deserialize, JsonSchema)]
pub(super) struct GetChecksPage {
    /// Whose checks.
    division_id: DivisionId,
    /// Only those that have seen this last.
    status: Option<Health>,
    /// Only those of this type.
    #[serde(rename = "type")]
    check_type: Option<CheckType>,
    /// Deregistered ones too.
    include_deregistered: Option<bool>,
    #[serde(flatten)]
    paging: Paging,
}

impl Query for GetChecksPage {
    type Row = HealthCheckRow;
    const SPEC: QuerySpec = QuerySpec {
        name: "get_checks_page",
        noun: "monitoring",
        verb: "checks",
        path: "/api/divisions/{division_id}/monitoring/checks",
        says: "List the health checks of a division",
        answers: "checks",
        not_found: Monitoring::NAMES.is_not_initiated,
    };

    fn read(self, db: &Connection) -> Result<Found<HealthCheckRow>, QueryError> {
        let all = self.include_deregistered.unwrap_or(false);
        let rows = Keyset::new("*", "health_checks", ("registered_at", "check_id"), Order::Asc)
            .only(if all { "1" } else { "deregistered_at IS NULL" })
            .only_with("last_status = ?", self.status.map(TextColumn))
            .only_with("check_type = ?", self.check_type.map(TextColumn));
        Monitorings::page(db, &[self.division_id.as_str()], rows, &self.paging, row::check)
    }
}
