//! The discovery of one venture, archived or not.

use super::{Discoveries, row};
use crate::discover_divisions::Discovery;
use hecate_desk::lifecycle::LongLived;
use hecate_proto::rows::DiscoveryRow;
use hecate_read_model::{QuerySpec, Shown};
use rusqlite::{Connection, Result, Row};

impl Shown for Discoveries {
    type Row = DiscoveryRow;
    const SPEC: QuerySpec = QuerySpec {
        name: "get_discovery_by_venture",
        noun: "discovery",
        verb: "show",
        path: "/api/ventures/{venture_id}/discovery",
        says: "Show the discovery of a venture",
        answers: "discovery",
        not_found: Discovery::NAMES.is_not_initiated,
    };

    fn show(_: &Connection, row: &Row<'_>) -> Result<DiscoveryRow> {
        row::discovery(row)
    }
}
