//! A process at work on a real tree and a store: born, refused, repeated, crashed, contended.

use crate::prelude::*;
use crate::{
    Aggregate, Asked, Caller, Code, DeskEntry, Node, Policy, Process, ProcessSpec, SystemClock, Told, Wiring,
    request_tests,
};
use crate::{desk, process, upcast};
use hecate_event_store::{CurrentStore, EventStore, MemoryStore, Progress, UpcastEntry, Upcasters};
use hecate_supervision::{Kinds, Plan, Tree};
use serde_json::{Map, Value, json};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use uuid::Uuid;

/// A jar of marbles: small enough to see every rule.
#[derive(Default, Serialize, Deserialize)]
pub(crate) struct Jar {
    id: String,
    pub(crate) marbles: u64,
    status: Status,
}

#[derive(Deserialize, JsonSchema)]
struct OpenJar {}

#[derive(Deserialize, JsonSchema)]
struct AddMarbles {
    count: u64,
}

#[derive(Serialize, Deserialize, JsonSchema)]
pub(crate) struct JarOpened {
    pub(crate) id: String,
}

#[derive(Serialize, Deserialize, JsonSchema)]
struct MarblesAdded {
    count: u64,
}

/// The first version: marbles came one by one.
#[derive(Deserialize)]
struct MarbleAdded {}

impl From<MarbleAdded> for MarblesAdded {
    fn from(_: MarbleAdded) -> Self {
        MarblesAdded { count: 1 }
    }
}

const TOO_MANY: Refusal = Refusal::new(422, "too_many_marbles", "A jar holds 1,000.");
const WRONG: Refusal = Refusal::new(409, "jar_wrong_state", "Not now.");
/// Adding so many is a bug in the desk.
const CURSED: u64 = 666;

impl Desk<Jar> for OpenJar {
    const SPEC: DeskSpec = DeskSpec {
        name: "open_jar",
        path: "/jars",
        aliases: &[],
        says: "Open a jar",
        allowed_in: StateMask::UNBORN,
        refuses: &[],
    };
    const RECORDS: &'static [EventEntry<Jar>] = &[event::<_, JarOpened>()];

    fn decide(self, _: &Jar, at: &Moment) -> Result<Decision<Jar>, Refused> {
        Ok(JarOpened { id: at.id("venture_id").to_owned() }.into())
    }
}

impl Desk<Jar> for AddMarbles {
    const SPEC: DeskSpec = DeskSpec {
        name: "add_marbles",
        path: "marbles",
        aliases: &[],
        says: "Add marbles",
        allowed_in: StateMask::LIVE,
        refuses: &[TOO_MANY],
    };
    const RECORDS: &'static [EventEntry<Jar>] = &[event::<_, MarblesAdded>()];

    fn decide(self, jar: &Jar, _: &Moment) -> Result<Decision<Jar>, Refused> {
        assert_ne!(self.count, CURSED, "a bug in the desk");
        if jar.marbles + self.count > 1_000 {
            return Err(TOO_MANY.into());
        }
        let added = (0..self.count).map(|_| MarblesAdded { count: 1 });
        Ok(added.fold(Decision::nothing(), Decision::and))
    }
}

impl Event<Jar> for JarOpened {
    const TYPE: &'static str = "jar_opened_v1";
    const EMITS: Emits = Emits::Group;

    fn evolve(self, jar: &mut Jar) {
        jar.id = self.id;
        jar.status = Status::INITIATED;
    }
}

impl Event<Jar> for MarblesAdded {
    const TYPE: &'static str = "marbles_added_v2";
    const EMITS: Emits = Emits::Group;

    fn evolve(self, jar: &mut Jar) {
        jar.marbles += self.count;
    }
}

impl Aggregate for Jar {
    const PROCESS: ProcessSpec = ProcessSpec {
        name: "fill_jar",
        noun: "jar",
        says: "Fills jars",
        base: "/jars/{venture_id}",
        stream: "jar-{venture_id}",
    };
    const DESKS: &'static [DeskEntry<Self>] = &[
        desk::<_, OpenJar>(),
        desk::<_, AddMarbles>(),
        desk::<_, request_tests::LabelJar>(),
        desk::<_, request_tests::TagJar>(),
    ];

    const UPCASTS: &'static [UpcastEntry] =
        &[upcast::<MarbleAdded, MarblesAdded>("marbles_added_v1", "marbles_added_v2")];

    fn status(&self) -> Status {
        self.status
    }

    fn about(&self) -> Map<String, Value> {
        Map::from_iter([
            ("venture_id".to_owned(), self.id.as_str().into()),
            ("marbles".to_owned(), self.marbles.into()),
        ])
    }

    fn visibility(&self) -> &str {
        "private"
    }

    fn wrong_state(_: Status, _: &DeskSpec) -> Refusal {
        WRONG
    }
}

const TREE: &str = r#"
schema = 1
[[supervisor]]
path = "/t"
strategy = "one_for_one"
[[pool]]
path = "/t/jars"
kind = "fill_jar.aggregates"
max_children = 100
"#;

pub(crate) const OPEN: usize = 0;
pub(crate) const ADD: usize = 1;
pub(crate) const LABEL: usize = 2;
/// The program that all shops are.
pub(crate) const CODE: [u8; 32] = [1; 32];

/// A running process on a memory store.
pub(crate) struct Shop {
    process: Arc<dyn Process>,
    pub(crate) store: Arc<dyn EventStore>,
    tree: Tree,
}

impl Shop {
    async fn open() -> Shop {
        Shop::open_on(Arc::new(MemoryStore::new())).await
    }

    pub(crate) async fn open_on(store: Arc<dyn EventStore>) -> Shop {
        Shop::keeping_in(store, "blobs".as_ref()).await
    }

    /// Contents are kept in this folder.
    pub(crate) async fn keeping_in(store: Arc<dyn EventStore>, folder: &Path) -> Shop {
        let current = CurrentStore::default();
        current.set(Some(Arc::clone(&store)));
        let node = Node { node_id: "n".into(), realm: "r".into(), clock: Arc::new(SystemClock) };
        let code = Code::fixed(CODE);
        let process = (process::<Jar>().open)(Wiring {
            store: current,
            node,
            code,
            heard: Progress::default(),
            policy: Policy::default(),
            blobs: hecate_blobs::Blobs::new(folder),
        });
        let mut kinds = Kinds::new();
        process.register(&mut kinds);
        let plan = Plan::parse(TREE, "t.toml", &kinds).unwrap();
        Shop { process, store, tree: Tree::boot(&plan, &kinds).await.unwrap() }
    }

    pub(crate) async fn ask(
        &self,
        door: usize,
        jar: &str,
        body: Value,
        caller: Caller,
    ) -> Result<Told, Refused> {
        let path_ids = if door == OPEN { json!({}) } else { json!({"venture_id": jar}) };
        let path_ids = path_ids.as_object().cloned().unwrap();
        self.process.ask(Asked { door, path_ids, body, caller }).await
    }

    pub(crate) async fn a_jar(&self) -> String {
        let told = self.ask(OPEN, "", json!({}), somebody()).await.unwrap();
        assert!(told.born);
        told.answer.about["venture_id"].as_str().unwrap().to_owned()
    }

    pub(crate) async fn close(self) {
        self.tree.stop(Duration::from_secs(5)).await;
    }
}

pub(crate) fn somebody() -> Caller {
    Caller {
        actor: "uid:1@n".to_owned(),
        correlation_id: Uuid::now_v7(),
        idempotency_key: None,
        expected_version: None,
        because: None,
    }
}

fn with_key(key: &str) -> Caller {
    Caller { idempotency_key: Some(key.to_owned()), ..somebody() }
}

#[tokio::test]
async fn an_answer_tells_what_is_now_and_several_events_are_one_append() {
    let shop = Shop::open().await;
    let jar = shop.a_jar().await;
    let told = shop.ask(ADD, &jar, json!({"count": 3}), somebody()).await.unwrap();
    assert_eq!((told.answer.version, told.answer.position, told.answer.events.len()), (3, 4, 3));
    assert_eq!(told.answer.about["marbles"], 3);
    assert_eq!(told.answer.available_actions, ["add_marbles", "label_jar", "tag_jar"]);
    let nothing = shop.ask(ADD, &jar, json!({"count": 0}), somebody()).await.unwrap();
    assert!(!nothing.answer.recorded);
    assert_eq!((nothing.answer.version, nothing.answer.position), (3, 4));
    let stored = shop.store.read_stream(&format!("jar-{jar}"), 0, 10).await.unwrap();
    assert_eq!(stored[1].metadata.visibility.as_deref(), Some("private"));
    assert!(stored[1].tags.iter().any(|tag| **tag == *format!("venture:{jar}")));
    shop.close().await;
}

#[tokio::test]
async fn a_refusal_records_nothing_and_says_what_could_be_done_instead() {
    let shop = Shop::open().await;
    let jar = shop.a_jar().await;
    let refused = shop.ask(ADD, &jar, json!({"count": 2_000}), somebody()).await.unwrap_err();
    assert!(refused.is(TOO_MANY));
    assert_eq!(refused.details["available_actions"], json!(["add_marbles", "label_jar", "tag_jar"]));
    let unborn = format!("v-{}", crate::kit::ULID);
    assert!(shop.ask(ADD, &unborn, json!({"count": 1}), somebody()).await.unwrap_err().is(WRONG));
    assert_eq!(shop.store.head(), 1);
    shop.close().await;
}

#[tokio::test]
async fn a_key_answers_the_first_result_again_and_only_to_the_same_request() {
    let shop = Shop::open().await;
    let first = shop.ask(OPEN, "", json!({}), with_key("a")).await.unwrap();
    let again = shop.ask(OPEN, "", json!({}), with_key("a")).await.unwrap();
    assert!(again.born, "a repeated birth is a birth");
    assert_eq!((&again.answer.about, again.answer.position), (&first.answer.about, first.answer.position));
    assert_eq!(again.answer.events, first.answer.events);
    let jar = first.answer.about["venture_id"].as_str().unwrap().to_owned();
    let refused = shop.ask(ADD, &jar, json!({"count": 2_000}), with_key("b")).await.unwrap_err();
    assert_eq!(shop.ask(ADD, &jar, json!({"count": 2_000}), with_key("b")).await.unwrap_err(), refused);
    let other = shop.ask(ADD, &jar, json!({"count": 1}), with_key("b")).await.unwrap_err();
    assert!(other.is(Refusal::IDEMPOTENCY_CONFLICT));
    assert_eq!(shop.store.head(), 1);
    shop.close().await;
}

#[tokio::test]
async fn an_expected_version_that_is_stale_is_refused() {
    let shop = Shop::open().await;
    let jar = shop.a_jar().await;
    let expecting = |version| Caller { expected_version: Some(version), ..somebody() };
    let stale = shop.ask(ADD, &jar, json!({"count": 1}), expecting(7)).await.unwrap_err();
    assert!(stale.is(Refusal::WRONG_EXPECTED_VERSION));
    assert_eq!((&stale.details["expected"], &stale.details["actual"]), (&json!(7), &json!(0)));
    assert!(shop.ask(ADD, &jar, json!({"count": 1}), expecting(0)).await.is_ok());
    shop.close().await;
}

#[tokio::test]
async fn a_decision_is_made_again_when_somebody_else_appended_in_between() {
    let shop = Shop::open().await;
    let jar = shop.a_jar().await;
    assert!(shop.ask(ADD, &jar, json!({"count": 1}), somebody()).await.is_ok());
    // Behind the actor's back, as another node of a cluster would.
    let mut stolen = shop.store.read_stream(&format!("jar-{jar}"), 1, 1).await.unwrap();
    let event = stolen.remove(0);
    let again = hecate_event_store::NewEvent {
        event_id: Uuid::now_v7(),
        event_type: Arc::clone(&event.event_type),
        data: event.data.clone(),
        metadata: event.metadata.clone(),
        tags: Vec::new(),
        at_us: 0,
    };
    let expected = hecate_event_store::Expected::Version(1);
    let append = hecate_event_store::Append {
        stream_id: format!("jar-{jar}").into(),
        expected,
        events: vec![again],
        receipt: None,
    };
    shop.store.append(append).await.unwrap();
    let told = shop.ask(ADD, &jar, json!({"count": 1}), somebody()).await.unwrap();
    assert_eq!((&told.answer.about["marbles"], told.answer.version), (&json!(3), 3));
    shop.close().await;
}

#[tokio::test]
async fn events_of_an_older_version_are_folded_as_the_newer_one() {
    let shop = Shop::open().await;
    let jar = shop.a_jar().await;
    let older = || hecate_event_store::NewEvent {
        event_id: Uuid::now_v7(),
        event_type: "marbles_added_v1".into(),
        data: serde_json::value::RawValue::from_string("{}".to_owned()).unwrap().into(),
        metadata: hecate_event_store::Metadata {
            correlation_id: Uuid::nil(),
            causation_id: Uuid::nil(),
            command_id: Uuid::nil(),
            actor: "uid:1@n".into(),
            node_id: "n".into(),
            realm: "r".into(),
            idempotency_key: None,
            conversation_id: None,
            visibility: None,
        },
        tags: Vec::new(),
        at_us: 0,
    };
    let append = hecate_event_store::Append {
        stream_id: format!("jar-{jar}").into(),
        expected: hecate_event_store::Expected::Any,
        events: vec![older(), older()],
        receipt: None,
    };
    shop.store.append(append).await.unwrap();
    let recorded = shop.process.event_types().into_iter().map(|(event_type, _)| event_type);
    let upcasters = Upcasters::new(shop.process.upcasts().iter().copied(), recorded).unwrap();
    let newer = Shop::open_on(upcasters.over(Arc::clone(&shop.store))).await;
    let told = newer.ask(ADD, &jar, json!({"count": 1}), somebody()).await.unwrap();
    assert_eq!((&told.answer.about["marbles"], told.answer.version), (&json!(3), 3));
    newer.close().await;
    shop.close().await;
}

#[tokio::test]
async fn a_bug_in_a_desk_costs_one_answer_and_no_state() {
    let shop = Shop::open().await;
    let jar = shop.a_jar().await;
    let crashed = shop.ask(ADD, &jar, json!({"count": CURSED}), somebody()).await.unwrap_err();
    assert!(crashed.is(Refusal::INTERNAL));
    let told = shop.ask(ADD, &jar, json!({"count": 1}), somebody()).await.unwrap();
    assert_eq!(told.answer.version, 1);
    shop.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_callers_of_one_aggregate_are_served_one_after_the_other() {
    let shop = Arc::new(Shop::open().await);
    let jar = shop.a_jar().await;
    let add = |_| {
        let (shop, jar) = (Arc::clone(&shop), jar.clone());
        tokio::spawn(async move {
            shop.ask(ADD, &jar, json!({"count": 1}), somebody()).await.unwrap().answer.version
        })
    };
    let mut versions = Vec::new();
    for asked in (0..64).map(add).collect::<Vec<_>>() {
        versions.push(asked.await.unwrap());
    }
    versions.sort_unstable();
    assert_eq!(versions, (1..=64).collect::<Vec<_>>());
}
