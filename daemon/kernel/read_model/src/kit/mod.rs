//! A process at work with the read model that draws it, for a query app's own test: asked in front, seen behind.

mod division;
mod kills;
mod stroll;

pub use division::{because_of, column, division, handing_over};
pub use kills::survives_kills;
pub use stroll::{Step, stroll};

use crate::{AskedQuery, ModelEntry, ModelWiring, ReadModel, ReadSide, model};
use crate::{tending::Concern, tending::Tending};
use hecate_desk::Blobs;
use hecate_desk::process;
use hecate_desk::{Aggregate, Asked, Caller, Clock, Code, Door, Node, Policy, Process, Refusal};
use hecate_desk::{Refused, Wiring};
use hecate_event_store::{
    BoxFuture, CurrentStore, EventStore, Filter, MemoryStore, PAGE_EVENTS_MAX, Progress,
};
use hecate_proto::answer::CommandAnswer;
use hecate_supervision::{Kinds, Plan, Tree};
use rusqlite::{Connection, types::Value as Sql};
use serde_json::{Map, Value};
use std::path::{Path, PathBuf};
use std::sync::{Arc, atomic::AtomicI64, atomic::Ordering};
use std::time::Duration;
use uuid::Uuid;

/// A process and the read model that draws it, on a store in memory.
///
/// Its methods panic where a part of the house fails; what a desk or a query refuses they answer.
pub struct Trial {
    process: Arc<dyn Process>,
    model: ModelEntry,
    store: Arc<dyn EventStore>,
    side: Arc<ReadSide>,
    tree: Tree,
    folder: PathBuf,
    clock: Arc<Ticks>,
}

impl Trial {
    /// Sets both up; the read model's files lie in `folder`.
    pub async fn of<A: Aggregate, M: ReadModel>(folder: &Path) -> Trial {
        let (store, current) = (Arc::new(MemoryStore::new()) as Arc<dyn EventStore>, CurrentStore::default());
        current.set(Some(Arc::clone(&store)));
        let (clock, heard) = (Arc::<Ticks>::default(), Progress::default());
        // Nobody hands anything over here, so that no refusal waits for a listener.
        heard.set(u64::MAX);
        let node = Node { node_id: "kit".into(), realm: "kit".into(), clock: clock.clone() };
        let code = Code::running();
        let (blobs, policy) = (Blobs::new(&folder.join("blobs")), Policy::default());
        let process = (process::<A>().open)(Wiring { store: current, node, code, heard, policy, blobs });
        let side = open(model::<M>(), &store, folder);
        let mut kinds = Kinds::new();
        process.register(&mut kinds);
        let pool = format!(
            "[[pool]]\npath = \"/kit/aggregates\"\nkind = \"{}.aggregates\"\nmax_children = 1000\n",
            A::PROCESS.name
        );
        let tree = boot(kinds, &side, &pool).await;
        Trial { process, model: model::<M>(), store, side, tree, folder: folder.to_owned(), clock }
    }

    /// So many seconds pass.
    pub fn wait(&self, seconds: i64) {
        self.clock.0.fetch_add(seconds * 1_000_000, Ordering::Relaxed);
    }

    /// Asks a desk by its name, public or not. Time goes on.
    pub async fn ask(&self, desk: &str, ids: Value, body: Value) -> Result<CommandAnswer, Refused> {
        let named = |door: &Door| door.spec.name == desk;
        let door = self.process.doors().iter().position(named).expect("the process has this desk");
        let caller = Caller {
            actor: "uid:1@kit".to_owned(),
            correlation_id: Uuid::nil(),
            idempotency_key: None,
            expected_version: None,
            because: None,
        };
        let (path_ids, mut body) = (fields(ids), body);
        let Door { paths, sheet, .. } = &self.process.doors()[door];
        // A hand-off says in its body too whom it is for.
        if paths.is_empty() {
            let says = |field: &str| sheet.body["properties"].get(field).is_some();
            let mut asked = fields(body);
            asked.extend(path_ids.clone().into_iter().filter(|(field, _)| says(field)));
            body = asked.into();
        }
        let asked = Asked { door, path_ids, body, caller };
        self.process.ask(asked).await.map(|told| told.answer)
    }

    /// What every event of this type says, in the order of the log.
    pub async fn recorded(&self, event_type: &str) -> Vec<Value> {
        let (mut said, mut after) = (Vec::new(), 0);
        while after < self.store.head() {
            let page = self.store.read_all(after, &Filter::default(), PAGE_EVENTS_MAX).await;
            let page = page.expect("the log is read");
            let of_type = page.events.iter().filter(|event| &*event.event_type == event_type);
            said.extend(of_type.filter_map(|event| serde_json::from_str(event.data.get()).ok()));
            after = page.caught_up_to;
        }
        said
    }

    /// Asks a query by its name, once all that was recorded is drawn; answers its body.
    pub async fn query(
        &self,
        name: &str,
        ids: Value,
        params: &[(&str, &str)],
    ) -> Result<Map<String, Value>, Refused> {
        let door = self.side.doors().iter().position(|door| door.spec.name == name);
        let params = params.iter().map(|(name, text)| ((*name).to_owned(), (*text).to_owned()));
        let min_position = Some(self.store.head());
        let asked = AskedQuery { path_ids: fields(ids), params: params.collect(), min_position };
        let answer = self.side.ask(door.expect("the model has this query"), asked).await;
        answer.map(|answer| answer.fields)
    }

    /// The rows of every page of a list, a few at a time, in order.
    pub async fn pages(&self, name: &str, ids: &Value, params: &[(&str, &str)], limit: u16) -> Vec<Value> {
        let (mut rows, mut cursor, limit) = (Vec::new(), None::<String>, limit.to_string());
        loop {
            let paging = [Some(("limit", limit.as_str())), cursor.as_deref().map(|next| ("cursor", next))];
            let params: Vec<_> = params.iter().copied().chain(paging.into_iter().flatten()).collect();
            let page = self.query(name, ids.clone(), &params).await.expect("a page is answered");
            rows.extend(page.values().filter_map(Value::as_array).flatten().cloned());
            match page["next_cursor"].as_str() {
                Some(next) => cursor = Some(next.to_owned()),
                None => return rows,
            }
        }
    }

    /// Demands that the one row which a query shows says what its aggregate said last.
    pub async fn agrees(&self, query: &str, ids: Value, told: &CommandAnswer, moment: &str) {
        let answer = self.query(query, ids, &[]).await.expect("what was recorded is shown");
        let row = answer.values().find(|field| field.is_object()).expect("one row is shown");
        let told = serde_json::to_value(told).unwrap_or_default();
        for column in ["status", "status_label", "available_actions", "version", "cycle"] {
            assert_eq!(row[column], told[column], "{column} {moment}");
        }
    }

    /// Every row as it was drawn while the process was at work.
    pub async fn rows(&self) -> String {
        rows_of(&self.side, &*self.store, &self.folder).await
    }

    /// Every row of a file that is drawn from the whole log at once.
    pub async fn rows_drawn_anew(&self) -> String {
        let folder = self.folder.join("anew");
        std::fs::create_dir_all(&folder).expect("a folder is made");
        let side = open(self.model, &self.store, &folder);
        let tree = boot(Kinds::new(), &side, "").await;
        let rows = rows_of(&side, &*self.store, &folder).await;
        tree.stop(STOP_MAX).await;
        rows
    }

    /// Ends both.
    pub async fn close(self) {
        self.tree.stop(STOP_MAX).await;
    }
}

/// How long anything of a trial may take to stop.
const STOP_MAX: Duration = Duration::from_secs(5);
/// How long drawing may take.
const DRAWN_MAX: Duration = Duration::from_secs(30);

fn open(model: ModelEntry, store: &Arc<dyn EventStore>, folder: &Path) -> Arc<ReadSide> {
    let current = CurrentStore::default();
    current.set(Some(Arc::clone(store)));
    model.open(ModelWiring { store: current, folder: folder.to_owned(), tending: Arc::new(Nobody) })
}

async fn boot(mut kinds: Kinds, side: &Arc<ReadSide>, pool: &str) -> Tree {
    side.register(&mut kinds);
    let root = "schema = 1\n[[supervisor]]\npath = \"/kit\"\nstrategy = \"one_for_one\"\n";
    let model = format!("[[child]]\npath = \"/kit/model\"\nkind = \"{}\"\n", side.name());
    let plan =
        Plan::parse(&format!("{root}{model}{pool}"), "kit.toml", &kinds).expect("the kit's plan parses");
    Tree::boot(&plan, &kinds).await.expect("the kit's tree starts")
}

async fn rows_of(side: &ReadSide, store: &dyn EventStore, folder: &Path) -> String {
    let drawn = tokio::time::timeout(DRAWN_MAX, side.drawn_up_to(store.head())).await;
    drawn.expect("the log is drawn in time");
    assert_eq!(side.gauges().parked, 0, "every event draws");
    dump(&folder.join(format!("{}.sqlite", side.name())))
}

fn fields(value: Value) -> Map<String, Value> {
    if let Value::Object(fields) = value { fields } else { Map::new() }
}

/// One second a look.
#[derive(Default)]
struct Ticks(AtomicI64);

impl Clock for Ticks {
    fn now_us(&self) -> i64 {
        self.0.fetch_add(1_000_000, Ordering::Relaxed)
    }
}

/// Tends no read model: here everything draws.
struct Nobody;

impl Tending for Nobody {
    fn tend(&self, _: Concern, _: String) -> BoxFuture<'_, Result<u64, Refused>> {
        Box::pin(async { Err(Refusal::STARTING.into()) })
    }
}

/// Every row of every table of a read model's file, as text.
///
/// # Panics
/// When the file cannot be read.
pub fn dump(file: &Path) -> String {
    let db = Connection::open(file).expect("the file opens");
    let names = "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%' ORDER BY 1";
    let mut names = db.prepare(names).expect("a schema has names");
    let names = names.query_map([], |row| row.get(0)).and_then(Iterator::collect::<rusqlite::Result<_>>);
    let names: Vec<String> = names.expect("names are text");
    let rows = names.iter().map(|name| format!("{name}\n{}", rows(&db, name)));
    rows.collect()
}

fn rows(db: &Connection, table: &str) -> String {
    let mut all = db.prepare(&format!("SELECT * FROM {table}")).expect("a table is read");
    let columns = all.column_count();
    let text = |row: &rusqlite::Row<'_>| -> rusqlite::Result<String> {
        let cells = (0..columns).map(|column| Ok(format!("{:?}", row.get::<_, Sql>(column)?)));
        Ok(cells.collect::<rusqlite::Result<Vec<_>>>()?.join("|") + "\n")
    };
    let rows = all.query_map([], text).and_then(Iterator::collect::<rusqlite::Result<Vec<String>>>);
    rows.expect("a row is read").concat()
}

/// Numbers that follow from a seed.
pub struct Dice(u64);

impl Dice {
    /// The same seed, the same numbers.
    pub fn new(seed: u64) -> Dice {
        Dice(seed.wrapping_add(1).wrapping_mul(0x9e37_79b9_7f4a_7c15))
    }

    /// The next one, from 0 to `end` exclusive.
    pub fn below(&mut self, end: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % end
    }
}
