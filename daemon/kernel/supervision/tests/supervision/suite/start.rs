//! How a supervisor and its children come up, or do not.

use super::{Case, counts, restarting, standing, with_pool};
use crate::common::{PATIENCE, within};
use hecate_supervision::{
    AdminError, AutoShutdown, Child, ChildSpecInfo, ChildType, ExitReason, Flags, InvalidSpec, Pool,
    PoolFlags, Restart, Shutdown, StartError, Tree,
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
    assert_eq!(case.member(&pool, "a").await, Err(StartError::Ignored));
    case.member(&pool, "b").await.unwrap();
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
    case.mood("b").failing_inits.store(1, SeqCst);
    let error = within(Tree::grow("r", Flags::default(), case.children(&["a", "b"]))).await.unwrap_err();
    let reason = Box::new(ExitReason::error("moody"));
    assert_eq!(error.reason, ExitReason::ChildFailed { path: "/r/b".into(), reason });
    assert_eq!(case.told(), ["init a", "init b", "end a shutdown"], "nobody is left");
    assert!(case.name("a").whereis().is_none());
}

#[tokio::test]
async fn sup_start_fail() {
    let case = Case::default();
    case.mood("b").panics_in_init.store(true, SeqCst);
    let error = within(Tree::grow("r", Flags::default(), case.children(&["a", "b"]))).await.unwrap_err();
    assert!(error.to_string().contains("panicked: boom in init"), "{error}");
    assert_eq!(case.told(), ["init a", "init b", "end a shutdown"], "nobody is left");
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
    let failed = case.member(&pool, "a").await;
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
    let children = vec![
        case.child("a"),
        case.child("b").shutdown(Shutdown::BrutalKill),
        Child::supervisor("s", Flags::default(), Vec::new()),
    ];
    let tree = case.grow(Flags::default(), children).await;
    let spec = |id: &str, child_type, shutdown| ChildSpecInfo {
        id: id.into(),
        child_type,
        restart: Restart::Permanent,
        significant: false,
        shutdown,
    };
    let five_seconds = Shutdown::Within(Duration::from_secs(5));
    let get = async |id| tree.get_childspec("/r", id).await;
    assert_eq!(get("a").await, Ok(spec("a", ChildType::Worker, five_seconds)));
    assert_eq!(get("b").await, Ok(spec("b", ChildType::Worker, Shutdown::BrutalKill)));
    assert_eq!(get("s").await, Ok(spec("s", ChildType::Supervisor, Shutdown::Infinity)));
    assert_eq!(get("z").await, Err(AdminError::NotFound));
    let intensity = tree.snapshot().intensity.unwrap();
    assert_eq!((intensity.max, intensity.period_ms), (1, 5_000), "OTP's defaults");
}

/// The children of a pool have one spec, whoever asks by whom.
#[tokio::test]
async fn sup_start_map_simple() {
    let (case, pool) = (Case::default(), Pool::restarting());
    let shutdown = Shutdown::Within(Duration::from_secs(1));
    let flags = PoolFlags { shutdown, ..restarting(Restart::Transient, 1) };
    let tree = with_pool(&pool, flags).await;
    for id in ["a", "b", "c"] {
        let member = case.member(&pool, id).await.unwrap();
        let (restart, child_type) = (Restart::Transient, ChildType::Worker);
        let spec = ChildSpecInfo { id: id.into(), child_type, restart, significant: false, shutdown };
        assert_eq!(tree.get_childspec("/r/p", member.actor_id()).await.as_ref(), Ok(&spec));
        assert_eq!(tree.get_childspec("/r/p", id).await, Ok(spec));
    }
    let foreign = case.grow(Flags::default(), case.children(&["z"])).await;
    let stranger = case.whereis("z").actor_id();
    assert_eq!(tree.get_childspec("/r/p", stranger).await, Err(AdminError::NotFound));
    assert_eq!(tree.get_childspec("/r/p", "z").await, Err(AdminError::NotFound));
    assert!(foreign.stop(PATIENCE).await);
    let pool = tree.get_childspec("/r", "p").await.unwrap();
    assert_eq!((pool.child_type, pool.shutdown), (ChildType::Supervisor, Shutdown::Infinity));
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
        let error = within(Tree::grow("r", flags, children)).await.unwrap_err();
        assert_eq!(error.reason, ExitReason::error(expected));
    }
    assert!(case.told().is_empty(), "nobody was started");
}
