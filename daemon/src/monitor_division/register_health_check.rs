//! A health check is registered: from now on the endpoint is probed.

use super::check::{CheckSpec, CheckType, INVALID_ENDPOINT, demand_askable};
use super::{Check, Monitoring};
use hecate_desk::lifecycle::Pass;
use hecate_desk::prelude::*;

/// Register a health check.
#[derive(Deserialize, JsonSchema)]
pub(super) struct RegisterHealthCheck {
    /// What it is called.
    check_name: Slug,
    /// How the endpoint is asked; `http` unless said otherwise.
    check_type: Option<CheckType>,
    /// A URL, a host and port, a command or a procedure.
    endpoint: Text<2000>,
    /// From one probe to the next; 30 s unless said otherwise.
    #[schemars(range(min = 1_000, max = 3_600_000))]
    interval_ms: Option<u32>,
    /// What is not answered by then has failed; 5 s unless said otherwise.
    #[schemars(range(min = 1, max = 60_000))]
    timeout_ms: Option<u32>,
    /// So many failures in a row raise an incident; 3 unless said otherwise.
    #[schemars(range(min = 1, max = 1_000))]
    unhealthy_after: Option<u32>,
    /// The status of a right answer; 200 unless said otherwise.
    #[schemars(range(min = 100, max = 599))]
    expected_status: Option<u16>,
}

#[derive(Clone, Serialize, Deserialize, JsonSchema)]
pub(crate) struct HealthCheckRegistered {
    #[serde(flatten)]
    pub(crate) pass: Pass,
    #[serde(flatten)]
    pub(crate) check: CheckSpec,
    pub(crate) registered_by: String,
    pub(crate) registered_at: i64,
}

const HEALTH_CHECK_ALREADY_REGISTERED: Refusal =
    Refusal::new(409, "health_check_already_registered", "There is a health check of this name.");
pub(super) const TOO_MANY_HEALTH_CHECKS: Refusal =
    Refusal::new(422, "too_many_health_checks", "A division has at most 100 health checks.");
/// Each of them is an actor.
pub(super) const CHECKS_MAX: usize = 100;

impl Desk<Monitoring> for RegisterHealthCheck {
    const SPEC: DeskSpec = DeskSpec {
        name: "register_health_check",
        path: "check",
        aliases: &[],
        says: "Register a health check",
        allowed_in: StateMask::ACTIVE,
        refuses: &[HEALTH_CHECK_ALREADY_REGISTERED, INVALID_ENDPOINT, TOO_MANY_HEALTH_CHECKS],
    };
    const RECORDS: &'static [EventEntry<Monitoring>] = &[event::<_, HealthCheckRegistered>()];

    fn decide(self, monitoring: &Monitoring, at: &Moment) -> Result<Decision<Monitoring>, Refused> {
        let (name, check_type) = (self.check_name.as_str(), self.check_type.unwrap_or_default());
        demand_askable(check_type, self.endpoint.as_str())?;
        let check = CheckSpec {
            check_id: format!("check-{}-{name}", monitoring.dossier.of.division_id),
            check_name: name.to_owned(),
            check_type,
            endpoint: self.endpoint.into(),
            interval_ms: self.interval_ms.unwrap_or(30_000),
            timeout_ms: self.timeout_ms.unwrap_or(5_000),
            unhealthy_after: self.unhealthy_after.unwrap_or(3),
            expected_status: self.expected_status.unwrap_or(200),
        };
        if monitoring.checks.contains_key(&check.check_id) {
            return Err(HEALTH_CHECK_ALREADY_REGISTERED.about("field", "check_name"));
        }
        if monitoring.checks.len() >= CHECKS_MAX {
            return Err(TOO_MANY_HEALTH_CHECKS.about("checks_max", CHECKS_MAX));
        }
        let (pass, registered_by) = (monitoring.dossier.pass(), at.actor.clone());
        Ok(HealthCheckRegistered { pass, check, registered_by, registered_at: at.at_us }.into())
    }
}

impl Event<Monitoring> for HealthCheckRegistered {
    const TYPE: &'static str = "health_check_registered_v1";
    const EMITS: Emits = Emits::GroupAndMesh;

    fn evolve(self, monitoring: &mut Monitoring) {
        let id = self.check.check_id.clone();
        monitoring.checks.insert(id, Check { spec: self.check, ..Check::default() });
    }
}

#[cfg(test)]
#[test]
fn a_name_is_registered_once() {
    use super::kit::{a_watched_division, check};
    let again = a_watched_division().when::<RegisterHealthCheck>(check("shop")).unwrap_err();
    assert!(again.is(HEALTH_CHECK_ALREADY_REGISTERED));
}
