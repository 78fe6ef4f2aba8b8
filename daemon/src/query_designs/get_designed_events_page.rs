//! The events of one design as they were designed, a page at a time.

use super::{Designs, row};
use crate::design_division::Design;
use hecate_desk::lifecycle::LongLived;
use hecate_proto::{id::DivisionId, rows::DesignedEventRow};
use hecate_read_model::{Dossiers, Found, Keyset, Order, Paging, Query, QueryError, QuerySpec};
use rusqlite::Connection;
use schemars::JsonSchema;
use serde::Deserialize;

/// Lists the events of a design.
#[derive(Deserialize, JsonSchema)]
pub(super) struct GetDesignedEventsPage {
    /// Whose design.
    division_id: DivisionId,
    /// Only those that happen to the aggregate of this name.
    aggregate: Option<String>,
    #[serde(flatten)]
    paging: Paging,
}

impl Query for GetDesignedEventsPage {
    type Row = DesignedEventRow;
    const SPEC: QuerySpec = QuerySpec {
        name: "get_designed_events_page",
        noun: "design",
        verb: "events",
        path: "/api/divisions/{division_id}/designs/events",
        says: "List the events of a design",
        answers: "events",
        not_found: Design::NAMES.is_not_initiated,
    };

    fn read(self, db: &Connection) -> Result<Found<DesignedEventRow>, QueryError> {
        let rows = Keyset::new("*", "designed_events", ("designed_at", "designed_event_id"), Order::Asc)
            .only_with("aggregate_name = ?", self.aggregate);
        Designs::page(db, &[self.division_id.as_str()], rows, &self.paging, row::event)
    }
}
