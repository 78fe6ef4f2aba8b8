//! From the log to a group: nothing is left out while the emitter lives, and none of it waits.

use crate::{ALL, Emitter, Fact, Groups};
use hecate_event_store::{Append, CurrentStore, EventStore, Expected, MemoryStore, Progress, kit::event};
use hecate_supervision::{Actor, ExitReason, Kinds, Me, Message, Plan, Tree};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::mpsc;
use uuid::Uuid;

const TREE: &str = r#"
schema = 1
[[supervisor]]
path = "/t"
strategy = "one_for_one"
[[child]]
path = "/t/listener"
kind = "listener"
mailbox = { capacity = 4, on_full = "refuse" }
[[child]]
path = "/t/emitters"
kind = "shop.emitters"
"#;

/// Hears one type of fact and passes it on; a fact called `stop` makes it wait for ever.
struct Listener(mpsc::UnboundedSender<Fact>);

struct Heard(Fact);

impl Message for Heard {
    fn variant(&self) -> &'static str {
        "heard"
    }
}

impl Actor for Listener {
    type Msg = Heard;
    type Args = (Groups, &'static str, mpsc::UnboundedSender<Fact>);

    async fn init((groups, group, out): Self::Args, me: &Me<Heard>) -> Result<Self, ExitReason> {
        groups.join(me, group, Heard);
        Ok(Listener(out))
    }

    async fn handle(&mut self, Heard(fact): Heard, _: &Me<Heard>) -> Result<(), ExitReason> {
        let stop = &*fact.stream_id == "stop";
        let _ = self.0.send(fact);
        if stop { std::future::pending().await } else { Ok(()) }
    }
}

struct Bench {
    store: Arc<MemoryStore>,
    groups: Groups,
    told: Progress,
    heard: mpsc::UnboundedReceiver<Fact>,
    tree: Tree,
}

async fn bench(group: &'static str) -> Bench {
    let store = Arc::new(MemoryStore::new());
    let current = CurrentStore::default();
    let shared: Arc<dyn EventStore> = Arc::clone(&store) as _;
    current.set(Some(shared));
    let groups = Groups::new(&Uuid::now_v7().to_string());
    let (out, heard) = mpsc::unbounded_channel();
    let mut kinds = Kinds::new();
    let joined = groups.clone();
    kinds.worker::<Listener>("listener", None, move || (joined.clone(), group, out.clone()));
    let told = Progress::default();
    let emitter = Emitter {
        process: "shop",
        types: vec!["sold_v1", "bought_v1"],
        store: current,
        groups: groups.clone(),
        told: told.clone(),
    };
    emitter.register(&mut kinds);
    let plan = Plan::parse(TREE, "t.toml", &kinds).unwrap();
    let tree = Tree::boot(&plan, &kinds).await.unwrap();
    Bench { store, groups, told, heard, tree }
}

async fn record(store: &MemoryStore, stream: &str, event_type: &str) -> u64 {
    let events = vec![event(event_type, &serde_json::json!({}))];
    let append = Append { stream_id: stream.into(), expected: Expected::Any, events, receipt: None };
    store.append(append).await.unwrap().last_position.unwrap()
}

#[tokio::test]
async fn a_member_hears_its_own_type_in_order_and_what_is_told_is_known() {
    let mut bench = bench("sold_v1").await;
    for event_type in ["sold_v1", "bought_v1", "other_v1", "sold_v1"] {
        record(&bench.store, "s", event_type).await;
    }
    let mut heard = Vec::new();
    while heard.len() < 2 {
        heard.push(bench.heard.recv().await.unwrap().position);
    }
    assert_eq!(heard, [1, 4]);
    bench.told.reached(4).await;
    bench.tree.stop(Duration::from_secs(5)).await;
}

#[tokio::test]
async fn a_full_member_misses_facts_that_are_counted_and_holds_nobody_up() {
    let mut bench = bench(ALL).await;
    record(&bench.store, "stop", "sold_v1").await;
    bench.heard.recv().await.unwrap();
    let mut last = 0;
    for _ in 0..20 {
        last = record(&bench.store, "s", "sold_v1").await;
    }
    bench.told.reached(last).await;
    assert!(bench.groups.missed() >= 20 - 4, "{} missed", bench.groups.missed());
    bench.tree.stop(Duration::from_millis(100)).await;
}
