//! One division on its way around, command by command, as a client walks it. The commands are those of the journey
//! that the tests tell; here nobody waits for a probe: the incident is raised by hand.

use crate::daemon::connection::Connection;
use hecate_tests::circle::{Act, Circle, Storefront};
use hecate_tests::divisions::of_division;
use serde_json::{Value, json};
use std::sync::LazyLock;
use std::time::{Duration, Instant};

/// So rarely that the probes do not count.
const PROBED_EVERY_MS: u32 = 3_600_000;
/// A busy daemon may take long to hand over; that is measured, not forbidden.
const WITHIN: Duration = Duration::from_secs(300);
/// What is probed; it answers for as long as the benchmark runs.
static STOREFRONT: LazyLock<Storefront> = LazyLock::new(Storefront::open);

/// A division and what it has yet to do.
pub(super) struct Walk {
    commands: std::vec::IntoIter<(String, Value)>,
    pub(super) venture_id: String,
    check_id: String,
}

impl Walk {
    /// The whole way of one division of a venture of its own; `number` makes its ids.
    pub(super) fn new(number: u64) -> Walk {
        let id = |prefix| format!("{prefix}-01{number:024}");
        let circle = Circle { venture: id("v"), division: id("d") };
        let acts = circle.story(&STOREFRONT).into_iter();
        let mut commands: Vec<_> = acts.flat_map(|act| commands(act, &circle.division, &id("inc"))).collect();
        commands.push((of_division(&circle.division, "monitor/complete"), json!({})));
        Walk { commands: commands.into_iter(), venture_id: circle.venture, check_id: String::new() }
    }

    /// How many commands are left.
    pub(super) fn left(&self) -> usize {
        self.commands.len()
    }

    /// The next command, as often as it takes; answers the position that it was recorded at, or none at the end.
    pub(super) fn step(&mut self, connection: &mut Connection) -> Option<u64> {
        let (path, mut body) = self.commands.next()?;
        if body["check_id"] == CHECK {
            body["check_id"] = self.check_id.clone().into();
        }
        let (text, began) = (body.to_string(), Instant::now());
        loop {
            let (status, answer) = connection.post(&path, &text);
            let told = || String::from_utf8_lossy(&answer);
            match status {
                200 | 201 => {
                    let answer: Value = serde_json::from_slice(&answer).unwrap();
                    if let Some(check_id) = answer["check_id"].as_str() {
                        self.check_id = check_id.to_owned();
                    }
                    return answer["position"].as_u64();
                }
                // A hand-off is on its way.
                429 | 503 | 504 => assert!(began.elapsed() < WITHIN, "{path}: {}", told()),
                _ => panic!("{path} {text} was refused: {}", told()),
            }
        }
    }
}

const CHECK: &str = "{check}";
/// What the probe of a division sees on its way into an incident and out of it.
const SEEN: [&str; 6] = ["healthy", "degraded", "healthy", "degraded", "unhealthy", "healthy"];

fn commands(act: Act, division_id: &str, incident_id: &str) -> Vec<(String, Value)> {
    let ask = |route: &str, body: Value| (of_division(division_id, route), body);
    match act {
        Act::Ask(path, mut body) if path.ends_with("/monitor/check") => {
            body["interval_ms"] = PROBED_EVERY_MS.into();
            let seen = SEEN.map(|status| ask("monitor/status", json!({"check_id": CHECK, "status": status})));
            [(path, body)].into_iter().chain(seen).collect()
        }
        Act::Ask(path, mut body) => {
            if body["incident_id"].is_string() {
                body["incident_id"] = incident_id.into();
            }
            if let Some(workspace) = body["workspace_path"].as_str() {
                body["workspace_path"] = format!("{division_id}/{workspace}").into();
            }
            vec![(path, body)]
        }
        Act::Break => {
            let raised =
                json!({"incident_title": "It is down", "severity": "high", "incident_id": incident_id});
            vec![ask("monitor/incident", raised)]
        }
        Act::Heal | Act::Await(_) => Vec::new(),
    }
}
