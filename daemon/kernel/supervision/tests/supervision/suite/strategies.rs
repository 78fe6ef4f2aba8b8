//! Whom a failing child takes along, in which order, and what happens when it cannot come back.

use super::counts::Countdown;
use super::{
    Case, abnormal, await_down, counts, crash_member, flags, last_reason, restarting, standing, stays_up,
    with_pool,
};
use crate::common::{PATIENCE, Say, find, until, within};
use hecate_supervision::{Backoff, Child, Ended, Flags, Pool, PoolFlags, Restart, Shutdown, Strategy, Tree};
use ractor::ActorStatus;
use std::sync::Arc;
use std::sync::atomic::Ordering::SeqCst;
use std::time::Duration;

/// Crashes `b` of `a`, `b`, `c`; then `second` and `third`, who are one too many. Tells of the first crash.
async fn crashes_of_b(strategy: Strategy, second: &'static str, third: &'static str) -> Vec<String> {
    let case = Case::default();
    let tree = case.grow(flags(strategy, 2), case.children(&["a", "b", "c"])).await;
    let before = ["a", "b", "c"].map(|id| case.whereis(id));
    case.end("b", abnormal()).await;
    assert_eq!(standing(&tree, "/r").await, ["c running", "b running", "a running"], "the order is kept");
    assert_eq!(tree.count_children("/r").await, Ok(counts(3, 3, 0, 3)));
    let told = case.told();
    for (id, before) in ["a", "b", "c"].into_iter().zip(before) {
        let is_new = told.contains(&format!("init {id}"));
        assert_eq!(case.whereis(id) != before, is_new, "{strategy:?}: {id}");
    }
    case.end(second, abnormal()).await;
    stays_up(&tree).await;
    case.end(third, abnormal()).await;
    await_down(&tree).await;
    assert_eq!(last_reason(&tree, "/r"), "shutdown");
    assert!(["a", "b", "c"].into_iter().all(|id| case.name(id).whereis().is_none()));
    told
}

#[tokio::test]
async fn one_for_one() {
    let told = crashes_of_b(Strategy::OneForOne, "a", "c").await;
    assert_eq!(told, ["end b error: abnormal", "init b"]);
}

#[tokio::test]
async fn rest_for_one() {
    let told = crashes_of_b(Strategy::RestForOne, "c", "b").await;
    assert_eq!(told, ["end b error: abnormal", "end c shutdown", "init b", "init c"]);
}

#[tokio::test]
async fn one_for_all() {
    let told = crashes_of_b(Strategy::OneForAll, "c", "a").await;
    let expected =
        ["end b error: abnormal", "end c shutdown", "end a shutdown", "init a", "init b", "init c"];
    assert_eq!(told, expected);
}

#[tokio::test]
async fn simple_one_for_one() {
    let (case, pool) = (Case::default(), Pool::restarting());
    let tree = with_pool(&pool, restarting(Restart::Permanent, 2)).await;
    for id in ["a", "b"] {
        case.member(&pool, id).await.unwrap();
    }
    case.told();
    let b = pool.whereis("b");
    crash_member(&pool, "a").await;
    assert_eq!(case.told(), ["end a error: abnormal", "init a"], "nobody else is touched");
    assert_eq!(pool.whereis("b"), b);
    assert_eq!(tree.count_children("/r/p").await, Ok(counts(1, 2, 0, 2)));
    let intensity = find(&tree.snapshot(), "/r/p").intensity.unwrap();
    assert_eq!((intensity.used, intensity.max), (1, 2), "a pool shows its window");
    crash_member(&pool, "b").await;
    pool.whereis("a").unwrap().cast(Say::End(abnormal())).unwrap();
    let Ended::GaveUp(gave_up) = await_down(&tree).await else { panic!("the root gives up over it") };
    assert_eq!((gave_up.path.as_str(), gave_up.child.as_str()), ("/r", "/r/p"));
    assert_eq!(last_reason(&tree, "/r/p"), "shutdown");
}

/// A crash, and a child that does not come back: every attempt counts, and the supervisor goes down.
async fn escalation(strategy: Strategy, crashing: &'static str, failing: &'static str) {
    let case = Case::default();
    let tree = case.grow(flags(strategy, 4), case.children(&["a", "b"])).await;
    case.mood(failing).failing_inits.store(u32::MAX, SeqCst);
    case.end(crashing, abnormal()).await;
    await_down(&tree).await;
    let inits = case.told().iter().filter(|line| **line == format!("init {failing}")).count();
    assert_eq!(inits, 4, "{strategy:?}");
    assert!(case.name("a").whereis().is_none() && case.name("b").whereis().is_none());
    assert_eq!(last_reason(&tree, "/r"), "shutdown");
}

#[tokio::test]
async fn one_for_one_escalation() {
    escalation(Strategy::OneForOne, "a", "a").await;
}

#[tokio::test]
async fn one_for_all_escalation() {
    escalation(Strategy::OneForAll, "a", "b").await;
}

#[tokio::test]
async fn rest_for_one_escalation() {
    escalation(Strategy::RestForOne, "a", "b").await;
}

#[tokio::test]
async fn simple_one_for_one_escalation() {
    let (case, pool) = (Case::default(), Pool::restarting());
    let tree = with_pool(&pool, restarting(Restart::Permanent, 4)).await;
    for id in ["a", "b"] {
        case.member(&pool, id).await.unwrap();
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

/// What a member is made from is handed out again at every restart.
#[tokio::test]
async fn simple_one_for_one_extra() {
    let (case, pool) = (Case::default(), Pool::restarting());
    let tree = with_pool(&pool, restarting(Restart::Permanent, 2)).await;
    let before = within(pool.start_child("x", case.probe("first"))).await.unwrap();
    let again = within(pool.start_child("x", case.probe("second"))).await.unwrap();
    assert_eq!(again, before, "it is there already");
    case.member(&pool, "y").await.unwrap();
    case.told();
    crash_member(&pool, "x").await;
    assert_eq!(case.told(), ["end first error: abnormal", "init first"], "from its first arguments");
    assert_eq!(tree.count_children("/r/p").await, Ok(counts(1, 2, 0, 2)));
    crash_member(&pool, "y").await;
    pool.whereis("x").unwrap().cast(Say::End(abnormal())).unwrap();
    await_down(&tree).await;
}

/// Two take their time and have it, the third has not enough of it.
#[tokio::test(start_paused = true)]
async fn simple_one_for_one_shutdown() {
    let (case, pool) = (Case::default(), Pool::restarting());
    let shutdown = Shutdown::Within(Duration::from_secs(2));
    let tree = with_pool(&pool, PoolFlags { shutdown, ..restarting(Restart::Permanent, 2) }).await;
    for (id, takes_ms) in [("a", 1_000), ("b", 1_000), ("c", 5_000)] {
        case.member(&pool, id).await.unwrap();
        case.mood(id).last_act_ms.store(takes_ms, SeqCst);
    }
    let begun = tokio::time::Instant::now();
    assert!(tree.stop(PATIENCE).await);
    let took_ms = begun.elapsed().as_millis();
    assert!((2_000..2_010).contains(&took_ms), "{took_ms} ms");
    assert_eq!(["a", "b", "c"].map(|id| case.mood(id).ends.load(SeqCst)), [1, 1, 0], "c was killed");
}

/// What a temporary member is made from is not kept, also not once another one has died.
#[tokio::test]
async fn simple_one_for_one_corruption() {
    let (pool, copied) = (Pool::<Countdown>::restarting(), Arc::default());
    let flags = restarting(Restart::Temporary, 2);
    let tree = within(Tree::grow("r", Flags::default(), vec![Child::pool("p", &pool, flags)])).await.unwrap();
    for id in ["a", "b"] {
        let member = within(pool.start_child(id, Countdown(Arc::clone(&copied)))).await.unwrap();
        assert_eq!(copied.load(SeqCst), 0, "{id} is kept");
        assert_eq!(Arc::strong_count(&copied), 2, "the member alone holds it");
        member.cast(Say::End(abnormal())).unwrap();
        until(|| Arc::strong_count(&copied) == 1, || format!("the end of {id}")).await;
    }
    assert_eq!(tree.count_children("/r/p").await, Ok(counts(1, 0, 0, 0)));
}

/// OTP tries again at once. Where the file says so, a pool waits as a supervisor does, and hears a stop meanwhile.
#[tokio::test(start_paused = true)]
async fn a_restart_in_a_pool_that_fails_is_tried_again_after_its_wait() {
    let (case, pool) = (Case::default(), Pool::restarting());
    let (min, max) = (Duration::from_millis(500), Duration::from_secs(60));
    let backoff = Some(Backoff { min, max, jitter_permille: 0 });
    let flags = PoolFlags { period: Duration::from_millis(400), ..restarting(Restart::Permanent, 1) };
    let tree = with_pool(&pool, PoolFlags { backoff, ..flags.clone() }).await;
    case.member(&pool, "a").await.unwrap();
    case.mood("a").failing_inits.store(3, SeqCst);
    let begun = tokio::time::Instant::now();
    pool.whereis("a").unwrap().cast(Say::End(abnormal())).unwrap();
    until(|| case.mood("a").failing_inits.load(SeqCst) == 0, || "three failures".into()).await;
    let successor = within(case.member(&pool, "a")).await.unwrap();
    let took_ms = begun.elapsed().as_millis();
    assert!((3_500..3_520).contains(&took_ms), "500 + 1,000 + 2,000 and no full window: {took_ms} ms");
    tokio::time::advance(2 * flags.period).await;
    case.mood("a").failing_inits.store(1, SeqCst);
    successor.cast(Say::End(abnormal())).unwrap();
    until(|| case.mood("a").failing_inits.load(SeqCst) == 0, || "another failure".into()).await;
    let begun = tokio::time::Instant::now();
    assert!(tree.stop(PATIENCE).await);
    assert!(begun.elapsed() < min, "a stop does not wait for it");
}

/// A thread that is blocked cannot be killed. What it belonged to goes on without it, and is not harmed by its end.
#[tokio::test(flavor = "multi_thread", worker_threads = 3)]
async fn who_outlives_its_own_death_does_not_empty_the_place_of_its_successor() {
    let case = Case::default();
    let below = Child::supervisor("s", flags(Strategy::OneForOne, 9), case.children(&["a"]));
    let tree = case.grow(flags(Strategy::OneForOne, 9), vec![below]).await;
    let before = case.whereis("a");
    let (go_on, blocked) = std::sync::mpsc::channel();
    before.cast(Say::Block(blocked)).unwrap();
    assert_eq!(case.trace.await_lines(1).await, ["block a"]);
    tree.kill("/r/s").unwrap();
    until(|| case.name("a").whereis().is_some_and(|now| now != before), || "the successor".into()).await;
    assert_ne!(before.cell().get_status(), ActorStatus::Stopped, "the predecessor still blocks its thread");
    go_on.send(()).unwrap();
    until(|| before.cell().get_status() == ActorStatus::Stopped, || "the predecessor's end".into()).await;
    // Time for the harm that is not to happen.
    tokio::time::sleep(Duration::from_millis(100)).await;
    let a = find(&tree.snapshot(), "/r/s/a");
    assert_eq!((&*a.status, a.id.is_some()), ("running", true));
    case.mood("a").hangs_in_terminate.store(true, SeqCst);
    assert_eq!(within(tree.terminate_child("/r/s", "a")).await, Ok(()), "its deadline finds it");
}
