//! What can go wrong in operation: incidents, and the thresholds of service levels that raise them.

use hecate_desk::prelude::*;

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

impl Severity {
    /// As rows and people say it.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Severity::Critical => "critical",
            Severity::High => "high",
            Severity::Medium => "medium",
            Severity::Low => "low",
        }
    }
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

impl Outcome {
    /// As rows and people say it.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Outcome::Fixed => "fixed",
            Outcome::Mitigated => "mitigated",
            Outcome::FalseAlarm => "false_alarm",
            Outcome::Escalated => "escalated",
        }
    }
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
    /// As rows and people say it.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Signal::LatencyP95Ms => "latency_p95_ms",
            Signal::ErrorRate => "error_rate",
            Signal::TrafficRps => "traffic_rps",
            Signal::Saturation => "saturation",
            Signal::AvailabilityPct => "availability_pct",
        }
    }

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
