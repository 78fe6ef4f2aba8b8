//! What can go wrong in operation: incidents, and the thresholds of service levels that raise them.

use super::{Monitoring, raise_incident::RaiseIncident};
use hecate_desk::prelude::*;

pub(super) const ALREADY_OPEN: Refusal = Refusal::new(
    409,
    "incident_already_open",
    "An incident of the same check, signal or release is open already.",
);
pub(super) const TOO_MANY_INCIDENTS: Refusal =
    Refusal::new(422, "too_many_incidents", "A division has at most 1,000 open incidents.");
/// All of them travel in one event when the monitoring is archived.
pub(super) const OPEN_INCIDENTS_MAX: usize = 1_000;

/// How bad it is: SEV1 to SEV4.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(inline)]
pub(crate) enum Severity {
    /// SEV1.
    Critical,
    /// SEV2.
    High,
    /// SEV3.
    #[default]
    Medium,
    /// SEV4.
    Low,
}

/// How an incident ended.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(inline)]
pub(crate) enum Outcome {
    /// Its cause is gone.
    #[default]
    Fixed,
    /// Its effect is gone.
    Mitigated,
    /// There was none.
    FalseAlarm,
    /// It goes back to the design.
    Escalated,
}

/// What a service level is measured by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(inline)]
pub(crate) enum Signal {
    /// 95 of 100 answers come within so many milliseconds.
    LatencyP95Ms,
    /// The part of answers that are wrong or missing, 0 to 1.
    ErrorRate,
    /// Requests per second; no probe measures it.
    TrafficRps,
    /// The part of a resource that is used, 0 to 1; no probe measures it.
    Saturation,
    /// The part of the time at which it answers, in percent.
    AvailabilityPct,
}

impl Signal {
    /// The largest value that it can have.
    pub(super) const fn most(self) -> f64 {
        match self {
            Signal::LatencyP95Ms | Signal::TrafficRps => f64::MAX,
            Signal::ErrorRate | Signal::Saturation => 1.0,
            Signal::AvailabilityPct => 100.0,
        }
    }
}

/// The bound of one signal over a window of time.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub(crate) struct Threshold {
    pub(crate) signal: Signal,
    pub(crate) threshold: f64,
    pub(crate) window_s: u32,
    pub(crate) severity: Severity,
}

/// An incident that nobody has resolved.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct OpenIncident {
    pub(super) severity: Severity,
    pub(super) check_id: Option<String>,
    pub(super) signal: Option<Signal>,
    pub(super) release_id: Option<String>,
    pub(super) raised_at: i64,
}

impl OpenIncident {
    /// True when it was raised about this release. One of a check or a signal names the release that was current.
    fn is_about_release(&self, release_id: &str) -> bool {
        let is_about_a_release = self.check_id.is_none() && self.signal.is_none();
        is_about_a_release && self.release_id.as_deref() == Some(release_id)
    }
}

impl Monitoring {
    /// Somebody has to see to it.
    pub(super) fn open(&mut self, incident_id: String, open: OpenIncident) {
        self.open_incidents.insert(incident_id, open);
        self.flag_incidents();
    }

    /// Refuses what somebody works on already.
    pub(super) fn demand_news(&self, raise: &RaiseIncident) -> Result<(), Refused> {
        if let Some(check_id) = &raise.check_id {
            self.check(check_id)?;
        }
        let is_same = |open: &OpenIncident| match raise {
            RaiseIncident { check_id: Some(check_id), .. } => open.check_id.as_ref() == Some(check_id),
            RaiseIncident { signal: Some(signal), .. } => open.signal == Some(*signal),
            RaiseIncident { release_id: Some(id), .. } => open.is_about_release(id.as_str()),
            _ => false,
        };
        if let Some((id, _)) = self.open_incidents.iter().find(|(_, open)| is_same(open)) {
            return Err(ALREADY_OPEN.about("incident_id", id.as_str()));
        }
        if self.open_incidents.len() >= OPEN_INCIDENTS_MAX {
            return Err(TOO_MANY_INCIDENTS.about("open_incidents_max", OPEN_INCIDENTS_MAX));
        }
        Ok(())
    }
}
