//! What may be asked about a division behind its design, for walks that go anywhere.

use serde_json::{Value, json};

/// The only incident of every division.
const INCIDENT: &str = "inc-01ARZ3NDEKTSV4RRFFQ69G5FAV";

/// Every step on the way of a division behind its design, and some of the ways back.
pub(crate) fn asks_behind_a_design(division_id: &str) -> Vec<(&'static str, Value)> {
    let desk_id = format!("desk-{division_id}-orders_page");
    let check_id = format!("check-{division_id}-front");
    let reason = || json!({"reason": "Rain"});
    let seen = |status: &str| json!({"check_id": check_id, "status": status});
    vec![
        ("start_plan", json!({})),
        ("inventory_desk", json!({"desk_name": "orders_page", "department": "qry", "priority": 0})),
        ("sequence_desks", json!({"sprint_number": 0, "desk_ids": [desk_id]})),
        ("complete_plan", json!({})),
        ("complete_plan", json!({})),
        ("reopen_plan", reason()),
        ("start_generation", json!({})),
        ("generate_skeleton", json!({"language": "python", "workspace_path": format!("shop/{division_id}")})),
        ("generate_desk", json!({"desk_id": desk_id})),
        ("complete_generation", json!({"allow_partial": true, "reason": "Rain"})),
        ("pause_generation", reason()),
        ("resume_generation", json!({})),
        ("start_testing", json!({})),
        ("complete_testing", json!({"override_reason": "Rain"})),
        ("reopen_testing", reason()),
        ("start_deployment", json!({})),
        ("deploy_release", json!({"release_version": "1.0.0", "target_env": "test"})),
        ("complete_deployment", json!({})),
        // Nobody but the walk looks at it.
        (
            "register_health_check",
            json!({"check_name": "front", "check_type": "mesh_rpc", "endpoint": "front.open",
            "interval_ms": 3_600_000}),
        ),
        ("record_health_status", seen("healthy")),
        ("record_health_status", seen("unhealthy")),
        ("deregister_health_check", json!({"check_id": check_id})),
        ("raise_incident", json!({"incident_title": "Down", "severity": "high", "incident_id": INCIDENT})),
        ("resolve_incident", json!({"incident_id": INCIDENT, "resolution": "Up"})),
        ("complete_monitoring", json!({})),
        ("reopen_monitoring", reason()),
        ("start_rescue", json!({"incident_id": INCIDENT})),
        ("apply_fix", json!({"incident_id": INCIDENT, "fix_description": "Away", "fix_type": "redirect"})),
        (
            "escalate_to_redesign",
            json!({"incident_id": INCIDENT, "reason": "It must", "affected_aggregates": ["order"]}),
        ),
        ("complete_rescue", json!({"incident_id": INCIDENT, "resolution": "Redesigned"})),
    ]
}
