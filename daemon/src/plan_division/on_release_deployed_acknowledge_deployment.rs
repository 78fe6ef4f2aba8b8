//! A release was deployed: the plan shows what is out.

use super::{Plan, acknowledge_deployment::AcknowledgeDeployment};
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
    type Asks = AcknowledgeDeployment;

    fn hear(self, source: &Source<'_>) -> Heard<AcknowledgeDeployment> {
        let ReleaseDeployed { division_id, release_id, release_version, target_env } = self;
        let source_event_id = source.event_id;
        Ask::of(
            "division_id",
            &division_id,
            AcknowledgeDeployment { source_event_id, release_id, version: release_version, env: target_env },
        )
        .into()
    }
}
