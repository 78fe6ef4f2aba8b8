//! A release is taken back: another one that still stands runs in its place, if there is one.

use super::release::TargetEnv;
use super::{Deployment, RELEASE_ALREADY_ROLLED_BACK, RELEASE_NOT_FOUND, ROLLED_BACK_TO_ITSELF};
use hecate_desk::lifecycle::Division;
use hecate_desk::prelude::*;
use hecate_proto::id::ReleaseId;

/// Roll a release back.
#[derive(Serialize, Deserialize, JsonSchema)]
pub(super) struct RollBackRelease {
    /// Which one.
    pub(super) release_id: ReleaseId,
    /// What runs in its place; the last release that stands, first of the same environment, unless said otherwise.
    pub(super) to_release_id: Option<ReleaseId>,
    /// Why.
    pub(super) reason: Text<1000>,
}

#[derive(Serialize, Deserialize, JsonSchema)]
pub(crate) struct ReleaseRolledBack {
    #[serde(flatten)]
    pub(crate) of: Division,
    pub(crate) cycle: u32,
    pub(crate) release_id: String,
    pub(crate) release_version: String,
    pub(crate) target_env: TargetEnv,
    pub(crate) to_release_id: Option<String>,
    pub(crate) reason: String,
    pub(crate) rolled_back_by: String,
    pub(crate) rolled_back_at: i64,
}

impl Desk<Deployment> for RollBackRelease {
    const SPEC: DeskSpec = DeskSpec {
        name: "roll_back_release",
        path: "rollback",
        aliases: &[],
        says: "Roll a release back",
        allowed_in: StateMask::LIVE.with_one_of(Status::ACTIVE.and(Status::COMPLETED)),
        refuses: &[RELEASE_NOT_FOUND, RELEASE_ALREADY_ROLLED_BACK, ROLLED_BACK_TO_ITSELF],
    };
    const RECORDS: &'static [EventEntry<Deployment>] = &[event::<_, ReleaseRolledBack>()];

    fn decide(self, deployment: &Deployment, at: &Moment) -> Result<Decision<Deployment>, Refused> {
        let release = deployment.standing("release_id", &self.release_id)?;
        let to = match &self.to_release_id {
            Some(to) => Some(deployment.standing("to_release_id", to)?),
            None => deployment.stands_in_for(release),
        };
        if to.is_some_and(|to| to.release_id == release.release_id) {
            return Err(ROLLED_BACK_TO_ITSELF.about("field", "to_release_id"));
        }
        Ok(Decision::from(ReleaseRolledBack {
            of: deployment.dossier.of.clone(),
            cycle: deployment.dossier.cycle,
            release_id: release.release_id.clone(),
            release_version: release.release_version.clone(),
            target_env: release.target_env,
            to_release_id: to.map(|to| to.release_id.clone()),
            reason: self.reason.into(),
            rolled_back_by: at.actor.clone(),
            rolled_back_at: at.at_us,
        }))
    }
}

impl Event<Deployment> for ReleaseRolledBack {
    const TYPE: &'static str = "release_rolled_back_v1";
    const EMITS: Emits = Emits::GroupAndMesh;

    fn evolve(self, deployment: &mut Deployment) {
        deployment.take_back(&self.release_id, self.to_release_id);
    }
}

#[cfg(test)]
#[test]
fn a_release_is_rolled_back_once_to_another_one_that_stands() {
    use super::kit::*;
    let three = [('A', "1.0.0", "prod"), ('B', "1.1.0", "test"), ('C', "1.1.0", "prod")];
    let deployment = a_deployment_of(&three);
    let refused = |ask| deployment.when::<RollBackRelease>(ask).unwrap_err();
    let unknown = [roll_back('X', None), roll_back('A', Some('X'))].map(refused);
    assert!(unknown.iter().all(|refused| refused.is(RELEASE_NOT_FOUND)));
    assert!(refused(roll_back('A', Some('A'))).is(ROLLED_BACK_TO_ITSELF));
    let stands_in = |given: &hecate_desk::kit::Given<Deployment>, release| {
        given.when::<RollBackRelease>(roll_back(release, None)).unwrap()[0].1["to_release_id"].clone()
    };
    assert_eq!([stands_in(&deployment, 'C'), stands_in(&deployment, 'B')], [id('A'), id('C')]);
    let back = deployment.asked::<RollBackRelease>(roll_back('C', None));
    assert!(back.when::<RollBackRelease>(roll_back('C', None)).unwrap_err().is(RELEASE_ALREADY_ROLLED_BACK));
    assert_eq!(stands_in(&back, 'A'), id('B'));
}
