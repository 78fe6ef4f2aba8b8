//! The incidents of one division, the newest first, a page at a time.

use super::{
    Monitorings,
    get_incidents_page::{Filters, State},
    row,
};
use crate::monitor_division::{Monitoring, Severity};
use hecate_desk::lifecycle::LongLived;
use hecate_proto::{id::DivisionId, rows::IncidentRow};
use hecate_read_model::{Dossiers, Found, Paging, Query, QueryError, QuerySpec};
use rusqlite::Connection;
use schemars::JsonSchema;
use serde::Deserialize;

/// Lists the incidents of a division.
#[derive(Deserialize, JsonSchema)]
pub(super) struct GetDivisionIncidentsPage {
    /// Whose incidents.
    division_id: DivisionId,
    /// Only those that are so bad.
    severity: Option<Severity>,
    /// Only those that are open, resolved, or abandoned.
    state: Option<State>,
    /// Only those from this time on, RFC 3339.
    since: Option<String>,
    #[serde(flatten)]
    paging: Paging,
}

impl Query for GetDivisionIncidentsPage {
    type Row = IncidentRow;
    const SPEC: QuerySpec = QuerySpec {
        name: "get_division_incidents_page",
        noun: "monitoring",
        verb: "incidents",
        path: "/api/divisions/{division_id}/monitoring/incidents",
        says: "List the incidents of a division",
        answers: "incidents",
        not_found: Monitoring::NAMES.is_not_initiated,
    };

    fn read(self, db: &Connection) -> Result<Found<IncidentRow>, QueryError> {
        let Self { division_id, severity, state, since, paging } = self;
        let rows = Filters { severity, state, since }.rows()?;
        Monitorings::page(db, &[division_id.as_str()], rows, &paging, row::incident)
    }
}
