//! Restart types by exit reasons, and how often.

use super::{Case, abnormal, await_down, counts, flags, standing, stays_up};
use crate::common::{PATIENCE, Say, within};
use hecate_supervision::{Child, ExitReason, Flags, Restart, Strategy, Tree};
use std::sync::atomic::Ordering::SeqCst;
use std::time::Duration;

/// Ends the one child for each of these reasons in turn, and brings it back where it stays down. Each time it
/// stands like this, with so many specs and so many active.
async fn after(restart: Restart, reasons: &[ExitReason], stands: &[&str], specs: usize, active: usize) {
    let case = Case::default();
    let child = || case.child("a").restart(restart);
    let tree = case.grow(flags(Strategy::OneForOne, 2), vec![child()]).await;
    for why in reasons {
        let before = case.whereis("a");
        case.end("a", why.clone()).await;
        assert_eq!(standing(&tree, "/r").await, stands, "{restart:?} after {why}");
        assert_eq!(tree.count_children("/r").await, Ok(counts(specs, active, 0, specs)));
        assert!(case.name("a").whereis().is_none_or(|now| now != before), "a new instance, if any");
        match (specs, active) {
            (0, _) => assert!(tree.start_child("/r", child()).await.unwrap().is_some()),
            (_, 0) => assert!(tree.restart_child("/r", "a").await.unwrap().is_some()),
            _ => {}
        }
    }
}

fn shutdowns() -> [ExitReason; 2] {
    [ExitReason::Shutdown, ExitReason::ShutdownWith("some info".into())]
}

#[tokio::test]
async fn permanent_normal() {
    after(Restart::Permanent, &[ExitReason::Normal], &["a running"], 1, 1).await;
}

#[tokio::test]
async fn permanent_shutdown() {
    after(Restart::Permanent, &shutdowns(), &["a running"], 1, 1).await;
}

#[tokio::test]
async fn permanent_abnormal() {
    after(Restart::Permanent, &[abnormal()], &["a running"], 1, 1).await;
}

#[tokio::test]
async fn transient_normal() {
    after(Restart::Transient, &[ExitReason::Normal], &["a undefined"], 1, 0).await;
}

#[tokio::test]
async fn transient_shutdown() {
    after(Restart::Transient, &shutdowns(), &["a undefined"], 1, 0).await;
}

#[tokio::test]
async fn transient_abnormal() {
    after(Restart::Transient, &[abnormal()], &["a running"], 1, 1).await;
}

#[tokio::test]
async fn temporary_normal() {
    after(Restart::Temporary, &[ExitReason::Normal], &[], 0, 0).await;
}

#[tokio::test]
async fn temporary_shutdown() {
    after(Restart::Temporary, &shutdowns(), &[], 0, 0).await;
}

#[tokio::test]
async fn temporary_abnormal() {
    after(Restart::Temporary, &[abnormal()], &[], 0, 0).await;
}

#[tokio::test]
async fn temporary_bystander() {
    for (strategy, first) in [(Strategy::OneForAll, "b"), (Strategy::RestForOne, "a")] {
        let case = Case::default();
        let second = if first == "a" { "b" } else { "a" };
        let restart = |id| if id == "b" { Restart::Temporary } else { Restart::Permanent };
        let children = [first, second].map(|id| case.child(id).restart(restart(id)));
        let tree = case.grow(flags(strategy, 10), children.into()).await;
        case.end("a", abnormal()).await;
        assert_eq!(standing(&tree, "/r").await, ["a running"], "{strategy:?}");
        assert!(case.name("b").whereis().is_none());
    }
}

/// A start that fails deep below is passed on with all that it went through, and leaves nothing.
#[tokio::test]
async fn faulty_application_shutdown() {
    let case = Case::default();
    case.mood("b").panics_in_init.store(true, SeqCst);
    let inner = Child::supervisor("t", Flags::default(), case.children(&["a", "b"]));
    let outer = Child::supervisor("s", Flags::default(), vec![inner]);
    let error = within(Tree::grow("r", Flags::default(), vec![case.child("c"), outer])).await.unwrap_err();
    let failed = |path: &str, reason| ExitReason::ChildFailed { path: path.into(), reason: Box::new(reason) };
    let cause = ExitReason::Panic("boom in init".into());
    assert_eq!(error.reason, failed("/r/s", failed("/r/s/t", failed("/r/s/t/b", cause))));
    assert_eq!(case.told(), ["init c", "init a", "init b", "end a shutdown", "end c shutdown"]);
}

/// A child that dies while its tree stops is no reason to start anything.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_crash_during_a_stop_starts_nobody() {
    let case = Case::default();
    let tree = case.grow(flags(Strategy::OneForOne, 10), case.children(&["a", "b"])).await;
    case.whereis("a").cast(Say::Panic).unwrap();
    assert!(tree.stop(PATIENCE).await);
    assert!(case.name("a").whereis().is_none() && case.name("b").whereis().is_none());
    assert!(tree.snapshot().children.iter().all(|child| child.status == "stopped"));
}

/// As often as you like, as long as it is seldom enough; one too many is the end.
#[tokio::test(start_paused = true)]
async fn multiple_restarts() {
    let case = Case::default();
    let flags = Flags { intensity: 1, period: Duration::from_secs(1), ..Flags::default() };
    let tree = case.grow(flags, case.children(&["a", "b"])).await;
    for id in ["a", "b", "a", "a"] {
        case.end(id, abnormal()).await;
        stays_up(&tree).await;
        tokio::time::sleep(Duration::from_millis(2_100)).await;
    }
    case.end("a", abnormal()).await;
    case.end("b", abnormal()).await;
    await_down(&tree).await;
    assert!(case.name("a").whereis().is_none());
}
