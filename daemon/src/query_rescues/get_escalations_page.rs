//! The incidents for which a division was designed anew, a page at a time.

use super::{Rescues, row};
use crate::rescue_division::Rescue;
use hecate_desk::lifecycle::LongLived;
use hecate_proto::{
    id::{DivisionId, IncidentId},
    rows::EscalationRow,
};
use hecate_read_model::{Dossiers, Found, Keyset, Order, Paging, Query, QueryError, QuerySpec};
use rusqlite::Connection;
use schemars::JsonSchema;
use serde::Deserialize;

/// Lists the escalations of the incidents of a division.
#[derive(Deserialize, JsonSchema)]
pub(super) struct GetEscalationsPage {
    /// The division.
    division_id: DivisionId,
    /// Only those of this incident.
    incident_id: Option<IncidentId>,
    #[serde(flatten)]
    paging: Paging,
}

impl Query for GetEscalationsPage {
    type Row = EscalationRow;
    const SPEC: QuerySpec = QuerySpec {
        name: "get_escalations_page",
        noun: "rescue",
        verb: "escalations",
        path: "/api/divisions/{division_id}/rescues/escalations",
        says: "List the escalations of the incidents of a division",
        answers: "escalations",
        not_found: Rescue::NAMES.is_not_initiated,
    };

    fn read(self, db: &Connection) -> Result<Found<EscalationRow>, QueryError> {
        let rows = Keyset::new("*", "escalations", ("escalated_at", "rowid"), Order::Asc)
            .only_with("incident_id = ?", self.incident_id.map(|id| id.to_string()));
        Rescues::page(db, &[self.division_id.as_str()], rows, &self.paging, row::escalation)
    }
}
