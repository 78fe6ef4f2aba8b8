//! The divisions of a venture as they were found, a page at a time; dismissed ones only when asked for.

use super::{Discoveries, row};
use crate::discover_divisions::Discovery;
use hecate_desk::lifecycle::LongLived;
use hecate_proto::{id::VentureId, rows::DivisionRow};
use hecate_read_model::{Dossiers, Found, Keyset, Order, Paging, Query, QueryError, QuerySpec};
use rusqlite::Connection;
use schemars::JsonSchema;
use serde::Deserialize;

/// Lists the divisions of a venture.
#[derive(Deserialize, JsonSchema)]
pub(super) struct GetDivisionsPage {
    /// Whose divisions.
    venture_id: VentureId,
    /// Only those whose name or description contains this text; the case of A to Z does not matter.
    q: Option<String>,
    /// Dismissed ones too.
    include_dismissed: Option<bool>,
    #[serde(flatten)]
    paging: Paging,
}

impl Query for GetDivisionsPage {
    type Row = DivisionRow;
    const SPEC: QuerySpec = QuerySpec {
        name: "get_divisions_page",
        noun: "division",
        verb: "list",
        path: "/api/ventures/{venture_id}/divisions",
        says: "List the divisions of a venture",
        answers: "divisions",
        not_found: Discovery::NAMES.is_not_initiated,
    };

    fn read(self, db: &Connection) -> Result<Found<DivisionRow>, QueryError> {
        let all = self.include_dismissed.unwrap_or(false);
        let rows = Keyset::new("*", "discovered_divisions", ("discovered_at", "division_id"), Order::Asc)
            .only(if all { "1" } else { "dismissed_at IS NULL" })
            .only_with(
                "instr(lower(division_name || char(10) || coalesce(description, '')), lower(?)) > 0",
                self.q,
            );
        Discoveries::page(db, &[self.venture_id.as_str()], rows, &self.paging, row::division)
    }
}
