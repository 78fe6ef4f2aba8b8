//! The releases of one deployment as they were deployed, a page at a time.

use super::{Deployments, row};
use crate::deploy_division::{Deployment, TargetEnv};
use hecate_desk::lifecycle::LongLived;
use hecate_proto::{id::DivisionId, rows::ReleaseRow};
use hecate_read_model::{Dossiers, Found, Keyset, Order, Paging, Query, QueryError, QuerySpec, TextColumn};
use rusqlite::Connection;
use schemars::JsonSchema;
use serde::Deserialize;

/// Lists the releases of a deployment.
#[derive(Deserialize, JsonSchema)]
pub(super) struct GetReleasesPage {
    /// Whose deployment.
    division_id: DivisionId,
    /// Only those of this environment.
    env: Option<TargetEnv>,
    /// Only those of this version.
    version: Option<String>,
    #[serde(flatten)]
    paging: Paging,
}

impl Query for GetReleasesPage {
    type Row = ReleaseRow;
    const SPEC: QuerySpec = QuerySpec {
        name: "get_releases_page",
        noun: "deployment",
        verb: "releases",
        path: "/api/divisions/{division_id}/deployments/releases",
        says: "List the releases of a deployment",
        answers: "releases",
        not_found: Deployment::NAMES.is_not_initiated,
    };

    fn read(self, db: &Connection) -> Result<Found<ReleaseRow>, QueryError> {
        let rows = Keyset::new("*", "releases", ("deployed_at", "release_id"), Order::Asc)
            .only_with("target_env = ?", self.env.map(TextColumn))
            .only_with("release_version = ?", self.version);
        Deployments::page(db, &[self.division_id.as_str()], rows, &self.paging, row::release)
    }
}
