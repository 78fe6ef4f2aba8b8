//! The admin functions, and every answer that they have.

use super::{Case, counts, restarting, standing, with_pool};
use crate::common::{PATIENCE, Probe, until, within};
use futures_util::future::join_all;
use futures_util::poll;
use hecate_supervision::{
    AdminError, AutoShutdown, Child, ChildSpecInfo, ChildType, ExitReason, Flags, InvalidSpec, Pool,
    PoolFlags, Restart, Shutdown, Standing, Tree,
};
use std::sync::atomic::Ordering::SeqCst;
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
    let listed = tree.which_children("/r").await.unwrap().remove(0);
    assert_eq!((listed.standing, listed.kind.as_str()), (Standing::Running(actor), "a"));
    assert_eq!(tree.count_children("/r").await, Ok(counts(1, 1, 0, 1)));
    case.end("a", ExitReason::error("abnormal")).await;
    assert_ne!(case.whereis("a").actor_id(), actor, "restarted as any other");
    assert_eq!(tree.count_children("/r").await, Ok(counts(1, 1, 0, 1)));
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

    let actor = tree.start_child("/r", case.child("a")).await.unwrap().unwrap();
    assert_eq!(tree.terminate_child("/r", actor).await, Err(AdminError::NotFound), "it goes by its id");
    assert_eq!(tree.count_children("/r").await, Ok(counts(1, 1, 0, 1)));

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
    case.member(&pool, "a").await.unwrap();
    let b = case.member(&pool, "b").await.unwrap();
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

/// Every combination of what a spec can say: refused as OTP refuses it, or taken and told again.
#[tokio::test]
async fn child_specs_map() {
    let case = Case::default();
    let autos = [AutoShutdown::Never, AutoShutdown::AnySignificant, AutoShutdown::AllSignificant];
    let shutdowns = [
        Shutdown::Within(Duration::ZERO),
        Shutdown::Within(Duration::from_secs(1)),
        Shutdown::Infinity,
        Shutdown::BrutalKill,
    ];
    for auto_shutdown in autos {
        let tree = case.grow(Flags { auto_shutdown, ..Flags::default() }, Vec::new()).await;
        for restart in [Restart::Permanent, Restart::Transient, Restart::Temporary] {
            for shutdown in shutdowns {
                for (significant, child_type) in [
                    (false, ChildType::Worker),
                    (true, ChildType::Worker),
                    (false, ChildType::Supervisor),
                    (true, ChildType::Supervisor),
                ] {
                    let spec = ChildSpecInfo { id: "a".into(), child_type, restart, significant, shutdown };
                    check(&case, &tree, auto_shutdown, spec).await;
                }
            }
        }
    }
}

async fn check(case: &Case, tree: &Tree, auto_shutdown: AutoShutdown, spec: ChildSpecInfo) {
    let child = match spec.child_type {
        ChildType::Worker => case.child("a"),
        ChildType::Supervisor => Child::supervisor("a", Flags::default(), Vec::new()),
    };
    let child = child.restart(spec.restart).shutdown(spec.shutdown);
    let child = if spec.significant { child.significant() } else { child };
    let started = tree.start_child("/r", child).await;
    let invalid = match (spec.significant, spec.restart, auto_shutdown) {
        (true, _, AutoShutdown::Never) => Some(InvalidSpec::SignificantWithoutAutoShutdown),
        (true, Restart::Permanent, _) => Some(InvalidSpec::SignificantPermanent),
        _ => None,
    };
    if let Some(invalid) = invalid {
        return assert_eq!(started, Err(AdminError::InvalidSpec(invalid)), "{auto_shutdown:?} {spec:?}");
    }
    assert!(started.is_ok(), "{auto_shutdown:?} {spec:?}");
    assert_eq!(tree.get_childspec("/r", "a").await.as_ref(), Ok(&spec));
    tree.terminate_child("/r", "a").await.unwrap();
    if spec.restart != Restart::Temporary {
        tree.delete_child("/r", "a").await.unwrap();
    }
}

/// A strategy, an intensity and an auto-shutdown cannot be wrong here; a period can.
#[tokio::test]
async fn sup_flags() {
    let case = Case::default();
    let timeless = |period| Flags { period, ..Flags::default() };
    let invalid = || ExitReason::error(InvalidSpec::Period);
    for period in [Duration::ZERO, Duration::from_micros(999)] {
        let refused = within(Tree::grow("r", timeless(period), case.children(&["a"]))).await;
        assert_eq!(refused.unwrap_err().reason, invalid(), "{period:?}");
        let below = Child::supervisor("s", timeless(period), Vec::new());
        let refused = within(Tree::grow("r", Flags::default(), vec![case.child("a"), below])).await;
        assert_eq!(refused.unwrap_err().reason, invalid(), "{period:?} below");
    }
    assert!(case.told().is_empty(), "nobody was started");
    let tree = case.grow(Flags::default(), Vec::new()).await;
    let refused = tree.start_child("/r", Child::supervisor("s", timeless(Duration::ZERO), Vec::new())).await;
    assert_eq!(refused, Err(AdminError::InvalidSpec(InvalidSpec::Period)));
    let (pool, flags) = (Pool::<Probe>::new(), PoolFlags { period: Duration::ZERO, ..PoolFlags::default() });
    let refused = tree.start_child("/r", Child::pool("p", &pool, flags)).await;
    assert_eq!(refused, Err(AdminError::InvalidSpec(InvalidSpec::Period)));
    let least = case.grow(timeless(Duration::from_millis(1)), case.children(&["a"])).await;
    assert_eq!(least.snapshot().intensity.unwrap().period_ms, 1);
}

#[tokio::test]
async fn one_pool_has_one_place() {
    let (case, pool) = (Case::default(), Pool::new());
    let tree = with_pool(&pool, PoolFlags::default()).await;
    let again = tree.start_child("/r", Child::pool("q", &pool, PoolFlags::default())).await;
    let Err(AdminError::StartFailed(why)) = again else { panic!("{again:?}") };
    assert!(why.to_string().contains("in another place"), "{why}");
    assert!(case.member(&pool, "a").await.is_ok(), "the first is as it was");
    tree.terminate_child("/r", "p").await.unwrap();
    let moved = tree.start_child("/r", Child::pool("q", &pool, PoolFlags::default())).await;
    assert!(moved.unwrap().is_some(), "it may move");
}

/// Nobody waits for ever, and not too many wait at all.
#[tokio::test(start_paused = true)]
async fn questions_are_bounded_in_time_and_number() {
    let case = Case::default();
    let child = case.child("a").shutdown(Shutdown::Infinity);
    let tree = case.grow(Flags::default(), vec![child]).await;
    case.mood("a").hangs_in_terminate.store(true, SeqCst);
    let asks = (0..1_100).map(|_| tree.terminate_child("/r", "a"));
    let answers = join_all(asks).await;
    let limit = AdminError::Timeout(Duration::from_secs(30));
    let late = answers.iter().filter(|answer| **answer == Err(limit.clone())).count();
    let busy = answers.iter().filter(|answer| **answer == Err(AdminError::Busy)).count();
    assert_eq!((late, busy), (1_024, 76));
}

/// Who has gone away and wanted only to know leaves room for others.
#[tokio::test(start_paused = true)]
async fn a_question_goes_away_with_who_asked_it_and_a_wish_stays() {
    let case = Case::default();
    let slow = case.child("a").shutdown(Shutdown::Within(Duration::from_secs(40)));
    let tree = case.grow(Flags::default(), vec![slow, case.child("b")]).await;
    case.mood("a").hangs_in_terminate.store(true, SeqCst);
    let mut first = Box::pin(join_all([tree.terminate_child("/r", "a"), tree.terminate_child("/r", "b")]));
    let mut crowd = Box::pin(join_all((0..1_022).map(|_| tree.count_children("/r"))));
    assert!(poll!(&mut first).is_pending() && poll!(&mut crowd).is_pending());
    assert_eq!(tree.count_children("/r").await, Err(AdminError::Busy));
    drop((first, crowd));
    let late = tree.count_children("/r").await;
    assert_eq!(late, Err(AdminError::Timeout(Duration::from_secs(30))), "it was taken");
    assert_eq!(tree.count_children("/r").await, Ok(counts(2, 0, 0, 2)), "both were ended all the same");
}
