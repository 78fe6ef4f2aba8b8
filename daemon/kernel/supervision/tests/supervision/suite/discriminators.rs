//! Twelve checks that tell OTP's supervisors from those that only look like them.

use super::{Case, abnormal, assert_scales, auto, await_down, flags, standing, with_pool};
use crate::common::{PATIENCE, Probe, Say, find, until, within};
use hecate_supervision::{
    AutoShutdown, ExitReason, Flags, Pool, PoolFlags, Restart, Shutdown, Strategy, Tree,
};
use std::sync::Arc;
use std::sync::atomic::Ordering::SeqCst;
use std::time::{Duration, Instant};

#[tokio::test]
async fn d01_a_boot_that_fails_at_the_third_ends_the_second_and_the_first_and_names_the_third() {
    let case = Case::default();
    case.mood("c").failing_inits.store(1, SeqCst);
    let error =
        within(Tree::grow("r", Flags::default(), case.children(&["a", "b", "c", "d"]))).await.unwrap_err();
    let reason = Box::new(ExitReason::error("moody"));
    assert_eq!(error.reason, ExitReason::ChildFailed { path: "/r/c".into(), reason });
    assert_eq!(case.told(), ["init a", "init b", "init c", "end b shutdown", "end a shutdown"]);
}

#[tokio::test]
async fn d02_one_for_all_ends_in_reverse_and_starts_in_order() {
    let case = Case::default();
    let tree = case.grow(flags(Strategy::OneForAll, 1), case.children(&["a", "b", "c"])).await;
    case.end("b", abnormal()).await;
    standing(&tree, "/r").await;
    let expected = ["end c shutdown", "end a shutdown", "init a", "init b", "init c"];
    assert_eq!(case.told()[1..], expected);
}

#[tokio::test]
async fn d03_a_temporary_tail_is_dropped_by_rest_for_one() {
    let case = Case::default();
    let children = vec![case.child("a"), case.child("b").restart(Restart::Temporary)];
    let tree = case.grow(flags(Strategy::RestForOne, 1), children).await;
    case.end("a", abnormal()).await;
    assert_eq!(standing(&tree, "/r").await, ["a running"]);
    assert_eq!(
        case.told(),
        ["end a error: abnormal", "end b shutdown", "init a"],
        "ended, not started again"
    );
}

#[tokio::test]
async fn d04_intensity_three_is_three_more_inits_and_then_a_shutdown() {
    let case = Case::default();
    let tree = case.grow(flags(Strategy::OneForOne, 3), case.children(&["a"])).await;
    case.mood("a").failing_inits.store(u32::MAX, SeqCst);
    case.end("a", abnormal()).await;
    await_down(&tree).await;
    assert_eq!(case.told()[1..], ["init a", "init a", "init a"]);
    assert_eq!(tree.snapshot().restarts.last.unwrap().reason, "shutdown");
}

#[tokio::test(start_paused = true)]
async fn d05_two_crashes_in_a_period_are_too_many_and_a_period_apart_they_are_not() {
    for (gap_ms, survives) in [(4_900, false), (6_100, true)] {
        let case = Case::default();
        let tree = case.grow(flags(Strategy::OneForOne, 1), case.children(&["a"])).await;
        case.end("a", abnormal()).await;
        tokio::time::sleep(Duration::from_millis(gap_ms)).await;
        case.end("a", abnormal()).await;
        tokio::time::sleep(Duration::from_millis(100)).await;
        assert_eq!(case.name("a").whereis().is_some(), survives, "{gap_ms} ms apart");
        assert_eq!(tree.snapshot().status == "running", survives);
    }
}

#[tokio::test]
async fn d06_an_endless_failing_restart_keeps_no_question_waiting() {
    let case = Case::default();
    let flags = Flags { intensity: u32::MAX, ..Flags::default() };
    let tree = case.grow(flags, case.children(&["a", "b"])).await;
    case.mood("a").failing_inits.store(u32::MAX, SeqCst);
    case.end("a", abnormal()).await;
    for _ in 0..100 {
        case.told();
        tree.count_children("/r").await.unwrap();
        let meanwhile = case.told().len();
        assert!(meanwhile < 1_000, "{meanwhile} attempts before an answer");
    }
}

#[tokio::test(start_paused = true)]
async fn d07_a_stuck_child_is_killed_at_its_limit_and_the_order_is_kept() {
    let case = Case::default();
    let limit = Shutdown::Within(Duration::from_millis(100));
    let children = ["a", "b", "c"].map(|id| case.child(id).shutdown(limit));
    let tree = case.grow(Flags::default(), children.into()).await;
    case.name("b").cast(Say::Hang).unwrap();
    tokio::time::sleep(Duration::from_millis(1)).await;
    let begun = tokio::time::Instant::now();
    assert!(tree.stop(PATIENCE).await);
    let took_ms = begun.elapsed().as_millis();
    assert!((100..=130).contains(&took_ms), "{took_ms} ms");
    assert_eq!(case.told(), ["end c shutdown", "end a shutdown"]);
}

#[tokio::test]
async fn d08_a_transient_child_that_was_done_comes_back_with_its_group() {
    let case = Case::default();
    let children = vec![case.child("a").restart(Restart::Transient), case.child("b")];
    let tree = case.grow(flags(Strategy::OneForAll, 1), children).await;
    case.end("a", ExitReason::Normal).await;
    assert_eq!(standing(&tree, "/r").await, ["b running", "a undefined"]);
    case.end("b", abnormal()).await;
    assert_eq!(standing(&tree, "/r").await, ["b running", "a running"]);
}

#[tokio::test]
async fn d09_terminating_a_significant_child_is_not_its_end() {
    let case = Case::default();
    let children = vec![case.child("a").restart(Restart::Transient).significant(), case.child("b")];
    let tree = case.grow(auto(AutoShutdown::AnySignificant), children).await;
    tree.terminate_child("/r", "a").await.unwrap();
    assert_eq!(standing(&tree, "/r").await, ["b running", "a undefined"]);
}

async fn stop_of(children: usize) -> Duration {
    let (case, pool) = (Case::default(), Pool::<Probe>::new());
    let tree = with_pool(&pool, PoolFlags { children_max: 20_000, ..PoolFlags::default() }).await;
    for number in 0..children {
        within(pool.start_child(number.to_string(), case.probe("x"))).await.unwrap();
    }
    let begun = Instant::now();
    assert!(tree.stop(Duration::from_secs(60)).await);
    let took = begun.elapsed();
    assert!(pool.whereis("0").is_none());
    // The case itself holds one, and so does its list of moods.
    assert_eq!(Arc::strong_count(&case.mood("x")), 2, "of {children} children nothing is left");
    took
}

#[tokio::test]
async fn d10_ten_times_as_many_children_do_not_take_fifty_times_as_long_to_stop() {
    assert_scales(50, async || stop_of(1_000).await, async || stop_of(10_000).await).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn d11_who_joins_and_leaves_a_group_while_dying_leaves_no_ghost() {
    const GROUP: &str = "d11";
    let (case, pool) = (Case::default(), Pool::<Probe>::new());
    let tree = with_pool(&pool, PoolFlags::default()).await;
    for number in 0..1_000 {
        let addr = within(pool.start_child(number.to_string(), case.probe("x"))).await.unwrap();
        addr.cast(Say::End(ExitReason::Normal)).unwrap();
        ractor::pg::join(GROUP.into(), vec![addr.cell().clone()]);
        if number % 2 == 0 {
            ractor::pg::leave(GROUP.into(), vec![addr.cell().clone()]);
        }
    }
    assert!(tree.stop(PATIENCE).await);
    assert!(ractor::pg::get_members(&GROUP.to_owned()).is_empty(), "ghosts");
}

/// While the last child holds the stop up, twelve others die each in its own way: `sup_stop_race` does the
/// same with every reason that an actor may have.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn d12_children_that_end_by_themselves_do_not_hold_up_a_stop() {
    const IDS: [&str; 13] = ["a", "b", "c", "d", "e", "f", "g", "h", "i", "j", "k", "l", "m"];
    let case = Case::default();
    let tree = case.grow(flags(Strategy::RestForOne, 100), case.children(&IDS)).await;
    let (last, twelve) = (case.mood("m"), IDS[..12].iter().map(|id| case.whereis(id)));
    let twelve: Vec<_> = twelve.collect();
    last.waits_in_terminate.store(true, SeqCst);
    let stopping = Arc::clone(&tree);
    let stopping = tokio::spawn(async move { stopping.stop(PATIENCE).await });
    assert_eq!(case.trace.await_lines(1).await, ["end m shutdown"]);
    for (nth, child) in twelve.iter().enumerate() {
        match nth % 3 {
            0 => child.cast(Say::Panic).unwrap(),
            1 => child.cast(Say::End(ExitReason::Normal)).unwrap(),
            _ => child.cell().kill(),
        }
    }
    let is_over = |id: &&str| find(&tree.snapshot(), &format!("/r/{id}")).restarts.last.is_some();
    until(|| IDS[..12].iter().all(is_over), || "twelve ends".into()).await;
    assert_eq!(last.ends.load(SeqCst), 0, "the stop is still under way");
    last.may_end.notify_one();
    assert!(within(stopping).await.unwrap());
    assert!(case.told().iter().all(|line| line.starts_with("end ")), "nobody starts again");
    assert_eq!(find(&tree.snapshot(), "/r/c").restarts.last.unwrap().reason, "killed");
}
