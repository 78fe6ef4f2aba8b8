//! Significant children: whose end ends their supervisor, and whose does not.

use super::{Case, abnormal, auto, await_down, last_reason, restarting, search, standing, stays_up};
use crate::common::{PATIENCE, Say, until, within};
use AutoShutdown::{AllSignificant, AnySignificant, Never};
use hecate_supervision::{
    AutoShutdown, Child, Ended, ExitReason, Flags, InvalidSpec, Pool, PoolFlags, Restart, Strategy, Tree,
};
use std::sync::Arc;

fn significant(case: &Case, id: &'static str, restart: Restart) -> Child {
    case.child(id).restart(restart).significant()
}

/// Every way to end, one after the other; a transient child comes back after a kill and a crash.
async fn nonsignificant_ends_nothing(restart: Restart) {
    for policy in [Never, AnySignificant, AllSignificant] {
        let case = Case::default();
        let tree = case.grow(auto(policy), vec![case.child("a").restart(restart)]).await;
        tree.terminate_child("/r", "a").await.unwrap();
        stays_up(&tree).await;
        bring_back(&case, &tree, restart).await;
        case.kill("a").await;
        stays_up(&tree).await;
        bring_back(&case, &tree, restart).await;
        case.end("a", abnormal()).await;
        stays_up(&tree).await;
        bring_back(&case, &tree, restart).await;
        case.end("a", ExitReason::Normal).await;
        stays_up(&tree).await;
        assert!(case.name("a").whereis().is_none(), "{policy:?}");
    }
}

/// The child `a`, where it does not run.
async fn bring_back(case: &Case, tree: &Tree, restart: Restart) {
    let child = || case.child("a").restart(restart);
    match standing(tree, "/r").await.as_slice() {
        [] => assert!(tree.start_child("/r", child()).await.unwrap().is_some()),
        [one] if one == "a undefined" => assert!(tree.restart_child("/r", "a").await.unwrap().is_some()),
        running => assert_eq!(running, ["a running"]),
    }
}

#[tokio::test]
async fn nonsignificant_temporary() {
    nonsignificant_ends_nothing(Restart::Temporary).await;
}

#[tokio::test]
async fn nonsignificant_transient() {
    nonsignificant_ends_nothing(Restart::Transient).await;
}

/// Two significant children and a bystander, who all run.
async fn two_and_a_bystander(policy: AutoShutdown, restart: Restart) -> (Case, Arc<Tree>) {
    let case = Case::default();
    let bystander = case.child("c").restart(restart);
    let children = vec![significant(&case, "a", restart), significant(&case, "b", restart), bystander];
    let tree = case.grow(auto(policy), children).await;
    (case, tree)
}

/// `a` has ended; all others go down with the tree, in order.
async fn goes_down(case: &Case, tree: &Tree) {
    assert_eq!(await_down(tree).await, Ended::AutoShutdown { path: "/r".into() });
    let told = case.told();
    assert_eq!(told[told.len() - 2..], ["end c shutdown", "end b shutdown"]);
    assert_eq!(last_reason(tree, "/r"), "shutdown");
}

/// One of all is left, then none.
async fn all_of_them(restart: Restart) {
    let (case, tree) = two_and_a_bystander(AllSignificant, restart).await;
    case.end("a", ExitReason::Normal).await;
    stays_up(&tree).await;
    assert!(case.name("b").whereis().is_some() && case.name("c").whereis().is_some());
    case.end("b", ExitReason::Normal).await;
    assert_eq!(await_down(&tree).await, Ended::AutoShutdown { path: "/r".into() });
    assert_eq!(case.told().last().unwrap(), "end c shutdown");
}

#[tokio::test]
async fn significant_temporary() {
    let (case, tree) = two_and_a_bystander(AnySignificant, Restart::Temporary).await;
    tree.terminate_child("/r", "a").await.unwrap();
    stays_up(&tree).await;
    assert_eq!(standing(&tree, "/r").await, ["c running", "b running"], "as asked");
    tree.start_child("/r", significant(&case, "a", Restart::Temporary)).await.unwrap();
    case.kill("a").await;
    await_down(&tree).await;
    for why in [abnormal(), ExitReason::Normal] {
        let (case, tree) = two_and_a_bystander(AnySignificant, Restart::Temporary).await;
        case.end("a", why).await;
        goes_down(&case, &tree).await;
    }
    all_of_them(Restart::Temporary).await;
}

#[tokio::test]
async fn significant_transient() {
    let all_run = ["c running", "b running", "a running"];
    for policy in [AnySignificant, AllSignificant] {
        let (case, tree) = two_and_a_bystander(policy, Restart::Transient).await;
        tree.terminate_child("/r", "a").await.unwrap();
        stays_up(&tree).await;
        tree.restart_child("/r", "a").await.unwrap();
        case.kill("a").await;
        stays_up(&tree).await;
        assert_eq!(standing(&tree, "/r").await, all_run, "{policy:?}: a kill is restarted, not the end");
        case.end("a", abnormal()).await;
        stays_up(&tree).await;
        assert_eq!(standing(&tree, "/r").await, all_run, "{policy:?}: and so is a crash");
        case.end("a", ExitReason::Normal).await;
        match policy {
            AnySignificant => goes_down(&case, &tree).await,
            _ => stays_up(&tree).await,
        }
    }
    all_of_them(Restart::Transient).await;
}

/// A pool has no auto-shutdown, as in OTP from 27 on; as a child it can be significant as any other.
#[tokio::test]
async fn significant_simple() {
    let (case, pool) = (Case::default(), Pool::restarting());
    let child = Child::pool("p", &pool, PoolFlags::default()).significant();
    let error = within(Tree::grow("r", auto(AnySignificant), vec![child])).await.unwrap_err();
    assert_eq!(error.reason, ExitReason::error(InvalidSpec::SignificantPermanent));

    let child = Child::pool("p", &pool, restarting(Restart::Permanent, 0)).restart(Restart::Transient);
    let tree = case.grow(auto(AnySignificant), vec![child.significant(), case.child("c")]).await;
    case.member(&pool, "a").await.unwrap().cast(Say::End(abnormal())).unwrap();
    assert_eq!(await_down(&tree).await, Ended::AutoShutdown { path: "/r".into() }, "it gave up: a clean end");
    assert_eq!(case.told().last().unwrap(), "end c shutdown");
}

/// A significant child that is taken along by a sibling's crash is no end.
#[tokio::test]
async fn significant_bystander() {
    for (strategy, new) in
        [(Strategy::OneForOne, "b"), (Strategy::OneForAll, "abc"), (Strategy::RestForOne, "bc")]
    {
        for policy in [AnySignificant, AllSignificant] {
            let case = Case::default();
            let bystander = case.child("b").restart(Restart::Transient);
            let transient = |id| significant(&case, id, Restart::Transient);
            let children = vec![transient("a"), bystander, transient("c")];
            let tree = case.grow(Flags { strategy, ..auto(policy) }, children).await;
            let before = ["a", "b", "c"].map(|id| case.whereis(id));
            case.kill("b").await;
            stays_up(&tree).await;
            assert_eq!(standing(&tree, "/r").await, ["c running", "b running", "a running"]);
            for (id, before) in ["a", "b", "c"].into_iter().zip(before) {
                assert_eq!(case.whereis(id) != before, new.contains(id), "{strategy:?} {policy:?}: {id}");
            }
            assert!(tree.stop(PATIENCE).await);
        }
    }
}

#[tokio::test]
async fn significant_escalation() {
    for is_significant in [true, false] {
        let case = Case::default();
        let inner = vec![significant(&case, "a", Restart::Transient), case.child("b")];
        let inner = Child::supervisor("s", auto(AnySignificant), inner).restart(Restart::Transient);
        let inner = if is_significant { inner.significant() } else { inner };
        let tree = case.grow(auto(AnySignificant), vec![inner, case.child("c")]).await;
        case.end("a", ExitReason::Normal).await;
        let below = ["end a normal", "end b shutdown"];
        if is_significant {
            await_down(&tree).await;
            assert_eq!(case.told(), [below[0], below[1], "end c shutdown"]);
            continue;
        }
        until(|| last_reason_is_known(&tree, "/r/s"), || "the end below".into()).await;
        stays_up(&tree).await;
        assert_eq!(standing(&tree, "/r").await, ["c running", "s undefined"]);
        assert_eq!(case.told(), below);
    }
}

fn last_reason_is_known(tree: &Tree, path: &str) -> bool {
    search(&tree.snapshot(), path).is_some_and(|place| place.restarts.last.is_some())
}
