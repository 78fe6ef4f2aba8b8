//! What the checks of one division have seen in the last seven days, a page at a time.

use super::{Monitorings, row, since::since_us};
use crate::monitor_division::Monitoring;
use hecate_desk::lifecycle::LongLived;
use hecate_proto::{id::DivisionId, rows::HealthSampleRow};
use hecate_read_model::{Dossiers, Found, Keyset, Order, Paging, Query, QueryError, QuerySpec};
use rusqlite::Connection;
use schemars::JsonSchema;
use serde::Deserialize;

/// Lists what the checks of a division have seen.
#[derive(Deserialize, JsonSchema)]
pub(super) struct GetSamplesPage {
    /// Whose samples.
    division_id: DivisionId,
    /// Only those of this check.
    check_id: Option<String>,
    /// Only those from this time on, RFC 3339.
    since: Option<String>,
    #[serde(flatten)]
    paging: Paging,
}

impl Query for GetSamplesPage {
    type Row = HealthSampleRow;
    const SPEC: QuerySpec = QuerySpec {
        name: "get_samples_page",
        noun: "monitoring",
        verb: "samples",
        path: "/api/divisions/{division_id}/monitoring/samples",
        says: "List what the checks of a division have seen",
        answers: "samples",
        not_found: Monitoring::NAMES.is_not_initiated,
    };

    fn read(self, db: &Connection) -> Result<Found<HealthSampleRow>, QueryError> {
        let since = since_us(self.since.as_deref())?;
        let rows = Keyset::new("*", "health_samples", ("recorded_at", "check_id"), Order::Asc)
            .only_with("check_id = ?", self.check_id)
            .only_with("recorded_at >= ?", since);
        Monitorings::page(db, &[self.division_id.as_str()], rows, &self.paging, row::sample)
    }
}
