//! The aggregates of one design as they were designed, a page at a time.

use super::{Designs, row};
use crate::design_division::Design;
use hecate_desk::lifecycle::LongLived;
use hecate_proto::{id::DivisionId, rows::DesignedAggregateRow};
use hecate_read_model::{Dossiers, Found, Keyset, Order, Paging, Query, QueryError, QuerySpec};
use rusqlite::Connection;
use schemars::JsonSchema;
use serde::Deserialize;

/// Lists the aggregates of a design.
#[derive(Deserialize, JsonSchema)]
pub(super) struct GetDesignedAggregatesPage {
    /// Whose design.
    division_id: DivisionId,
    #[serde(flatten)]
    paging: Paging,
}

impl Query for GetDesignedAggregatesPage {
    type Row = DesignedAggregateRow;
    const SPEC: QuerySpec = QuerySpec {
        name: "get_designed_aggregates_page",
        noun: "design",
        verb: "aggregates",
        path: "/api/divisions/{division_id}/designs/aggregates",
        says: "List the aggregates of a design",
        answers: "aggregates",
        not_found: Design::NAMES.is_not_initiated,
    };

    fn read(self, db: &Connection) -> Result<Found<DesignedAggregateRow>, QueryError> {
        let rows = Keyset::new("*", "designed_aggregates", ("designed_at", "aggregate_id"), Order::Asc);
        Designs::page(db, &[self.division_id.as_str()], rows, &self.paging, row::aggregate)
    }
}
