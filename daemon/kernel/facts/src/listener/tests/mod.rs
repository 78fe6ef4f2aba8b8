//! A shop that hears of sales, on a real log, with a real file, in a real tree.

mod decisions;
mod files;
mod following;
mod kills;
mod openings;
mod renewals;
mod telling;

use crate::{Emitter, Fact, Groups, Hearing, HearingGauges, Listener, Reaction, Reacts};
use hecate_event_store::{
    Append, BoxFuture, CurrentStore, EventStore, Expected, MemoryStore, Progress, kit::event,
};
use hecate_supervision::{Kinds, Plan, Tree};
use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tempfile::TempDir;
use uuid::Uuid;

const TREE: &str = r#"
schema = 1
[[supervisor]]
path = "/t"
strategy = "one_for_one"
intensity = 1000
period = "1s"
[[child]]
path = "/t/listener"
kind = "shop.listener"
mailbox = { capacity = 2, on_full = "refuse" }
"#;
const EMITTERS: &str = "[[child]]\npath = \"/t/emitters\"\nkind = \"shop.emitters\"\n";

/// What the shop does about a fact when it is asked for the nth time, from 0.
type Script = dyn Fn(&Fact, u32) -> Reaction + Send + Sync;

/// Comes right before the effect (false) and right after it (true); true when whoever reacts is killed there.
type KillPoint = dyn Fn(bool) -> bool + Send + Sync;

/// Reacts by a script, and has each effect once by its key, as a process with receipts does.
struct Shop {
    script: Box<Script>,
    around: Mutex<Option<Box<KillPoint>>>,
    listeners: Vec<(&'static str, &'static str)>,
    /// What `forgo` answers where it does not record anything.
    forgets: Mutex<Option<String>>,
    books: Mutex<Books>,
}

#[derive(Default)]
struct Books {
    asked: BTreeMap<(u64, &'static str), u32>,
    /// Position and listener, in the order in which they came about.
    effects: Vec<(u64, &'static str)>,
    /// The keys of those effects.
    receipts: BTreeSet<(Uuid, &'static str)>,
    /// The keys of the asks that are refused for ever, and why.
    forgone: BTreeMap<(Uuid, &'static str), String>,
}

const LISTENERS: [(&str, &str); 3] = [
    ("sold_v1", "on_sold_send_bill"),
    ("sold_v1", "on_sold_wrap_gift"),
    ("returned_v1", "on_returned_pay_back"),
];

impl Shop {
    fn new(script: impl Fn(&Fact, u32) -> Reaction + Send + Sync + 'static) -> Arc<Shop> {
        Shop::with(&LISTENERS, script)
    }

    fn with(
        listeners: &[(&'static str, &'static str)],
        script: impl Fn(&Fact, u32) -> Reaction + Send + Sync + 'static,
    ) -> Arc<Shop> {
        Arc::new(Shop {
            script: Box::new(script),
            around: Mutex::default(),
            listeners: listeners.to_vec(),
            forgets: Mutex::default(),
            books: Mutex::default(),
        })
    }

    fn obliging() -> Arc<Shop> {
        Shop::new(|fact, _| done(fact))
    }

    fn effects(&self) -> Vec<(u64, &'static str)> {
        self.books.lock().unwrap().effects.clone()
    }

    fn asked(&self) -> u32 {
        self.books.lock().unwrap().asked.values().sum()
    }

    fn asked_about(&self, position: u64) -> u32 {
        let books = self.books.lock().unwrap();
        books.asked.iter().filter(|((at, _), _)| *at == position).map(|(_, times)| times).sum()
    }

    /// Why the ask of this listener about this event is refused for ever.
    fn forgone(&self, event_id: Uuid, listener: &'static str) -> Option<String> {
        self.books.lock().unwrap().forgone.get(&(event_id, listener)).cloned()
    }

    /// True when whoever reacts is killed here.
    fn is_killed(&self, after: bool) -> bool {
        self.around.lock().unwrap().as_ref().is_some_and(|around| around(after))
    }
}

impl Reacts for Shop {
    fn process(&self) -> &'static str {
        "shop"
    }

    fn hears(&self) -> Vec<&'static str> {
        let mut types: Vec<_> = self.listeners.iter().map(|(event_type, _)| *event_type).collect();
        types.dedup();
        types
    }

    fn listeners(&self, event_type: &str) -> Vec<&'static str> {
        let own = self.listeners.iter().filter(|(heard, _)| *heard == event_type);
        own.map(|(_, listener)| *listener).collect()
    }

    fn react<'a>(&'a self, listener: &'static str, fact: &'a Fact) -> BoxFuture<'a, Reaction> {
        let key = (fact.position, listener);
        let nth = {
            let mut books = self.books.lock().unwrap();
            let asked = books.asked.entry(key).or_default();
            *asked += 1;
            *asked - 1
        };
        Box::pin(async move {
            tokio::task::yield_now().await;
            if self.forgone(fact.event_id, listener).is_some() {
                return Reaction::Refused {
                    code: "dismissed".to_owned(),
                    says: "It has no effect.".to_owned(),
                };
            }
            let reaction = (self.script)(fact, nth);
            if self.is_killed(false) {
                return std::future::pending().await;
            }
            if matches!(reaction, Reaction::Done { .. }) {
                let mut books = self.books.lock().unwrap();
                if books.receipts.insert((fact.event_id, listener)) {
                    books.effects.push(key);
                }
            }
            if self.is_killed(true) { std::future::pending().await } else { reaction }
        })
    }

    fn forgo<'a>(
        &'a self,
        listener: &'static str,
        fact: &'a Fact,
        why: &'a str,
    ) -> BoxFuture<'a, Result<(), String>> {
        Box::pin(async move {
            if let Some(error) = self.forgets.lock().unwrap().clone() {
                return Err(error);
            }
            let key = (fact.event_id, listener);
            self.books.lock().unwrap().forgone.insert(key, why.to_owned());
            Ok(())
        })
    }
}

fn done(fact: &Fact) -> Reaction {
    Reaction::Done { recorded: Some(fact.position + 1_000) }
}

fn failed() -> Reaction {
    Reaction::Failed { why: "the printer is on fire".to_owned() }
}

/// A log and a folder; the shop and its tree come and go.
struct Street {
    store: Arc<MemoryStore>,
    folder: TempDir,
}

struct Open {
    hearing: Hearing,
    groups: Groups,
    tree: Tree,
}

impl Street {
    fn new() -> Street {
        Street { store: Arc::new(MemoryStore::new()), folder: tempfile::tempdir().unwrap() }
    }

    fn file(&self) -> PathBuf {
        self.folder.path().join("shop.sqlite")
    }

    async fn open(&self, shop: &Arc<Shop>) -> Open {
        self.open_with(shop, &[TREE, EMITTERS].concat()).await
    }

    async fn open_with(&self, shop: &Arc<Shop>, tree: &str) -> Open {
        let (current, groups) = (CurrentStore::default(), Groups::new(&Uuid::now_v7().to_string()));
        current.set(Some(Arc::clone(&self.store) as Arc<dyn EventStore>));
        let reacts = Arc::clone(shop) as Arc<dyn Reacts>;
        let hearing = Hearing::new(reacts, Progress::default(), self.folder.path());
        let (mut kinds, now) = (Kinds::new(), AtomicI64::new(1));
        Listener {
            hearing: hearing.clone(),
            store: current.clone(),
            groups: groups.clone(),
            now_us: Arc::new(move || now.fetch_add(1, Ordering::Relaxed)),
        }
        .register(&mut kinds);
        // A plan that leaves out what is registered is refused.
        if tree.contains("emitters") {
            let types = vec!["sold_v1", "returned_v1"];
            let (groups, told) = (groups.clone(), Progress::default());
            Emitter { process: "shop", types, store: current, groups, told }.register(&mut kinds);
        }
        let plan = Plan::parse(tree, "t.toml", &kinds).unwrap();
        Open { hearing, groups, tree: Tree::boot(&plan, &kinds).await.unwrap() }
    }

    /// Records one event; answers its position.
    async fn record(&self, event_type: &str) -> u64 {
        let events = vec![event(event_type, &serde_json::json!({}))];
        let append = Append { stream_id: "s".into(), expected: Expected::Any, events, receipt: None };
        self.store.append(append).await.unwrap().last_position.unwrap()
    }
}

impl Open {
    async fn reached(&self, position: u64) {
        let reached = self.hearing.progress().reached(position);
        tokio::time::timeout(Duration::from_secs(600), reached).await.expect("it is heard in time");
    }

    /// Waits, in the time of the test, until the gauges say what is looked for.
    async fn shows(&self, what: impl Fn(&HearingGauges) -> bool) {
        let looking = async {
            while !what(&self.hearing.gauges()) {
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
        };
        tokio::time::timeout(Duration::from_secs(600), looking).await.expect("the gauges show it in time");
    }

    /// Waits until its file is open.
    async fn begun(&self) {
        self.reached(0).await;
    }

    async fn close(self) {
        assert!(self.tree.stop(Duration::from_secs(5)).await);
    }
}
