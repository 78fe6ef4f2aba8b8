//! One division all the way around: from an idea to operation, into an incident, back to design, and to operation
//! again. Told as acts, so that a test can kill the daemon between any two of them.

use crate::daemon::Daemon;
use crate::divisions::{lasting, of_division, settled, streams, walk};
use crate::http::Client;
use crate::patience::until;
use crate::ventures::{below, head, seen};
use crate::workspaces::{demand_manifests, files_below};
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

/// What happens next.
pub enum Act {
    /// Somebody asks a desk; `{incident}` stands for the incident of the story.
    Ask(String, Value),
    /// What the division runs answers with errors from now on.
    Break,
    /// It works again.
    Heal,
    /// Nothing is asked until a probe has come this far.
    Await(Sign),
}

/// What a probe leads to, step by step.
pub enum Sign {
    /// It saw that something is wrong.
    Sick,
    /// It saw it too often.
    Incident,
}

/// What the division runs: it answers every HTTP request, well or badly, until it is dropped.
pub struct Storefront {
    address: SocketAddr,
    works: Arc<AtomicBool>,
    closed: Arc<AtomicBool>,
}

impl Storefront {
    /// Opens on a free port of the loopback.
    pub fn open() -> Storefront {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let (works, closed) = (Arc::new(AtomicBool::new(true)), Arc::new(AtomicBool::new(false)));
        let (says, ends) = (Arc::clone(&works), Arc::clone(&closed));
        std::thread::spawn(move || {
            while let Ok((mut caller, _)) = listener.accept() {
                if ends.load(Ordering::Acquire) {
                    return;
                }
                let status =
                    if says.load(Ordering::Acquire) { "200 OK" } else { "500 Internal Server Error" };
                let _ = caller.set_read_timeout(Some(Duration::from_secs(2)));
                // Whoever asks is a probe that may be killed at any moment.
                let _ = caller.read(&mut [0; 2_048]);
                let _ = write!(caller, "HTTP/1.1 {status}\r\ncontent-length: 0\r\nconnection: close\r\n\r\n");
            }
        });
        Storefront { address, works, closed }
    }

    fn url(&self) -> String {
        format!("http://{}/health", self.address)
    }
}

impl Drop for Storefront {
    fn drop(&mut self) {
        self.closed.store(true, Ordering::Release);
        // The listener looks up once more, and ends.
        drop(std::net::TcpStream::connect(self.address));
    }
}

/// The ids of the story.
#[derive(Clone, Debug)]
pub struct Circle {
    /// The venture.
    pub venture: String,
    /// Its only division.
    pub division: String,
}

impl Default for Circle {
    fn default() -> Self {
        let id = |prefix| format!("{prefix}01ARZ3NDEKTSV4RRFFQ69G5FAV");
        Circle { venture: id("v-"), division: id("d-") }
    }
}

impl Circle {
    /// Twice around.
    pub fn story(&self, storefront: &Storefront) -> Vec<Act> {
        let mut acts = self.idea();
        acts.extend(self.made("1.0.0", 'A'));
        let check = json!({"check_name": "front", "endpoint": storefront.url(), "interval_ms": 1_000,
            "unhealthy_after": 2});
        acts.extend([self.ask("monitor/check", check), Act::Break]);
        acts.extend([Act::Await(Sign::Sick), Act::Await(Sign::Incident)]);
        acts.extend(self.rescue());
        acts.extend([
            self.ask("design/event", json!({"aggregate_name": "order", "event_name": "order_refused_v1"})),
            self.ask("design/complete", json!({})),
            self.ask("plan/complete", json!({})),
        ]);
        // What was completed is reopened by what it is handed, and at work at once.
        let again = self.made("1.1.0", 'B').into_iter();
        acts.extend(again.filter(|act| !matches!(act, Act::Ask(path, _) if path.ends_with("/start"))));
        acts
    }

    fn ask(&self, route: &str, body: Value) -> Act {
        Act::Ask(of_division(&self.division, route), body)
    }

    /// From set-up to a plan.
    fn idea(&self) -> Vec<Act> {
        let venture = |route: &str, body: Value| Act::Ask(below(&self.venture, route), body);
        let desk = |name: &str, department: &str, more: Value| {
            let mut body = json!({"desk_name": name, "department": department, "priority": 0});
            body.as_object_mut().unwrap().extend(more.as_object().cloned().unwrap());
            self.ask("plan/desk", body)
        };
        let emits = json!({"aggregate_name": "order", "emitters": ["order_placed_v1_to_pg"]});
        let fields = json!([{"name": "sku", "type": "string", "required": true}]);
        let event =
            json!({"aggregate_name": "order", "event_name": "order_placed_v1", "payload_fields": fields});
        let id = |name: &str| format!("desk-{}-{name}", self.division);
        let set_up = json!({"name": "Shop", "brief": "Sell", "venture_id": self.venture});
        let found = json!({"division_name": "orders", "division_id": self.division});
        vec![
            Act::Ask("/api/ventures".to_owned(), set_up),
            venture("vision/submit", json!({})),
            venture("discovery/start", json!({})),
            venture("discovery/discover", found),
            self.ask("design/start", json!({})),
            self.ask("design/aggregate", json!({"aggregate_name": "order", "stream_pattern": "order-{id}"})),
            self.ask("design/event", event),
            self.ask("design/complete", json!({})),
            venture("discovery/complete", json!({})),
            self.ask("plan/start", json!({})),
            desk("place_order", "cmd", emits),
            desk("order_list", "prj", json!({})),
            self.ask(
                "plan/dependency",
                json!({"from_desk": id("place_order"), "to_desk": id("order_list"),
                "dependency_type": "triggers"}),
            ),
            self.ask(
                "plan/sequence",
                json!({"sprint_number": 0, "desk_ids": [id("place_order"), id("order_list")]}),
            ),
            self.ask("plan/complete", json!({})),
        ]
    }

    /// From a completed plan to operation.
    fn made(&self, version: &str, last: char) -> Vec<Act> {
        let desk = |name: &str| json!({"desk_id": format!("desk-{}-{name}", self.division)});
        let (suite, release) = (
            format!("suite-01ARZ3NDEKTSV4RRFFQ69G5FA{last}"),
            format!("rel-01ARZ3NDEKTSV4RRFFQ69G5FA{last}"),
        );
        let module = json!({"module_name": "greeting", "file_path": format!("notes/{version}.md"), "content": "Hello"});
        let result = |test: &str| json!({"suite_id": suite, "test_name": test, "status": "passed"});
        vec![
            self.ask("generate/start", json!({})),
            self.ask(
                "generate/skeleton",
                json!({"language": "python", "workspace_path": format!("shop/{version}")}),
            ),
            self.ask("generate/desk", desk("place_order")),
            self.ask("generate/desk", desk("order_list")),
            self.ask("generate/module", module),
            self.ask("generate/complete", json!({})),
            self.ask("test/start", json!({})),
            self.ask("test/gate", json!({"min_coverage_pct": 50, "required_suites": ["unit"]})),
            self.ask("test/suite", json!({"suite_name": "unit", "suite_id": suite})),
            self.ask("test/result", result("places_an_order")),
            self.ask("test/result", result("refuses_nothing")),
            self.ask("test/suite/conclude", json!({"suite_id": suite, "coverage_pct": 80})),
            self.ask("test/complete", json!({})),
            self.ask("deploy/start", json!({})),
            self.ask(
                "deploy/release",
                json!({"release_id": release, "release_version": version, "target_env": "prod",
                    "endpoints": ["https://shop.example"]}),
            ),
            self.ask(
                "deploy/rollout",
                json!({"release_id": release, "stage_name": "all", "stage_percentage": 100}),
            ),
            self.ask("deploy/complete", json!({})),
        ]
    }

    /// From an incident that a probe raised to a redesign.
    fn rescue(&self) -> Vec<Act> {
        let rescue = |route: &str, mut body: Value| {
            body["incident_id"] = "{incident}".into();
            self.ask(&format!("rescue/{route}"), body)
        };
        let diagnosis =
            json!({"diagnosis": "Orders pile up", "root_cause": "No refusal", "category": "code"});
        let redesign = json!({"reason": "It must refuse", "affected_aggregates": ["order"]});
        vec![
            rescue("fix", json!({"fix_description": "Send them away", "fix_type": "redirect"})),
            Act::Heal,
            rescue("diagnose", diagnosis),
            rescue("escalate", redesign),
            rescue("complete", json!({"resolution": "Redesigned", "lessons_learned": ["Refuse early"]})),
        ]
    }

    /// Carries one act out, as often as it takes.
    pub fn play(&self, client: &Client, storefront: &Storefront, act: &Act, key: &str) {
        match act {
            Act::Break => storefront.works.store(false, Ordering::Release),
            Act::Heal => storefront.works.store(true, Ordering::Release),
            Act::Await(Sign::Sick) => self.sick(client),
            Act::Await(Sign::Incident) => drop(self.incident(client)),
            Act::Ask(path, body) if body["incident_id"] == "{incident}" => {
                let mut body = body.clone();
                body["incident_id"] = self.incident(client).into();
                walk(client, &(path.clone(), body), key);
            }
            Act::Ask(path, body) => walk(client, &(path.clone(), body.clone()), key),
        }
    }

    fn sick(&self, client: &Client) {
        until("a check that fails", || {
            // The read model comes after the desk.
            let question = seen(&of_division(&self.division, "monitoring"), head(client));
            let monitoring = client.ask(&question).expect(200).json();
            (monitoring["monitoring"]["health"] == "unhealthy").then_some(())
        });
    }

    /// The incident that the probe raises.
    fn incident(&self, client: &Client) -> String {
        until("an incident", || {
            let page = client.get("/api/incidents").expect(200).json();
            Some(page["incidents"].as_array()?.first()?["incident_id"].as_str()?.to_owned())
        })
    }

    /// All that is known at the end of the story, apart from what differs between any two walks.
    pub fn told(&self, daemon: &Daemon, storefront: &Storefront) -> Value {
        let client = daemon.client();
        until("a healthy division", || {
            let status = client.get(&below(&self.venture, "status")).expect(200).json();
            (status["venture"]["divisions"]["orders"]["health"] == "ok").then_some(())
        });
        let head = settled(&client);
        let routes = [
            "designs",
            "designs/aggregates",
            "designs/events",
            "plans",
            "plans/desks",
            "plans/dependencies",
            "plans/feedback",
            "generations",
            "generations/desks",
            "generations/modules",
            "generations/tests",
            "tests",
            "tests/suites",
            "tests/results",
            "deployments",
            "deployments/releases",
            "deployments/rollouts",
            "monitoring/sla",
            "monitoring/incidents",
            "rescues",
            "rescues/diagnoses",
            "rescues/fixes",
            "rescues/escalations",
        ];
        let paths = routes.iter().map(|route| of_division(&self.division, route));
        let venture = ["status", "tasks", "discovery"].map(|route| below(&self.venture, route));
        let answers: Map<String, Value> = paths
            .chain(venture)
            .map(|path| {
                let answer = client.ask(&seen(&path, head)).expect(200).json();
                (path, lasting(answer))
            })
            .collect();
        let streams = without_samples(streams(daemon, head));
        assert_eq!(demand_manifests(daemon, streams.values().flatten()), 2, "twice around");
        let files = files_below(&daemon.place().workspaces());
        let told = json!({"streams": streams, "answers": answers, "files": files});
        named_in_order(&told.to_string().replace(&storefront.url(), "the storefront"))
    }
}

/// How often a probe looked depends on the time that a walk took.
fn without_samples(mut streams: BTreeMap<String, Vec<Value>>) -> BTreeMap<String, Vec<Value>> {
    for events in streams.values_mut() {
        events.retain(|event| event["type"] != "health_status_recorded_v1");
    }
    streams
}

/// The same with minted ids called by their order, each kind by itself.
fn named_in_order(told: &str) -> Value {
    const MINTED: [&str; 4] = ["inc-", "diag-", "fix-", "stg-"];
    let mut text = told.to_owned();
    for prefix in MINTED {
        let mut nth = 0;
        while let Some(id) = next_minted(&text, prefix) {
            nth += 1;
            text = text.replace(&id, &format!("{prefix}{nth}"));
        }
    }
    serde_json::from_str(&text).unwrap()
}

/// The first id of this kind that ends in a ULID.
fn next_minted(text: &str, prefix: &str) -> Option<String> {
    let is_ulid = |word: &str| word.bytes().all(|byte| byte.is_ascii_digit() || byte.is_ascii_uppercase());
    let mut places = text.match_indices(prefix).map(|(at, _)| at);
    let id = |at: usize| text.get(at..at + prefix.len() + 26);
    places.find_map(|at| id(at).filter(|id| is_ulid(&id[prefix.len()..])).map(str::to_owned))
}
