//! The black box of every end that was none in good order.

use super::{boot_pool, until_at_hand};
use crate::common::{PATIENCE, Probe, Say, Stage, crash, find, flat, until, within};
use hecate_proto::debug::{Crash, Decision, ReasonClass};
use hecate_supervision::{Backoff, Child, Ended, Flags, Name, Pool, Strategy, Tree, trace};
use std::sync::Arc;
use std::sync::atomic::Ordering::SeqCst;
use std::time::Duration;
use tokio::sync::Notify;
use uuid::Uuid;

/// The records, once there are so many and all are decided.
async fn records(tree: &Tree, count: usize) -> Vec<Crash> {
    let settled = || {
        let crashes = tree.crashes(0);
        crashes.len() >= count && crashes.iter().all(|it| it.decision != Decision::Pending)
    };
    until(settled, || format!("{count} records: {:#?}", tree.crashes(0))).await;
    tree.crashes(0)
}

#[tokio::test]
async fn a_panic_is_recorded_with_what_the_actor_did_before_and_what_became_of_it() {
    let stage = Stage::of(&["a"]);
    let tree = stage.boot("one_for_one", 1, &["a"], "").await;
    let go = Arc::new(Notify::new());
    for _ in 0..20 {
        stage.names[0].cast(Say::Work).unwrap();
    }
    stage.names[0].cast(Say::Wait(Arc::clone(&go))).unwrap();
    let id = Uuid::new_v4();
    trace::scope(id, async { stage.names[0].cast(Say::Panic).unwrap() }).await;
    stage.names[0].cast(Say::Work).unwrap();
    stage.names[0].cast(Say::Work).unwrap();
    until_at_hand(&tree, "/r/a", "wait").await;
    go.notify_one();
    let record = records(&tree, 1).await.remove(0);
    assert_eq!((record.path.as_str(), record.kind.as_str(), record.generation), ("/r/a", "a", 1));
    assert_eq!((record.reason, record.message.as_str()), (ReasonClass::Panic, "error: panicked: boom"));
    assert_eq!(record.handling.as_deref(), Some("panic"));
    assert_eq!(record.trace_id, Some(id.to_string()));
    assert_eq!(record.depth, 3, "the one at hand and two behind it");
    assert_eq!(
        (record.recent.len(), &record.recent[13..]),
        (16, &["work", "wait", "panic"].map(String::from)[..])
    );
    assert_eq!((record.ancestors, record.decision), (vec!["/r".to_owned()], Decision::Restarted));
    assert!(record.id.is_some());
}

#[tokio::test]
async fn a_kill_is_recorded_in_the_handler_and_between_messages() {
    let stage = Stage::of(&["a", "b"]);
    let tree = stage.boot("one_for_one", 9, &["a", "b"], "").await;
    stage.names[0].cast(Say::Hang).unwrap();
    stage.names[0].cast(Say::Work).unwrap();
    until_at_hand(&tree, "/r/a", "hang").await;
    tree.kill("/r/a").unwrap();
    let at_work = records(&tree, 1).await.remove(0);
    assert_eq!(
        (at_work.reason, at_work.handling.as_deref(), at_work.depth),
        (ReasonClass::Killed, Some("hang"), 2)
    );
    stage.names[1].call(Say::Ask, PATIENCE).await.unwrap();
    until(|| tree.deadlocks(Duration::ZERO).stuck.is_empty(), || "rest".into()).await;
    tree.kill("/r/b").unwrap();
    let at_rest = records(&tree, 2).await.remove(1);
    assert_eq!((at_rest.reason, at_rest.handling, at_rest.depth), (ReasonClass::Killed, None, 0));
    assert_eq!((at_rest.recent, at_rest.seq), (vec!["ask".to_owned()], at_work.seq + 1));
}

#[tokio::test]
async fn failed_starts_are_recorded_until_the_supervisor_gives_up() {
    let stage = Stage::of(&["a"]);
    let tree = stage.boot("one_for_one", 2, &["a"], "").await;
    stage.moods[0].failing_inits.store(u32::MAX, SeqCst);
    stage.names[0].cast(crash()).unwrap();
    let ended = tokio::time::timeout(PATIENCE, tree.ended(PATIENCE)).await.unwrap();
    assert!(matches!(ended, Ended::GaveUp(why) if why.child == "/r/a"));
    let records = records(&tree, 3).await;
    let told: Vec<_> = records.iter().map(|it| (it.generation, it.reason, it.decision)).collect();
    let expected = [
        (1, ReasonClass::Error, Decision::Restarted),
        (2, ReasonClass::StartFailed, Decision::Restarted),
        (3, ReasonClass::StartFailed, Decision::GaveUp),
    ];
    assert_eq!(told, expected);
    assert_eq!((records[1].id.as_ref(), records[1].message.as_str()), (None, "error: moody"));
    assert_eq!(tree.stats().give_ups, 1);
}

#[tokio::test]
async fn every_decision_has_its_name() {
    let stage = Stage::of(&["a", "b"]);
    let text = flat("one_for_one", 9, &["a"], "restart = \"temporary\"")
        + "[[child]]\npath = \"/r/b\"\nkind = \"b\"\nshutdown = { drain = \"50ms\" }\n";
    let tree = within(Tree::boot(&stage.plan(&text), &stage.kinds)).await.unwrap();
    stage.names[0].cast(crash()).unwrap();
    assert_eq!(records(&tree, 1).await[0].decision, Decision::Forgotten);
    stage.names[1].cast(Say::Hang).unwrap();
    until_at_hand(&tree, "/r/b", "hang").await;
    tree.terminate_child("/r", "b").await.unwrap();
    let late = records(&tree, 2).await.remove(1);
    assert_eq!((late.reason, late.decision), (ReasonClass::Killed, Decision::LeftDown));
    stage.moods[1].failing_inits.store(1, SeqCst);
    tree.restart_child("/r", "b").await.unwrap_err();
    let failed = records(&tree, 3).await.remove(2);
    assert_eq!((failed.reason, failed.decision), (ReasonClass::StartFailed, Decision::LeftDown));
}

#[tokio::test]
async fn a_failing_restart_of_a_group_is_recorded_as_tried_again() {
    let (trace, wait) = (Arc::default(), Duration::from_secs(60));
    let backoff = Backoff { min: wait, max: wait, jitter_permille: 0 };
    let names = [Name::new(), Name::new()];
    let probes = ["a", "b"].map(|id| Probe { id, trace: Arc::clone(&trace), mood: Arc::default() });
    let children = probes.iter().zip(&names).map(|(probe, name)| {
        let (id, probe) = (probe.id, probe.clone());
        Child::worker::<Probe>(id, Some(name.clone()), move || probe.clone()).backoff(backoff)
    });
    let flags = Flags { strategy: Strategy::OneForAll, ..Flags::default() };
    let tree = within(Tree::grow("r", flags, children.collect())).await.unwrap();
    probes[1].mood.failing_inits.store(1, SeqCst);
    names[0].cast(crash()).unwrap();
    let records = records(&tree, 2).await;
    assert_eq!((records[0].path.as_str(), records[0].decision), ("/r/a", Decision::Restarted));
    assert_eq!((records[1].path.as_str(), records[1].decision), ("/r/b", Decision::RetryLater));
}

#[tokio::test]
async fn a_pools_children_are_recorded_when_they_crash_and_not_when_they_go() {
    let mut stage = Stage::of(&[]);
    let (tree, pool): (Tree, Pool<Probe>) = boot_pool(&mut stage, "").await;
    let probe = |id| Probe { id, trace: Arc::clone(&stage.trace), mood: Arc::default() };
    pool.start_child("x", probe("x")).await.unwrap().cast(crash()).unwrap();
    let y = pool.start_child("y", probe("y")).await.unwrap();
    y.cast(Say::End(hecate_supervision::ExitReason::Normal)).unwrap();
    let moody = probe("z");
    moody.mood.failing_inits.store(1, SeqCst);
    pool.start_child("z", moody).await.unwrap_err();
    until(|| find(&tree.snapshot(), "/r/p").children.is_empty(), || "all to go".into()).await;
    let mut records = records(&tree, 2).await;
    records.sort_by(|a, b| a.path.cmp(&b.path));
    let told: Vec<_> = records.iter().map(|it| (it.path.as_str(), it.kind.as_str(), it.decision)).collect();
    assert_eq!(told, [("/r/p/x", "p", Decision::Forgotten), ("/r/p/z", "p", Decision::LeftDown)]);
    assert_eq!(records[0].ancestors, ["/r", "/r/p"]);
}
