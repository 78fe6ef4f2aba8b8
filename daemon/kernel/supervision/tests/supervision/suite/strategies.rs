//! Whom a failing child takes along, in which order, and what happens when it cannot come back.

use super::{Case, abnormal, await_down, flags, restarting, standing, with_pool};
use crate::common::{PATIENCE, Say, until};
use hecate_supervision::{ExitReason, Pool, Restart, Strategy};
use std::sync::atomic::Ordering::SeqCst;

/// Crashes `b` of `a`, `b`, `c`; tells what happened until all run again.
async fn crash_of_b(strategy: Strategy) -> Vec<String> {
    let case = Case::default();
    let tree = case.grow(flags(strategy, 1), case.children(&["a", "b", "c"])).await;
    case.end("b", abnormal()).await;
    assert_eq!(standing(&tree, "/r").await, ["c running", "b running", "a running"], "the order is kept");
    case.told()
}

#[tokio::test]
async fn one_for_one() {
    assert_eq!(crash_of_b(Strategy::OneForOne).await, ["end b error: abnormal", "init b"]);
}

#[tokio::test]
async fn rest_for_one() {
    let expected = ["end b error: abnormal", "end c shutdown", "init b", "init c"];
    assert_eq!(crash_of_b(Strategy::RestForOne).await, expected);
}

#[tokio::test]
async fn one_for_all() {
    let expected =
        ["end b error: abnormal", "end c shutdown", "end a shutdown", "init a", "init b", "init c"];
    assert_eq!(crash_of_b(Strategy::OneForAll).await, expected);
}

#[tokio::test]
async fn simple_one_for_one() {
    let (case, pool) = (Case::default(), Pool::restarting());
    let tree = with_pool(&pool, restarting(Restart::Permanent, 1)).await;
    for id in ["a", "b"] {
        pool.start_child(id, case.probe(id)).await.unwrap();
    }
    case.told();
    let before = pool.whereis("a").unwrap();
    before.cast(Say::End(abnormal())).unwrap();
    until(|| pool.whereis("a").is_some_and(|now| now != before), || "the new one".into()).await;
    assert_eq!(case.told(), ["end a error: abnormal", "init a"], "nobody else is touched");
    let mut rows = standing(&tree, "/r/p").await;
    rows.sort();
    assert_eq!(rows, ["a running", "b running"]);
}

/// A child that crashes and does not come back takes its supervisor down.
async fn escalation(strategy: Strategy) {
    let case = Case::default();
    let tree = case.grow(flags(strategy, 4), case.children(&["a", "b"])).await;
    case.mood("a").failing_inits.store(u32::MAX, SeqCst);
    case.end("a", abnormal()).await;
    await_down(&tree).await;
    let inits = case.told().iter().filter(|line| *line == "init a").count();
    assert_eq!(inits, 4, "{strategy:?}: every attempt counts");
    assert!(case.name("b").whereis().is_none());
    assert_eq!(tree.snapshot().restarts.last.unwrap().reason, "shutdown");
}

#[tokio::test]
async fn one_for_one_escalation() {
    escalation(Strategy::OneForOne).await;
}

#[tokio::test]
async fn one_for_all_escalation() {
    escalation(Strategy::OneForAll).await;
}

#[tokio::test]
async fn rest_for_one_escalation() {
    escalation(Strategy::RestForOne).await;
}

#[tokio::test]
async fn simple_one_for_one_escalation() {
    let (case, pool) = (Case::default(), Pool::restarting());
    let tree = with_pool(&pool, restarting(Restart::Permanent, 4)).await;
    for id in ["a", "b"] {
        pool.start_child(id, case.probe(id)).await.unwrap();
    }
    case.told();
    case.mood("a").failing_inits.store(u32::MAX, SeqCst);
    pool.whereis("a").unwrap().cast(Say::End(abnormal())).unwrap();
    await_down(&tree).await;
    let told = case.told();
    assert_eq!(told.iter().filter(|line| *line == "init a").count(), 4, "{told:?}");
    assert_eq!(told.last().unwrap(), "end b shutdown");
}

#[tokio::test]
async fn one_for_all_other_child_fails_restart() {
    let case = Case::default();
    let tree = case.grow(flags(Strategy::OneForAll, 10), case.children(&["a", "b"])).await;
    case.mood("b").failing_inits.store(1, SeqCst);
    case.end("a", abnormal()).await;
    case.await_running("b").await;
    let expected =
        ["end a error: abnormal", "end b shutdown", "init a", "init b", "end a shutdown", "init a", "init b"];
    assert_eq!(case.told(), expected, "what was restarted already goes down again");
    assert_eq!(standing(&tree, "/r").await, ["b running", "a running"]);
}

#[tokio::test]
async fn rest_for_one_other_child_fails_restart() {
    let case = Case::default();
    let tree = case.grow(flags(Strategy::RestForOne, 10), case.children(&["a", "b"])).await;
    case.mood("b").failing_inits.store(1, SeqCst);
    case.end("a", abnormal()).await;
    case.await_running("b").await;
    let expected = ["end a error: abnormal", "end b shutdown", "init a", "init b", "init b"];
    assert_eq!(case.told(), expected, "what was restarted already stays");
    assert_eq!(standing(&tree, "/r").await, ["b running", "a running"]);
}

#[tokio::test]
async fn simple_one_for_one_extra() {
    let (case, pool) = (Case::default(), Pool::restarting());
    let _tree = with_pool(&pool, restarting(Restart::Permanent, 9)).await;
    let first = case.probe("first");
    let before = pool.start_child("x", first).await.unwrap();
    assert_eq!(pool.start_child("x", case.probe("second")).await.unwrap(), before, "it is there already");
    case.told();
    before.cast(Say::End(abnormal())).unwrap();
    until(|| pool.whereis("x").is_some_and(|now| now != before), || "the new one".into()).await;
    assert_eq!(case.told(), ["end first error: abnormal", "init first"], "from its first arguments");
}

#[tokio::test]
async fn simple_one_for_one_shutdown() {
    let (case, pool) = (Case::default(), Pool::new());
    let tree = with_pool(&pool, restarting(Restart::Temporary, 0)).await;
    for id in ["a", "b", "c"] {
        pool.start_child(id, case.probe(id)).await.unwrap();
    }
    case.told();
    assert!(tree.stop(PATIENCE).await);
    let mut told = case.told();
    told.sort();
    assert_eq!(told, ["end a shutdown", "end b shutdown", "end c shutdown"]);
}

/// A restart of one leaves the counts and the other children as they were.
#[tokio::test]
async fn simple_one_for_one_corruption() {
    let (case, pool) = (Case::default(), Pool::restarting());
    let tree = with_pool(&pool, restarting(Restart::Transient, 9)).await;
    for id in ["a", "b"] {
        pool.start_child(id, case.probe(id)).await.unwrap();
    }
    let (a, b) = (pool.whereis("a").unwrap(), pool.whereis("b").unwrap());
    a.cast(Say::End(abnormal())).unwrap();
    until(|| pool.whereis("a").is_some_and(|now| now != a), || "the new one".into()).await;
    assert_eq!(pool.whereis("b"), Some(b));
    pool.whereis("a").unwrap().cast(Say::End(ExitReason::Normal)).unwrap();
    until(|| pool.whereis("a").is_none(), || "the end".into()).await;
    pool.terminate_child("b").await.unwrap();
    until(|| tree.snapshot().children[0].children.is_empty(), || "the empty pool".into()).await;
    assert!(standing(&tree, "/r/p").await.is_empty());
}
