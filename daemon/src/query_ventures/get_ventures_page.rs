//! The ventures of this node, a page at a time; archived ones only when asked for.

use super::row;
use crate::setup_venture::VENTURE_NOT_FOUND;
use hecate_proto::rows::VentureRow;
use hecate_read_model::{Found, Keyset, Order, Paging, Query, QueryError, QuerySpec};
use rusqlite::Connection;
use schemars::JsonSchema;
use serde::Deserialize;

/// Lists ventures.
#[derive(Deserialize, JsonSchema)]
pub(super) struct GetVenturesPage {
    /// Only those with this status label.
    status: Option<StatusLabel>,
    /// Only those of exactly this name.
    name: Option<String>,
    /// Only those whose name or brief contains this text; the case of A to Z does not matter.
    q: Option<String>,
    /// Archived ones too.
    include_archived: Option<bool>,
    /// By what they are sorted; the newest first unless said otherwise.
    sort: Option<Sort>,
    #[serde(flatten)]
    paging: Paging,
}

#[derive(Clone, Copy, Debug, PartialEq, Deserialize, JsonSchema)]
enum StatusLabel {
    Setup,
    Refined,
    Submitted,
    Archived,
}

#[derive(Clone, Copy, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
enum Sort {
    Name,
    #[default]
    SetupAt,
    UpdatedAt,
}

impl Sort {
    const fn column(self) -> (&'static str, Order) {
        match self {
            Sort::Name => ("name", Order::Asc),
            Sort::SetupAt => ("setup_at", Order::Desc),
            Sort::UpdatedAt => ("updated_at", Order::Desc),
        }
    }
}

impl Query for GetVenturesPage {
    type Row = VentureRow;
    const SPEC: QuerySpec = QuerySpec {
        name: "get_ventures_page",
        noun: "venture",
        verb: "list",
        path: "/api/ventures",
        says: "List ventures",
        answers: "ventures",
        not_found: VENTURE_NOT_FOUND,
    };

    fn read(self, db: &Connection) -> Result<Found<VentureRow>, QueryError> {
        let (sort, order) = self.sort.unwrap_or_default().column();
        let all = self.include_archived.unwrap_or(false) || self.status == Some(StatusLabel::Archived);
        let page = Keyset::new(row::COLUMNS, "ventures", (sort, "venture_id"), order)
            .only(if all { "1" } else { "status & 2 = 0" })
            .only_with("status_label = ?", self.status.map(|label| format!("{label:?}")))
            .only_with("name = ?", self.name)
            .only_with("instr(lower(name || char(10) || coalesce(brief, '')), lower(?)) > 0", self.q)
            .read(db, &self.paging, row::venture)?;
        Ok(Found::Page(page))
    }
}
