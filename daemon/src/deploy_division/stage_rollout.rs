//! A release reaches more of its users, stage by stage.

use super::release::Stage;
use super::{Deployment, RELEASE_ALREADY_ROLLED_BACK, RELEASE_NOT_FOUND, ROLLOUT_NOT_MONOTONIC};
use hecate_desk::lifecycle::Pass;
use hecate_desk::prelude::*;
use hecate_proto::id::{ReleaseId, StageId};

/// Stage a rollout.
#[derive(Deserialize, JsonSchema)]
pub(super) struct StageRollout {
    /// The release that is rolled out.
    release_id: ReleaseId,
    /// What the stage is called.
    stage_name: Name<200>,
    /// How far it reaches, percent; further than the stage before.
    #[schemars(range(min = 1, max = 100))]
    stage_percentage: u8,
    /// What it is.
    description: Option<Text<4000>>,
}

#[derive(Serialize, Deserialize, JsonSchema)]
pub(crate) struct RolloutStaged {
    #[serde(flatten)]
    pub(crate) pass: Pass,
    pub(crate) stage_id: String,
    pub(crate) release_id: String,
    #[serde(flatten)]
    pub(crate) stage: Stage,
    pub(crate) description: Option<String>,
    pub(crate) staged_by: String,
    pub(crate) staged_at: i64,
}

impl Desk<Deployment> for StageRollout {
    const SPEC: DeskSpec = DeskSpec {
        name: "stage_rollout",
        path: "rollout",
        aliases: &[],
        says: "Stage the rollout of a release",
        allowed_in: StateMask::ACTIVE,
        refuses: &[RELEASE_NOT_FOUND, RELEASE_ALREADY_ROLLED_BACK, ROLLOUT_NOT_MONOTONIC],
    };
    const RECORDS: &'static [EventEntry<Deployment>] = &[event::<_, RolloutStaged>()];

    fn decide(self, deployment: &Deployment, at: &Moment) -> Result<Decision<Deployment>, Refused> {
        let release = deployment.standing("release_id", &self.release_id)?;
        if let Some(reaches) = release.reaches().filter(|reaches| *reaches >= self.stage_percentage) {
            return Err(ROLLOUT_NOT_MONOTONIC.about("field", "stage_percentage").about("reaches", reaches));
        }
        let (stage_name, stage_percentage) = (self.stage_name.into(), self.stage_percentage);
        Ok(Decision::from(RolloutStaged {
            pass: deployment.dossier.pass(),
            stage_id: at.mint(StageId::KIND),
            release_id: release.release_id.clone(),
            stage: Stage { stage_name, stage_percentage },
            description: self.description.map(String::from),
            staged_by: at.actor.clone(),
            staged_at: at.at_us,
        }))
    }
}

impl Event<Deployment> for RolloutStaged {
    const TYPE: &'static str = "rollout_staged_v1";
    const EMITS: Emits = Emits::GroupAndMesh;

    fn evolve(self, deployment: &mut Deployment) {
        if let Some(release) = deployment.release_mut(&self.release_id) {
            release.rollout.push(self.stage);
        }
    }
}

#[cfg(test)]
#[test]
fn a_rollout_only_rises_and_ends_when_its_release_is_rolled_back() {
    use super::{kit::*, roll_back_release::RollBackRelease};
    let deployment = a_deployment_of(&[('A', "1.0.0", "prod")]);
    assert!(deployment.when::<StageRollout>(stage('B', 10)).unwrap_err().is(RELEASE_NOT_FOUND));
    let deployment = deployment.asked::<StageRollout>(stage('A', 10));
    for percentage in [5, 10] {
        let refused = deployment.when::<StageRollout>(stage('A', percentage)).unwrap_err();
        assert!(refused.is(ROLLOUT_NOT_MONOTONIC), "{percentage}");
    }
    assert!(deployment.when::<StageRollout>(stage('A', 11)).is_ok());
    let rolled_back = deployment.asked::<RollBackRelease>(roll_back('A', None));
    assert!(rolled_back.when::<StageRollout>(stage('A', 20)).unwrap_err().is(RELEASE_ALREADY_ROLLED_BACK));
}
