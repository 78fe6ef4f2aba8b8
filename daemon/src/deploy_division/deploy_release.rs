//! A version is deployed to an environment. It is what runs there, until it is rolled back.

use super::release::{Artifact, Endpoint, Release, TargetEnv};
use super::{Deployment, INVALID_RELEASE_VERSION, RELEASE_ALREADY_DEPLOYED};
use hecate_desk::lifecycle::Division;
use hecate_desk::prelude::*;
use hecate_proto::id::ReleaseId;

/// Deploy a release.
#[derive(Deserialize, JsonSchema)]
pub(super) struct DeployRelease {
    /// What it is called.
    release_name: Option<Name<200>>,
    /// Its version, as Semantic Versioning has them: `1.4.0`.
    release_version: Text<100>,
    /// Where it runs.
    target_env: TargetEnv,
    /// What is deployed.
    #[schemars(length(max = 32))]
    artifacts: Option<Vec<Artifact>>,
    /// Where it answers.
    #[schemars(length(max = 32))]
    endpoints: Option<Vec<Endpoint>>,
    /// What is to be known about it.
    notes: Option<Text<4000>>,
    /// Its id, where the caller mints its own.
    release_id: Option<ReleaseId>,
}

#[derive(Serialize, Deserialize, JsonSchema)]
pub(crate) struct ReleaseDeployed {
    #[serde(flatten)]
    pub(crate) of: Division,
    pub(crate) cycle: u32,
    pub(crate) release_id: String,
    pub(crate) release_name: Option<String>,
    pub(crate) release_version: String,
    pub(crate) target_env: TargetEnv,
    pub(crate) artifacts: Vec<Artifact>,
    pub(crate) endpoints: Vec<String>,
    pub(crate) notes: Option<String>,
    pub(crate) deployed_by: String,
    pub(crate) deployed_at: i64,
}

impl Desk<Deployment> for DeployRelease {
    const SPEC: DeskSpec = DeskSpec {
        name: "deploy_release",
        path: "release",
        aliases: &[],
        says: "Deploy a release",
        allowed_in: StateMask::ACTIVE,
        refuses: &[INVALID_RELEASE_VERSION, RELEASE_ALREADY_DEPLOYED],
    };
    const RECORDS: &'static [EventEntry<Deployment>] = &[event::<_, ReleaseDeployed>()];

    fn decide(self, deployment: &Deployment, at: &Moment) -> Result<Decision<Deployment>, Refused> {
        let release_id = self.release_id.map_or_else(|| at.mint(ReleaseId::KIND), |id| id.to_string());
        deployment.demand_new(&release_id, self.release_version.as_str(), self.target_env)?;
        Ok(Decision::from(ReleaseDeployed {
            of: deployment.dossier.of.clone(),
            cycle: deployment.dossier.cycle,
            release_id,
            release_name: self.release_name.map(String::from),
            release_version: self.release_version.into(),
            target_env: self.target_env,
            artifacts: self.artifacts.unwrap_or_default(),
            endpoints: self.endpoints.into_iter().flatten().map(String::from).collect(),
            notes: self.notes.map(String::from),
            deployed_by: at.actor.clone(),
            deployed_at: at.at_us,
        }))
    }
}

impl Event<Deployment> for ReleaseDeployed {
    const TYPE: &'static str = "release_deployed_v1";
    const EMITS: Emits = Emits::GroupAndMesh;

    fn evolve(self, deployment: &mut Deployment) {
        let ReleaseDeployed { release_id, release_version, target_env, endpoints, .. } = self;
        deployment.keep(Release::new(release_id, release_version, target_env, endpoints));
    }
}

#[cfg(test)]
#[test]
fn a_version_is_deployed_once_to_an_environment_unless_it_was_rolled_back() {
    use super::{kit::*, roll_back_release::RollBackRelease};
    let deployment = a_deployment_of(&[('A', "1.0.0", "prod")]);
    let refused = |ask| deployment.when::<DeployRelease>(ask).unwrap_err();
    assert!(refused(release('B', "1.0", "prod")).is(INVALID_RELEASE_VERSION));
    assert!(refused(release('B', "1.0.0", "prod")).is(RELEASE_ALREADY_DEPLOYED));
    assert!(refused(release('A', "1.0.1", "prod")).is(RELEASE_ALREADY_DEPLOYED));
    assert!(deployment.when::<DeployRelease>(release('B', "1.0.0", "test")).is_ok());
    let rolled_back = deployment.asked::<RollBackRelease>(roll_back('A', None));
    assert!(rolled_back.when::<DeployRelease>(release('B', "1.0.0", "prod")).is_ok());
}
