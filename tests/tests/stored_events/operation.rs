//! The way of a division behind its design, each process handed its work twice: it begins, and is briefed again.

use hecate_tests::divisions::{of_division, settled};
use hecate_tests::http::Client;
use hecate_tests::patience::until;
use serde_json::{Value, json};

const RELEASE: &str = "rel-01ARZ3NDEKTSV4RRFFQ69G5FAX";
const BAD_RELEASE: &str = "rel-01ARZ3NDEKTSV4RRFFQ69G5FAY";
const SUITE: &str = "suite-01ARZ3NDEKTSV4RRFFQ69G5FAX";
const INCIDENT: &str = "inc-01ARZ3NDEKTSV4RRFFQ69G5FAX";
/// What rolls a release back without another incident.
const FIX: &str = "fix-01ARZ3NDEKTSV4RRFFQ69G5FAX";
/// Left open when the division ends.
const LAST_INCIDENT: &str = "inc-01ARZ3NDEKTSV4RRFFQ69G5FAY";

/// One division at one client.
pub(crate) struct Operation<'c> {
    pub(crate) client: &'c Client,
    pub(crate) division: &'c str,
}

impl Operation<'_> {
    /// From a completed design to an incident that nobody resolves.
    pub(crate) fn walk(&self) {
        self.all("plan", vec![("start", json!({}))]);
        self.hand_over_again("design");
        self.all("plan", self.plan());
        self.handed_over("plan", "generate");
        self.all("generate", self.skeleton("1.0"));
        self.all("generate", self.generation());
        self.all("test", vec![("start", json!({})), ("gate", gate())]);
        self.all("generate", vec![("reopen", json!({"reason": "Another roast"}))]);
        self.all("generate", self.skeleton("2.0"));
        self.all("generate", vec![("complete", json!({"allow_partial": true, "reason": "No cups yet"}))]);
        settled(self.client);
        self.all("test", testing());
        self.handed_over("test", "deploy");
        self.all("deploy", deployment());
        self.all("deploy", vec![("complete", json!({}))]);
        settled(self.client);
        self.hand_over_again("deploy");
        self.all("monitor", self.monitoring());
        self.rescue();
        let cure = json!({"release_id": RELEASE, "reason": "Cold", "fix_id": FIX});
        self.all("deploy", vec![("rollback", cure)]);
        settled(self.client);
        self.all("monitor", self.end_of_monitoring());
    }

    fn all(&self, process: &str, asks: Vec<(&str, Value)>) {
        for (route, body) in asks {
            let path = of_division(self.division, &format!("{process}/{route}"));
            self.client.post(&path, &body).expect(200);
        }
    }

    /// The one who is handed it begins, and is handed it once more.
    fn handed_over(&self, from: &str, to: &str) {
        self.all(from, vec![("complete", complete(from))]);
        self.all(to, vec![("start", json!({}))]);
        self.hand_over_again(from);
    }

    fn hand_over_again(&self, from: &str) {
        self.all(from, vec![("reopen", json!({"reason": "Decaf too"})), ("complete", complete(from))]);
        settled(self.client);
    }

    fn desk(&self, name: &str) -> String {
        format!("desk-{}-{name}", self.division)
    }

    fn plan(&self) -> Vec<(&'static str, Value)> {
        let (roast, list) = (self.desk("roast_batch"), self.desk("batch_list"));
        vec![
            (
                "desk",
                json!({"desk_name": "roast_batch", "department": "cmd", "aggregate_name": "batch",
                "priority": 0, "description": "Roasts \"one\" drum.", "inboxes": ["on_beans_landed"],
                "policies": ["one drum at a time"], "emitters": ["batch_roasted_v1_to_pg"]}),
            ),
            ("desk", json!({"desk_name": "batch_list", "department": "prj", "priority": 2})),
            (
                "dependency",
                json!({"from_desk": roast, "to_desk": list, "dependency_type": "triggers",
                "description": "A batch is listed."}),
            ),
            ("sequence", json!({"sprint_number": 1, "desk_ids": [list]})),
            ("sequence", json!({"sprint_number": 0, "desk_ids": [roast, list]})),
            ("pause", json!({"reason": "Lunch", "category": "break"})),
            ("resume", json!({"note": "Espresso"})),
        ]
    }

    fn skeleton(&self, version: &str) -> Vec<(&'static str, Value)> {
        let workspace = format!("cafe/{version}");
        vec![
            ("skeleton", json!({"language": "python", "workspace_path": workspace})),
            ("desk", json!({"desk_id": self.desk("roast_batch")})),
        ]
    }

    fn generation(&self) -> Vec<(&'static str, Value)> {
        vec![
            ("desk", json!({"desk_id": self.desk("batch_list")})),
            (
                "module",
                json!({"module_name": "notes", "file_path": "notes.md", "content": "Agtron é 55",
                "desk_id": self.desk("roast_batch"), "description": "What was tasted."}),
            ),
            (
                "test",
                json!({"test_name": "tastes_well", "module_name": "notes", "file_path": "taste.txt",
                "content": "Yes", "test_type": "acceptance", "description": "By the staff."}),
            ),
            ("pause", json!({"reason": "The grinder is loud", "category": "blocked"})),
            ("resume", json!({"note": "It is off"})),
            ("complete", json!({})),
        ]
    }

    fn monitoring(&self) -> Vec<(&'static str, Value)> {
        let check_id = format!("check-{}-counter", self.division);
        let status = |status: &str| json!({"check_id": check_id, "status": status, "latency_ms": 12, "details": "503"});
        vec![
            // Nobody looks by himself.
            (
                "check",
                json!({"check_name": "counter", "check_type": "mesh_rpc", "endpoint": "counter.open",
                "interval_ms": 3_600_000, "timeout_ms": 1_000, "unhealthy_after": 5}),
            ),
            (
                "sla",
                json!({"signal": "availability_pct", "threshold": 99.5, "window_s": 600, "severity": "low"}),
            ),
            ("status", status("unhealthy")),
            (
                "incident",
                json!({"incident_title": "The counter is closed", "severity": "critical",
                "description": "A queue of \"many\".", "check_id": check_id, "incident_id": INCIDENT}),
            ),
        ]
    }

    fn rescue(&self) {
        let rescue = |route: &'static str, mut body: Value| {
            body["incident_id"] = INCIDENT.into();
            (route, body)
        };
        // It starts by itself: the incident is grave.
        let path = of_division(self.division, "rescues");
        until("a rescue", || (self.client.get(&path).json()["rescues"].as_array()?.len() == 1).then_some(()));
        let fix = json!({"fix_description": "A sign on the door", "fix_type": "redirect", "affected_desks": ["roast_batch"]});
        let diagnosis =
            json!({"diagnosis": "Nobody has the key", "root_cause": "One key", "category": "dependency"});
        let redesign = json!({"reason": "Two keys", "affected_aggregates": ["batch"]});
        let end =
            json!({"resolution": "A second key", "lessons_learned": ["Keys"], "action_items": ["Buy one"]});
        self.all(
            "rescue",
            vec![
                rescue("fix", fix),
                rescue("diagnose", diagnosis),
                rescue("escalate", redesign),
                rescue("pause", json!({"reason": "The locksmith eats", "category": "waiting"})),
                rescue("resume", json!({"note": "He is back"})),
                rescue("complete", end),
                rescue("reopen", json!({"reason": "Still one key"})),
            ],
        );
        settled(self.client);
    }

    fn end_of_monitoring(&self) -> Vec<(&'static str, Value)> {
        let check_id = format!("check-{}-counter", self.division);
        vec![
            ("check/deregister", json!({"check_id": check_id, "reason": "It is a door now"})),
            ("pause", json!({"reason": "Holidays", "category": "break"})),
            ("resume", json!({"note": "Back"})),
            ("complete", json!({"reason": "superseded"})),
            ("reopen", json!({"reason": "The old counter is back"})),
            (
                "incident",
                json!({"incident_title": "A draught", "severity": "low", "incident_id": LAST_INCIDENT}),
            ),
        ]
    }
}

/// The second pass of a test runs nothing.
fn complete(process: &str) -> Value {
    if process == "test" { json!({"override_reason": "The same beans"}) } else { json!({}) }
}

fn gate() -> Value {
    json!({"min_coverage_pct": 50, "required_suites": ["unit"], "max_failures": 1,
        "acceptance_criteria": [{"id": "A1", "text": "It smells"}]})
}

fn testing() -> Vec<(&'static str, Value)> {
    let result = |name: &str, status: &str| json!({"suite_id": SUITE, "test_name": name, "status": status, "duration_ms": 7, "details": "crack"});
    vec![
        (
            "suite",
            json!({"suite_name": "unit", "suite_type": "unit", "suite_id": SUITE, "target_module": "notes"}),
        ),
        ("result", result("cracks_once", "passed")),
        ("result", result("cracks_twice", "failed")),
        ("suite/conclude", json!({"suite_id": SUITE, "coverage_pct": 81.5, "duration_ms": 14})),
        ("pause", json!({"reason": "Lunch", "category": "break"})),
        ("resume", json!({"note": "Cake"})),
    ]
}

fn deployment() -> Vec<(&'static str, Value)> {
    let release = |id: &str, version: &str| {
        json!({"release_id": id, "release_name": "Spring", "release_version": version, "target_env": "prod",
            "artifacts": [{"name": "image", "uri": "oci://example.org/cafe", "digest": "sha256:00"}],
            "endpoints": ["https://cafe.example"], "notes": "Fresh"})
    };
    vec![
        ("release", release(RELEASE, "1.0.0")),
        (
            "rollout",
            json!({"release_id": RELEASE, "stage_name": "all", "stage_percentage": 100, "description": "At once"}),
        ),
        ("release", release(BAD_RELEASE, "1.1.0")),
        ("rollback", json!({"release_id": BAD_RELEASE, "to_release_id": RELEASE, "reason": "Burnt"})),
        ("pause", json!({"reason": "Lunch", "category": "break"})),
        ("resume", json!({"note": "Tea"})),
    ]
}
