//! How a supervisor and its children come up, or do not.

use super::{Case, counts, restarting, standing, with_pool};
use crate::common::PATIENCE;
use hecate_supervision::{
    AdminError, AutoShutdown, Child, ChildType, ExitReason, Flags, InvalidSpec, Pool, PoolFlags, Restart,
    Shutdown, StartError, Tree,
};
use std::sync::atomic::Ordering::SeqCst;
use std::time::Duration;

#[tokio::test]
async fn sup_start_normal() {
    let case = Case::default();
    let tree = case.grow(Flags::default(), case.children(&["a"])).await;
    assert!(tree.stop(PATIENCE).await);
    assert_eq!(case.told(), ["end a shutdown"]);
    assert_eq!(tree.snapshot().restarts.last.unwrap().reason, "shutdown");
}

#[tokio::test]
async fn sup_start_ignore_init() {
    let case = Case::default();
    case.mood("a").ignoring_inits.store(1, SeqCst);
    let tree = case.grow(Flags::default(), case.children(&["a"])).await;
    assert!(case.name("a").whereis().is_none());
    assert!(tree.stop(PATIENCE).await);
    assert!(case.told().is_empty(), "nobody was there to end");
}

#[tokio::test]
async fn sup_start_ignore_child() {
    let case = Case::default();
    let tree = case.grow(Flags::default(), Vec::new()).await;
    case.mood("a").ignoring_inits.store(1, SeqCst);
    assert_eq!(tree.start_child("/r", case.child("a")).await, Ok(None));
    assert!(tree.start_child("/r", case.child("b")).await.unwrap().is_some());
    assert_eq!(standing(&tree, "/r").await, ["b running", "a undefined"]);
    assert_eq!(tree.count_children("/r").await, Ok(counts(2, 1, 0, 2)));
}

#[tokio::test]
async fn sup_start_ignore_temporary_child() {
    let case = Case::default();
    case.mood("a").ignoring_inits.store(1, SeqCst);
    let temporary = ["a", "b"].map(|id| case.child(id).restart(Restart::Temporary));
    let tree = case.grow(Flags::default(), temporary.into()).await;
    assert_eq!(standing(&tree, "/r").await, ["b running"]);
    assert_eq!(tree.count_children("/r").await, Ok(counts(1, 1, 0, 1)));
}

#[tokio::test]
async fn sup_start_ignore_temporary_child_start_child() {
    let case = Case::default();
    let tree = case.grow(Flags::default(), Vec::new()).await;
    case.mood("a").ignoring_inits.store(1, SeqCst);
    let temporary = |id| case.child(id).restart(Restart::Temporary);
    assert_eq!(tree.start_child("/r", temporary("a")).await, Ok(None));
    assert!(tree.start_child("/r", temporary("b")).await.unwrap().is_some());
    assert_eq!(standing(&tree, "/r").await, ["b running"]);
    assert_eq!(tree.count_children("/r").await, Ok(counts(1, 1, 0, 1)));
}

async fn ignored_member_is_not_kept(restart: Restart) {
    let (case, pool) = (Case::default(), Pool::restarting());
    let tree = with_pool(&pool, restarting(restart, 1)).await;
    case.mood("a").ignoring_inits.store(1, SeqCst);
    assert_eq!(pool.start_child("a", case.probe("a")).await, Err(StartError::Ignored));
    pool.start_child("b", case.probe("b")).await.unwrap();
    assert_eq!(standing(&tree, "/r/p").await, ["b running"]);
    assert_eq!(tree.count_children("/r/p").await, Ok(counts(1, 1, 0, 1)));
    assert!(tree.stop(PATIENCE).await, "an ignored child is no obstacle");
}

#[tokio::test]
async fn sup_start_ignore_temporary_child_start_child_simple() {
    ignored_member_is_not_kept(Restart::Temporary).await;
}

#[tokio::test]
async fn sup_start_ignore_permanent_child_start_child_simple() {
    ignored_member_is_not_kept(Restart::Permanent).await;
}

#[tokio::test]
async fn sup_start_error_return() {
    let case = Case::default();
    case.mood("a").failing_inits.store(1, SeqCst);
    let error = Tree::grow("r", Flags::default(), case.children(&["a"])).await.unwrap_err();
    let reason = Box::new(ExitReason::error("moody"));
    assert_eq!(error.reason, ExitReason::ChildFailed { path: "/r/a".into(), reason });
}

#[tokio::test]
async fn sup_start_fail() {
    let case = Case::default();
    case.mood("a").panics_in_init.store(true, SeqCst);
    let error = Tree::grow("r", Flags::default(), case.children(&["a"])).await.unwrap_err();
    assert!(error.to_string().contains("panicked: boom in init"), "{error}");
}

#[tokio::test]
async fn sup_start_child_returns_error() {
    let case = Case::default();
    let tree = case.grow(Flags::default(), Vec::new()).await;
    case.mood("a").failing_inits.store(1, SeqCst);
    let failed = AdminError::StartFailed(ExitReason::error("moody"));
    assert_eq!(tree.start_child("/r", case.child("a")).await, Err(failed));
    assert!(standing(&tree, "/r").await.is_empty(), "its spec is not kept");
    assert!(tree.start_child("/r", case.child("a")).await.unwrap().is_some());
}

#[tokio::test]
async fn sup_start_child_returns_error_simple() {
    let (case, pool) = (Case::default(), Pool::restarting());
    let tree = with_pool(&pool, restarting(Restart::Permanent, 1)).await;
    case.mood("a").failing_inits.store(1, SeqCst);
    let failed = pool.start_child("a", case.probe("a")).await;
    assert_eq!(failed, Err(StartError::Init(ExitReason::error("moody"))));
    assert!(standing(&tree, "/r/p").await.is_empty());
    assert_eq!(case.told(), ["init a"], "it is not tried again");
}

#[tokio::test]
async fn sup_start_restart_child_returns_error() {
    let case = Case::default();
    let tree = case.grow(Flags::default(), case.children(&["a"])).await;
    tree.terminate_child("/r", "a").await.unwrap();
    case.mood("a").failing_inits.store(1, SeqCst);
    let failed = AdminError::StartFailed(ExitReason::error("moody"));
    assert_eq!(tree.restart_child("/r", "a").await, Err(failed));
    assert_eq!(standing(&tree, "/r").await, ["a undefined"], "its spec is kept");
}

#[tokio::test]
async fn sup_start_map() {
    let case = Case::default();
    let tree = case.grow(Flags::default(), case.children(&["a"])).await;
    let spec = tree.get_childspec("/r", "a").await.unwrap();
    assert_eq!((spec.restart, spec.significant), (Restart::Permanent, false));
    assert_eq!(spec.shutdown, Shutdown::Within(Duration::from_secs(5)));
    assert_eq!(spec.child_type, ChildType::Worker);
    let flags = Flags::default();
    assert_eq!((flags.intensity, flags.period), (1, Duration::from_secs(5)));
}

#[tokio::test]
async fn sup_start_map_simple() {
    let (case, pool) = (Case::default(), Pool::new());
    let tree = with_pool(&pool, PoolFlags::default()).await;
    pool.start_child("a", case.probe("a")).await.unwrap();
    let spec = tree.get_childspec("/r/p", "a").await.unwrap();
    assert_eq!(spec.shutdown, Shutdown::Within(Duration::from_secs(5)));
    assert_eq!(tree.get_childspec("/r", "p").await.unwrap().shutdown, Shutdown::Infinity);
}

/// A child without an id or a start is no value here; what can be said wrongly is refused whole.
#[tokio::test]
async fn sup_start_map_faulty_specs() {
    let case = Case::default();
    let significant = |id, restart| case.child(id).restart(restart).significant();
    let any = Flags { auto_shutdown: AutoShutdown::AnySignificant, ..Flags::default() };
    let faulty: [(Flags, Vec<Child>, InvalidSpec); 5] = [
        (Flags::default(), case.children(&["a", "a"]), InvalidSpec::DuplicateId("a".into())),
        (Flags::default(), case.children(&[""]), InvalidSpec::Id(String::new())),
        (Flags::default(), case.children(&["a", "b/c"]), InvalidSpec::Id("b/c".into())),
        (
            Flags::default(),
            vec![significant("a", Restart::Transient)],
            InvalidSpec::SignificantWithoutAutoShutdown,
        ),
        (any, vec![significant("a", Restart::Permanent)], InvalidSpec::SignificantPermanent),
    ];
    for (flags, children, expected) in faulty {
        let error = Tree::grow("r", flags, children).await.unwrap_err();
        assert_eq!(error.reason, ExitReason::error(expected));
    }
    assert!(case.told().is_empty(), "nobody was started");
}
