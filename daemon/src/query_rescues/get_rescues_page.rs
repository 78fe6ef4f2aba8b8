//! The rescues of a division, the newest first, a page at a time; archived ones only when asked for. A division to
//! which nothing happened has none.

use super::row;
use crate::rescue_division::{Outcome, Rescue};
use hecate_desk::lifecycle::LongLived;
use hecate_proto::{id::DivisionId, rows::RescueRow};
use hecate_read_model::{Found, Keyset, Order, Paging, Query, QueryError, QuerySpec, TextColumn};
use rusqlite::Connection;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Lists the rescues of a division.
#[derive(Deserialize, JsonSchema)]
pub(super) struct GetRescuesPage {
    /// Whose rescues.
    division_id: DivisionId,
    /// Only those of incidents that are as grave as this.
    severity: Option<Severity>,
    /// Only those that came to this.
    outcome: Option<Outcome>,
    /// Only those with this status label.
    status: Option<StatusLabel>,
    /// Archived ones too.
    include_archived: Option<bool>,
    #[serde(flatten)]
    paging: Paging,
}

#[derive(Clone, Copy, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(inline)]
enum Severity {
    Critical,
    High,
    Medium,
    Low,
}

#[derive(Clone, Copy, PartialEq, Serialize, Deserialize, JsonSchema)]
#[schemars(inline)]
enum StatusLabel {
    Pending,
    Active,
    Paused,
    Completed,
    Archived,
}

impl Query for GetRescuesPage {
    type Row = RescueRow;
    const SPEC: QuerySpec = QuerySpec {
        name: "get_rescues_page",
        noun: "rescue",
        verb: "list",
        path: "/api/divisions/{division_id}/rescues",
        says: "List the rescues of a division",
        answers: "rescues",
        not_found: Rescue::NAMES.is_not_initiated,
    };

    fn read(self, db: &Connection) -> Result<Found<RescueRow>, QueryError> {
        let all = self.include_archived.unwrap_or(false) || self.status == Some(StatusLabel::Archived);
        // An incident's id sorts by its birth.
        let page = Keyset::new("*", "rescues", ("incident_id", "incident_id"), Order::Desc)
            .only_with("division_id = ?", Some(self.division_id.to_string()))
            .only(if all { "1" } else { "status & 2 = 0" })
            .only_with("severity = ?", self.severity.map(TextColumn))
            .only_with("outcome = ?", self.outcome.map(TextColumn))
            .only_with("status_label = ?", self.status.map(TextColumn))
            .read(db, &self.paging, row::rescue)?;
        Ok(Found::Page(page))
    }
}
