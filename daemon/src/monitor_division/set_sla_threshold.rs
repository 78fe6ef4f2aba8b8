//! The bound of a service level; the latest of each signal counts.

use super::incident::{Severity, Signal, Threshold};
use super::{Kept, Monitoring};
use hecate_desk::lifecycle::Pass;
use hecate_desk::prelude::*;

/// Set the threshold of a service level.
#[derive(Deserialize, JsonSchema)]
pub(super) struct SetSlaThreshold {
    /// What is measured.
    signal: Signal,
    /// The bound: the most of a latency, an error rate or a saturation, the least of an availability or traffic.
    #[schemars(range(min = 0))]
    threshold: f64,
    /// The samples of so many seconds are judged together; 300 unless said otherwise.
    #[schemars(range(min = 1, max = 86_400))]
    window_s: Option<u32>,
    /// How bad a breach is; `high` unless said otherwise.
    severity: Option<Severity>,
}

#[derive(Serialize, Deserialize, JsonSchema)]
pub(crate) struct SlaThresholdSet {
    #[serde(flatten)]
    pub(crate) pass: Pass,
    #[serde(flatten)]
    pub(crate) threshold: Threshold,
    pub(crate) set_by: String,
    pub(crate) set_at: i64,
}

const INVALID_SLA_THRESHOLD: Refusal = Refusal::new(
    422,
    "invalid_sla_threshold",
    "An error rate and a saturation are at most 1, an availability at most 100.",
);

impl Desk<Monitoring> for SetSlaThreshold {
    const SPEC: DeskSpec = DeskSpec {
        name: "set_sla_threshold",
        path: "sla",
        aliases: &[],
        says: "Set the threshold of a service level",
        allowed_in: StateMask::ACTIVE,
        refuses: &[INVALID_SLA_THRESHOLD],
    };
    const RECORDS: &'static [EventEntry<Monitoring>] = &[event::<_, SlaThresholdSet>()];

    fn decide(self, monitoring: &Monitoring, at: &Moment) -> Result<Decision<Monitoring>, Refused> {
        let most = self.signal.most();
        if self.threshold > most {
            return Err(INVALID_SLA_THRESHOLD.about("field", "threshold").about("most", most));
        }
        let threshold = Threshold {
            signal: self.signal,
            threshold: self.threshold,
            window_s: self.window_s.unwrap_or(300),
            severity: self.severity.unwrap_or(Severity::High),
        };
        let (pass, set_by) = (monitoring.dossier.pass(), at.actor.clone());
        Ok(SlaThresholdSet { pass, threshold, set_by, set_at: at.at_us }.into())
    }
}

impl Event<Monitoring> for SlaThresholdSet {
    const TYPE: &'static str = "sla_threshold_set_v1";
    const EMITS: Emits = Emits::Group;

    fn evolve(self, monitoring: &mut Monitoring) {
        let Threshold { signal, .. } = self.threshold;
        let judged_from = monitoring.thresholds.get(&signal).map_or(0, |kept| kept.judged_from);
        monitoring.thresholds.insert(signal, Kept { threshold: self.threshold, judged_from });
    }
}

#[cfg(test)]
#[test]
fn a_threshold_is_one_that_its_signal_can_have() {
    use super::kit::a_watched_division;
    use serde_json::json;
    let watched = a_watched_division();
    let set = |signal: &str, threshold: f64| {
        watched.when::<SetSlaThreshold>(json!({"signal": signal, "threshold": threshold}))
    };
    for (signal, threshold) in [("error_rate", 1.5), ("saturation", 2.0), ("availability_pct", 100.5)] {
        assert!(set(signal, threshold).unwrap_err().is(INVALID_SLA_THRESHOLD), "{signal}");
    }
    assert_eq!(set("latency_p95_ms", -1.0).unwrap_err().details["rule"], "range");
    let recorded = set("latency_p95_ms", 250.0).unwrap();
    let unsaid = ["window_s", "severity"].map(|field| recorded[0].1[field].clone());
    assert_eq!(unsaid, [json!(300), json!("high")]);
}
