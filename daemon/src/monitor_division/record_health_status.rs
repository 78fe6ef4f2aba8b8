//! What a probe has seen: kept when it is news, so that a stream cannot grow without bound.

use super::check::{Health, Seen};
use super::{HEALTH_CHECK_NOT_FOUND, Monitoring};
use hecate_desk::lifecycle::Pass;
use hecate_desk::prelude::*;

/// Record the health that a check has seen.
#[derive(Deserialize, JsonSchema)]
pub(super) struct RecordHealthStatus {
    /// Which check.
    check_id: String,
    /// What it has seen.
    status: Health,
    /// How many times in a row; once unless said otherwise.
    #[schemars(range(min = 1))]
    consecutive: Option<u32>,
    /// How long the answer took.
    latency_ms: Option<u32>,
    /// What there is to say about it.
    details: Option<Text<1000>>,
}

#[derive(Serialize, Deserialize, JsonSchema)]
pub(crate) struct HealthStatusRecorded {
    #[serde(flatten)]
    pub(crate) pass: Pass,
    pub(crate) check_id: String,
    pub(crate) check_name: String,
    pub(crate) status: Health,
    pub(crate) previous_status: Health,
    pub(crate) consecutive: u32,
    /// As the check said when it was asked.
    pub(crate) unhealthy_after: u32,
    pub(crate) latency_ms: u32,
    pub(crate) details: Option<String>,
    /// For how many samples it stands.
    pub(crate) samples: u32,
    pub(crate) recorded_at: i64,
}

impl Desk<Monitoring> for RecordHealthStatus {
    const SPEC: DeskSpec = DeskSpec {
        name: "record_health_status",
        path: "status",
        aliases: &[],
        says: "Record the health that a check has seen",
        allowed_in: StateMask::ACTIVE,
        refuses: &[HEALTH_CHECK_NOT_FOUND],
    };
    const RECORDS: &'static [EventEntry<Monitoring>] = &[event::<_, HealthStatusRecorded>()];

    fn decide(self, monitoring: &Monitoring, at: &Moment) -> Result<Decision<Monitoring>, Refused> {
        let check = monitoring.check(&self.check_id)?;
        let unhealthy_after = check.spec.unhealthy_after;
        let seen = Seen { health: self.status, consecutive: self.consecutive.unwrap_or(1) };
        let Some(samples) = seen.news(check.kept, unhealthy_after) else { return Ok(Decision::nothing()) };
        Ok(Decision::from(HealthStatusRecorded {
            pass: monitoring.dossier.pass(),
            check_name: check.spec.check_name.clone(),
            check_id: self.check_id,
            status: seen.health,
            previous_status: check.kept.health,
            consecutive: seen.consecutive,
            unhealthy_after,
            latency_ms: self.latency_ms.unwrap_or(0),
            details: self.details.map(String::from),
            samples,
            recorded_at: at.at_us,
        }))
    }
}

impl Event<Monitoring> for HealthStatusRecorded {
    const TYPE: &'static str = "health_status_recorded_v1";
    const EMITS: Emits = Emits::Group;

    fn evolve(self, monitoring: &mut Monitoring) {
        if let Some(check) = monitoring.checks.get_mut(&self.check_id) {
            check.kept = Seen { health: self.status, consecutive: self.consecutive };
        }
    }
}

#[cfg(test)]
#[test]
fn only_what_is_news_is_kept() {
    use {super::kit::a_watched_division, super::kit::check_id, serde_json::json};
    let watched = a_watched_division();
    let saw = |status: &str, consecutive: u32| json!({"check_id": check_id("shop"), "status": status, "consecutive": consecutive});
    let nobody = json!({"check_id": check_id("cart"), "status": "healthy"});
    assert!(watched.when::<RecordHealthStatus>(nobody).unwrap_err().is(HEALTH_CHECK_NOT_FOUND));
    let failing = watched.asked::<RecordHealthStatus>(saw("unhealthy", 1));
    assert_eq!(failing.when::<RecordHealthStatus>(saw("unhealthy", 2)).unwrap(), []);
    let third = failing.when::<RecordHealthStatus>(saw("unhealthy", 3)).unwrap();
    let said = ["previous_status", "samples", "unhealthy_after"].map(|field| third[0].1[field].clone());
    assert_eq!(said, [json!("unhealthy"), json!(2), json!(3)]);
}
