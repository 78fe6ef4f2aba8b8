//! The release that is watched was rolled back: what goes wrong from now on is about the one that stands instead.

use super::{DeploymentHandOff, Monitoring};
use hecate_desk::lifecycle::Division;
use hecate_desk::prelude::*;
use uuid::Uuid;

/// Withdraw a release.
#[derive(Serialize, Deserialize, JsonSchema)]
pub(super) struct WithdrawRelease {
    pub(super) source_event_id: Uuid,
    pub(super) release_id: String,
    pub(super) standing: Option<Standing>,
}

/// The release that stands in the environment instead.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[schemars(inline)]
pub(crate) struct Standing {
    pub(crate) release_id: String,
    pub(crate) release_version: String,
    pub(crate) target_env: String,
    pub(crate) endpoints: Vec<String>,
}

#[derive(Serialize, Deserialize, JsonSchema)]
pub(crate) struct ReleaseWithdrawn {
    #[serde(flatten)]
    pub(crate) of: Division,
    pub(crate) cycle: u32,
    pub(crate) source_event_id: Uuid,
    pub(crate) release_id: String,
    pub(crate) standing: Option<Standing>,
    pub(crate) withdrawn_at: i64,
}

impl Desk<Monitoring> for WithdrawRelease {
    const SPEC: DeskSpec = DeskSpec {
        name: "withdraw_release",
        path: "",
        aliases: &[],
        says: "Take note that a release was rolled back",
        allowed_in: StateMask::LIVE,
        refuses: &[],
    };
    const RECORDS: &'static [EventEntry<Monitoring>] = &[event::<_, ReleaseWithdrawn>()];

    fn decide(self, monitoring: &Monitoring, at: &Moment) -> Result<Decision<Monitoring>, Refused> {
        let WithdrawRelease { source_event_id, release_id, standing } = self;
        if monitoring.current_release() != Some(&release_id) {
            return Ok(Decision::nothing());
        }
        Ok(Decision::from(ReleaseWithdrawn {
            of: monitoring.dossier.of.clone(),
            cycle: monitoring.dossier.cycle,
            source_event_id,
            release_id,
            standing,
            withdrawn_at: at.at_us,
        }))
    }
}

impl Event<Monitoring> for ReleaseWithdrawn {
    const TYPE: &'static str = "release_withdrawn_v1";
    const EMITS: Emits = Emits::Group;

    fn evolve(self, monitoring: &mut Monitoring) {
        monitoring.dossier.handoff = self.watched();
    }
}

impl ReleaseWithdrawn {
    /// What is watched from now on, as if it had been handed over; nobody says how it was rolled out.
    pub(crate) fn watched(&self) -> DeploymentHandOff {
        let Some(Standing { release_id, release_version, target_env, endpoints }) = self.standing.clone()
        else {
            return DeploymentHandOff::default();
        };
        DeploymentHandOff { release_id, release_version, target_env, endpoints, rollout: Vec::new() }
    }
}

#[cfg(test)]
#[test]
fn what_was_not_watched_is_no_news() {
    use {super::kit::*, serde_json::json};
    let other = withdrawal("rel-2", json!(null));
    assert_eq!(an_active_monitoring().when::<WithdrawRelease>(other).unwrap(), []);
    let told = an_active_monitoring().when::<WithdrawRelease>(withdrawal("rel-1", json!(null))).unwrap();
    assert_eq!((&*told[0].0, &told[0].1["release_id"]), ("release_withdrawn_v1", &json!("rel-1")));
}
