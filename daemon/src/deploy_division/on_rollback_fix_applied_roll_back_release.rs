//! A rescue rolled back: the release of its incident is rolled back in the books too.
//!
//! The desk is open while the deployment is at work or completed. A fix that comes while it is pending or paused rolls
//! nothing back: its outcome in `/debug/listeners` says so.

use super::{Deployment, roll_back_release::RollBackRelease};
use hecate_desk::prelude::*;
use hecate_proto::id::{FixId, ReleaseId};

/// What a deployment uses of a fix.
#[derive(Deserialize, JsonSchema)]
pub(super) struct FixApplied {
    division_id: String,
    incident_id: String,
    fix_id: FixId,
    fix_type: String,
    release_id: Option<String>,
}

impl Listener<Deployment> for FixApplied {
    const NAME: &'static str = "on_rollback_fix_applied_roll_back_release";
    const HEARS: &'static str = "fix_applied_v1";
    type Asks = RollBackRelease;

    fn hear(self, _: &Source<'_>) -> Heard<RollBackRelease> {
        if self.fix_type != "rollback" {
            return Heard::Passes("the fix is no rollback");
        }
        let release_id = self.release_id.and_then(|id| ReleaseId::try_from(id).ok());
        let reason =
            Text::try_from(format!("Rolled back by {} because of {}", self.fix_id, self.incident_id));
        let (Some(release_id), Ok(reason)) = (release_id, reason) else {
            return Heard::Passes("the incident names no release");
        };
        let roll_back =
            RollBackRelease { release_id, to_release_id: None, reason, fix_id: Some(self.fix_id) };
        Ask::of("division_id", &self.division_id, roll_back).into()
    }
}
