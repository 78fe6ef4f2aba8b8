//! How children are ended, and what they may do about it.

use super::{Case, flags, restarting, with_pool};
use crate::common::{PATIENCE, Say, find};
use hecate_supervision::{Child, ExitReason, Flags, Pool, PoolFlags, Restart, Shutdown, Strategy};
use std::sync::atomic::Ordering::SeqCst;
use std::time::Duration;

const SOON: Duration = Duration::from_millis(50);

fn last_reason(tree: &hecate_supervision::Tree, path: &str) -> String {
    find(&tree.snapshot(), path).restarts.last.unwrap().reason
}

#[tokio::test]
async fn sup_stop_infinity() {
    let case = Case::default();
    let worker = case.child("a").shutdown(Shutdown::Infinity);
    let below = Child::supervisor("s", Flags::default(), case.children(&["b"]));
    let tree = case.grow(Flags::default(), vec![worker, below]).await;
    assert!(tree.stop(PATIENCE).await);
    assert_eq!(case.told(), ["end b shutdown", "end a shutdown"]);
    assert_eq!(
        (last_reason(&tree, "/r/a"), last_reason(&tree, "/r/s")),
        ("shutdown".into(), "shutdown".into())
    );
}

#[tokio::test]
async fn sup_stop_timeout() {
    let case = Case::default();
    let children = ["a", "b"].map(|id| case.child(id).shutdown(Shutdown::Within(SOON)));
    let tree = case.grow(Flags::default(), children.into()).await;
    case.mood("b").hangs_in_terminate.store(true, SeqCst);
    assert!(tree.stop(PATIENCE).await);
    assert_eq!(
        (last_reason(&tree, "/r/b"), last_reason(&tree, "/r/a")),
        ("killed".into(), "shutdown".into())
    );
}

#[tokio::test]
async fn sup_stop_timeout_dynamic() {
    let (case, pool) = (Case::default(), Pool::new());
    let tree = with_pool(&pool, PoolFlags { shutdown: Shutdown::Within(SOON), ..PoolFlags::default() }).await;
    for id in ["a", "b", "c"] {
        pool.start_child(id, case.probe(id)).await.unwrap();
    }
    case.mood("b").hangs_in_terminate.store(true, SeqCst);
    case.mood("c").hangs_in_terminate.store(true, SeqCst);
    case.told();
    let begun = tokio::time::Instant::now();
    assert!(tree.stop(PATIENCE).await, "one limit for the whole set: {:?}", begun.elapsed());
    let mut told = case.told();
    told.sort();
    assert_eq!(told, ["end a shutdown", "end b shutdown", "end c shutdown"]);
}

#[tokio::test]
async fn sup_stop_brutal_kill() {
    let case = Case::default();
    let children = ["a", "b"].map(|id| case.child(id).shutdown(Shutdown::BrutalKill));
    let tree = case.grow(Flags::default(), children.into()).await;
    assert!(tree.stop(PATIENCE).await);
    assert!(case.told().is_empty(), "no last act");
    assert_eq!((last_reason(&tree, "/r/a"), last_reason(&tree, "/r/b")), ("killed".into(), "killed".into()));
}

#[tokio::test]
async fn sup_stop_brutal_kill_dynamic() {
    let (case, pool) = (Case::default(), Pool::new());
    let tree = with_pool(&pool, PoolFlags { shutdown: Shutdown::BrutalKill, ..PoolFlags::default() }).await;
    for id in ["a", "b", "c"] {
        pool.start_child(id, case.probe(id)).await.unwrap();
    }
    case.told();
    assert!(tree.stop(PATIENCE).await);
    assert!(case.told().is_empty(), "no last act");
    assert!(pool.whereis("a").is_none());
}

const TWELVE: [&str; 12] = ["a", "b", "c", "d", "e", "f", "g", "h", "i", "j", "k", "l"];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sup_stop_race() {
    let reasons = [
        ExitReason::Normal,
        ExitReason::Shutdown,
        ExitReason::ShutdownWith("done".into()),
        ExitReason::error("boom"),
    ];
    for strategy in [Strategy::OneForOne, Strategy::OneForAll] {
        let case = Case::default();
        let types = [Restart::Permanent, Restart::Transient, Restart::Temporary];
        let kinds = TWELVE.into_iter().zip(types.into_iter().cycle());
        let children = kinds.map(|(id, restart)| case.child(id).restart(restart)).collect();
        let tree = case.grow(flags(strategy, 100), children).await;
        for (id, reason) in TWELVE.iter().zip(reasons.iter().cycle()) {
            // Under one_for_all an earlier end may have taken this one down already.
            case.name(id).whereis().map(|child| child.cast(Say::End(reason.clone())).ok());
        }
        assert!(tree.stop(PATIENCE).await, "{strategy:?}");
        assert!(TWELVE.iter().all(|id| case.name(id).whereis().is_none()));
    }
}

#[tokio::test]
async fn sup_stop_non_shutdown_exit_dynamic() {
    let (case, pool) = (Case::default(), Pool::restarting());
    let tree = with_pool(&pool, restarting(Restart::Permanent, 100)).await;
    for (id, reason) in
        [("a", ExitReason::Normal), ("b", ExitReason::error("odd")), ("c", ExitReason::Shutdown)]
    {
        pool.start_child(id, case.probe(id)).await.unwrap().cast(Say::End(reason)).unwrap();
    }
    assert!(tree.stop(PATIENCE).await);
    assert_eq!(last_reason(&tree, "/r/p"), "shutdown");
}
