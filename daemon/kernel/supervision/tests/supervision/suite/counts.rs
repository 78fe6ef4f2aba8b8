//! Counting, order, scale, and supervisors that are busy with a child that does not come back.

use super::{Case, abnormal, counts, flags, restarting, standing, with_pool};
use crate::common::{PATIENCE, Probe, Say, find, until};
use hecate_supervision::{AdminError, Child, ExitReason, Flags, Pool, PoolFlags, Restart, Strategy, Tree};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::time::{Duration, Instant};

/// A child cannot hide from its supervisor: what ends it is its task, not a link that it could cut.
#[tokio::test]
async fn child_unlink() {
    let case = Case::default();
    let tree = case.grow(Flags::default(), case.children(&["a"])).await;
    let cell = case.name("a").whereis().unwrap().cell().clone();
    cell.unlink(case.name("a").whereis().unwrap().cell().clone());
    cell.kill();
    assert_eq!(tree.terminate_child("/r", "a").await, Ok(()));
    assert!(tree.stop(PATIENCE).await);
}

#[tokio::test]
async fn tree() {
    let case = Case::default();
    let below = Child::supervisor("s", flags(Strategy::OneForOne, 0), case.children(&["a"]));
    let tree = case.grow(flags(Strategy::OneForOne, 4), vec![below, case.child("b")]).await;
    tree.start_child("/r/s", case.child("c")).await.unwrap();
    tree.start_child("/r", case.child("d")).await.unwrap();
    assert_eq!(standing(&tree, "/r/s").await, ["c running", "a running"]);
    tree.terminate_child("/r", "b").await.unwrap();
    tree.delete_child("/r", "b").await.unwrap();
    case.told();
    case.end("a", abnormal()).await;
    case.await_running("a").await;
    assert_eq!(standing(&tree, "/r").await, ["d running", "s running"], "the root is as it was");
    assert_eq!(standing(&tree, "/r/s").await, ["a running"], "who was added is lost with the supervisor");
    assert_eq!(case.told(), ["end a error: abnormal", "end c shutdown", "init a"]);
    assert_eq!(find(&tree.snapshot(), "/r/s").children.len(), 1);
}

#[tokio::test]
async fn count_children() {
    let (case, pool) = (Case::default(), Pool::new());
    let tree = with_pool(&pool, PoolFlags::default()).await;
    for number in 0..1_000 {
        pool.start_child(number.to_string(), case.probe("x")).await.unwrap();
    }
    assert_eq!(tree.count_children("/r/p").await, Ok(counts(1, 1_000, 0, 1_000)));
    let tree = case.grow(Flags::default(), Vec::new()).await;
    for number in 0..1_000 {
        let probe = case.probe("x");
        let child = Child::worker::<Probe>(number.to_string(), None, move || probe.clone());
        tree.start_child("/r", child).await.unwrap();
    }
    assert_eq!(tree.count_children("/r").await, Ok(counts(1_000, 1_000, 0, 1_000)));
    assert!(tree.stop(PATIENCE).await);
}

#[tokio::test]
async fn count_children_supervisor() {
    let case = Case::default();
    let below = |id| Child::supervisor(id, Flags::default(), Vec::new());
    let tree = case.grow(Flags::default(), vec![below("s"), below("t"), case.child("a")]).await;
    assert_eq!(tree.count_children("/r").await, Ok(counts(3, 3, 2, 1)));
    tree.terminate_child("/r", "s").await.unwrap();
    assert_eq!(tree.count_children("/r").await, Ok(counts(3, 2, 2, 1)));
    assert_eq!(tree.count_children("/r/s").await, Err(AdminError::NotRunning));
}

/// A period so short that nobody ever gives up.
fn forgiving(strategy: Strategy) -> Flags {
    Flags { strategy, intensity: 1_000, period: Duration::from_millis(1), ..Flags::default() }
}

#[tokio::test]
async fn count_restarting_children() {
    let (case, pool) = (Case::default(), Pool::restarting());
    let flags = PoolFlags { period: Duration::from_millis(1), ..restarting(Restart::Permanent, 1_000) };
    let tree = with_pool(&pool, flags).await;
    for id in ["a", "b", "c"] {
        pool.start_child(id, case.probe(id)).await.unwrap();
    }
    case.mood("b").failing_inits.store(u32::MAX, SeqCst);
    pool.whereis("b").unwrap().cast(Say::End(abnormal())).unwrap();
    until(|| case.trace.lines().len() > 20, || "some attempts".into()).await;
    let count = tree.count_children("/r/p").await.unwrap();
    assert_eq!((count.active, count.workers), (2, 3), "who is restarted is a child, but not active");
    assert!(tree.stop(PATIENCE).await);
}

struct Countdown(Arc<AtomicUsize>);

impl Clone for Countdown {
    fn clone(&self) -> Self {
        self.0.fetch_add(1, SeqCst);
        Self(Arc::clone(&self.0))
    }
}

impl hecate_supervision::Actor for Countdown {
    type Msg = Say;
    type Args = Self;

    async fn init(args: Self, _: &hecate_supervision::Me<Say>) -> Result<Self, ExitReason> {
        Ok(args)
    }

    async fn handle(&mut self, _: Say, _: &hecate_supervision::Me<Say>) -> Result<(), ExitReason> {
        Ok(())
    }
}

#[tokio::test]
async fn do_not_save_start_parameters_for_temporary_children() {
    for (restart, copies) in [(Restart::Temporary, 0), (Restart::Transient, 1), (Restart::Permanent, 1)] {
        let (pool, copied) = (Pool::<Countdown>::restarting(), Arc::default());
        let flags = restarting(restart, 1);
        let _tree = Tree::grow("r", Flags::default(), vec![Child::pool("p", &pool, flags)]).await.unwrap();
        pool.start_child("x", Countdown(Arc::clone(&copied))).await.unwrap();
        assert_eq!(copied.load(SeqCst), copies, "{restart:?}");
    }
}

#[tokio::test]
async fn do_not_save_child_specs_for_temporary_children() {
    let case = Case::default();
    let tree = case.grow(Flags::default(), Vec::new()).await;
    tree.start_child("/r", case.child("a").restart(Restart::Temporary)).await.unwrap();
    assert_eq!(tree.terminate_child("/r", "a").await, Ok(()));
    assert!(standing(&tree, "/r").await.is_empty());
    assert_eq!(tree.restart_child("/r", "a").await, Err(AdminError::NotFound));
    tree.start_child("/r", case.child("a").restart(Restart::Temporary)).await.unwrap();
    case.end("a", abnormal()).await;
    assert_eq!(tree.delete_child("/r", "a").await, Err(AdminError::NotFound));
}

async fn starts_and_terminates(pool: &Pool<Probe>, case: &Case, children: usize) -> Duration {
    for number in 0..children {
        pool.start_child(number.to_string(), case.probe("x")).await.unwrap();
    }
    case.told();
    let begun = Instant::now();
    for number in 0..children {
        pool.terminate_child(&number.to_string()).await.unwrap();
    }
    begun.elapsed()
}

/// Terminating ten times as many costs ten times as much, not a hundred times.
#[tokio::test]
async fn simple_one_for_one_scale_many_temporary_children() {
    let (case, pool) = (Case::default(), Pool::new());
    let tree = with_pool(&pool, PoolFlags { children_max: 20_000, ..PoolFlags::default() }).await;
    let thousand = starts_and_terminates(&pool, &case, 1_000).await;
    let ten_thousand = starts_and_terminates(&pool, &case, 10_000).await;
    assert!(ten_thousand < thousand * 50, "{thousand:?} and then {ten_thousand:?}");
    assert_eq!(tree.count_children("/r/p").await, Ok(counts(1, 0, 0, 0)));
}

/// While a child fails to restart for ever, every question is answered and a stop is heard.
async fn questions_during_a_hanging_restart_loop(strategy: Strategy) {
    let case = Case::default();
    let tree = case.grow(forgiving(strategy), case.children(&["a", "b"])).await;
    case.mood("a").failing_inits.store(u32::MAX, SeqCst);
    case.end("a", abnormal()).await;
    until(|| case.trace.lines().len() > 20, || "some attempts".into()).await;
    assert_eq!(tree.restart_child("/r", "a").await, Err(AdminError::Restarting));
    assert_eq!(tree.delete_child("/r", "a").await, Err(AdminError::Restarting));
    assert_eq!(tree.start_child("/r", case.child("a")).await, Err(AdminError::AlreadyPresent));
    let below = tree.count_children("/r").await.unwrap();
    assert_eq!(below.specs, 2);
    assert!(standing(&tree, "/r").await.contains(&"a restarting".to_owned()));
    assert_eq!(tree.terminate_child("/r", "a").await, Ok(()));
    assert!(standing(&tree, "/r").await.contains(&"a undefined".to_owned()), "the loop has ended");
    case.mood("a").failing_inits.store(0, SeqCst);
    assert!(tree.restart_child("/r", "a").await.unwrap().is_some());
    case.mood("a").failing_inits.store(u32::MAX, SeqCst);
    case.end("a", abnormal()).await;
    assert!(tree.stop(PATIENCE).await);
}

#[tokio::test]
async fn hanging_restart_loop() {
    questions_during_a_hanging_restart_loop(Strategy::OneForOne).await;
}

#[tokio::test]
async fn hanging_restart_loop_rest_for_one() {
    questions_during_a_hanging_restart_loop(Strategy::RestForOne).await;
}

#[tokio::test]
async fn hanging_restart_loop_simple() {
    let (case, pool) = (Case::default(), Pool::restarting());
    let flags = PoolFlags { period: Duration::from_millis(1), ..restarting(Restart::Permanent, 1_000) };
    let tree = with_pool(&pool, flags).await;
    pool.start_child("a", case.probe("a")).await.unwrap();
    case.mood("a").failing_inits.store(u32::MAX, SeqCst);
    pool.whereis("a").unwrap().cast(Say::End(abnormal())).unwrap();
    until(|| case.trace.lines().len() > 20, || "some attempts".into()).await;
    pool.start_child("b", case.probe("b")).await.unwrap();
    assert_eq!(pool.terminate_child("a").await, Ok(()));
    assert_eq!(standing(&tree, "/r/p").await, ["b running"], "the loop has ended");
    assert!(tree.stop(PATIENCE).await);
}

#[tokio::test]
async fn order_of_children() {
    let case = Case::default();
    let tree = case.grow(flags(Strategy::RestForOne, 9), case.children(&["a", "b", "c"])).await;
    let ids = |rows: Vec<String>| rows.concat().replace(" running", "").replace(" undefined", "-");
    assert_eq!(ids(standing(&tree, "/r").await), "cba");
    tree.start_child("/r", case.child("d")).await.unwrap();
    assert_eq!(ids(standing(&tree, "/r").await), "dcba");
    tree.terminate_child("/r", "b").await.unwrap();
    assert_eq!(ids(standing(&tree, "/r").await), "dcb-a");
    tree.restart_child("/r", "b").await.unwrap();
    assert_eq!(ids(standing(&tree, "/r").await), "dcba", "it keeps its place");
    case.end("b", abnormal()).await;
    assert_eq!(ids(standing(&tree, "/r").await), "dcba");
    tree.terminate_child("/r", "c").await.unwrap();
    tree.delete_child("/r", "c").await.unwrap();
    tree.start_child("/r", case.child("c")).await.unwrap();
    assert_eq!(ids(standing(&tree, "/r").await), "cdba", "a new child is the last");
    case.told();
    assert!(tree.stop(PATIENCE).await);
    assert_eq!(case.told(), ["c", "d", "b", "a"].map(|id| format!("end {id} shutdown")));
}

async fn starts_and_stops(case: &Case, children: usize) -> Duration {
    let probe = case.probe("x");
    let child = |number: usize| {
        let probe = probe.clone();
        Child::worker::<Probe>(number.to_string(), None, move || probe.clone())
    };
    let begun = Instant::now();
    let tree = Tree::grow("r", Flags::default(), (0..children).map(child).collect()).await.unwrap();
    assert!(tree.stop(PATIENCE * 6).await);
    begun.elapsed()
}

#[tokio::test]
async fn scale_start_stop_many_children() {
    let case = Case::default();
    let hundred = starts_and_stops(&case, 300).await;
    let thousand = starts_and_stops(&case, 3_000).await;
    assert!(thousand < hundred * 50, "{hundred:?} and then {thousand:?}");
}

/// What OTP's reports say is in the record of the supervisor's place: who, in which place, and why.
#[tokio::test]
async fn format_log_1() {
    let case = Case::default();
    let tree = case.grow(flags(Strategy::OneForOne, 0), case.children(&["a"])).await;
    case.end("a", abnormal()).await;
    let gave_up = tokio::time::timeout(PATIENCE, tree.ended()).await.unwrap();
    assert_eq!(gave_up.to_string(), "/r gave up: /r/a ended too often, last with error: abnormal");
}

#[tokio::test]
async fn format_log_2() {
    let case = Case::default();
    let below = Child::supervisor("s", Flags::default(), case.children(&["a", "b"]));
    case.mood("b").failing_inits.store(1, SeqCst);
    let error = Tree::grow("r", Flags::default(), vec![below]).await.unwrap_err();
    let expected =
        "the tree did not boot: error: /r/s did not start: error: /r/s/b did not start: error: moody";
    assert_eq!(error.to_string(), expected);
}
