//! The stages of the rollouts of one deployment as they were staged, a page at a time.

use super::{Deployments, row};
use crate::deploy_division::Deployment;
use hecate_desk::lifecycle::LongLived;
use hecate_proto::{
    id::{DivisionId, ReleaseId},
    rows::RolloutStageRow,
};
use hecate_read_model::{Dossiers, Found, Keyset, Order, Paging, Query, QueryError, QuerySpec};
use rusqlite::Connection;
use schemars::JsonSchema;
use serde::Deserialize;

/// Lists the stages of a deployment's rollouts.
#[derive(Deserialize, JsonSchema)]
pub(super) struct GetRolloutsPage {
    /// Whose deployment.
    division_id: DivisionId,
    /// Only those of this release.
    release_id: Option<ReleaseId>,
    #[serde(flatten)]
    paging: Paging,
}

impl Query for GetRolloutsPage {
    type Row = RolloutStageRow;
    const SPEC: QuerySpec = QuerySpec {
        name: "get_rollouts_page",
        noun: "deployment",
        verb: "rollouts",
        path: "/api/divisions/{division_id}/deployments/rollouts",
        says: "List the stages of a deployment's rollouts",
        answers: "rollouts",
        not_found: Deployment::NAMES.is_not_initiated,
    };

    fn read(self, db: &Connection) -> Result<Found<RolloutStageRow>, QueryError> {
        let rows = Keyset::new("*", "rollout_stages", ("staged_at", "stage_id"), Order::Asc)
            .only_with("release_id = ?", self.release_id.map(|id| id.to_string()));
        Deployments::page(db, &[self.division_id.as_str()], rows, &self.paging, row::stage)
    }
}
