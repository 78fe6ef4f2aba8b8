//! The store is renewed under a listener: closed and opened again, or restored from a backup.

use super::*;
use crate::{OutcomeFilter, OutcomeState};
use hecate_event_store::{Filter, Options, SqliteStore, Supervised, backup, restore};
use std::path::Path;

const RENEWED: &str = r#"
schema = 1
[[supervisor]]
path = "/t"
strategy = "rest_for_one"
intensity = 1000
period = "1s"
[[child]]
path = "/t/store"
kind = "event_store"
[[child]]
path = "/t/listener"
kind = "shop.listener"
[[child]]
path = "/t/emitters"
kind = "shop.emitters"
"#;

const PAY: &str = LISTENERS[2].1;

/// A tree whose store is opened by `open` each time that it was closed.
struct Renewed {
    folder: TempDir,
    current: CurrentStore,
    hearing: Hearing,
    tree: Tree,
}

fn sqlite(path: &Path) -> Arc<dyn EventStore> {
    Arc::new(SqliteStore::open(path, Options::default()).unwrap())
}

async fn record_in(store: &dyn EventStore, event_type: &str) -> Option<u64> {
    let events = vec![event(event_type, &serde_json::json!({}))];
    let append = Append { stream_id: "s".into(), expected: Expected::Any, events, receipt: None };
    store.append(append).await.ok()?.last_position
}

impl Renewed {
    async fn open(
        shop: &Arc<Shop>,
        open: impl Fn(&Path) -> Arc<dyn EventStore> + Send + Sync + 'static,
    ) -> Renewed {
        let folder = tempfile::tempdir().unwrap();
        let (current, groups) = (CurrentStore::default(), Groups::new(&Uuid::now_v7().to_string()));
        let reacts = Arc::clone(shop) as Arc<dyn Reacts>;
        let hearing = Hearing::new(reacts, Progress::default(), folder.path());
        let mut kinds = Kinds::new();
        let path = folder.path().join("log.sqlite");
        Supervised::new(current.clone(), None, move || Ok(open(&path))).register(&mut kinds);
        let (hearing_too, store, now_us) = (hearing.clone(), current.clone(), Arc::new(|| 1));
        Listener { hearing: hearing_too, store, groups: groups.clone(), now_us }.register(&mut kinds);
        let (types, told) = (vec!["sold_v1", "returned_v1"], Progress::default());
        Emitter { process: "shop", types, store: current.clone(), groups, told }.register(&mut kinds);
        let plan = Plan::parse(RENEWED, "t.toml", &kinds).unwrap();
        Renewed { folder, current, hearing, tree: Tree::boot(&plan, &kinds).await.unwrap() }
    }

    /// Records one event, in whichever store is open.
    async fn record(&self, event_type: &str) {
        let recording = async {
            while record_in(&*self.current.opened().await, event_type).await.is_none() {
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
        };
        tokio::time::timeout(Duration::from_secs(60), recording).await.expect("some store takes it in time");
    }

    async fn reached(&self, position: u64) {
        let reached = self.hearing.progress().reached(position);
        tokio::time::timeout(Duration::from_secs(60), reached).await.expect("it is heard in time");
    }

    async fn rows(&self, state: OutcomeState) -> Vec<u64> {
        let filter = OutcomeFilter { state: Some(state), before: None, limit: 100 };
        let rows = self.hearing.outcomes(filter).await.unwrap().outcomes;
        rows.iter().rev().map(|row| row.position).collect()
    }

    async fn close(self) {
        assert!(self.tree.stop(Duration::from_secs(5)).await);
        drop(self.folder);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_store_that_is_renewed_while_facts_flow_costs_no_effect_and_doubles_none() {
    let shop = Shop::obliging();
    let opened = Arc::new(AtomicI64::new(0));
    let counted = Arc::clone(&opened);
    let street = Renewed::open(&shop, move |path| {
        counted.fetch_add(1, Ordering::Relaxed);
        sqlite(path)
    })
    .await;
    for nth in 1..=60 {
        street.record(["sold_v1", "returned_v1", "other_v1"][nth % 3]).await;
        if nth % 12 == 0 {
            street.current.opened().await.close().await;
        }
    }
    street.record("returned_v1").await;
    let store = street.current.opened().await;
    street.reached(store.head()).await;
    let log = store.read_all(0, &Filter::all(), 1_000).await.unwrap().events;
    let of_fact = |fact: &Fact| {
        shop.listeners(&fact.event_type).into_iter().map(|name| (fact.position, name)).collect()
    };
    let wanted: Vec<_> = log.iter().flat_map(|fact| -> Vec<_> { of_fact(fact) }).collect();
    assert_eq!(shop.effects(), wanted);
    assert_eq!(opened.load(Ordering::Relaxed), 6);
    drop(store);
    street.close().await;
}

/// Opens the log. The second time it is as a backup has it, with other events behind, more than
/// there were: only its epoch tells.
fn restored(path: &Path, nth: i64) -> Arc<dyn EventStore> {
    if nth != 1 {
        return sqlite(path);
    }
    restore(&path.with_extension("backup"), path).unwrap();
    let store = sqlite(path);
    tokio::runtime::Handle::current().block_on(async {
        let (pays, other) = ("returned_v1", "other_v1");
        for (event_type, position) in [pays, other, pays, other, other, other].into_iter().zip(4..) {
            assert_eq!(record_in(&*store, event_type).await, Some(position));
        }
    });
    store
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_restored_log_is_heard_again_with_the_decisions_about_events_that_it_holds() {
    let listeners = [LISTENERS[0], LISTENERS[2]];
    let shop = Shop::with(&listeners, |fact, _| match &*fact.event_type {
        "sold_v1" => Reaction::Dead { why: "not today".to_owned() },
        _ => done(fact),
    });
    let nth = AtomicI64::new(0);
    let street = Renewed::open(&shop, move |path| restored(path, nth.fetch_add(1, Ordering::Relaxed))).await;
    for event_type in ["returned_v1", "sold_v1", "sold_v1"] {
        street.record(event_type).await;
    }
    let log = street.folder.path().join("log.sqlite");
    backup(&log, &log.with_extension("backup")).unwrap();
    for event_type in ["sold_v1", "sold_v1", "sold_v1", "sold_v1", "returned_v1"] {
        street.record(event_type).await;
    }
    street.reached(8).await;
    for position in [2, 4] {
        street.hearing.dismiss(position, None, "no paper").await.unwrap();
    }
    use OutcomeState::{Dead, Dismissed, Dispatched};
    assert_eq!((street.rows(Dead).await, street.rows(Dismissed).await), (vec![3, 5, 6, 7], vec![2, 4]));
    street.current.opened().await.close().await;
    street.reached(9).await;
    assert_eq!(
        shop.effects(),
        [(1, PAY), (8, PAY), (4, PAY), (6, PAY)],
        "each once, whatever is heard again"
    );
    assert_eq!((shop.asked_about(1), shop.asked_about(2), shop.asked_about(3)), (2, 1, 1));
    assert_eq!((street.rows(Dead).await, street.rows(Dismissed).await), (vec![3], vec![2]));
    assert_eq!((street.rows(Dispatched).await, street.hearing.gauges().dead), (vec![1, 4, 6], 1));
    street.close().await;
}
