//! The thresholds of one division's service levels, a page at a time.

use super::{Monitorings, row};
use crate::monitor_division::Monitoring;
use hecate_desk::lifecycle::LongLived;
use hecate_proto::{id::DivisionId, rows::SlaThresholdRow};
use hecate_read_model::{Dossiers, Found, Keyset, Order, Paging, Query, QueryError, QuerySpec};
use rusqlite::Connection;
use schemars::JsonSchema;
use serde::Deserialize;

/// Lists the thresholds of a division's service levels.
#[derive(Deserialize, JsonSchema)]
pub(super) struct GetSlaThresholdsPage {
    /// Whose thresholds.
    division_id: DivisionId,
    #[serde(flatten)]
    paging: Paging,
}

impl Query for GetSlaThresholdsPage {
    type Row = SlaThresholdRow;
    const SPEC: QuerySpec = QuerySpec {
        name: "get_sla_thresholds_page",
        noun: "monitoring",
        verb: "sla",
        path: "/api/divisions/{division_id}/monitoring/sla",
        says: "List the thresholds of a division's service levels",
        answers: "sla",
        not_found: Monitoring::NAMES.is_not_initiated,
    };

    fn read(self, db: &Connection) -> Result<Found<SlaThresholdRow>, QueryError> {
        let rows = Keyset::new("*", "sla_thresholds", ("signal", "division_id"), Order::Asc);
        Monitorings::page(db, &[self.division_id.as_str()], rows, &self.paging, row::threshold)
    }
}
