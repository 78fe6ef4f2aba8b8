//! Deployments for the desks' own tests.

use super::{Deployment, deploy_release::DeployRelease};
use hecate_desk::kit::{Given, ULID, given};
use hecate_desk::lifecycle::{Initiate, Start};
use serde_json::{Value, json};

/// The id of a release by its last letter.
pub(super) fn id(last: char) -> Value {
    format!("rel-01ARZ3NDEKTSV4RRFFQ69G5FA{last}").into()
}

pub(super) fn release(last: char, version: &str, env: &str) -> Value {
    json!({"release_id": id(last), "release_version": version, "target_env": env})
}

pub(super) fn stage(last: char, percentage: u8) -> Value {
    json!({"release_id": id(last), "stage_name": "canary", "stage_percentage": percentage})
}

pub(super) fn roll_back(last: char, to: Option<char>) -> Value {
    let mut asked = json!({"release_id": id(last), "reason": "Slow"});
    if let Some(to) = to {
        asked["to_release_id"] = id(to);
    }
    asked
}

pub(super) fn testing() -> Value {
    let totals = json!({"suites": 1, "passed": 9, "failed": 0, "skipped": 0, "errored": 0});
    json!({"gate_passed": true, "totals": totals, "coverage_pct": 81.5})
}

/// An active deployment of these releases: last letter of the id, version, environment.
pub(super) fn a_deployment_of(releases: &[(char, &str, &str)]) -> Given<Deployment> {
    let initiate = json!({"venture_id": format!("v-{ULID}"), "division_id": format!("d-{ULID}"),
        "division_name": "orders", "handoff": testing(), "visibility": "realm",
        "source_event_id": "01890000-0000-7000-8000-000000000000", "start": false});
    let active = given().asked::<Initiate<Deployment>>(initiate).asked::<Start<Deployment>>(json!({}));
    releases.iter().fold(active, |deployment, (last, version, env)| {
        deployment.asked::<DeployRelease>(release(*last, version, env))
    })
}
