//! How children are ended, and what they may do about it.

use super::{Case, flags, last_reason, restarting, search, with_pool};
use crate::common::{PATIENCE, Say, until, within};
use hecate_supervision::{Child, ExitReason, Flags, Pool, PoolFlags, Restart, Shutdown, Strategy};
use std::sync::Arc;
use std::sync::atomic::Ordering::SeqCst;
use std::time::Duration;
use tokio::sync::Barrier;

const SOON: Duration = Duration::from_millis(50);

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

/// Two hang: one limit for the whole set means that they are killed at the same time.
#[tokio::test(start_paused = true)]
async fn sup_stop_timeout_dynamic() {
    let (case, pool) = (Case::default(), Pool::new());
    let tree = with_pool(&pool, PoolFlags { shutdown: Shutdown::Within(SOON), ..PoolFlags::default() }).await;
    for id in ["a", "b", "c"] {
        case.member(&pool, id).await.unwrap();
    }
    case.mood("b").hangs_in_terminate.store(true, SeqCst);
    case.mood("c").hangs_in_terminate.store(true, SeqCst);
    case.told();
    let begun = tokio::time::Instant::now();
    assert!(tree.stop(PATIENCE).await);
    let took_ms = begun.elapsed().as_millis();
    assert!((50..60).contains(&took_ms), "{took_ms} ms");
    let mut told = case.told();
    told.sort();
    assert_eq!(told, ["end a shutdown", "end b shutdown", "end c shutdown"]);
    let ends = ["a", "b", "c"].map(|id| case.mood(id).ends.load(SeqCst));
    assert_eq!(ends, [1, 0, 0], "b and c were killed");
    assert_eq!(last_reason(&tree, "/r/p"), "shutdown");
}

#[tokio::test]
async fn sup_stop_brutal_kill() {
    let case = Case::default();
    let children = vec![case.child("a"), case.child("b").shutdown(Shutdown::BrutalKill)];
    let tree = case.grow(Flags::default(), children).await;
    assert!(tree.stop(PATIENCE).await);
    assert_eq!(case.told(), ["end a shutdown"], "b has no last act");
    assert_eq!(
        (last_reason(&tree, "/r/a"), last_reason(&tree, "/r/b")),
        ("shutdown".into(), "killed".into())
    );
}

#[tokio::test]
async fn sup_stop_brutal_kill_dynamic() {
    let (case, pool) = (Case::default(), Pool::new());
    let tree = with_pool(&pool, PoolFlags { shutdown: Shutdown::BrutalKill, ..PoolFlags::default() }).await;
    for id in ["a", "b", "c"] {
        case.member(&pool, id).await.unwrap();
    }
    case.told();
    assert!(tree.stop(PATIENCE).await);
    assert!(case.told().is_empty(), "no last act");
    assert!(pool.whereis("a").is_none());
}

const TWELVE: [&str; 12] = ["b", "c", "d", "e", "f", "g", "h", "i", "j", "k", "l", "m"];
const TYPES: [Restart; 3] = [Restart::Temporary, Restart::Transient, Restart::Permanent];

fn reasons() -> [ExitReason; 4] {
    let done = ExitReason::ShutdownWith("done".into());
    [ExitReason::Normal, ExitReason::Shutdown, done, ExitReason::error("other")]
}

/// While the last child holds the stop up, twelve others end by themselves, each in its own way.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sup_stop_race() {
    for strategy in [Strategy::OneForOne, Strategy::RestForOne, Strategy::OneForAll] {
        let case = Case::default();
        let ways: Vec<_> = TYPES.iter().flat_map(|restart| reasons().map(|why| (*restart, why))).collect();
        let twelve = TWELVE.into_iter().zip(&ways).map(|(id, (restart, _))| case.child(id).restart(*restart));
        let children: Vec<_> = [case.child("a")].into_iter().chain(twelve).chain([case.child("z")]).collect();
        let tree = case.grow(flags(strategy, 2), children).await;
        case.mood("z").waits_in_terminate.store(true, SeqCst);

        let stopping = Arc::clone(&tree);
        let stopping = tokio::spawn(async move { stopping.stop(PATIENCE).await });
        assert_eq!(case.trace.await_lines(1).await, ["end z shutdown"]);
        for (id, (_, why)) in TWELVE.into_iter().zip(&ways) {
            case.whereis(id).cast(Say::End(why.clone())).unwrap();
        }
        let left =
            |id: &str| search(&tree.snapshot(), &format!("/r/{id}")).and_then(|place| place.restarts.last);
        until(|| TWELVE.iter().all(|id| left(id).is_some()), || "twelve ends".into()).await;
        assert_eq!(case.mood("z").ends.load(SeqCst), 0, "z still holds the stop up");
        case.mood("z").may_end.notify_one();

        assert!(within(stopping).await.unwrap(), "{strategy:?}");
        let told = case.told();
        assert_eq!(told.len(), 14, "everybody ends once and nobody starts: {told:?}");
        for (id, (restart, why)) in TWELVE.into_iter().zip(ways) {
            assert!(told.contains(&format!("end {id} {why}")), "{told:?}");
            let left = left(id).map(|left| left.reason);
            assert_eq!(left, (restart != Restart::Temporary).then(|| why.to_string()), "{strategy:?} {id}");
        }
        assert_eq!((told[0].as_str(), told[13].as_str()), ("end z shutdown", "end a shutdown"));
        assert_eq!(last_reason(&tree, "/r"), "shutdown");
    }
}

/// Each member is at work when the pool is stopped, and ends in its own way when that is done.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sup_stop_non_shutdown_exit_dynamic() {
    const IDS: [&str; 4] = ["a", "b", "c", "d"];
    for restart in TYPES {
        let (case, pool) = (Case::default(), Pool::restarting());
        let barrier = Arc::new(Barrier::new(IDS.len() + 1));
        let tree = Arc::new(with_pool(&pool, restarting(restart, 2)).await);
        for (id, why) in IDS.into_iter().zip(reasons()) {
            let busy = Say::WaitThenEnd(Arc::clone(&barrier), why);
            case.member(&pool, id).await.unwrap().cast(busy).unwrap();
        }
        within(barrier.wait()).await;
        case.told();
        let stopping = Arc::clone(&tree);
        let stopping = tokio::spawn(async move { stopping.stop(PATIENCE).await });
        let is_asked = |id| pool.whereis(id).is_none();
        until(|| IDS.into_iter().all(is_asked), || "the stop".into()).await;
        within(barrier.wait()).await;
        assert!(within(stopping).await.unwrap(), "{restart:?}");
        let mut told = case.told();
        told.sort();
        let ends = IDS.into_iter().zip(reasons()).map(|(id, why)| format!("end {id} {why}"));
        assert_eq!(told, ends.collect::<Vec<_>>(), "{restart:?}: nobody starts again");
        assert_eq!(last_reason(&tree, "/r/p"), "shutdown");
    }
}
