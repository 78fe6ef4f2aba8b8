//! The deployment of one division with the release that stands, archived or not.

use super::{Deployments, row};
use crate::deploy_division::Deployment;
use hecate_desk::lifecycle::LongLived;
use hecate_proto::{id::DivisionId, rows::DeploymentRow};
use hecate_read_model::{Dossiers, Found, Query, QueryError, QuerySpec};
use rusqlite::Connection;
use schemars::JsonSchema;
use serde::Deserialize;

/// Shows the deployment of a division.
#[derive(Deserialize, JsonSchema)]
pub(super) struct GetDeploymentByDivision {
    /// Whose deployment.
    division_id: DivisionId,
}

impl Query for GetDeploymentByDivision {
    type Row = DeploymentRow;
    const SPEC: QuerySpec = QuerySpec {
        name: "get_deployment_by_division",
        noun: "deployment",
        verb: "show",
        path: "/api/divisions/{division_id}/deployments",
        says: "Show the deployment of a division",
        answers: "deployment",
        not_found: Deployment::NAMES.is_not_initiated,
    };

    fn read(self, db: &Connection) -> Result<Found<DeploymentRow>, QueryError> {
        Ok(Deployments::find(db, &[self.division_id.as_str()], row::deployment)?.into())
    }
}
