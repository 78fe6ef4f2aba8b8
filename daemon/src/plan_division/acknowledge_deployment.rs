//! A release was deployed: the plan takes note of what is out, and where.

use super::feedback::{Acknowledged, News};
use hecate_desk::prelude::*;

/// What is out, and where.
#[derive(Serialize, Deserialize, JsonSchema)]
pub(crate) struct DeploymentNews {
    pub(crate) release_id: String,
    pub(crate) version: String,
    pub(crate) env: String,
}

pub(crate) type DeploymentAcknowledged = Acknowledged<DeploymentNews>;

impl News for DeploymentNews {
    const DESK: &'static str = "acknowledge_deployment";
    const SAYS: &'static str = "Take note that a release was deployed";
    const TYPE: &'static str = "deployment_acknowledged_v1";
}
