//! The discovery of one venture, archived or not.

use super::{Discoveries, row};
use crate::discover_divisions::Discovery;
use hecate_desk::lifecycle::LongLived;
use hecate_proto::{id::VentureId, rows::DiscoveryRow};
use hecate_read_model::{Dossiers, Found, Query, QueryError, QuerySpec};
use rusqlite::Connection;
use schemars::JsonSchema;
use serde::Deserialize;

/// Shows the discovery of a venture.
#[derive(Deserialize, JsonSchema)]
pub(super) struct GetDiscoveryByVenture {
    /// Whose discovery.
    venture_id: VentureId,
}

impl Query for GetDiscoveryByVenture {
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

    fn read(self, db: &Connection) -> Result<Found<DiscoveryRow>, QueryError> {
        Ok(Discoveries::find(db, &[self.venture_id.as_str()], row::discovery)?.into())
    }
}
