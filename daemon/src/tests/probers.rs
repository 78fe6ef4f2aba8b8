//! Health checks at work: a real server that fails and recovers, while the house is restarted and its probers are
//! killed.

use super::actor_kills::children_of;
use crate::house::{Folders, House};
use crate::life::EMBEDDED;
use hecate_desk::{Asked, Caller, Node, Process, SystemClock};
use hecate_event_store::{EventStore, Filter, Options, RecordedEvent, SqliteStore, Subscription, Supervised};
use hecate_proto::tree::TreeNode;
use hecate_supervision::{Kinds, Plan, Tree};
use ractor::ActorCell;
use serde_json::{Value, json};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU16, AtomicU64, Ordering};
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio::time::timeout;
use uuid::Uuid;

/// However slow the machine, something that should happen has happened by then.
const PATIENCE: Duration = Duration::from_secs(60);
pub(super) const DIVISION: &str = "d-01ARZ3NDEKTSV4RRFFQ69G5FAV";

/// A server that answers what it is told to, and counts.
struct Server {
    place: String,
    status: Arc<AtomicU16>,
    asked: Arc<AtomicU64>,
}

impl Server {
    async fn start() -> Server {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let place = listener.local_addr().unwrap().to_string();
        let (status, asked) = (Arc::new(AtomicU16::new(200)), Arc::new(AtomicU64::new(0)));
        let (says, counts) = (Arc::clone(&status), Arc::clone(&asked));
        tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                let (says, counts) = (Arc::clone(&says), Arc::clone(&counts));
                tokio::spawn(async move {
                    // A check that only connects asks nothing.
                    if stream.read(&mut [0; 1_024]).await.is_ok_and(|bytes| bytes > 0) {
                        counts.fetch_add(1, Ordering::AcqRel);
                        let status = says.load(Ordering::Acquire);
                        let answer = format!("HTTP/1.1 {status} So\r\ncontent-length: 0\r\n\r\n");
                        let _ = stream.write_all(answer.as_bytes()).await;
                    }
                });
            }
        });
        Server { place, status, asked }
    }

    fn says(&self, status: u16) {
        self.status.store(status, Ordering::Release);
    }

    /// Waits until it is asked once more.
    async fn is_asked(&self) {
        let before = self.asked.load(Ordering::Acquire);
        let asked = async {
            while self.asked.load(Ordering::Acquire) == before {
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
        };
        timeout(PATIENCE, asked).await.expect("the endpoint is asked");
    }
}

/// A house without its edge, asked directly.
pub(super) struct Open {
    pub(super) house: House,
    pub(super) tree: Tree,
    /// How far what was recorded has been looked at.
    looked: u64,
}

impl Open {
    pub(super) async fn at(folder: &Path) -> Open {
        let folders = Folders::below(folder);
        let node = Node { node_id: "n".into(), realm: "r".into(), clock: Arc::new(SystemClock) };
        let house = House::furnish(node, &folders, &Default::default());
        let file = folder.join("events.sqlite");
        let store = SqliteStore::open(&file, Options::default()).unwrap();
        let looked = store.head();
        let again =
            move || Ok(Arc::new(SqliteStore::open(&file, Options::default())?) as Arc<dyn EventStore>);
        let store = Supervised::new(house.store.clone(), Some(Arc::new(store)), again);
        let kinds = house.kinds_below_the_edge(store);
        let tree = Tree::boot(&plan(&kinds), &kinds).await.unwrap();
        Open { house, tree, looked }
    }

    pub(super) fn monitoring(&self) -> &Arc<dyn Process> {
        let monitors = |process: &&Arc<dyn Process>| process.spec().name == "monitor_division";
        self.house.processes.iter().find(monitors).unwrap()
    }

    pub(super) async fn did(&self, desk: &str, mut body: Value) {
        let process = self.monitoring();
        let door = process.doors().iter().position(|door| door.spec.name == desk).unwrap();
        let ids = json!({"division_id": DIVISION});
        if process.doors()[door].paths.is_empty() {
            body["division_id"] = DIVISION.into();
        }
        let path_ids = ids.as_object().cloned().unwrap();
        let caller = Caller {
            actor: "uid:1@n".to_owned(),
            correlation_id: Uuid::now_v7(),
            idempotency_key: None,
            expected_version: None,
            because: None,
        };
        let told = process.ask(Asked { door, path_ids, body, caller }).await;
        assert!(told.unwrap_or_else(|refused| panic!("{desk}: {refused:?}")).answer.recorded, "{desk}");
    }

    /// Begins to monitor the division.
    pub(super) async fn begin(&self) {
        let release = json!({"release_id": "rel-1", "release_version": "1.0.0", "target_env": "prod",
            "endpoints": [], "rollout": []});
        let source = "01890000-0000-7000-8000-000000000000";
        let initiate = json!({"venture_id": "v-01ARZ3NDEKTSV4RRFFQ69G5FAV", "division_name": "orders",
            "handoff": release, "visibility": "realm", "source_event_id": source, "start": true});
        self.did("initiate_monitoring", initiate).await;
    }

    pub(super) async fn register(&self, name: &str, check_type: &str, endpoint: &str) {
        let check = json!({"check_name": name, "check_type": check_type, "endpoint": endpoint,
            "interval_ms": 1_000, "unhealthy_after": 2});
        self.did("register_health_check", check).await;
    }

    /// Waits for the next event of this type whose data has these fields; answers it.
    async fn next(&mut self, event_type: &str, fields: Value) -> Arc<RecordedEvent> {
        let store = self.house.store.opened().await;
        let mut log = Subscription::new(store, self.looked, Filter::types([event_type]));
        let found = timeout(PATIENCE, async {
            loop {
                let page = log.next_page(1).await.unwrap();
                let data: Value = serde_json::from_str(page[0].data.get()).unwrap();
                if fields.as_object().unwrap().iter().all(|(field, value)| data[field] == *value) {
                    return Arc::clone(&page[0]);
                }
            }
        });
        let found = found.await.unwrap_or_else(|_| panic!("no {event_type} with {fields}"));
        self.looked = found.position;
        found
    }

    /// What was recorded of this type in all.
    async fn count(&self, event_type: &str) -> usize {
        let store = self.house.store.opened().await;
        store.read_all(0, &Filter::types([event_type]), 1_000).await.unwrap().events.len()
    }

    fn probers(&self) -> Vec<ActorCell> {
        find(&self.tree.snapshot(), "/hecate/apps/processes/monitor_division/probers")
            .map(|pool| children_of(&pool))
            .unwrap_or_default()
    }

    /// Waits until so many probers are at work.
    pub(super) async fn has_probers(&self, count: usize) {
        let settled = async {
            while self.probers().len() != count {
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
        };
        let found = || self.probers().len();
        timeout(PATIENCE, settled).await.unwrap_or_else(|_| panic!("{} probers, not {count}", found()));
    }

    pub(super) async fn close(self) {
        self.tree.stop(Duration::from_secs(10)).await;
    }
}

/// The embedded tree without its edge.
fn plan(kinds: &Kinds) -> Plan {
    let (text, _) = EMBEDDED.split_once("# The edge is last up").expect("the edge is described last");
    Plan::parse(text, "supervision.toml", kinds).unwrap()
}

fn find(tree: &TreeNode, path: &str) -> Option<TreeNode> {
    if tree.path == path {
        return Some(tree.clone());
    }
    tree.children.iter().find_map(|child| find(child, path))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_fails_is_an_incident_whatever_happens_to_the_house_meanwhile() {
    let (folder, server) = (tempfile::tempdir().unwrap(), Server::start().await);
    let mut open = Open::at(folder.path()).await;
    open.begin().await;
    open.register("web", "http", &format!("http://{}/health", server.place)).await;
    open.register("port", "tcp", &server.place).await;
    let (web, port) = (format!("check-{DIVISION}-web"), format!("check-{DIVISION}-port"));
    open.next("health_status_recorded_v1", json!({"check_id": web, "status": "healthy"})).await;
    open.looked = 0;
    open.next("health_status_recorded_v1", json!({"check_id": port, "status": "healthy"})).await;
    server.says(503);
    let first = open.next("health_status_recorded_v1", json!({"check_id": web, "status": "unhealthy"})).await;
    assert_eq!(&*first.metadata.actor, "prober@n");
    // The house is restarted in the middle of it, and goes on counting where it was.
    open.close().await;
    let mut open = Open::at(folder.path()).await;
    open.looked = first.position;
    let raised = open.next("incident_raised_v1", json!({"check_id": web, "severity": "high"})).await;
    assert!(raised.metadata.actor.starts_with("listener:on_health_status_recorded_raise_incident"));
    // Its probers are killed, and others take their place.
    open.has_probers(2).await;
    open.probers().iter().for_each(ActorCell::kill);
    server.says(200);
    open.next("health_status_recorded_v1", json!({"check_id": web, "status": "healthy"})).await;
    open.has_probers(2).await;
    server.says(500);
    open.next("health_status_recorded_v1", json!({"check_id": web, "consecutive": 2})).await;
    assert_eq!(open.count("incident_raised_v1").await, 1, "the incident is open already");
    open.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_is_off_duty_asks_nobody() {
    let (folder, server) = (tempfile::tempdir().unwrap(), Server::start().await);
    let open = Open::at(folder.path()).await;
    open.begin().await;
    for name in ["web", "shop"] {
        open.register(name, "http", &format!("http://{}/{name}", server.place)).await;
    }
    open.has_probers(2).await;
    server.is_asked().await;
    let gone = json!({"check_id": format!("check-{DIVISION}-shop")});
    open.did("deregister_health_check", gone).await;
    open.has_probers(1).await;
    open.did("pause_monitoring", json!({"reason": "Rain"})).await;
    open.has_probers(0).await;
    let at_rest = server.asked.load(Ordering::Acquire);
    // Not even a house that is built anew.
    open.close().await;
    let open = Open::at(folder.path()).await;
    assert_eq!(server.asked.load(Ordering::Acquire), at_rest);
    open.did("resume_monitoring", json!({})).await;
    server.is_asked().await;
    open.did("complete_monitoring", json!({"reason": "superseded"})).await;
    open.has_probers(0).await;
    open.did("reopen_monitoring", json!({"reason": "Sun"})).await;
    open.has_probers(1).await;
    open.did("archive_monitoring", json!({})).await;
    open.has_probers(0).await;
    open.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_broken_service_level_is_one_incident_until_it_is_resolved() {
    let (folder, server) = (tempfile::tempdir().unwrap(), Server::start().await);
    server.says(500);
    let mut open = Open::at(folder.path()).await;
    open.begin().await;
    let level = json!({"signal": "availability_pct", "threshold": 99, "severity": "critical"});
    open.did("set_sla_threshold", level).await;
    // So that no check raises one.
    let check = json!({"check_name": "web", "endpoint": format!("http://{}/", server.place),
        "interval_ms": 1_000, "unhealthy_after": 1_000});
    open.did("register_health_check", check).await;
    let breach = json!({"signal": "availability_pct", "severity": "critical"});
    let raised = open.next("incident_raised_v1", breach.clone()).await;
    server.is_asked().await;
    server.is_asked().await;
    assert_eq!(open.count("incident_raised_v1").await, 1);
    let raised: Value = serde_json::from_str(raised.data.get()).unwrap();
    let resolve = json!({"incident_id": raised["incident_id"], "resolution": "Not yet"});
    open.did("resolve_incident", resolve).await;
    open.next("incident_raised_v1", breach).await;
    open.close().await;
}
