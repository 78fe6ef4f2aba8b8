//! The admin functions, and every answer that they have.

use super::{Case, counts, restarting, standing, with_pool};
use crate::common::{PATIENCE, until};
use hecate_supervision::{
    AdminError, AutoShutdown, Child, ChildType, Flags, InvalidSpec, Pool, Restart, Shutdown, Standing,
    Strategy,
};
use std::time::Duration;

/// What an init wants to hand out beside its address goes through a name of its own.
#[tokio::test]
async fn extra_return() {
    let case = Case::default();
    let tree = case.grow(Flags::default(), case.children(&["a"])).await;
    tree.terminate_child("/r", "a").await.unwrap();
    let actor = tree.restart_child("/r", "a").await.unwrap().unwrap();
    assert_eq!(case.name("a").whereis().unwrap().actor_id(), actor);
    tree.terminate_child("/r", "a").await.unwrap();
    tree.delete_child("/r", "a").await.unwrap();
    let actor = tree.start_child("/r", case.child("a")).await.unwrap().unwrap();
    assert_eq!(case.name("a").whereis().unwrap().actor_id(), actor);
    assert_eq!(tree.which_children("/r").await.unwrap()[0].standing, Standing::Running(actor));
}

#[tokio::test]
async fn child_adm() {
    let case = Case::default();
    let tree = case.grow(Flags::default(), case.children(&["a"])).await;
    let actor = case.name("a").whereis().unwrap().actor_id();
    assert_eq!(tree.count_children("/r").await, Ok(counts(1, 1, 0, 1)));
    assert_eq!(tree.start_child("/r", case.child("a")).await, Err(AdminError::AlreadyStarted(actor)));
    assert_eq!(tree.restart_child("/r", "a").await, Err(AdminError::Running));
    assert_eq!(tree.delete_child("/r", "a").await, Err(AdminError::Running));

    assert_eq!(tree.terminate_child("/r", "a").await, Ok(()));
    assert_eq!(tree.terminate_child("/r", "a").await, Ok(()), "a second time changes nothing");
    assert_eq!(standing(&tree, "/r").await, ["a undefined"]);
    assert_eq!(tree.count_children("/r").await, Ok(counts(1, 0, 0, 1)));
    assert_eq!(tree.start_child("/r", case.child("a")).await, Err(AdminError::AlreadyPresent));
    assert!(tree.restart_child("/r", "a").await.unwrap().is_some());

    tree.terminate_child("/r", "a").await.unwrap();
    assert_eq!(tree.delete_child("/r", "a").await, Ok(()));
    for refused in [
        tree.terminate_child("/r", "a").await,
        tree.delete_child("/r", "a").await,
        tree.restart_child("/r", "a").await.map(drop),
        tree.get_childspec("/r", "a").await.map(drop),
    ] {
        assert_eq!(refused, Err(AdminError::NotFound));
    }
    assert_eq!(tree.count_children("/r").await, Ok(counts(0, 0, 0, 0)));
    assert!(tree.snapshot().children.is_empty());

    let elsewhere = tree.count_children("/r/nowhere").await;
    assert_eq!(elsewhere, Err(AdminError::NoSupervisor("/r/nowhere".into())));
    assert!(tree.stop(PATIENCE).await);
    assert_eq!(tree.count_children("/r").await, Err(AdminError::NotRunning));
}

#[tokio::test]
async fn child_adm_simple() {
    let (case, pool) = (Case::default(), Pool::restarting());
    let tree = with_pool(&pool, restarting(Restart::Permanent, 1)).await;
    assert_eq!(tree.count_children("/r/p").await, Ok(counts(1, 0, 0, 0)));
    pool.start_child("a", case.probe("a")).await.unwrap();
    let b = pool.start_child("b", case.probe("b")).await.unwrap();
    assert_eq!(tree.count_children("/r/p").await, Ok(counts(1, 2, 0, 2)));
    let simple = Err(AdminError::SimpleOneForOne);
    assert_eq!(tree.restart_child("/r/p", "a").await, simple);
    assert_eq!(tree.delete_child("/r/p", "a").await, simple.clone().map(drop));
    assert_eq!(tree.start_child("/r/p", case.child("c")).await, simple);

    assert_eq!(tree.get_childspec("/r/p", b.actor_id()).await.unwrap().id, "b");
    assert_eq!(tree.terminate_child("/r/p", b.actor_id()).await, Ok(()));
    assert_eq!(standing(&tree, "/r/p").await, ["a running"], "it is gone and not restarted");
    let again = tree.terminate_child("/r/p", b.actor_id()).await;
    assert_eq!(again, Ok(()), "who asks cannot know that it has ended");
    let foreign = case.grow(Flags::default(), case.children(&["c"])).await;
    let stranger = case.name("c").whereis().unwrap();
    let refused = tree.terminate_child("/r/p", stranger.actor_id()).await;
    assert_eq!(refused, Err(AdminError::NotFound), "nobody's child but another's");
    assert_eq!(tree.get_childspec("/r/p", stranger.actor_id()).await, Err(AdminError::NotFound));
    assert!(!stranger.is_ending() && foreign.stop(PATIENCE).await);
    assert_eq!(pool.terminate_child("a").await, Ok(()));
    assert_eq!(pool.terminate_child("a").await, Ok(()));
    assert_eq!(tree.get_childspec("/r/p", "a").await, Err(AdminError::NotFound));
    until(|| tree.snapshot().children[0].children.is_empty(), || "the empty pool".into()).await;
    assert!(tree.stop(PATIENCE).await);
    assert_eq!(pool.terminate_child("a").await, Err(AdminError::NotRunning));
}

#[tokio::test]
async fn child_specs() {
    let case = Case::default();
    let tree = case.grow(Flags::default(), Vec::new()).await;
    let significant = |restart| case.child("a").restart(restart).significant();
    let faulty = [
        (case.child("A"), InvalidSpec::Id("A".into())),
        (case.child("a/b"), InvalidSpec::Id("a/b".into())),
        (significant(Restart::Transient), InvalidSpec::SignificantWithoutAutoShutdown),
        (significant(Restart::Permanent), InvalidSpec::SignificantWithoutAutoShutdown),
        (
            Child::supervisor("s", Flags::default(), case.children(&["b", "b"])),
            InvalidSpec::DuplicateId("b".into()),
        ),
    ];
    for (child, expected) in faulty {
        assert_eq!(tree.start_child("/r", child).await, Err(AdminError::InvalidSpec(expected)));
    }
    assert!(standing(&tree, "/r").await.is_empty());
    assert!(tree.start_child("/r", case.child("a")).await.unwrap().is_some());
}

#[tokio::test]
async fn child_specs_map() {
    let case = Case::default();
    let tree = case.grow(Flags::default(), Vec::new()).await;
    let child = case.child("a").restart(Restart::Transient).shutdown(Shutdown::BrutalKill);
    let actor = tree.start_child("/r", child).await.unwrap().unwrap();
    assert_eq!(tree.get_childspec("/r", actor).await, Err(AdminError::NotFound), "it goes by its id");
    let spec = tree.get_childspec("/r", "a").await.unwrap();
    assert_eq!((spec.id.as_str(), spec.restart), ("a", Restart::Transient));
    assert_eq!((spec.shutdown, spec.significant), (Shutdown::BrutalKill, false));
    let below = Child::supervisor("s", Flags::default(), Vec::new());
    tree.start_child("/r", below).await.unwrap();
    let spec = tree.get_childspec("/r", "s").await.unwrap();
    assert_eq!((spec.child_type, spec.shutdown), (ChildType::Supervisor, Shutdown::Infinity));
}

#[tokio::test]
async fn sup_flags() {
    let strategies = [Strategy::OneForOne, Strategy::RestForOne, Strategy::OneForAll];
    let autos = [AutoShutdown::Never, AutoShutdown::AnySignificant, AutoShutdown::AllSignificant];
    for (strategy, auto_shutdown) in strategies.into_iter().zip(autos) {
        let case = Case::default();
        let flags = Flags { strategy, auto_shutdown, intensity: 7, period: Duration::from_millis(1_500) };
        let tree = case.grow(flags, case.children(&["a"])).await;
        let intensity = tree.snapshot().intensity.unwrap();
        assert_eq!((intensity.used, intensity.max, intensity.period_ms), (0, 7, 1_500));
    }
}
