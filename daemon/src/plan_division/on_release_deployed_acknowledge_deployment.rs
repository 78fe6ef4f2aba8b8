//! A release was deployed: the plan shows what is out.

use super::Plan;
use super::acknowledge_deployment::DeploymentNews;
use super::feedback::{Acknowledge, acknowledge};
use hecate_desk::prelude::*;

/// What a plan uses of a deployed release.
#[derive(Deserialize, JsonSchema)]
pub(super) struct ReleaseDeployed {
    division_id: String,
    release_id: String,
    release_version: String,
    target_env: String,
}

impl Listener<Plan> for ReleaseDeployed {
    const NAME: &'static str = "on_release_deployed_acknowledge_deployment";
    const HEARS: &'static str = "release_deployed_v1";
    type Asks = Acknowledge<DeploymentNews>;

    fn hear(self, source: &Source<'_>) -> Heard<Acknowledge<DeploymentNews>> {
        let ReleaseDeployed { division_id, release_id, release_version, target_env } = self;
        acknowledge(
            source,
            &division_id,
            DeploymentNews { release_id, version: release_version, env: target_env },
        )
    }
}
