//! The deployment of one division with the release that stands, archived or not.

use super::{Deployments, row};
use crate::deploy_division::Deployment;
use hecate_desk::lifecycle::LongLived;
use hecate_proto::rows::DeploymentRow;
use hecate_read_model::{QuerySpec, Shown};
use rusqlite::{Connection, Result, Row};

impl Shown for Deployments {
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

    fn show(_: &Connection, row: &Row<'_>) -> Result<DeploymentRow> {
        row::deployment(row)
    }
}
