//! A release is taken back: another one that still stands in its environment runs in its place, if there is one.

use super::{Deployment, NO_STAND_IN, RELEASE_ALREADY_ROLLED_BACK, RELEASE_NOT_FOUND, Standing, TargetEnv};
use hecate_desk::lifecycle::Division;
use hecate_desk::prelude::*;
use hecate_proto::id::{FixId, ReleaseId};

/// Roll a release back.
#[derive(Serialize, Deserialize, JsonSchema)]
pub(super) struct RollBackRelease {
    /// Which one.
    pub(super) release_id: ReleaseId,
    /// What runs in its place; the last other release that stands in its environment unless said otherwise.
    pub(super) to_release_id: Option<ReleaseId>,
    /// Why.
    pub(super) reason: Text<1000>,
    /// The fix that it carries out.
    pub(super) fix_id: Option<FixId>,
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
    /// What stands in the environment from now on.
    pub(crate) standing: Option<Standing>,
    pub(crate) reason: String,
    pub(crate) fix_id: Option<String>,
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
        refuses: &[RELEASE_NOT_FOUND, RELEASE_ALREADY_ROLLED_BACK, NO_STAND_IN],
    };
    const RECORDS: &'static [EventEntry<Deployment>] = &[event::<_, ReleaseRolledBack>()];

    fn decide(self, deployment: &Deployment, at: &Moment) -> Result<Decision<Deployment>, Refused> {
        let release = deployment.standing("release_id", &self.release_id)?;
        let to = deployment.stands_in_for(release, self.to_release_id.as_ref())?;
        Ok(Decision::from(ReleaseRolledBack {
            of: deployment.dossier.of.clone(),
            cycle: deployment.dossier.cycle,
            release_id: release.release_id.clone(),
            release_version: release.release_version.clone(),
            target_env: release.target_env,
            to_release_id: to.map(|to| to.release_id.clone()),
            standing: deployment.standing_after(release, to),
            reason: self.reason.into(),
            fix_id: self.fix_id.map(|id| id.to_string()),
            rolled_back_by: at.actor.clone(),
            rolled_back_at: at.at_us,
        }))
    }
}

impl Event<Deployment> for ReleaseRolledBack {
    const TYPE: &'static str = "release_rolled_back_v1";
    const EMITS: Emits = Emits::GroupAndMesh;

    fn evolve(self, deployment: &mut Deployment) {
        deployment.take_back(&self.release_id, self.target_env, self.standing);
    }
}

#[cfg(test)]
#[test]
fn a_release_is_rolled_back_once_to_another_one_that_stands() {
    use {super::kit::*, serde_json::json};
    let three = [('A', "1.0.0", "prod"), ('B', "1.1.0", "test"), ('C', "1.1.0", "prod")];
    let deployment = a_deployment_of(&three);
    let refused = |ask| deployment.when::<RollBackRelease>(ask).unwrap_err();
    let unknown = [roll_back('X', None), roll_back('A', Some('X'))].map(refused);
    assert!(unknown.iter().all(|refused| refused.is(RELEASE_NOT_FOUND)));
    let nowhere = [roll_back('A', Some('A')), roll_back('C', Some('B'))].map(refused);
    assert!(nowhere.iter().all(|refused| refused.is(NO_STAND_IN)));
    let stands_in = |given: &hecate_desk::kit::Given<Deployment>, release| {
        given.when::<RollBackRelease>(roll_back(release, None)).unwrap()[0].1["to_release_id"].clone()
    };
    assert_eq!([stands_in(&deployment, 'C'), stands_in(&deployment, 'B')], [id('A'), json!(null)]);
    let back = deployment.asked::<RollBackRelease>(roll_back('C', None));
    assert!(back.when::<RollBackRelease>(roll_back('C', None)).unwrap_err().is(RELEASE_ALREADY_ROLLED_BACK));
    assert_eq!(stands_in(&back, 'A'), json!(null));
}
