//! The rescue of one incident, archived or not.

use super::{Rescues, row};
use crate::rescue_division::Rescue;
use hecate_desk::lifecycle::LongLived;
use hecate_proto::{
    id::{DivisionId, IncidentId},
    rows::RescueRow,
};
use hecate_read_model::{Dossiers, Found, Query, QueryError, QuerySpec};
use rusqlite::Connection;
use schemars::JsonSchema;
use serde::Deserialize;

/// Shows the rescue of an incident.
#[derive(Deserialize, JsonSchema)]
pub(super) struct GetRescueByIncident {
    /// The division.
    division_id: DivisionId,
    /// The incident.
    incident_id: IncidentId,
}

impl Query for GetRescueByIncident {
    type Row = RescueRow;
    const SPEC: QuerySpec = QuerySpec {
        name: "get_rescue_by_incident",
        noun: "rescue",
        verb: "show",
        path: "/api/divisions/{division_id}/rescues/{incident_id}",
        says: "Show the rescue of an incident",
        answers: "rescue",
        not_found: Rescue::NAMES.is_not_initiated,
    };

    fn read(self, db: &Connection) -> Result<Found<RescueRow>, QueryError> {
        let ids = [self.division_id.as_str(), self.incident_id.as_str()];
        Ok(Rescues::find(db, &ids, row::rescue)?.into())
    }
}
