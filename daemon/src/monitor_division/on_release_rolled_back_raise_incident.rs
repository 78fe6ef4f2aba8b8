//! A release was rolled back: somebody has to find out why, unless a rescue did it, who knows.

use super::{Monitoring, incident::Severity, raise_incident::RaiseIncident, worded};
use hecate_desk::prelude::*;
use hecate_proto::id::ReleaseId;

/// What monitoring uses of a release that was rolled back.
#[derive(Deserialize, JsonSchema)]
pub(super) struct ReleaseRolledBack {
    division_id: String,
    release_id: ReleaseId,
    release_version: String,
    target_env: String,
    reason: Option<String>,
    fix_id: Option<String>,
}

impl Listener<Monitoring> for ReleaseRolledBack {
    const NAME: &'static str = "on_release_rolled_back_raise_incident";
    const HEARS: &'static str = "release_rolled_back_v1";
    type Asks = RaiseIncident;

    fn hear(self, _: &Source<'_>) -> Heard<RaiseIncident> {
        if self.fix_id.is_some() {
            return Heard::Passes("a fix of an incident rolled it back");
        }
        let title = format!("Release {} was rolled back in {}", self.release_version, self.target_env);
        let raise = RaiseIncident {
            incident_title: worded(&title, "A release was rolled back"),
            severity: Some(Severity::High),
            description: self.reason.and_then(|reason| Text::try_from(reason).ok()),
            check_id: None,
            signal: None,
            release_id: Some(self.release_id),
            incident_id: None,
        };
        Ask::of("division_id", &self.division_id, raise).into()
    }
}
