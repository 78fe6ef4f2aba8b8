//! Restart types by exit reasons, and how often.

use super::{Case, abnormal, await_down, flags, standing};
use crate::common::{PATIENCE, Say};
use hecate_supervision::{ExitReason, Flags, Restart, Strategy};

/// Ends the one child for `why`; says how it stands then.
async fn after(restart: Restart, why: ExitReason) -> Vec<String> {
    let case = Case::default();
    let tree = case.grow(Flags::default(), vec![case.child("a").restart(restart)]).await;
    let before = case.name("a").whereis().unwrap();
    case.end("a", why).await;
    let standing = standing(&tree, "/r").await;
    assert!(case.name("a").whereis().is_none_or(|now| now != before), "a new instance, if any");
    standing
}

#[tokio::test]
async fn permanent_normal() {
    assert_eq!(after(Restart::Permanent, ExitReason::Normal).await, ["a running"]);
}

#[tokio::test]
async fn permanent_shutdown() {
    assert_eq!(after(Restart::Permanent, ExitReason::Shutdown).await, ["a running"]);
    assert_eq!(after(Restart::Permanent, ExitReason::ShutdownWith("x".into())).await, ["a running"]);
}

#[tokio::test]
async fn permanent_abnormal() {
    assert_eq!(after(Restart::Permanent, abnormal()).await, ["a running"]);
}

#[tokio::test]
async fn transient_normal() {
    assert_eq!(after(Restart::Transient, ExitReason::Normal).await, ["a undefined"]);
}

#[tokio::test]
async fn transient_shutdown() {
    assert_eq!(after(Restart::Transient, ExitReason::Shutdown).await, ["a undefined"]);
    assert_eq!(after(Restart::Transient, ExitReason::ShutdownWith("x".into())).await, ["a undefined"]);
}

#[tokio::test]
async fn transient_abnormal() {
    assert_eq!(after(Restart::Transient, abnormal()).await, ["a running"]);
}

#[tokio::test]
async fn temporary_normal() {
    assert!(after(Restart::Temporary, ExitReason::Normal).await.is_empty());
}

#[tokio::test]
async fn temporary_shutdown() {
    assert!(after(Restart::Temporary, ExitReason::Shutdown).await.is_empty());
    assert!(after(Restart::Temporary, ExitReason::ShutdownWith("x".into())).await.is_empty());
}

#[tokio::test]
async fn temporary_abnormal() {
    assert!(after(Restart::Temporary, abnormal()).await.is_empty());
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

/// A child that dies while its application stops is no reason to start anything.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn faulty_application_shutdown() {
    let case = Case::default();
    let tree = case.grow(flags(Strategy::OneForOne, 10), case.children(&["a", "b"])).await;
    case.name("a").whereis().unwrap().cast(Say::Panic).unwrap();
    assert!(tree.stop(PATIENCE).await);
    assert!(case.name("a").whereis().is_none() && case.name("b").whereis().is_none());
    assert!(tree.snapshot().children.iter().all(|child| child.status == "stopped"));
}

#[tokio::test]
async fn multiple_restarts() {
    let case = Case::default();
    let tree = case.grow(flags(Strategy::OneForOne, 3), case.children(&["a", "b"])).await;
    for id in ["a", "b", "a"] {
        case.end(id, abnormal()).await;
        case.await_running(id).await;
    }
    case.end("b", abnormal()).await;
    await_down(&tree).await;
    assert!(case.name("a").whereis().is_none());
}
