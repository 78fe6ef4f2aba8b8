//! What was done about the incidents of a division, a page at a time.

use super::{Rescues, row};
use crate::rescue_division::Rescue;
use hecate_desk::lifecycle::LongLived;
use hecate_proto::{
    id::{DivisionId, IncidentId},
    rows::FixRow,
};
use hecate_read_model::{Dossiers, Found, Keyset, Order, Paging, Query, QueryError, QuerySpec};
use rusqlite::Connection;
use schemars::JsonSchema;
use serde::Deserialize;

/// Lists the fixes of the incidents of a division.
#[derive(Deserialize, JsonSchema)]
pub(super) struct GetFixesPage {
    /// The division.
    division_id: DivisionId,
    /// Only those of this incident.
    incident_id: Option<IncidentId>,
    #[serde(flatten)]
    paging: Paging,
}

impl Query for GetFixesPage {
    type Row = FixRow;
    const SPEC: QuerySpec = QuerySpec {
        name: "get_fixes_page",
        noun: "rescue",
        verb: "fixes",
        path: "/api/divisions/{division_id}/rescues/fixes",
        says: "List the fixes of the incidents of a division",
        answers: "fixes",
        not_found: Rescue::NAMES.is_not_initiated,
    };

    fn read(self, db: &Connection) -> Result<Found<FixRow>, QueryError> {
        let rows = Keyset::new("*", "fixes", ("applied_at", "fix_id"), Order::Asc)
            .only_with("incident_id = ?", self.incident_id.map(|id| id.to_string()));
        Rescues::page(db, &[self.division_id.as_str()], rows, &self.paging, row::fix)
    }
}
