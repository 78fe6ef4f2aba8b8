//! Facts on their way to a running process: each has its effect once, and who comes early waits for it.

use super::*;
use crate::{
    Asked, AutoStart, Caller, Clock, Code, NoReaction, Node, Policy, Process, Reacted, SystemClock, Told,
    Wiring, process,
};
use hecate_event_store::{
    Append, CurrentStore, EventStore, Expected, MemoryStore, Metadata, NewEvent, Progress, RecordedEvent,
};
use hecate_supervision::{Kinds, Plan, Tree};
use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;
use uuid::Uuid;

const TREE: &str = r#"
schema = 1
[[supervisor]]
path = "/t"
strategy = "one_for_one"
[[pool]]
path = "/t/bread"
kind = "bake_division.aggregates"
max_children = 100
"#;

struct Bakery {
    process: Arc<dyn Process>,
    store: Arc<MemoryStore>,
    heard: Progress,
    tree: Tree,
}

impl Bakery {
    async fn open() -> Bakery {
        Bakery::under(Policy::default()).await
    }

    async fn under(policy: Policy) -> Bakery {
        let (current, store) = (CurrentStore::default(), Arc::new(MemoryStore::new()));
        current.set(Some(Arc::clone(&store) as Arc<dyn EventStore>));
        let node = Node { node_id: "n".into(), realm: "r".into(), clock: Arc::new(SystemClock) };
        let (heard, code) = (Progress::default(), Code::fixed([1; 32]));
        let blobs = hecate_blobs::Blobs::new("blobs".as_ref());
        let wiring = Wiring { store: current, node, code, heard: heard.clone(), policy, blobs };
        let process = (process::<Bread>().open)(wiring);
        let mut kinds = Kinds::new();
        process.register(&mut kinds);
        let plan = Plan::parse(TREE, "t.toml", &kinds).unwrap();
        Bakery { process, store, heard, tree: Tree::boot(&plan, &kinds).await.unwrap() }
    }

    /// Somebody else records a fact about this division.
    async fn fact(&self, event_type: &str, mut data: Value) -> Arc<RecordedEvent> {
        for (field, value) in [("venture_id", "v-"), ("division_id", "d-")] {
            data[field] = format!("{value}{ULID}").into();
        }
        data["division_name"] = "mill".into();
        let event = NewEvent {
            event_id: Uuid::now_v7(),
            event_type: event_type.into(),
            data: serde_json::value::to_raw_value(&data).unwrap().into(),
            metadata: metadata(),
            tags: Vec::new(),
            at_us: SystemClock.now_us(),
        };
        let append =
            Append { stream_id: "mill".into(), expected: Expected::Any, events: vec![event], receipt: None };
        Arc::clone(&self.store.append(append).await.unwrap().events[0])
    }

    async fn react(&self, fact: &RecordedEvent) -> Result<Reacted, NoReaction> {
        let hears = self.process.hears().iter().position(|hears| hears.event_type == &*fact.event_type);
        self.process.react(hears.unwrap(), fact).await
    }

    async fn start(&self, key: Option<&str>) -> Result<Told, Refused> {
        self.ask("start_bread", json!({}), key).await
    }

    async fn ask(&self, desk: &str, body: Value, key: Option<&str>) -> Result<Told, Refused> {
        let door = self.process.doors().iter().position(|door| door.spec.name == desk).unwrap();
        let path_ids = json!({"division_id": format!("d-{ULID}")}).as_object().cloned().unwrap();
        let caller = Caller {
            actor: "uid:1@n".to_owned(),
            correlation_id: Uuid::now_v7(),
            idempotency_key: key.map(str::to_owned),
            expected_version: None,
            because: None,
        };
        self.process.ask(Asked { door, path_ids, body, caller }).await
    }

    async fn stream(&self) -> Vec<Arc<RecordedEvent>> {
        self.store.read_stream(&format!("bread-d-{ULID}"), 0, 100).await.unwrap()
    }
}

fn metadata() -> Metadata {
    Metadata {
        correlation_id: Uuid::now_v7(),
        causation_id: Uuid::now_v7(),
        command_id: Uuid::now_v7(),
        actor: "uid:1@n".into(),
        node_id: "n".into(),
        realm: "r".into(),
        idempotency_key: None,
        conversation_id: None,
        visibility: Some("public".into()),
    }
}

#[tokio::test]
async fn a_fact_has_its_effect_once_and_in_its_own_flow() {
    let bakery = Bakery::open().await;
    let fact = bakery.fact("grain_ground_v1", json!({"grain": "rye", "of_no_use": [1]})).await;
    let first = bakery.react(&fact).await.unwrap();
    let again = bakery.react(&fact).await.unwrap();
    let [Reacted::Asked(first), Reacted::Asked(again)] = [first, again] else { panic!("both were asked") };
    assert_eq!(first[0].answer.events, again[0].answer.events);
    let born = &bakery.stream().await[..];
    assert_eq!(born.len(), 1);
    let (metadata, source) = (&born[0].metadata, &fact.metadata);
    assert_eq!(metadata.causation_id, fact.event_id);
    assert_eq!(metadata.correlation_id, source.correlation_id);
    assert_eq!(metadata.visibility, source.visibility);
    assert_eq!(&*metadata.actor, "listener:on_grain_ground_initiate_bread@n");
    bakery.tree.stop(Duration::from_secs(5)).await;
}

#[tokio::test]
async fn operators_say_whether_a_hand_off_starts_by_itself() {
    for (auto_start, born) in [
        (None, vec!["bread_initiated_v1"]),
        (Some(AutoStart::OnSeverity), vec!["bread_initiated_v1"]),
        (Some(AutoStart::Always), vec!["bread_initiated_v1", "bread_started_v1"]),
    ] {
        let bakery = Bakery::under(Policy { auto_start, ..Policy::default() }).await;
        let fact = bakery.fact("grain_ground_v1", json!({"grain": "rye"})).await;
        bakery.react(&fact).await.unwrap();
        let types: Vec<_> = bakery.stream().await.iter().map(|event| event.event_type.to_string()).collect();
        assert_eq!(types, born, "{auto_start:?}");
        bakery.tree.stop(Duration::from_secs(5)).await;
    }
}

#[tokio::test]
async fn a_listener_that_operators_switched_off_lets_every_fact_pass() {
    let skips = BTreeSet::from(["on_grain_ground_initiate_bread".to_owned()]);
    let bakery = Bakery::under(Policy { skips, ..Policy::default() }).await;
    let fact = bakery.fact("grain_ground_v1", json!({"grain": "rye"})).await;
    assert!(matches!(bakery.react(&fact).await, Ok(Reacted::Passed(_))));
    assert_eq!(bakery.stream().await.len(), 0);
    bakery.tree.stop(Duration::from_secs(5)).await;
}

#[tokio::test]
async fn a_fact_may_be_passed_over_or_not_hold_what_is_needed() {
    let bakery = Bakery::open().await;
    let stone = bakery.fact("grain_ground_v1", json!({"grain": "stone"})).await;
    assert!(matches!(bakery.react(&stone).await, Ok(Reacted::Passed("that is no grain"))));
    let nothing = bakery.fact("grain_ground_v1", json!({})).await;
    assert!(matches!(bakery.react(&nothing).await, Err(NoReaction::Unheard(_))));
    assert!(bakery.stream().await.is_empty());
    bakery.tree.stop(Duration::from_secs(5)).await;
}

/// A dismissal that was refused once stays refused when it is heard again, whatever happened since.
#[tokio::test]
async fn a_refusal_is_an_answer_that_is_kept_for_ever() {
    let bakery = Bakery::open().await;
    let dismissed = bakery.fact("division_dismissed_v1", json!({"reason": "None"})).await;
    let ground = bakery.fact("grain_ground_v1", json!({"grain": "rye"})).await;
    assert!(bakery.react(&dismissed).await.is_ok());
    for _ in 0..2 {
        let Err(NoReaction::Refused(refused)) = bakery.react(&ground).await else { panic!("it is refused") };
        assert!(refused.is(Bread::NAMES.is_archived));
    }
    let key = format!("on_grain_ground_initiate_bread:{}", ground.event_id);
    let kept = bakery.store.receipt(&key, i64::MAX).await.unwrap();
    assert_eq!(kept.unwrap().keep, hecate_event_store::Keep::Forever);
    bakery.tree.stop(Duration::from_secs(5)).await;
}

#[tokio::test]
async fn a_fact_that_an_operator_dismissed_has_no_effect_whenever_it_is_heard() {
    let bakery = Bakery::open().await;
    let ground = bakery.fact("grain_ground_v1", json!({"grain": "rye"})).await;
    let dismissed = bakery.fact("division_dismissed_v1", json!({"reason": "None"})).await;
    assert!(bakery.react(&ground).await.is_ok());
    // The one that has had its effect keeps it.
    for (nth, fact) in [(0, &ground), (1, &dismissed)] {
        bakery.process.forgo(nth, fact, "We keep it").await.unwrap();
    }
    assert!(matches!(bakery.react(&ground).await, Ok(Reacted::Asked(_))));
    let Err(NoReaction::Refused(refused)) = bakery.react(&dismissed).await else { panic!("it is refused") };
    assert_eq!((refused.code.as_ref(), &refused.details["reason"]), ("fact_dismissed", &json!("We keep it")));
    assert_eq!(bakery.stream().await.len(), 1);
    bakery.tree.stop(Duration::from_secs(5)).await;
}

#[tokio::test(start_paused = true)]
async fn who_starts_before_the_hand_off_has_arrived_waits_for_it() {
    let bakery = Bakery::open().await;
    let fact = bakery.fact("grain_ground_v1", json!({"grain": "rye"})).await;
    bakery.heard.set(fact.position - 1);
    let (started, ()) = tokio::join!(bakery.start(Some("key")), async {
        // Time that is paused goes on when everybody waits: the request has found the desk closed by then.
        tokio::time::sleep(Duration::from_secs(1)).await;
        bakery.react(&fact).await.unwrap();
        bakery.heard.set(fact.position);
    });
    assert_eq!(started.unwrap().answer.status, 5);
    bakery.tree.stop(Duration::from_secs(5)).await;
}

/// An active bread of rye, and what hands over oat in its place, which nobody has heard yet.
async fn a_bread_about_to_be_of_oat(bakery: &Bakery) -> Arc<RecordedEvent> {
    let rye = bakery.fact("grain_ground_v1", json!({"grain": "rye"})).await;
    bakery.react(&rye).await.unwrap();
    bakery.heard.set(bakery.store.head());
    bakery.start(None).await.unwrap();
    bakery.fact("grain_ground_v1", json!({"grain": "oat"})).await
}

#[tokio::test(start_paused = true)]
async fn who_uses_what_is_about_to_be_handed_over_waits_for_it() {
    let bakery = Bakery::open().await;
    let oat = a_bread_about_to_be_of_oat(&bakery).await;
    let (baked, ()) = tokio::join!(bakery.ask("bake_bread", json!({"grain": "oat"}), Some("key")), async {
        tokio::time::sleep(Duration::from_secs(1)).await;
        bakery.react(&oat).await.unwrap();
        bakery.heard.set(bakery.store.head());
    });
    assert_eq!(&*baked.unwrap().answer.events[0].event_type, "bread_baked_v1");
    // Nothing is on its way: what was not handed over is refused at once.
    bakery.heard.set(bakery.store.head());
    let began = tokio::time::Instant::now();
    let refused = bakery.ask("bake_bread", json!({"grain": "rye"}), None).await.unwrap_err();
    assert!(refused.is(NO_SUCH_GRAIN) && began.elapsed().is_zero());
    bakery.tree.stop(Duration::from_secs(5)).await;
}

#[tokio::test(start_paused = true)]
async fn nothing_is_kept_under_a_key_that_was_used_too_early() {
    let bakery = Bakery::open().await;
    let oat = a_bread_about_to_be_of_oat(&bakery).await;
    let bake = || bakery.ask("bake_bread", json!({"grain": "oat"}), Some("key"));
    assert!(bake().await.unwrap_err().is(Refusal::LISTENER_LAGGING));
    bakery.react(&oat).await.unwrap();
    bakery.heard.set(bakery.store.head());
    assert!(bake().await.is_ok());
    bakery.tree.stop(Duration::from_secs(5)).await;
}

#[tokio::test]
async fn who_starts_what_nobody_handed_over_is_refused_at_once() {
    let bakery = Bakery::open().await;
    bakery.heard.set(0);
    assert!(bakery.start(None).await.unwrap_err().is(Bread::NAMES.is_not_initiated));
    bakery.tree.stop(Duration::from_secs(5)).await;
}

#[tokio::test(start_paused = true)]
async fn nobody_waits_longer_than_two_seconds_for_a_listener_that_is_stuck() {
    let bakery = Bakery::open().await;
    let fact = bakery.fact("grain_ground_v1", json!({"grain": "rye"})).await;
    let began = tokio::time::Instant::now();
    assert!(bakery.start(Some("key")).await.unwrap_err().is(Refusal::LISTENER_LAGGING));
    assert_eq!(began.elapsed().as_secs(), 2);
    // Nothing was decided: under the same key it starts once the news is there.
    bakery.react(&fact).await.unwrap();
    bakery.heard.set(fact.position);
    assert_eq!(bakery.start(Some("key")).await.unwrap().answer.status, 5);
    // A desk that no hand-off opens waits for none.
    bakery.heard.set(0);
    let again = tokio::time::Instant::now();
    assert_eq!(bakery.start(None).await.unwrap_err().code, "not_pending");
    assert_eq!(again.elapsed().as_secs(), 0);
    bakery.tree.stop(Duration::from_secs(5)).await;
}
