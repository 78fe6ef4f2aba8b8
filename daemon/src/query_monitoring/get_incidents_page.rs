//! The incidents of all divisions, the newest first, a page at a time.

use super::{row, since::since_us};
use crate::monitor_division::{INCIDENT_NOT_FOUND, Severity};
use hecate_proto::rows::IncidentRow;
use hecate_read_model::{Found, Keyset, Order, Paging, Query, QueryError, QuerySpec, TextColumn};
use rusqlite::Connection;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Lists the incidents of all divisions.
#[derive(Deserialize, JsonSchema)]
pub(super) struct GetIncidentsPage {
    /// Only those that are so bad.
    severity: Option<Severity>,
    /// Only those that are open, resolved, or abandoned.
    state: Option<State>,
    /// Only those from this time on, RFC 3339.
    since: Option<String>,
    #[serde(flatten)]
    paging: Paging,
}

/// Whether somebody has to do something.
#[derive(Clone, Copy, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(inline)]
pub(super) enum State {
    Open,
    Resolved,
    /// Nobody watches over its division any longer.
    Abandoned,
}

/// Which incidents are listed.
pub(super) struct Filters {
    pub(super) severity: Option<Severity>,
    pub(super) state: Option<State>,
    pub(super) since: Option<String>,
}

impl Filters {
    pub(super) fn rows(self) -> Result<Keyset<'static>, QueryError> {
        let since = since_us(self.since.as_deref())?;
        Ok(Keyset::new("*", "incidents", ("raised_at", "incident_id"), Order::Desc)
            .only_with("severity = ?", self.severity.map(TextColumn))
            .only_with("state = ?", self.state.map(TextColumn))
            .only_with("raised_at >= ?", since))
    }
}

impl Query for GetIncidentsPage {
    type Row = IncidentRow;
    const SPEC: QuerySpec = QuerySpec {
        name: "get_incidents_page",
        noun: "incident",
        verb: "list",
        path: "/api/incidents",
        says: "List the incidents of all divisions",
        answers: "incidents",
        not_found: INCIDENT_NOT_FOUND,
    };

    fn read(self, db: &Connection) -> Result<Found<IncidentRow>, QueryError> {
        let Self { severity, state, since, paging } = self;
        let rows = Filters { severity, state, since }.rows()?;
        Ok(Found::Page(rows.read(db, &paging, row::incident)?))
    }
}
