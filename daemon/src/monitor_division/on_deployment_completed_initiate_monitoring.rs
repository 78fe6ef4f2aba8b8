//! A division was deployed: it can be monitored.

use super::{DeploymentHandOff, Monitoring};
use hecate_desk::lifecycle::{Division, Initiate};
use hecate_desk::prelude::*;

/// What monitoring uses of a completed deployment.
#[derive(Deserialize, JsonSchema)]
pub(super) struct DeploymentCompleted {
    #[serde(flatten)]
    of: Division,
    #[serde(flatten)]
    deployed: DeploymentHandOff,
}

impl Listener<Monitoring> for DeploymentCompleted {
    const NAME: &'static str = "on_deployment_completed_initiate_monitoring";
    const HEARS: &'static str = "deployment_completed_v1";
    type Asks = Initiate<Monitoring>;

    fn hear(self, source: &Source<'_>) -> Heard<Initiate<Monitoring>> {
        let division_id = self.of.division_id.clone();
        Ask::of("division_id", &division_id, Initiate::because_of(source, self.of, self.deployed)).into()
    }
}
