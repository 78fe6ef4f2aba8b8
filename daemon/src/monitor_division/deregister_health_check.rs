//! A health check is taken back: the endpoint is probed no more.

use super::{HEALTH_CHECK_NOT_FOUND, Monitoring};
use hecate_desk::lifecycle::Pass;
use hecate_desk::prelude::*;

/// Deregister a health check.
#[derive(Deserialize, JsonSchema)]
pub(super) struct DeregisterHealthCheck {
    /// Which one.
    check_id: String,
    /// Why.
    reason: Option<Text<1000>>,
}

#[derive(Serialize, Deserialize, JsonSchema)]
pub(crate) struct HealthCheckDeregistered {
    #[serde(flatten)]
    pub(crate) pass: Pass,
    pub(crate) check_id: String,
    pub(crate) check_name: String,
    pub(crate) reason: Option<String>,
    pub(crate) deregistered_by: String,
    pub(crate) deregistered_at: i64,
}

impl Desk<Monitoring> for DeregisterHealthCheck {
    const SPEC: DeskSpec = DeskSpec {
        name: "deregister_health_check",
        path: "check/deregister",
        aliases: &[],
        says: "Deregister a health check",
        allowed_in: Monitoring::AT_WORK_OR_PAUSED,
        refuses: &[HEALTH_CHECK_NOT_FOUND],
    };
    const RECORDS: &'static [EventEntry<Monitoring>] = &[event::<_, HealthCheckDeregistered>()];

    fn decide(self, monitoring: &Monitoring, at: &Moment) -> Result<Decision<Monitoring>, Refused> {
        let spec = &monitoring.check(&self.check_id)?.spec;
        Ok(Decision::from(HealthCheckDeregistered {
            pass: monitoring.dossier.pass(),
            check_name: spec.check_name.clone(),
            check_id: self.check_id,
            reason: self.reason.map(String::from),
            deregistered_by: at.actor.clone(),
            deregistered_at: at.at_us,
        }))
    }
}

impl Event<Monitoring> for HealthCheckDeregistered {
    const TYPE: &'static str = "health_check_deregistered_v1";
    const EMITS: Emits = Emits::Group;

    fn evolve(self, monitoring: &mut Monitoring) {
        monitoring.checks.remove(&self.check_id);
    }
}

#[cfg(test)]
#[test]
fn what_was_deregistered_is_there_no_more_and_may_come_again() {
    use super::kit::{a_watched_division, check, check_id};
    use super::register_health_check::RegisterHealthCheck;
    use serde_json::json;
    let deregister = json!({"check_id": check_id("shop"), "reason": "Moved"});
    let gone = a_watched_division().asked::<DeregisterHealthCheck>(deregister.clone());
    assert!(gone.when::<DeregisterHealthCheck>(deregister).unwrap_err().is(HEALTH_CHECK_NOT_FOUND));
    assert!(gone.when::<RegisterHealthCheck>(check("shop")).is_ok());
}
