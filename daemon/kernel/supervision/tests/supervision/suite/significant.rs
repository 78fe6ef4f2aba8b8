//! Significant children: whose end ends their supervisor, and whose does not.

use super::{Case, abnormal, auto, await_down, standing};
use crate::common::until;
use AutoShutdown::{AllSignificant, AnySignificant, Never};
use hecate_supervision::{
    AdminError, AutoShutdown, Child, ExitReason, Flags, InvalidSpec, Pool, PoolFlags, Restart, Strategy, Tree,
};

fn significant(case: &Case, id: &'static str, restart: Restart) -> Child {
    case.child(id).restart(restart).significant()
}

async fn nonsignificant_ends_nothing(restart: Restart) {
    for policy in [Never, AnySignificant, AllSignificant] {
        let case = Case::default();
        let tree = case.grow(auto(policy), vec![case.child("a").restart(restart), case.child("b")]).await;
        case.end("a", ExitReason::Normal).await;
        assert!(standing(&tree, "/r").await.contains(&"b running".to_owned()), "{policy:?}");
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

/// Two significant children and a bystander; the ends of the first and the second.
async fn first_and_second_end(restart: Restart, why: ExitReason) {
    let case = Case::default();
    let children = vec![significant(&case, "a", restart), significant(&case, "b", restart), case.child("c")];
    let tree = case.grow(auto(AnySignificant), children).await;
    case.end("a", why.clone()).await;
    await_down(&tree).await;
    assert_eq!(case.told()[1..], ["end c shutdown", "end b shutdown"], "any");
    assert_eq!(tree.snapshot().restarts.last.unwrap().reason, "shutdown");

    let children = vec![significant(&case, "a", restart), significant(&case, "b", restart), case.child("c")];
    let tree = case.grow(auto(AllSignificant), children).await;
    case.end("a", why.clone()).await;
    assert!(standing(&tree, "/r").await.contains(&"b running".to_owned()), "one of all is left");
    case.end("b", why).await;
    await_down(&tree).await;
    assert_eq!(case.told().last().unwrap(), "end c shutdown");
}

#[tokio::test]
async fn significant_temporary() {
    first_and_second_end(Restart::Temporary, ExitReason::Normal).await;
    first_and_second_end(Restart::Temporary, abnormal()).await;
}

#[tokio::test]
async fn significant_transient() {
    first_and_second_end(Restart::Transient, ExitReason::Normal).await;
    first_and_second_end(Restart::Transient, ExitReason::Shutdown).await;
    let case = Case::default();
    let tree = case.grow(auto(AnySignificant), vec![significant(&case, "a", Restart::Transient)]).await;
    case.end("a", abnormal()).await;
    assert_eq!(standing(&tree, "/r").await, ["a running"], "a crash is restarted, not the end");
}

/// A pool has no auto-shutdown, as in OTP from 27 on; as a child it is permanent, so never significant.
#[tokio::test]
async fn significant_simple() {
    let (case, pool) = (Case::default(), Pool::<crate::common::Probe>::new());
    let child = Child::pool("p", &pool, PoolFlags::default()).significant();
    let error = Tree::grow("r", auto(AnySignificant), vec![child]).await.unwrap_err();
    assert_eq!(error.reason, ExitReason::error(InvalidSpec::SignificantPermanent));
    assert!(case.told().is_empty());
}

#[tokio::test]
async fn significant_bystander() {
    for strategy in [Strategy::OneForAll, Strategy::RestForOne] {
        let case = Case::default();
        let children = vec![case.child("a"), significant(&case, "b", Restart::Transient)];
        let tree = case.grow(Flags { strategy, ..auto(AnySignificant) }, children).await;
        case.end("a", abnormal()).await;
        assert_eq!(standing(&tree, "/r").await, ["b running", "a running"], "{strategy:?}: taken along");
        tree.terminate_child("/r", "b").await.unwrap();
        assert_eq!(standing(&tree, "/r").await, ["b undefined", "a running"], "{strategy:?}: as asked");
    }
}

#[tokio::test]
async fn significant_escalation() {
    let case = Case::default();
    let inner = vec![significant(&case, "a", Restart::Transient), case.child("b")];
    let inner = Child::supervisor("s", auto(AnySignificant), inner).restart(Restart::Transient).significant();
    let tree = case.grow(auto(AnySignificant), vec![inner, case.child("c")]).await;
    case.end("a", ExitReason::Normal).await;
    await_down(&tree).await;
    assert_eq!(case.told(), ["end a normal", "end b shutdown", "end c shutdown"]);
}

/// Whether a supervisor of that policy takes a child of that spec: what a change of the policy, or of the
/// child, may come to.
async fn takes(policy: AutoShutdown, restart: Restart, is_significant: bool) -> Result<(), InvalidSpec> {
    let case = Case::default();
    let child = || {
        let child = case.child("a").restart(restart);
        if is_significant { child.significant() } else { child }
    };
    let tree = case.grow(auto(policy), Vec::new()).await;
    match tree.start_child("/r", child()).await {
        Ok(_) => Ok(()),
        Err(AdminError::InvalidSpec(why)) => {
            let error = Tree::grow("q", auto(policy), vec![child()]).await.unwrap_err();
            assert_eq!(error.reason, ExitReason::error(&why), "at boot as later");
            Err(why)
        }
        Err(other) => panic!("{other}"),
    }
}

/// A significant child that was taken under one policy, and is or is not under another.
async fn changes(from: AutoShutdown, to: AutoShutdown) {
    let expected = |policy| match policy {
        Never => Err(InvalidSpec::SignificantWithoutAutoShutdown),
        AnySignificant | AllSignificant => Ok(()),
    };
    for policy in [from, to] {
        assert_eq!(takes(policy, Restart::Transient, true).await, expected(policy), "{from:?} to {to:?}");
        assert_eq!(takes(policy, Restart::Temporary, true).await, expected(policy), "{from:?} to {to:?}");
        assert_eq!(takes(policy, Restart::Permanent, false).await, Ok(()));
    }
}

#[tokio::test]
async fn significant_upgrade_never_any() {
    changes(Never, AnySignificant).await;
}

#[tokio::test]
async fn significant_upgrade_any_never() {
    changes(AnySignificant, Never).await;
}

#[tokio::test]
async fn significant_upgrade_never_all() {
    changes(Never, AllSignificant).await;
}

#[tokio::test]
async fn significant_upgrade_all_never() {
    changes(AllSignificant, Never).await;
}

#[tokio::test]
async fn significant_upgrade_any_all() {
    changes(AnySignificant, AllSignificant).await;
}

#[tokio::test]
async fn significant_upgrade_all_any() {
    changes(AllSignificant, AnySignificant).await;
}

#[tokio::test]
async fn significant_upgrade_child() {
    let case = Case::default();
    let tree = case.grow(auto(AnySignificant), vec![case.child("a").restart(Restart::Transient)]).await;
    tree.terminate_child("/r", "a").await.unwrap();
    tree.delete_child("/r", "a").await.unwrap();
    tree.start_child("/r", significant(&case, "a", Restart::Transient)).await.unwrap();
    assert!(tree.get_childspec("/r", "a").await.unwrap().significant);
    case.end("a", ExitReason::Normal).await;
    await_down(&tree).await;
    until(|| tree.snapshot().status == "stopped", || "the end".into()).await;
}
