//! The real processes on one log, and the guide that follows it into a real file. Listeners react when a test says
//! so, so that a test decides who is faster.

use super::super::GuideVenture;
use crate::PROCESSES;
use hecate_desk::{Asked, Caller, Clock, Code, Node, Policy, Process, Refused, Told, Wiring};
use hecate_event_store::{BoxFuture, CurrentStore, EventStore, Filter, MemoryStore, Progress, RecordedEvent};
use hecate_proto::answer::CommandAnswer;
use hecate_proto::guide::{TaskRow, TimelineRow};
use hecate_read_model::tending::{Concern, Tending};
use hecate_read_model::{AskedQuery, ModelWiring, ReadSide, model};
use hecate_supervision::{Kinds, Plan, Tree};
use rusqlite::{Connection, types::Value as Sql};
use serde_json::{Map, Value, json};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;
use uuid::Uuid;

/// What the kernel keeps of what does not draw, and every table of the guide, with the order of its rows.
const TABLES: [(&str, &str); 5] = [
    ("_parked", "position"),
    ("venture_progress", "venture_id"),
    ("division_progress", "division_id"),
    ("division_process", "venture_id, division_id, process, incident_id"),
    ("venture_timeline", "position"),
];

/// A second goes by whenever somebody looks.
#[derive(Default)]
struct Seconds(AtomicI64);

impl Clock for Seconds {
    fn now_us(&self) -> i64 {
        self.0.fetch_add(1_000_000, Ordering::Relaxed)
    }
}

/// In this world everything draws.
struct Nobody;

impl Tending for Nobody {
    fn tend(&self, concern: Concern, _: String) -> BoxFuture<'_, Result<u64, Refused>> {
        panic!("nothing is ever parked: {concern:?}");
    }
}

/// The guide at work on one file.
pub(super) struct Guide {
    side: Arc<ReadSide>,
    tree: Tree,
}

impl Guide {
    pub(super) async fn open(store: &CurrentStore, folder: &Path) -> Guide {
        let tending = Arc::new(Nobody);
        let wiring = ModelWiring { store: store.clone(), folder: folder.to_owned(), tending };
        let side = model::<GuideVenture>().open(wiring);
        let mut kinds = Kinds::new();
        side.register(&mut kinds);
        let plan = supervised(&["[[child]]\npath = \"/t/guide\"\nkind = \"guide_venture\"\n".to_owned()]);
        let plan = Plan::parse(&plan, "guide.toml", &kinds).unwrap();
        Guide { side, tree: Tree::boot(&plan, &kinds).await.unwrap() }
    }

    /// Every row once everything up to this position is drawn.
    pub(super) async fn rows(&self, position: u64, folder: &Path) -> String {
        tokio::time::timeout(Duration::from_secs(30), self.side.drawn_up_to(position)).await.unwrap();
        let db = Connection::open(folder.join("guide_venture.sqlite")).unwrap();
        TABLES.iter().map(|(table, order)| format!("{table}\n{}", dump(&db, table, order))).collect()
    }

    pub(super) async fn close(self) {
        self.tree.stop(Duration::from_secs(5)).await;
    }
}

/// Ventures, those who work on them, and the guide.
pub(super) struct World {
    pub(super) store: CurrentStore,
    pub(super) folder: tempfile::TempDir,
    pub(super) guide: Guide,
    processes: Vec<Arc<dyn Process>>,
    tree: Tree,
    listened: Progress,
}

impl World {
    pub(super) async fn begin() -> World {
        let (store, folder) = (CurrentStore::default(), tempfile::tempdir().unwrap());
        store.set(Some(Arc::new(MemoryStore::new()) as Arc<dyn EventStore>));
        let listened = Progress::default();
        listened.set(0);
        let wiring = Wiring {
            store: store.clone(),
            node: Node { node_id: "here".into(), realm: "t".into(), clock: Arc::new(Seconds::default()) },
            code: Code::running(),
            // A desk waits for listeners that are behind; here nobody would make them go on.
            heard: Progress::default(),
            policy: Policy::default(),
            blobs: hecate_desk::Blobs::new(folder.path()),
        };
        wiring.heard.set(u64::MAX);
        let processes: Vec<_> = PROCESSES.iter().map(|process| (process.open)(wiring.clone())).collect();
        let mut kinds = Kinds::new();
        processes.iter().for_each(|process| process.register(&mut kinds));
        let pool = |process: &Arc<dyn Process>| {
            let name = process.spec().name;
            format!("[[pool]]\npath = \"/t/{name}\"\nkind = \"{name}.aggregates\"\nmax_children = 1000\n")
        };
        let pools: Vec<String> = processes.iter().map(pool).collect();
        let plan = Plan::parse(&supervised(&pools), "world.toml", &kinds).unwrap();
        let tree = Tree::boot(&plan, &kinds).await.unwrap();
        let guide = Guide::open(&store, folder.path()).await;
        World { store, folder, guide, processes, tree, listened }
    }

    /// Every event type that ventures meet on their way.
    pub(super) fn event_types(&self) -> Vec<&'static str> {
        let about_ventures = |process: &&Arc<dyn Process>| process.spec().base.contains("_id}");
        let types = self.processes.iter().filter(about_ventures).flat_map(|process| process.event_types());
        types.map(|(event_type, _)| event_type).collect()
    }

    pub(super) fn head(&self) -> u64 {
        self.store.get().unwrap().head()
    }

    /// Asks a desk about the thing with these ids.
    pub(super) async fn ask(&self, desk: &str, ids: Value, body: Value) -> Result<CommandAnswer, Refused> {
        let doors = |process: &Arc<dyn Process>| {
            let door = process.doors().iter().position(|door| door.spec.name == desk)?;
            Some((Arc::clone(process), door))
        };
        let (process, door) = self.processes.iter().find_map(doors).unwrap_or_else(|| panic!("no {desk}"));
        let caller = Caller {
            actor: "uid:1@here".into(),
            correlation_id: Uuid::now_v7(),
            idempotency_key: None,
            expected_version: None,
            because: None,
        };
        let asked = Asked { door, path_ids: object(ids), body, caller };
        process.ask(asked).await.map(|Told { answer, .. }| answer)
    }

    /// A venture with this name and a brief, its vision not submitted.
    pub(super) async fn a_venture(&self, name: &str) -> Value {
        let told =
            self.ask("setup_venture", json!({}), json!({"name": name, "brief": "Sell"})).await.unwrap();
        json!({"venture_id": told.about["venture_id"]})
    }

    /// A venture whose discovery is at work.
    pub(super) async fn a_venture_in_discovery(&self, name: &str) -> Value {
        let venture = self.a_venture(name).await;
        self.ask("submit_vision", venture.clone(), json!({})).await.unwrap();
        self.listen().await;
        self.ask("start_discovery", venture.clone(), json!({})).await.unwrap();
        venture
    }

    /// One division more, not yet heard of by the design.
    pub(super) async fn a_division(&self, venture: &Value, name: &str) -> Value {
        self.ask("discover_division", venture.clone(), json!({"division_name": name})).await.unwrap();
        let found = self.facts(self.head() - 1).await.pop().unwrap();
        let data: Value = serde_json::from_str(found.data.get()).unwrap();
        json!({"division_id": data["division_id"]})
    }

    /// The facts behind this position.
    pub(super) async fn facts(&self, mut after: u64) -> Vec<Arc<RecordedEvent>> {
        let (store, mut facts) = (self.store.get().unwrap(), Vec::new());
        while after < store.head() {
            let page = store.read_all(after, &Filter::default(), 500).await.unwrap();
            after = page.events.last().map_or(store.head(), |last| last.position);
            facts.extend(page.events);
        }
        facts
    }

    /// Every listener reacts to every fact that it has not heard, and to what comes of that.
    pub(super) async fn listen(&self) {
        while let Some(heard) = self.listened.position().filter(|heard| *heard < self.head()) {
            for fact in self.facts(heard).await {
                self.react(&fact).await;
                self.listened.set(fact.position);
            }
        }
    }

    /// Whoever hears this fact reacts to it. What was archived in between says no, and so does what belongs to
    /// another venture: both are expected.
    pub(super) async fn react(&self, fact: &RecordedEvent) {
        for process in &self.processes {
            let hears = process.hears().iter().enumerate();
            for (listener, _) in hears.filter(|(_, hears)| *hears.event_type == *fact.event_type) {
                if let Err(no) = process.react(listener, fact).await {
                    let no = no.to_string();
                    assert!(no.contains("archived") || no.contains("belongs_elsewhere"), "{no}");
                }
            }
        }
    }

    /// Asks one of the guide's queries, once it has drawn all that there is.
    pub(super) async fn read(
        &self,
        query: &str,
        ids: &Value,
        params: &[(&str, &str)],
    ) -> Result<Value, Refused> {
        let doors = self.guide.side.doors();
        let door = doors.iter().position(|door| door.spec.name == query).unwrap();
        let params = params.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        let asked = AskedQuery { path_ids: object(ids.clone()), params, min_position: Some(self.head()) };
        self.guide.side.ask(door, asked).await.map(|answer| Value::Object(answer.fields))
    }

    pub(super) async fn status(&self, venture: &Value) -> Value {
        self.read("get_venture_status", venture, &[]).await.unwrap()["venture"].take()
    }

    /// Every task of a venture, page by page.
    pub(super) async fn tasks(&self, venture: &Value) -> Vec<TaskRow> {
        self.pages("get_tasks_page", venture, "tasks", &[]).await
    }

    /// The whole journal of a venture, two entries a page.
    pub(super) async fn timeline(&self, venture: &Value) -> Vec<TimelineRow> {
        self.pages("get_timeline_page", venture, "timeline", &[("limit", "2")]).await
    }

    async fn pages<R: serde::de::DeserializeOwned>(
        &self,
        query: &str,
        venture: &Value,
        list: &str,
        params: &[(&str, &str)],
    ) -> Vec<R> {
        let (mut rows, mut cursor): (Vec<R>, Option<String>) = (Vec::new(), None);
        loop {
            let more = cursor.iter().map(|cursor| ("cursor", cursor.as_str()));
            let params: Vec<_> = params.iter().copied().chain(more).collect();
            let mut page = self.read(query, venture, &params).await.unwrap();
            rows.extend(serde_json::from_value::<Vec<R>>(page[list].take()).unwrap());
            cursor = page["next_cursor"].as_str().map(str::to_owned);
            if cursor.is_none() {
                return rows;
            }
        }
    }

    /// Every row of the guide's file.
    pub(super) async fn rows(&self) -> String {
        self.guide.rows(self.head(), self.folder.path()).await
    }

    /// The same log, drawn into another file from its beginning.
    pub(super) async fn rows_drawn_anew(&self) -> String {
        let folder = tempfile::tempdir().unwrap();
        let anew = Guide::open(&self.store, folder.path()).await;
        let rows = anew.rows(self.head(), folder.path()).await;
        anew.close().await;
        rows
    }

    /// The same world with a guide that was stopped and started again.
    pub(super) async fn restarted(self) -> World {
        self.guide.close().await;
        let guide = Guide::open(&self.store, self.folder.path()).await;
        World { guide, ..self }
    }

    pub(super) async fn end(self) {
        self.guide.close().await;
        self.tree.stop(Duration::from_secs(5)).await;
    }
}

fn supervised(children: &[String]) -> String {
    let top = "schema = 1\n[defaults]\nshutdown = { drain = \"2s\" }\n";
    let supervisor = "[[supervisor]]\npath = \"/t\"\nstrategy = \"one_for_one\"\n";
    format!("{top}{supervisor}{}", children.concat())
}

fn dump(db: &Connection, table: &str, order: &str) -> String {
    let mut all = db.prepare(&format!("SELECT * FROM {table} ORDER BY {order}")).unwrap();
    let columns = all.column_count();
    let cells = |row: &rusqlite::Row<'_>| {
        let cells: Vec<Sql> = (0..columns).map(|column| row.get(column)).collect::<Result<_, _>>()?;
        Ok(format!("{cells:?}\n"))
    };
    all.query_map([], cells).unwrap().collect::<rusqlite::Result<String>>().unwrap()
}

fn object(value: Value) -> Map<String, Value> {
    match value {
        Value::Object(fields) => fields,
        other => panic!("{other} is no object"),
    }
}
