//! What is done, to whom, in which order; and that a supervisor that cannot do its part is as it was.

use super::{House, mailbox_capacity, plan, reload, shown, standing};
use crate::common::{Mood, Probe, crash, find, until};
use futures_util::future::join_all;
use futures_util::{FutureExt, poll};
use hecate_supervision::{AdminError, Child, ExitReason, ReloadError, StartError};
use std::sync::Arc;
use std::sync::atomic::Ordering::SeqCst;
use std::time::Duration;
use tokio::time::Instant;

#[tokio::test]
async fn who_is_new_starts_then_who_is_left_out_stops_and_the_others_run_on() {
    let house = House::new();
    let tree = house.boot("/r\n/r/a\n/r/b").await;
    let a = house.addr("a");
    let applied = reload(&tree, "/r\n/r/c\n/r/a\n/r/d").await.unwrap();
    assert_eq!(applied.supervisors, ["/r"]);
    assert_eq!(house.told(), ["init c", "init d", "end b shutdown"]);
    assert_eq!(house.addr("a"), a);
    assert_eq!(standing(&tree), ["/r running", "/r/c running", "/r/a running", "/r/d running"]);
    assert_eq!(tree.get_childspec("/r", "b").await, Err(AdminError::NotFound));
}

#[tokio::test]
async fn whole_branches_come_and_go() {
    let house = House::new();
    let tree = house.boot("/r\n/r/s\n/r/s/a\n/r/s/b").await;
    reload(&tree, "/r\n/r/t\n/r/t/u\n/r/t/u/c\n/r/t/d").await.unwrap();
    assert_eq!(house.told(), ["init c", "init d", "end b shutdown", "end a shutdown"]);
    let expected = ["/r running", "/r/t running", "/r/t/u running", "/r/t/u/c running", "/r/t/d running"];
    assert_eq!(standing(&tree), expected);
}

#[tokio::test]
async fn another_patience_holds_at_once() {
    let house = House::new();
    let tree = house.boot("/r intensity=0\n/r/a\n/r/b").await;
    reload(&tree, "/r intensity=2; period=\"1m\"\n/r/a\n/r/b").await.unwrap();
    let a = house.addr("a");
    a.cast(crash()).unwrap();
    until(|| house.told().contains(&"init a".to_owned()), || "the restart".into()).await;
    let shown = tree.snapshot().intensity.unwrap();
    assert_eq!((shown.used, shown.max, shown.period_ms), (1, 2, 60_000));
}

#[tokio::test]
async fn another_policy_of_a_child_holds_at_once() {
    let house = House::new();
    let tree = house.boot("/r\n/r/a\n/r/b").await;
    reload(&tree, "/r\n/r/a restart=\"transient\"; shutdown=\"brutal_kill\"\n/r/b").await.unwrap();
    assert_eq!(find(&tree.snapshot(), "/r/a").restart, "transient");
    house.addr("a").cast(super::Say::End(ExitReason::Normal)).unwrap();
    until(|| find(&tree.snapshot(), "/r/a").status == "stopped", || "the end".into()).await;
    assert_eq!(house.told(), ["end a normal"], "a transient child that is done stays down");
}

/// Two children, of which `a` has a mailbox of that capacity.
fn file(capacity: u64) -> String {
    format!("/r intensity=5\n/r/a mailbox={{capacity={capacity}}}\n/r/b")
}

#[tokio::test]
async fn another_mailbox_waits_for_the_next_start_unless_the_plan_restarts() {
    let house = House::new();
    let tree = house.boot(&file(8)).await;
    reload(&tree, &file(16)).await.unwrap();
    assert_eq!(mailbox_capacity(&tree, "/r/a"), 8);
    house.addr("a").cast(crash()).unwrap();
    until(|| mailbox_capacity(&tree, "/r/a") == 16, || "the restart".into()).await;
    house.told();
    let b = house.addr("b");
    tree.apply(plan(&tree, &file(32), true)).await.unwrap();
    assert_eq!(house.told(), ["end a shutdown", "init a"]);
    assert_eq!((mailbox_capacity(&tree, "/r/a"), house.addr("b")), (32, b));
}

#[tokio::test]
async fn what_waits_for_a_next_start_is_shown_until_it_comes_and_brought_by_a_plan_that_restarts() {
    let house = House::new();
    let tree = house.boot(&file(8)).await;
    reload(&tree, &file(16)).await.unwrap();
    assert_eq!(shown(&plan(&tree, &file(16), false)), ["change /r/a mailbox.capacity: 8 -> 16 Waiting"]);
    assert_eq!(shown(&plan(&tree, &file(32), false)), ["change /r/a mailbox.capacity: 8 -> 32 NextStart"]);
    assert_eq!(reload(&tree, &file(16)).await.unwrap().supervisors, Vec::<String>::new());
    let renewing = plan(&tree, &file(16), true);
    assert_eq!(shown(&renewing)[1..], ["restart /r/a"]);
    assert_eq!(tree.apply(renewing).await.unwrap().supervisors, ["/r"]);
    assert_eq!(house.told(), ["end a shutdown", "init a"]);
    assert_eq!(mailbox_capacity(&tree, "/r/a"), 16);
    assert!(shown(&plan(&tree, &file(16), true)).is_empty());
}

#[tokio::test]
async fn what_waits_for_a_next_start_can_be_taken_back() {
    let house = House::new();
    let tree = house.boot(&file(8)).await;
    reload(&tree, &file(16)).await.unwrap();
    let back = plan(&tree, &file(8), true);
    assert_eq!(shown(&back), ["change /r/a mailbox.capacity: 16 -> 8 NextStart"], "nobody has to restart");
    tree.apply(back).await.unwrap();
    assert!(shown(&plan(&tree, &file(8), true)).is_empty() && house.told().is_empty());
    house.addr("a").cast(crash()).unwrap();
    let restarted = || find(&tree.snapshot(), "/r/a").generation == 2 && mailbox_capacity(&tree, "/r/a") == 8;
    until(restarted, || standing(&tree).join("; ")).await;
}

#[tokio::test]
async fn another_order_is_the_order_of_the_next_group_restart() {
    let house = House::new();
    let tree = house.boot("/r strategy=\"rest_for_one\"\n/r/a\n/r/b").await;
    reload(&tree, "/r strategy=\"rest_for_one\"\n/r/b\n/r/c\n/r/a").await.unwrap();
    assert_eq!(house.told(), ["init c"]);
    house.addr("b").cast(crash()).unwrap();
    let expected = ["end b error: boom", "end a shutdown", "end c shutdown", "init b", "init c", "init a"];
    assert_eq!(house.stage.trace.await_lines(expected.len()).await, expected);
    house.told();
    assert!(tree.stop(crate::common::PATIENCE).await);
    assert_eq!(house.told(), ["end a shutdown", "end c shutdown", "end b shutdown"]);
}

#[tokio::test]
async fn a_pool_takes_its_limits_at_once_and_keeps_its_children() {
    let house = House::new();
    let tree = house.boot("/r\n/r/p max_children=1").await;
    let probe = |id| Probe { id, trace: house.stage.trace.clone(), mood: Default::default() };
    let x = house.pool.start_child("x", probe("x")).await.unwrap();
    x.cast(super::Say::Hang).unwrap();
    assert_eq!(house.pool.start_child("y", probe("y")).await, Err(StartError::MaxChildren { max: 1 }));
    reload(&tree, "/r\n/r/p max_children=2; mailbox={capacity=7}").await.unwrap();
    house.pool.start_child("y", probe("y")).await.unwrap();
    assert_eq!(house.pool.whereis("x"), Some(x));
    assert_eq!(mailbox_capacity(&tree, "/r/p/y"), 7);
}

#[tokio::test(start_paused = true)]
async fn a_pool_that_has_less_patience_now_kills_the_next_one_before_those_that_were_promised_more() {
    let house = House::new();
    let tree = house.boot("/r\n/r/p shutdown=\"10s\"").await;
    for id in ["x", "y"] {
        let mood = Arc::<Mood>::default();
        mood.hangs_in_terminate.store(true, SeqCst);
        let stuck = Probe { id, trace: house.stage.trace.clone(), mood };
        house.pool.start_child(id, stuck).await.unwrap();
    }
    house.told();
    let (begun, pool) = (Instant::now(), house.pool.clone());
    let slow = tokio::spawn(async move { pool.terminate_child("x").await });
    house.stage.trace.await_lines(1).await;
    reload(&tree, "/r\n/r/p shutdown=\"50ms\"").await.unwrap();
    house.pool.terminate_child("y").await.unwrap();
    assert!(begun.elapsed() < Duration::from_secs(1), "{:?}", begun.elapsed());
    slow.await.unwrap().unwrap();
    assert!(begun.elapsed() >= Duration::from_secs(10), "{:?}", begun.elapsed());
}

/// So many questions wait for a stop that the supervisor takes no more; what a reload asks is taken.
#[tokio::test(start_paused = true)]
async fn a_reload_is_not_left_half_done_because_many_ask() {
    let house = House::new();
    let tree = house.boot("/r\n/r/a shutdown=\"10s\"\n/r/b").await;
    house.stage.moods[0].hangs_in_terminate.store(true, SeqCst);
    let mut slow = std::pin::pin!(tree.terminate_child("/r", "a"));
    assert!(poll!(&mut slow).is_pending());
    let crowd = (0..1_024).map(|_| tree.delete_child("/r", "d"));
    let mut crowd = std::pin::pin!(join_all(crowd));
    assert!(poll!(&mut crowd).is_pending());
    assert_eq!(tree.count_children("/r").await, Err(AdminError::Busy));
    let applied = reload(&tree, "/r\n/r/b\n/r/c").await.unwrap();
    assert_eq!(applied.supervisors, ["/r"]);
    assert_eq!(standing(&tree), ["/r running", "/r/b running", "/r/c running"]);
}

#[tokio::test]
async fn a_supervisor_that_is_restarted_later_begins_with_what_was_applied() {
    let house = House::new();
    let tree = house.boot("/r intensity=9\n/r/s intensity=0\n/r/s/a\n/r/s/b").await;
    reload(&tree, "/r intensity=9\n/r/s intensity=0\n/r/s/a\n/r/s/c").await.unwrap();
    house.told();
    house.addr("a").cast(crash()).unwrap();
    let expected = ["end a error: boom", "end c shutdown", "init a", "init c"];
    assert_eq!(house.stage.trace.await_lines(expected.len()).await, expected);
    until(|| standing(&tree).iter().all(|row| row.ends_with("running")), || "the restart".into()).await;
    assert_eq!(standing(&tree), ["/r running", "/r/s running", "/r/s/a running", "/r/s/c running"]);
}

#[tokio::test]
async fn a_supervisor_whose_new_child_does_not_start_is_as_it_was() {
    let house = House::new();
    let before = "/r intensity=9\n/r/a mailbox={capacity=8}\n/r/b";
    let tree = house.boot(before).await;
    let (a, b) = (house.addr("a"), house.addr("b"));
    house.stage.moods[3].failing_inits.store(1, SeqCst);
    let after = "/r intensity=1\n/r/c\n/r/a mailbox={capacity=16}; restart=\"transient\"\n/r/d";
    let first = plan(&tree, after, true);
    let fingerprint = first.shown().fingerprint.clone();
    let failed = tree.apply(first).await.unwrap_err();
    let why = AdminError::StartFailed(ExitReason::error("moody"));
    assert_eq!(failed, ReloadError::RolledBack { supervisor: "/r".into(), why, applied: Vec::new() });
    assert_eq!(house.told(), ["init c", "init d", "end c shutdown"]);
    assert_eq!((house.addr("a"), house.addr("b")), (a.clone(), b));
    assert_eq!(standing(&tree), ["/r running", "/r/a running", "/r/b running"]);
    let root = tree.snapshot();
    assert_eq!(
        (root.intensity.unwrap().max, find(&tree.snapshot(), "/r/a").restart),
        (9, "permanent".into())
    );
    a.cast(crash()).unwrap();
    until(|| house.told().contains(&"init a".to_owned()), || "the restart".into()).await;
    assert_eq!(mailbox_capacity(&tree, "/r/a"), 8, "restarted as it was");
    let again = plan(&tree, after, true);
    assert_eq!(again.shown().fingerprint, fingerprint, "the tree is the one that the plan was made for");
    tree.apply(again).await.unwrap();
    assert_eq!(standing(&tree), ["/r running", "/r/c running", "/r/a running", "/r/d running"]);
}

#[tokio::test]
async fn a_child_that_does_not_restart_runs_again_as_it_was() {
    let house = House::new();
    let tree = house.boot("/r\n/r/a mailbox={capacity=8}\n/r/b mailbox={capacity=8}").await;
    house.stage.moods[1].failing_inits.store(1, SeqCst);
    let after = plan(&tree, "/r\n/r/a mailbox={capacity=9}\n/r/b mailbox={capacity=9}", true);
    let failed = tree.apply(after).await.unwrap_err();
    assert!(matches!(failed, ReloadError::RolledBack { .. }), "{failed}");
    let expected =
        ["end a shutdown", "init a", "end b shutdown", "init b", "end a shutdown", "init a", "init b"];
    assert_eq!(house.told(), expected);
    assert_eq!((mailbox_capacity(&tree, "/r/a"), mailbox_capacity(&tree, "/r/b")), (8, 8));
}

#[tokio::test]
async fn who_cannot_be_brought_what_waits_for_it_runs_again_as_it_ran_and_waits_again() {
    let house = House::new();
    let file =
        |capacity| format!("/r\n/r/a mailbox={{capacity={capacity}}}\n/r/b mailbox={{capacity={capacity}}}");
    let tree = house.boot(&file(8)).await;
    reload(&tree, &file(9)).await.unwrap();
    house.stage.moods[1].failing_inits.store(1, SeqCst);
    let failed = tree.apply(plan(&tree, &file(9), true)).await.unwrap_err();
    assert!(matches!(failed, ReloadError::RolledBack { .. }), "{failed}");
    assert_eq!((mailbox_capacity(&tree, "/r/a"), mailbox_capacity(&tree, "/r/b")), (8, 8));
    assert_eq!(shown(&plan(&tree, &file(9), false)).len(), 2, "both wait again");
    tree.apply(plan(&tree, &file(9), true)).await.unwrap();
    assert_eq!((mailbox_capacity(&tree, "/r/a"), mailbox_capacity(&tree, "/r/b")), (9, 9));
}

#[tokio::test]
async fn what_waits_for_a_next_start_is_brought_once_by_two_who_ask_for_it() {
    let house = House::new();
    let tree = house.boot(&file(8)).await;
    reload(&tree, &file(9)).await.unwrap();
    let (one, other) = (plan(&tree, &file(9), true), plan(&tree, &file(9), true));
    let (done, late) = tokio::join!(tree.apply(one), tree.apply(other));
    assert_eq!((done.unwrap().supervisors, late), (vec!["/r".to_owned()], Err(ReloadError::Stale)));
    assert_eq!(house.told(), ["end a shutdown", "init a"]);
}

#[tokio::test]
async fn the_first_supervisor_that_fails_ends_it_and_those_before_stay_applied() {
    let house = House::new();
    let tree = house.boot("/r\n/r/s\n/r/s/a\n/r/t\n/r/t/b").await;
    house.stage.moods[3].failing_inits.store(1, SeqCst);
    let after = "/r\n/r/s\n/r/s/a\n/r/s/c\n/r/t\n/r/t/b\n/r/t/d";
    let ReloadError::RolledBack { supervisor, applied, .. } = reload(&tree, after).await.unwrap_err() else {
        panic!("not rolled back");
    };
    assert_eq!((supervisor.as_str(), applied), ("/r/t", vec!["/r/s".to_owned()]));
    assert_eq!(shown(&plan(&tree, after, false)), ["start /r/t/d d 1"], "what is left of the plan");
    reload(&tree, after).await.unwrap();
    assert!(standing(&tree).contains(&"/r/t/d running".to_owned()));
}

#[tokio::test]
async fn a_child_that_a_program_has_started_stays_and_keeps_its_id() {
    let house = House::new();
    let tree = house.boot("/r\n/r/a").await;
    let extra = Child::worker::<Probe>("c", None, {
        let trace = house.stage.trace.clone();
        move || Probe { id: "extra", trace: trace.clone(), mood: Default::default() }
    });
    tree.start_child("/r", extra).await.unwrap();
    reload(&tree, "/r\n/r/b\n/r/a").await.unwrap();
    assert_eq!(standing(&tree), ["/r running", "/r/b running", "/r/a running", "/r/c running"]);
    let failed = reload(&tree, "/r\n/r/b\n/r/a\n/r/c").await.unwrap_err();
    let why = AdminError::AlreadyPresent;
    assert_eq!(failed, ReloadError::RolledBack { supervisor: "/r".into(), why, applied: Vec::new() });
    assert_eq!(house.told(), ["init extra", "init b"]);
}

#[tokio::test]
async fn a_reload_goes_on_to_its_end_when_nobody_waits_for_it() {
    let house = House::new();
    let tree = house.boot("/r\n/r/a").await;
    let plan = plan(&tree, "/r\n/r/b\n/r/c", false);
    assert!(tree.apply(plan).now_or_never().is_none(), "who asked goes away at the first wait");
    until(
        || standing(&tree) == ["/r running", "/r/b running", "/r/c running"],
        || format!("{:?}", standing(&tree)),
    )
    .await;
}
