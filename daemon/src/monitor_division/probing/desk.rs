//! Where probers bring what they have seen: the desks of their own process, asked like anybody asks.

use super::duties::Duty;
use crate::monitor_division::{Signal, Threshold, check::Seen};
use hecate_desk::{Asked, Caller, Node, Process, Refusal, Refused};
use serde_json::{Map, Value, json};
use std::sync::Arc;
use uuid::Uuid;

/// The desks that probers ask.
pub(super) struct Desks {
    pub(super) process: Arc<dyn Process>,
    pub(super) node: Node,
}

impl Desks {
    pub(super) fn now_us(&self) -> i64 {
        self.node.clock.now_us()
    }

    /// Reports what a check has seen.
    pub(super) async fn record(&self, duty: &Duty, seen: Seen, latency_ms: u32, details: Option<String>) {
        let mut body = json!({"check_id": duty.check.check_id, "status": seen.health,
            "consecutive": seen.consecutive, "latency_ms": latency_ms});
        if let Some(details) = details {
            body["details"] = details.chars().take(1_000).collect::<String>().into();
        }
        self.ask("record_health_status", duty, body).await;
    }

    /// Raises an incident because a service level is broken; one that is open already stays the only one.
    pub(super) async fn raise(&self, duty: &Duty, broken: &Threshold, measured: f64) {
        let Threshold { signal, threshold, window_s, severity } = broken;
        let than = if *signal == Signal::AvailabilityPct { "less" } else { "more" };
        let of = json!(signal);
        let title = format!("{} is {measured:.2}, {than} than {threshold}", of.as_str().unwrap_or_default());
        let description = format!("Measured by the probes of the last {window_s} s.");
        let body = json!({"incident_title": title, "severity": severity, "description": description,
            "signal": of});
        self.ask("raise_incident", duty, body).await;
    }

    /// What is not taken now is brought again with the next sample.
    async fn ask(&self, desk: &str, duty: &Duty, body: Value) {
        if let Err(refused) = self.try_ask(desk, &duty.division_id, body).await {
            let (check_id, code) = (&duty.check.check_id, &refused.code);
            if refused.is_an_answer() {
                tracing::debug!(desk, check_id, %code, "a prober was refused");
            } else {
                tracing::warn!(desk, check_id, %code, "a prober was not heard");
            }
        }
    }

    async fn try_ask(&self, desk: &str, division_id: &str, body: Value) -> Result<(), Refused> {
        let door = self.process.doors().iter().position(|door| door.spec.name == desk);
        let caller = Caller {
            actor: format!("prober@{}", self.node.node_id),
            correlation_id: Uuid::now_v7(),
            idempotency_key: None,
            expected_version: None,
            because: None,
        };
        let path_ids = as_object(json!({"division_id": division_id}));
        let asked = Asked { door: door.ok_or(Refusal::INTERNAL)?, path_ids, body, caller };
        self.process.ask(asked).await.map(drop)
    }
}

fn as_object(value: Value) -> Map<String, Value> {
    if let Value::Object(fields) = value { fields } else { Map::new() }
}
