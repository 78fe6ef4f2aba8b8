//! What operators may do, and what they are refused.

use super::boot_pool;
use crate::common::{PATIENCE, Probe, Say, Stage, crash, find, until, within};
use futures_util::future::join_all;
use futures_util::poll;
use hecate_proto::debug::DebugEventKind;
use hecate_supervision::{
    Actor, AdminError, Child, ExitReason, Flags, Heard, InterventionError, Me, Name, Pool, SendError,
    Strategy, Tree,
};
use std::sync::Arc;
use std::sync::atomic::Ordering::SeqCst;
use std::time::Duration;
use tokio::sync::Notify;

const LONG: Duration = Duration::from_secs(60);

fn handled(tree: &Tree, path: &str) -> u64 {
    find(&tree.snapshot(), path).messages.map(|it| it.handled).unwrap_or_default()
}

#[tokio::test]
async fn a_suspended_actor_handles_nothing_while_its_mailbox_fills_within_its_bound() {
    let stage = Stage::of(&["a"]);
    let tree = stage.boot("one_for_one", 1, &["a"], "mailbox = { capacity = 3 }").await;
    tree.suspend("/r/a", LONG).unwrap();
    for _ in 0..3 {
        stage.names[0].cast(Say::Work).unwrap();
    }
    assert!(matches!(stage.names[0].cast(Say::Work), Err(SendError::Full(_))));
    let a = find(&tree.snapshot(), "/r/a");
    assert_eq!((&*a.status, a.mailbox.unwrap().depth, a.messages.unwrap().handled), ("suspended", 3, 0));
    assert!(super::work(&tree, "/r/a").await.resumes_in_ms.is_some_and(|ms| ms > 30_000));
    tree.resume("/r/a").unwrap();
    until(|| handled(&tree, "/r/a") == 3, || "all three".into()).await;
    assert_eq!(find(&tree.snapshot(), "/r/a").status, "running");
    assert_eq!(tree.resume("/r/a"), Err(InterventionError::NotSuspended));
}

#[tokio::test(start_paused = true)]
async fn a_suspended_actor_goes_on_by_itself_and_says_so() {
    let stage = Stage::of(&["a"]);
    let tree = stage.boot("one_for_one", 1, &["a"], "").await;
    let mut events = tree.events(None);
    tree.suspend("/r/a", Duration::from_millis(10)).unwrap();
    tree.suspend("/r/a", Duration::from_secs(5)).unwrap();
    let begun = tokio::time::Instant::now();
    stage.names[0].cast(Say::Work).unwrap();
    until(|| handled(&tree, "/r/a") == 1, || "the message".into()).await;
    assert!(begun.elapsed() >= Duration::from_secs(5), "the later suspension takes the earlier one's place");
    let mut said = Vec::new();
    while said.len() < 3 {
        let Heard::Event(event) = events.next().await else { panic!("lagged") };
        said.push((event.kind, event.detail.unwrap()));
    }
    let (slept, woke) = (DebugEventKind::Suspended, DebugEventKind::Resumed);
    let expected = [(slept, "for 10 ms"), (slept, "for 5000 ms"), (woke, "by itself")];
    assert_eq!(said, expected.map(|(kind, detail)| (kind, detail.to_owned())));
}

#[tokio::test]
async fn a_suspended_actor_still_ends_on_every_road() {
    for drains in [true, false] {
        let stage = Stage::of(&["a"]);
        let extra = if drains { "shutdown = { drain = \"1m\" }" } else { "shutdown = \"1m\"" };
        let tree = stage.boot("one_for_one", 9, &["a"], extra).await;
        tree.suspend("/r/a", LONG).unwrap();
        stage.names[0].cast(Say::Work).unwrap();
        tokio::task::yield_now().await;
        assert!(tree.stop(PATIENCE).await, "asked to end, draining: {drains}");
        assert_eq!(stage.trace.lines(), ["end a shutdown"]);
    }
    let stage = Stage::of(&["a"]);
    let tree = stage.boot("one_for_one", 9, &["a"], "").await;
    tree.suspend("/r/a", LONG).unwrap();
    stage.names[0].cast(Say::Work).unwrap();
    tree.kill("/r/a").unwrap();
    until(|| find(&tree.snapshot(), "/r/a").generation == 2, || "a second one".into()).await;
}

/// Lives by a loop that it attaches.
pub(super) struct Loner;

impl Actor for Loner {
    type Msg = Say;
    type Args = ();

    async fn init((): (), me: &Me<Say>) -> Result<Self, ExitReason> {
        me.works_beside();
        me.attach(std::future::pending());
        Ok(Self)
    }

    async fn handle(&mut self, _: Say, _: &Me<Say>) -> Result<(), ExitReason> {
        Ok(())
    }
}

#[tokio::test]
async fn who_lives_by_a_loop_of_its_own_is_not_suspended() {
    let child = Child::worker::<Loner>("l", None, || ());
    let tree = Tree::grow("r", Flags::default(), vec![child]).await.unwrap();
    assert_eq!(tree.suspend("/r/l", LONG), Err(InterventionError::WorksBeside));
    assert_eq!(find(&tree.snapshot(), "/r/l").status, "running");
    assert_eq!(tree.resume("/r/l"), Err(InterventionError::NotSuspended));
    assert_eq!(tree.restart("/r/l").await, Ok(()), "a restart works on it");
    assert_eq!(tree.suspend("/r/l", LONG), Err(InterventionError::WorksBeside), "its successor says so too");
}

/// Ends when the task that it attached does.
struct Bound;

impl Actor for Bound {
    type Msg = Say;
    type Args = Arc<Notify>;

    async fn init(tear: Arc<Notify>, me: &Me<Say>) -> Result<Self, ExitReason> {
        me.attach(async move {
            tear.notified().await;
            Err(ExitReason::error("torn off"))
        });
        Ok(Self)
    }

    async fn handle(&mut self, _: Say, _: &Me<Say>) -> Result<(), ExitReason> {
        Ok(())
    }
}

#[tokio::test]
async fn a_suspended_actor_ends_with_the_task_that_it_is_bound_to() {
    let (name, tear) = (Name::new(), Arc::new(Notify::new()));
    let torn = Arc::clone(&tear);
    let child = Child::worker::<Bound>("b", Some(name.clone()), move || Arc::clone(&torn));
    let tree = within(Tree::grow("r", Flags::default(), vec![child])).await.unwrap();
    tree.suspend("/r/b", LONG).unwrap();
    name.cast(Say::Work).unwrap();
    tokio::task::yield_now().await;
    tear.notify_one();
    let last = || find(&tree.snapshot(), "/r/b").restarts.last.map(|it| it.reason);
    until(|| last().as_deref() == Some("error: torn off"), || "its end".into()).await;
}

#[tokio::test]
async fn who_would_take_others_along_is_not_restarted_alone() {
    let stage = Stage::of(&["a", "b"]);
    let tree = stage.boot("rest_for_one", 1, &["a", "b"], "").await;
    assert_eq!(tree.restart("/r/a").await, Err(InterventionError::Grouped));
    assert_eq!(tree.restart("/r/b").await, Ok(()), "nobody stands on the last one");
    assert!(tree.stop(PATIENCE).await);
    let tree = stage.boot("one_for_all", 1, &["a", "b"], "").await;
    assert_eq!(tree.restart("/r/b").await, Err(InterventionError::Grouped));
    assert_eq!(find(&tree.snapshot(), "/r/b").generation, 1);
}

/// As the event store in the daemon's tree, and whatever holds a handle on it.
#[tokio::test]
async fn whose_first_crash_renews_others_further_up_is_not_restarted_alone() {
    let case = |strategy, intensity| async move {
        let probe = |id| {
            let probe = Probe { id, trace: Arc::default(), mood: Arc::default() };
            Child::worker::<Probe>(id, None, move || probe.clone())
        };
        let flags = Flags { intensity, ..Flags::default() };
        let children = vec![Child::supervisor("only", flags, vec![probe("store")]), probe("after")];
        let tree = Tree::grow("r", Flags { strategy, ..Flags::default() }, children).await.unwrap();
        let told = tree.restart("/r/only/store").await;
        assert!(tree.stop(PATIENCE).await);
        told
    };
    assert_eq!(case(Strategy::RestForOne, 0).await, Err(InterventionError::Grouped));
    assert_eq!(case(Strategy::RestForOne, 1).await, Ok(()), "a crash would renew it alone");
    assert_eq!(case(Strategy::OneForOne, 0).await, Ok(()), "nobody stands on its supervisor");
}

#[tokio::test]
async fn a_kill_is_a_crash_and_a_restart_counts_for_nothing() {
    let stage = Stage::of(&["a", "b"]);
    let tree = stage.boot("one_for_one", 1, &["a", "b"], "").await;
    for generation in 2..=4 {
        tree.restart("/r/a").await.unwrap();
        let a = find(&tree.snapshot(), "/r/a");
        assert_eq!((a.generation, &*a.status), (generation, "running"));
    }
    assert_eq!(tree.snapshot().intensity.unwrap().used, 0);
    tree.kill("/r/b").unwrap();
    until(|| find(&tree.snapshot(), "/r/b").generation == 2, || "the replacement".into()).await;
    assert_eq!(tree.snapshot().intensity.unwrap().used, 1);
    assert_eq!(find(&tree.snapshot(), "/r/b").restarts.last.unwrap().reason, "killed");
}

#[tokio::test]
async fn a_restart_that_fails_leaves_the_actor_down_and_says_why() {
    let stage = Stage::of(&["a"]);
    let tree = stage.boot("one_for_one", 1, &["a"], "").await;
    stage.moods[0].failing_inits.store(1, SeqCst);
    let failed = AdminError::StartFailed(ExitReason::error("moody"));
    assert_eq!(tree.restart("/r/a").await, Err(InterventionError::Refused(failed)));
    assert_eq!(find(&tree.snapshot(), "/r/a").status, "stopped");
    assert_eq!(tree.kill("/r/a"), Err(InterventionError::NotRunning));
    tree.restart("/r/a").await.unwrap();
    assert_eq!(find(&tree.snapshot(), "/r/a").status, "running");
}

#[tokio::test]
async fn on_the_way_out_an_actor_shows_whether_it_handles_what_is_queued() {
    for (policy, shown) in [("{ drain = \"1m\" }", "draining"), ("\"1m\"", "stopping")] {
        let stage = Stage::of(&["a"]);
        let tree = stage.boot("one_for_one", 1, &["a"], &format!("shutdown = {policy}")).await;
        let go = Arc::new(Notify::new());
        stage.names[0].cast(Say::Wait(Arc::clone(&go))).unwrap();
        let (stopped, ()) = tokio::join!(tree.stop(PATIENCE), async {
            until(|| find(&tree.snapshot(), "/r/a").status == shown, || format!("{policy}: {shown}")).await;
            assert_eq!(find(&tree.snapshot(), "/r").status, "stopping");
            go.notify_one();
        });
        assert!(stopped);
    }
}

#[tokio::test]
async fn a_drained_actor_handles_what_is_queued_and_takes_nothing_more() {
    let stage = Stage::of(&["a"]);
    let tree = stage.boot("one_for_one", 1, &["a"], "restart = \"transient\"").await;
    let go = Arc::new(Notify::new());
    stage.names[0].cast(Say::Wait(Arc::clone(&go))).unwrap();
    stage.names[0].cast(Say::Work).unwrap();
    let addr = stage.names[0].whereis().unwrap();
    tree.drain("/r/a").unwrap();
    assert_eq!(find(&tree.snapshot(), "/r/a").status, "draining");
    assert!(addr.cast(Say::Work).unwrap_err().is_gone());
    assert_eq!(tree.drain("/r/a"), Err(InterventionError::Ending));
    assert_eq!(tree.suspend("/r/a", LONG), Err(InterventionError::Ending));
    go.notify_one();
    until(|| find(&tree.snapshot(), "/r/a").status == "stopped", || "its end".into()).await;
    let figures = tree.stats().kinds.into_iter().find(|it| it.kind == "a").unwrap();
    assert_eq!((figures.messages_in, figures.dropped.undelivered), (2, 0));
}

#[tokio::test]
async fn killing_a_supervisor_takes_all_below_it_and_both_come_back() {
    let stage = Stage::of(&["a", "b"]);
    let text = "schema = 1\n[[supervisor]]\npath = \"/r\"\nintensity = 3\n[[child]]\npath = \"/r/a\"\nkind = \"a\"\n\
                [[supervisor]]\npath = \"/r/s\"\n[[child]]\npath = \"/r/s/b\"\nkind = \"b\"\n";
    let tree = within(Tree::boot(&stage.plan(text), &stage.kinds)).await.unwrap();
    let before = stage.names[1].whereis().unwrap();
    tree.kill("/r/s").unwrap();
    until(|| stage.names[1].whereis().is_some_and(|now| now != before), || "another b".into()).await;
    assert_eq!(find(&tree.snapshot(), "/r/a").generation, 1);
    assert!(tree.stop(PATIENCE).await);
}

#[tokio::test]
async fn what_makes_no_sense_is_refused_and_changes_nothing() {
    let mut stage = Stage::of(&["x"]);
    let (tree, pool): (Tree, Pool<Probe>) =
        boot_pool(&mut stage, "[[child]]\npath = \"/r/x\"\nkind = \"x\"\nrestart = \"temporary\"\n").await;
    let (trace, mood) = (Arc::clone(&stage.trace), Arc::default());
    pool.start_child("c", Probe { id: "c", trace, mood }).await.unwrap();
    let before = tree.snapshot();
    assert_eq!(tree.kill("/r/nobody"), Err(InterventionError::NotFound));
    assert_eq!(tree.kill("/r"), Err(InterventionError::IsRoot));
    assert_eq!(tree.restart("/r").await, Err(InterventionError::IsRoot));
    assert_eq!(tree.restart("/r/p/c").await, Err(InterventionError::PoolChild));
    assert_eq!(tree.restart("/r/x").await, Err(InterventionError::Temporary));
    for path in ["/r", "/r/p"] {
        let refused = Err(InterventionError::NotAWorker(path.into()));
        assert_eq!(tree.suspend(path, LONG), refused);
        assert_eq!(tree.resume(path), refused);
        assert_eq!(tree.drain(path), refused);
    }
    for span in [Duration::ZERO, LONG + Duration::from_millis(1)] {
        let refused = Err(InterventionError::SuspensionLength { max_ms: 60_000 });
        assert_eq!(tree.suspend("/r/x", span), refused);
    }
    assert_eq!(tree.snapshot(), before);
    tree.suspend("/r/p/c", LONG).unwrap();
    tree.kill("/r/p/c").unwrap();
    until(|| find(&tree.snapshot(), "/r/p").children.is_empty(), || "the pool's child to go".into()).await;
    stage.names[0].cast(crash()).unwrap();
    until(|| tree.resolve("/r/x").is_none(), || "the temporary one to go".into()).await;
}

#[tokio::test(start_paused = true)]
async fn a_child_that_takes_longer_to_end_than_anybody_waits_is_started_again_all_the_same() {
    let stage = Stage::of(&["a"]);
    let tree = stage.boot("one_for_one", 1, &["a"], "shutdown = \"10m\"").await;
    stage.moods[0].last_act_ms.store(40_000, SeqCst);
    let told = tree.restart("/r/a").await;
    assert!(matches!(told, Err(InterventionError::Refused(AdminError::Timeout(_)))), "{told:?}");
    let a = || find(&tree.snapshot(), "/r/a");
    tokio::time::advance(Duration::from_secs(10)).await;
    until(|| (a().generation, &*a().status) == (2, "running"), || format!("{:?}", a())).await;
}

#[tokio::test]
async fn who_finds_one_place_left_at_a_supervisor_restarts_a_child_all_the_same() {
    const PLACES: usize = 1_024;
    let stage = Stage::of(&["a"]);
    let tree = stage.boot("one_for_one", 1, &["a"], "shutdown = \"infinity\"").await;
    stage.moods[0].waits_in_terminate.store(true, SeqCst);
    let mut crowd = Box::pin(join_all((1..PLACES).map(|_| tree.terminate_child("/r", "a"))));
    assert!(poll!(&mut crowd).is_pending());
    let mut restart = Box::pin(tree.restart("/r/a"));
    assert!(poll!(&mut restart).is_pending());
    assert_eq!(tree.terminate_child("/r", "a").await, Err(AdminError::Busy), "there is no place left");
    stage.moods[0].may_end.notify_one();
    assert_eq!(within(restart).await, Ok(()));
    assert!(within(crowd).await.into_iter().all(|ended| ended.is_ok()));
    assert_eq!(find(&tree.snapshot(), "/r/a").generation, 2);
}
