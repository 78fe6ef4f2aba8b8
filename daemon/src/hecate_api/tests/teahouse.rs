//! A process that brews tea, its read model, and the edge in front of them, in a small tree.

use super::super::{Edge, EdgeParts, Limits, Operators, Routes, Supervision, kinds};
use super::client::Client;
use hecate_desk::prelude::*;
use hecate_desk::{
    Aggregate, Code, DeskEntry, Node, Policy, ProcessSpec, SystemClock, Wiring, desk, process,
};
use hecate_event_store::{
    Append, BoxFuture, CurrentStore, EventStore, Expected, MemoryStore, Metadata, NewEvent, Progress,
};
use hecate_facts::{Groups, Hearing, Listener, Reacts};
use hecate_proto::id::VentureId;
use hecate_read_model::tending::{Concern, Tending};
use hecate_read_model::{
    Found, Keyset, ModelWiring, Order, Paging, Project, ProjectionEntry, Query, QueryEntry, QueryError,
    QuerySpec, ReadModel, ReadSide, Recorded, model, projects, query,
};
use hecate_supervision::{Kinds, Plan, Tree, trace};
use rusqlite::{Connection, OptionalExtension, Transaction};
use serde_json::{Map, Value, json};
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};
use tempfile::TempDir;
use uuid::Uuid;

const NO_TEA: Refusal = Refusal::new(404, "tea_not_found", "There is no such tea.");
const COLD: Refusal = Refusal::new(422, "tea_is_cold", "Nobody drinks cold tea.");

#[derive(Default, Serialize, Deserialize)]
pub(super) struct Tea {
    status: Status,
    venture_id: String,
}

impl Aggregate for Tea {
    const PROCESS: ProcessSpec = ProcessSpec {
        name: "brew_tea",
        noun: "tea",
        says: "Tea is brewed and drunk.",
        base: "/api/teas/{venture_id}",
        stream: "tea-{venture_id}",
    };
    const DESKS: &'static [DeskEntry<Self>] = &[desk::<_, BrewTea>(), desk::<_, SipTea>()];

    fn status(&self) -> Status {
        self.status
    }

    fn about(&self) -> Map<String, Value> {
        Map::from_iter([("venture_id".to_owned(), self.venture_id.as_str().into())])
    }

    fn visibility(&self) -> &str {
        "private"
    }

    fn wrong_state(_: Status, _: &DeskSpec) -> Refusal {
        NO_TEA
    }
}

#[derive(Deserialize, JsonSchema)]
struct BrewTea {
    leaf: Text<20>,
    #[schemars(range(min = 1, max = 9))]
    #[allow(dead_code, reason = "only its schema matters")]
    cups: Option<u8>,
    #[allow(dead_code, reason = "only its schema matters")]
    kind: Option<Kind>,
}

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
enum Kind {
    Black,
    Green,
}

#[derive(Serialize, Deserialize, JsonSchema)]
struct TeaBrewed {
    venture_id: String,
    leaf: String,
    brewed_at: i64,
}

impl Desk<Tea> for BrewTea {
    const SPEC: DeskSpec = DeskSpec {
        name: "brew_tea",
        path: "/api/teas",
        aliases: &["/api/teas/brew"],
        says: "Brew a pot of tea",
        allowed_in: StateMask::UNBORN,
        refuses: &[],
    };
    const RECORDS: &'static [EventEntry<Tea>] = &[event::<_, TeaBrewed>()];

    fn decide(self, _: &Tea, at: &Moment) -> Result<Decision<Tea>, Refused> {
        let venture_id = at.id("venture_id").to_owned();
        Ok(TeaBrewed { venture_id, leaf: self.leaf.into(), brewed_at: at.at_us }.into())
    }
}

impl Event<Tea> for TeaBrewed {
    const TYPE: &'static str = "tea_brewed_v1";
    const EMITS: Emits = Emits::Group;

    fn evolve(self, tea: &mut Tea) {
        tea.status = Status::INITIATED;
        tea.venture_id = self.venture_id;
    }
}

#[derive(Deserialize, JsonSchema)]
struct SipTea {
    cold: Option<bool>,
}

#[derive(Serialize, Deserialize, JsonSchema)]
struct TeaSipped {}

impl Desk<Tea> for SipTea {
    const SPEC: DeskSpec = DeskSpec {
        name: "sip_tea",
        path: "sip",
        aliases: &[],
        says: "Take a sip",
        allowed_in: StateMask::LIVE,
        refuses: &[NO_TEA, COLD],
    };
    const RECORDS: &'static [EventEntry<Tea>] = &[event::<_, TeaSipped>()];

    fn decide(self, _: &Tea, _: &Moment) -> Result<Decision<Tea>, Refused> {
        if self.cold == Some(true) {
            return Err(COLD.about("trace", trace::current().to_string()));
        }
        Ok(TeaSipped {}.into())
    }
}

impl Event<Tea> for TeaSipped {
    const TYPE: &'static str = "tea_sipped_v1";
    const EMITS: Emits = Emits::Group;

    fn evolve(self, _: &mut Tea) {}
}

/// Tends no read model: in this house everything draws.
struct Nobody;

impl Tending for Nobody {
    fn tend(&self, _: Concern, _: String) -> BoxFuture<'_, Result<u64, Refused>> {
        Box::pin(async { Err(Refusal::STARTING.into()) })
    }
}

struct Teas;

impl ReadModel for Teas {
    const NAME: &'static str = "query_teas";
    const TABLES: &'static str = "CREATE TABLE teas(venture_id TEXT PRIMARY KEY, leaf TEXT NOT NULL) STRICT;";
    const REVISION: u32 = 1;
    const PROJECTIONS: &'static [ProjectionEntry] = &[projects::<Teas, Tea, TeaBrewed>()];
    const QUERIES: &'static [QueryEntry] = &[query::<GetTeasPage>(), query::<GetTeaById>()];
}

impl Project<TeaBrewed> for Teas {
    fn project(tx: &Transaction<'_>, recorded: &Recorded<TeaBrewed>) -> rusqlite::Result<()> {
        let TeaBrewed { venture_id, leaf, .. } = &recorded.event;
        tx.execute("INSERT INTO teas VALUES (?1, ?2)", [venture_id, leaf]).map(drop)
    }
}

#[derive(Serialize, JsonSchema)]
struct TeaRow {
    venture_id: String,
    leaf: String,
}

fn tea_row(row: &rusqlite::Row<'_>) -> rusqlite::Result<TeaRow> {
    Ok(TeaRow { venture_id: row.get("venture_id")?, leaf: row.get("leaf")? })
}

#[derive(Deserialize, JsonSchema)]
struct GetTeasPage {
    #[serde(flatten)]
    paging: Paging,
}

impl Query for GetTeasPage {
    type Row = TeaRow;
    const SPEC: QuerySpec = QuerySpec {
        name: "get_teas_page",
        noun: "tea",
        verb: "list",
        path: "/api/teas",
        says: "List teas",
        answers: "teas",
        not_found: NO_TEA,
    };

    fn read(self, db: &Connection) -> Result<Found<TeaRow>, QueryError> {
        let keyset = Keyset::new("venture_id, leaf", "teas", ("leaf", "venture_id"), Order::Asc);
        keyset.read(db, &self.paging, tea_row).map(Found::Page)
    }
}

#[derive(Deserialize, JsonSchema)]
struct GetTeaById {
    venture_id: VentureId,
}

impl Query for GetTeaById {
    type Row = TeaRow;
    const SPEC: QuerySpec = QuerySpec {
        name: "get_tea_by_id",
        noun: "tea",
        verb: "show",
        path: "/api/teas/{venture_id}",
        says: "Show one tea",
        answers: "tea",
        not_found: NO_TEA,
    };

    fn read(self, db: &Connection) -> Result<Found<TeaRow>, QueryError> {
        let mut asked = db.prepare_cached("SELECT venture_id, leaf FROM teas WHERE venture_id = ?1")?;
        Ok(asked.query_row([self.venture_id.as_str()], tea_row).optional()?.into())
    }
}

/// What a test wants otherwise than usual.
pub(super) struct Wish {
    pub(super) limits: Limits,
    /// Without it the read model is never drawn, and the daemon never ready.
    pub(super) draws: bool,
    /// What another part of the house serves.
    pub(super) routes: Option<Routes>,
    /// Hears facts, as a process does.
    pub(super) listens: Option<Arc<dyn Reacts>>,
}

impl Default for Wish {
    fn default() -> Self {
        Wish { limits: Limits::default(), draws: true, routes: None, listens: None }
    }
}

/// The whole house, served on a socket.
pub(super) struct Teahouse {
    pub(super) edge: Arc<Edge>,
    pub(super) store: Arc<MemoryStore>,
    model: Arc<ReadSide>,
    plan: Plan,
    kinds: Kinds,
    tree: Arc<OnceLock<Tree>>,
    dir: TempDir,
}

impl Teahouse {
    pub(super) async fn open() -> Teahouse {
        Teahouse::open_with(Wish::default()).await
    }

    /// Booted, and ready unless nothing draws.
    pub(super) async fn open_with(wish: Wish) -> Teahouse {
        let draws = wish.draws;
        let house = Teahouse::furnish(wish);
        let tree = house.boot().await;
        assert!(house.tree.set(tree).is_ok());
        if draws {
            within("the read model is drawn", house.model.drawn_up_to(0)).await;
        }
        house
    }

    fn furnish(wish: Wish) -> Teahouse {
        let dir = tempfile::tempdir().unwrap();
        let (current, store) = (CurrentStore::default(), Arc::new(MemoryStore::new()));
        current.set(Some(Arc::clone(&store) as Arc<dyn EventStore>));
        let node = Node { node_id: "here".into(), realm: "tea".into(), clock: Arc::new(SystemClock) };
        let brewing = (process::<Tea>().open)(Wiring {
            store: current.clone(),
            node: node.clone(),
            code: Code::running(),
            heard: Progress::default(),
            policy: Policy::default(),
            blobs: hecate_desk::Blobs::new(dir.path()),
        });
        let model = model::<Teas>().open(ModelWiring {
            store: current.clone(),
            folder: dir.path().to_owned(),
            tending: Arc::new(Nobody),
        });
        let listeners = dir.path().join("listeners");
        let hearing = wish.listens.map(|reacts| Hearing::new(reacts, Progress::default(), &listeners));
        let tree: Arc<OnceLock<Tree>> = Arc::default();
        let groups = Groups::new(&dir.path().to_string_lossy());
        let edge = Edge::new(EdgeParts {
            processes: vec![Arc::clone(&brewing)],
            models: vec![Arc::clone(&model)],
            routes: wish.routes.into_iter().collect(),
            store: current.clone(),
            told: Vec::new(),
            hearings: hearing.iter().cloned().collect(),
            groups: groups.clone(),
            cluster: None,
            node,
            tree: Arc::clone(&tree),
            supervision: Supervision::File(dir.path().join("supervision.toml")),
            socket_path: dir.path().join("daemon.sock"),
            operators: Operators::default(),
            unsafe_debug: false,
            limits: wish.limits,
            version: "0.0.0",
            started: Instant::now(),
        });
        edge.claim_socket().unwrap();
        let mut own = Kinds::new();
        brewing.register(&mut own);
        if wish.draws {
            model.register(&mut own);
        }
        let listens = hearing.is_some();
        if let Some(hearing) = hearing {
            Listener { hearing, store: current, groups, now_us: Arc::new(|| 0) }.register(&mut own);
        }
        let kinds = kinds(own, &edge);
        let text = plan(wish.draws, listens);
        std::fs::write(dir.path().join("supervision.toml"), &text).unwrap();
        let plan = Plan::parse(&text, "supervision.toml", &kinds).unwrap();
        Teahouse { edge, store, model, plan, kinds, tree, dir }
    }

    pub(super) async fn boot(&self) -> Tree {
        Tree::boot(&self.plan, &self.kinds).await.unwrap()
    }

    /// The file of its tree.
    pub(super) fn supervision(&self) -> std::path::PathBuf {
        self.dir.path().join("supervision.toml")
    }

    pub(super) fn socket(&self) -> std::path::PathBuf {
        self.dir.path().join("daemon.sock")
    }

    pub(super) async fn connect(&self) -> Client {
        Client::connect(&self.socket()).await
    }

    /// Stops the tree; answers whether everything ended by itself.
    pub(super) async fn stop(&self) -> bool {
        self.tree.get().unwrap().stop(Duration::from_secs(5)).await
    }

    /// Records a fact past every desk.
    pub(super) async fn record(&self, size_bytes: usize) -> u64 {
        let id = Uuid::now_v7();
        let metadata = Metadata {
            correlation_id: id,
            causation_id: id,
            command_id: id,
            actor: "uid:1@here".into(),
            node_id: "here".into(),
            realm: "tea".into(),
            idempotency_key: None,
            conversation_id: None,
            visibility: None,
        };
        let data = serde_json::value::to_raw_value(&json!({ "leaves": "x".repeat(size_bytes) })).unwrap();
        let event = NewEvent {
            event_id: id,
            event_type: "leaf_picked_v1".into(),
            data: data.into(),
            metadata,
            tags: vec![],
            at_us: 0,
        };
        let append = Append {
            stream_id: "garden".into(),
            expected: Expected::Any,
            events: vec![event],
            receipt: None,
        };
        self.store.append(append).await.unwrap().last_position.unwrap()
    }
}

fn plan(draws: bool, listens: bool) -> String {
    let model = "[[child]]\npath = \"/tea/query_teas\"\nkind = \"query_teas\"\n";
    let listener = "[[child]]\npath = \"/tea/listener\"\nkind = \"brew_tea.listener\"\n";
    format!(
        r#"
schema = 1
[defaults]
shutdown = {{ drain = "2s" }}
[[supervisor]]
path = "/tea"
strategy = "rest_for_one"
{}{}
[[pool]]
path = "/tea/aggregates"
kind = "brew_tea.aggregates"
max_children = 100
[[child]]
path = "/tea/api"
kind = "api"
[[child]]
path = "/tea/socket"
kind = "socket"
"#,
        if draws { model } else { "" },
        if listens { listener } else { "" },
    )
}

/// Waits, with a deadline that is generous on a busy machine.
pub(super) async fn within<T>(what: &str, work: impl Future<Output = T>) -> T {
    tokio::time::timeout(Duration::from_secs(20), work)
        .await
        .unwrap_or_else(|_| panic!("not in time: {what}"))
}
