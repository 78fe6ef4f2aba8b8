//! Counting, order, scale, and supervisors that are busy with a child that does not come back.

use super::{
    Case, abnormal, assert_scales, await_down, counts, crash_member, flags, restarting, standing, with_pool,
};
use crate::common::{PATIENCE, Probe, Say, find, until, within};
use hecate_supervision::{
    AdminError, Child, ExitReason, Flags, Name, Pool, PoolFlags, Restart, Strategy, Tree,
};
use ractor::ActorId;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::time::{Duration, Instant};

/// A child cannot hide from its supervisor: what counts is its task, not a link that it could cut.
#[tokio::test]
async fn child_unlink() {
    let (case, pool) = (Case::default(), Pool::<Probe>::new());
    let below = Child::supervisor("s", Flags::default(), vec![case.child("c")]);
    let others = [below, Child::pool("p", &pool, PoolFlags::default())];
    let children = case.children(&["a", "b"]).into_iter().chain(others).collect();
    let tree = case.grow(Flags::default(), children).await;
    let member = within(pool.start_child("m", case.probe("m"))).await.unwrap();
    assert!(member.cell().try_get_supervisor().is_none(), "nobody is linked");
    for id in ["a", "b", "c"] {
        assert!(case.whereis(id).cell().try_get_supervisor().is_none(), "nobody is linked");
    }
    for path in ["/r", "/r/s", "/r/p"] {
        let id = find(&tree.snapshot(), path).id.unwrap();
        let pid = id.strip_prefix("0.").unwrap().parse().unwrap();
        let superior = ractor::registry::where_is_pid(ActorId::Local(pid)).unwrap();
        assert!(superior.get_children().is_empty() && superior.try_get_supervisor().is_none());
    }
    case.told();
    assert_eq!(within(tree.terminate_child("/r", "a")).await, Ok(()));
    assert_eq!(case.told(), ["end a shutdown"]);
    case.end("b", abnormal()).await;
    assert_eq!(
        standing(&tree, "/r").await,
        ["p running", "s running", "b running", "a undefined"],
        "its crash is noticed"
    );
    assert!(tree.stop(PATIENCE).await);
    assert_eq!(case.told().last().unwrap(), "end b shutdown");
}

#[tokio::test]
async fn tree() {
    let case = Case::default();
    let below = Child::supervisor("s", flags(Strategy::OneForOne, 0), case.children(&["a"]));
    let tree = case.grow(flags(Strategy::OneForOne, 4), vec![below, case.child("b")]).await;
    tree.start_child("/r/s", case.child("c")).await.unwrap();
    tree.start_child("/r", case.child("d")).await.unwrap();
    assert_eq!(standing(&tree, "/r/s").await, ["c running", "a running"]);
    tree.terminate_child("/r", "b").await.unwrap();
    tree.delete_child("/r", "b").await.unwrap();
    case.told();
    case.end("a", abnormal()).await;
    case.await_running("a").await;
    assert_eq!(standing(&tree, "/r").await, ["d running", "s running"], "the root is as it was");
    assert_eq!(standing(&tree, "/r/s").await, ["a running"], "who was added is lost with the supervisor");
    assert_eq!(case.told(), ["end a error: abnormal", "end c shutdown", "init a"]);
    assert_eq!(find(&tree.snapshot(), "/r/s").children.len(), 1);
}

#[tokio::test]
async fn count_children() {
    let (case, pool) = (Case::default(), Pool::new());
    let tree = with_pool(&pool, PoolFlags::default()).await;
    for so_many in [1_000, 2_000] {
        for number in so_many - 1_000..so_many {
            within(pool.start_child(number.to_string(), case.probe("x"))).await.unwrap();
        }
        assert_eq!(tree.count_children("/r/p").await, Ok(counts(1, so_many, 0, so_many)));
        assert_eq!(tree.which_children("/r/p").await.unwrap().len(), so_many);
    }
    for number in 0..2_000 {
        pool.whereis(&number.to_string()).unwrap().cell().kill();
    }
    until(|| find(&tree.snapshot(), "/r/p").children.is_empty(), || "2,000 ends".into()).await;
    assert_eq!(tree.count_children("/r/p").await, Ok(counts(1, 0, 0, 0)));
}

#[tokio::test]
async fn count_children_supervisor() {
    let case = Case::default();
    let below = |id| Child::supervisor(id, Flags::default(), Vec::new());
    let tree = case.grow(Flags::default(), vec![below("s"), below("t"), case.child("a")]).await;
    assert_eq!(tree.count_children("/r").await, Ok(counts(3, 3, 2, 1)));
    tree.terminate_child("/r", "s").await.unwrap();
    assert_eq!(tree.count_children("/r").await, Ok(counts(3, 2, 2, 1)));
    assert_eq!(tree.count_children("/r/s").await, Err(AdminError::NotRunning));
}

/// Nobody ever gives up.
fn forgiving(strategy: Strategy) -> Flags {
    Flags { strategy, intensity: u32::MAX, ..Flags::default() }
}

/// The child fails to start from now on, and crashes.
async fn loops(case: &Case, id: &'static str) {
    case.mood(id).failing_inits.store(u32::MAX, SeqCst);
    case.told();
    case.end(id, abnormal()).await;
    until(|| case.trace.lines().len() > 20, || "some attempts".into()).await;
}

#[tokio::test]
async fn count_restarting_children() {
    let (case, pool) = (Case::default(), Pool::restarting());
    let tree = with_pool(&pool, restarting(Restart::Permanent, u32::MAX)).await;
    for (id, running) in [("a", 1), ("b", 2), ("c", 3)] {
        case.member(&pool, id).await.unwrap();
        assert_eq!(tree.count_children("/r/p").await, Ok(counts(1, running, 0, running)));
    }
    for id in ["a", "b", "c"] {
        crash_member(&pool, id).await;
    }
    assert_eq!(tree.count_children("/r/p").await, Ok(counts(1, 3, 0, 3)));
    for id in ["a", "b"] {
        case.mood(id).failing_inits.store(u32::MAX, SeqCst);
        pool.whereis(id).unwrap().cast(Say::End(abnormal())).unwrap();
    }
    let told = |line| case.trace.lines().iter().filter(|told| **told == line).count();
    until(|| told("init a") > 5 && told("init b") > 5, || "some attempts".into()).await;
    assert_eq!(tree.count_children("/r/p").await, Ok(counts(1, 1, 0, 3)), "restarted, but not active");
    ["a", "b"].into_iter().for_each(|id| case.mood(id).failing_inits.store(0, SeqCst));
    until(|| pool.whereis("a").is_some() && pool.whereis("b").is_some(), || "a and b".into()).await;
    assert_eq!(tree.count_children("/r/p").await, Ok(counts(1, 3, 0, 3)), "and back");
    for (id, left) in [("a", 2), ("b", 1), ("c", 0)] {
        tree.terminate_child("/r/p", pool.whereis(id).unwrap().actor_id()).await.unwrap();
        assert_eq!(tree.count_children("/r/p").await, Ok(counts(1, left, 0, left)));
    }
}

/// Counts how often it is copied, and holds its counter.
pub(super) struct Countdown(pub(super) Arc<AtomicUsize>);

impl Clone for Countdown {
    fn clone(&self) -> Self {
        self.0.fetch_add(1, SeqCst);
        Self(Arc::clone(&self.0))
    }
}

impl hecate_supervision::Actor for Countdown {
    type Msg = Say;
    type Args = Self;

    async fn init(args: Self, _: &hecate_supervision::Me<Say>) -> Result<Self, ExitReason> {
        Ok(args)
    }

    async fn handle(&mut self, say: Say, _: &hecate_supervision::Me<Say>) -> Result<(), ExitReason> {
        match say {
            Say::End(why) => Err(why),
            _ => Ok(()),
        }
    }
}

/// Of a temporary member nothing is kept; of another child with a spec of its own, its spec until it ends.
#[tokio::test]
async fn do_not_save_start_parameters_for_temporary_children() {
    for (restart, copies) in [(Restart::Temporary, 0), (Restart::Transient, 1), (Restart::Permanent, 1)] {
        let (pool, copied) = (Pool::<Countdown>::restarting(), Arc::default());
        let flags = restarting(restart, 1);
        let _tree = within(Tree::grow("r", Flags::default(), vec![Child::pool("p", &pool, flags)])).await;
        within(pool.start_child("x", Countdown(Arc::clone(&copied)))).await.unwrap();
        assert_eq!(copied.load(SeqCst), copies, "{restart:?}");
    }
    for strategy in [Strategy::OneForOne, Strategy::RestForOne, Strategy::OneForAll] {
        for (restart, is_kept) in [(Restart::Temporary, false), (Restart::Transient, true)] {
            let (name, args) = (Name::new(), Arc::<AtomicUsize>::default());
            let held = Arc::clone(&args);
            let child =
                Child::worker::<Countdown>("a", Some(name.clone()), move || Countdown(Arc::clone(&held)));
            let case = Case::default();
            let tree = case.grow(flags(strategy, 1), vec![case.child("b")]).await;
            tree.start_child("/r", child.restart(restart)).await.unwrap();
            name.whereis().unwrap().cast(Say::End(ExitReason::Normal)).unwrap();
            let holders = if is_kept { 2 } else { 1 };
            until(|| Arc::strong_count(&args) == holders, || format!("{strategy:?} {restart:?}")).await;
        }
    }
}

/// Every strategy, every way to end, every restart type: whether the spec is there afterwards, and the child.
#[tokio::test]
async fn do_not_save_child_specs_for_temporary_children() {
    #[derive(Clone, Copy, Debug, PartialEq)]
    enum How {
        Kill,
        Normal,
        Abnormal,
        Supervisor,
    }
    for strategy in [Strategy::OneForOne, Strategy::RestForOne, Strategy::OneForAll] {
        for how in [How::Kill, How::Normal, How::Abnormal, How::Supervisor] {
            for restart in [Restart::Permanent, Restart::Transient, Restart::Temporary] {
                let case = Case::default();
                let tree = case.grow(flags(strategy, 2), Vec::new()).await;
                let child = || case.child("a").restart(restart);
                tree.start_child("/r", child()).await.unwrap();
                match how {
                    How::Kill => case.kill("a").await,
                    How::Normal => case.end("a", ExitReason::Normal).await,
                    How::Abnormal => case.end("a", abnormal()).await,
                    How::Supervisor => tree.terminate_child("/r", "a").await.unwrap(),
                }
                let again = tree.start_child("/r", child()).await;
                let stays_down =
                    how == How::Supervisor || (restart, how) == (Restart::Transient, How::Normal);
                match (restart, again) {
                    (Restart::Temporary, again) => assert!(again.unwrap().is_some(), "{how:?}"),
                    (_, Err(AdminError::AlreadyPresent)) if stays_down => {
                        assert!(tree.restart_child("/r", "a").await.unwrap().is_some());
                    }
                    (_, Err(AdminError::AlreadyStarted(actor))) if !stays_down => {
                        assert_eq!(case.whereis("a").actor_id(), actor);
                    }
                    (_, again) => panic!("{strategy:?} {how:?} {restart:?}: {again:?}"),
                }
            }
        }
    }
}

async fn terminates_members(children: usize) -> Duration {
    let (case, pool) = (Case::default(), Pool::new());
    let tree = with_pool(&pool, PoolFlags { children_max: 20_000, ..PoolFlags::default() }).await;
    for number in 0..children {
        within(pool.start_child(number.to_string(), case.probe("x"))).await.unwrap();
    }
    let begun = Instant::now();
    for number in 0..children {
        pool.terminate_child(&number.to_string()).await.unwrap();
    }
    let took = begun.elapsed();
    assert_eq!(tree.count_children("/r/p").await, Ok(counts(1, 0, 0, 0)));
    took
}

/// Terminating ten times as many costs ten times as much, not a hundred times.
#[tokio::test]
async fn simple_one_for_one_scale_many_temporary_children() {
    assert_scales(50, async || terminates_members(1_000).await, async || terminates_members(10_000).await)
        .await;
}

#[tokio::test]
async fn hanging_restart_loop() {
    let case = Case::default();
    let tree = case.grow(forgiving(Strategy::OneForOne), case.children(&["a"])).await;
    loops(&case, "a").await;
    assert_eq!(tree.start_child("/r", case.child("a")).await, Err(AdminError::AlreadyPresent));
    assert_eq!(tree.restart_child("/r", "a").await, Err(AdminError::Restarting));
    assert_eq!(tree.delete_child("/r", "a").await, Err(AdminError::Restarting));
    assert_eq!(standing(&tree, "/r").await, ["a restarting"]);
    assert_eq!(tree.count_children("/r").await, Ok(counts(1, 0, 0, 1)));
    assert_eq!(tree.terminate_child("/r", "a").await, Ok(()));
    assert_eq!(standing(&tree, "/r").await, ["a undefined"], "the loop has ended");
    case.mood("a").failing_inits.store(0, SeqCst);
    assert!(tree.restart_child("/r", "a").await.unwrap().is_some());
    loops(&case, "a").await;
    assert!(tree.stop(PATIENCE).await, "a stop is heard");
}

/// Who came before runs, who comes after waits.
#[tokio::test]
async fn hanging_restart_loop_rest_for_one() {
    let case = Case::default();
    let tree = case.grow(forgiving(Strategy::RestForOne), case.children(&["a", "b", "c"])).await;
    let first = case.whereis("a");
    loops(&case, "b").await;
    assert_eq!(tree.start_child("/r", case.child("b")).await, Err(AdminError::AlreadyPresent));
    assert_eq!(tree.restart_child("/r", "b").await, Err(AdminError::Restarting));
    assert_eq!(tree.delete_child("/r", "b").await, Err(AdminError::Restarting));
    assert_eq!(standing(&tree, "/r").await, ["c undefined", "b restarting", "a running"]);
    assert_eq!(tree.count_children("/r").await, Ok(counts(3, 1, 0, 3)));
    assert_eq!(tree.terminate_child("/r", "b").await, Ok(()));
    assert_eq!(standing(&tree, "/r").await, ["c undefined", "b undefined", "a running"]);
    assert_eq!(tree.count_children("/r").await, Ok(counts(3, 1, 0, 3)));
    assert_eq!(case.whereis("a"), first);
    case.mood("b").failing_inits.store(0, SeqCst);
    assert!(tree.restart_child("/r", "b").await.unwrap().is_some());
    loops(&case, "b").await;
    assert!(tree.stop(PATIENCE).await, "a stop is heard");
}

#[tokio::test]
async fn hanging_restart_loop_simple() {
    let (case, pool) = (Case::default(), Pool::restarting());
    let tree = with_pool(&pool, restarting(Restart::Permanent, u32::MAX)).await;
    let looping = async || {
        let actor = case.member(&pool, "a").await.unwrap();
        case.mood("a").failing_inits.store(u32::MAX, SeqCst);
        case.told();
        actor.cast(Say::End(abnormal())).unwrap();
        until(|| case.trace.lines().len() > 20, || "some attempts".into()).await;
        actor.actor_id()
    };
    let actor = looping().await;
    assert_eq!(tree.restart_child("/r/p", "a").await, Err(AdminError::SimpleOneForOne));
    assert_eq!(tree.delete_child("/r/p", "a").await, Err(AdminError::SimpleOneForOne));
    assert_eq!(standing(&tree, "/r/p").await, ["a restarting"]);
    assert_eq!(tree.count_children("/r/p").await, Ok(counts(1, 0, 0, 1)));
    let shown = find(&tree.snapshot(), "/r/p").children;
    assert_eq!(shown.len(), 1, "who is restarted is in the tree");
    assert_eq!(tree.terminate_child("/r/p", actor).await, Ok(()), "by the actor that it was");
    assert!(standing(&tree, "/r/p").await.is_empty(), "the loop has ended");
    assert!(find(&tree.snapshot(), "/r/p").children.is_empty());
    case.mood("a").failing_inits.store(0, SeqCst);
    looping().await;
    assert!(tree.stop(PATIENCE).await, "a stop is heard");
}

#[tokio::test]
async fn order_of_children() {
    let case = Case::default();
    let tree = case.grow(flags(Strategy::RestForOne, 9), case.children(&["a", "b", "c"])).await;
    let ids = |rows: Vec<String>| rows.concat().replace(" running", "").replace(" undefined", "-");
    assert_eq!(ids(standing(&tree, "/r").await), "cba");
    tree.start_child("/r", case.child("d")).await.unwrap();
    assert_eq!(ids(standing(&tree, "/r").await), "dcba");
    tree.terminate_child("/r", "b").await.unwrap();
    assert_eq!(ids(standing(&tree, "/r").await), "dcb-a");
    tree.restart_child("/r", "b").await.unwrap();
    assert_eq!(ids(standing(&tree, "/r").await), "dcba", "it keeps its place");
    case.end("b", abnormal()).await;
    assert_eq!(ids(standing(&tree, "/r").await), "dcba");
    tree.terminate_child("/r", "c").await.unwrap();
    tree.delete_child("/r", "c").await.unwrap();
    tree.start_child("/r", case.child("c")).await.unwrap();
    assert_eq!(ids(standing(&tree, "/r").await), "cdba", "a new child is the last");
    case.told();
    assert!(tree.stop(PATIENCE).await);
    assert_eq!(case.told(), ["c", "d", "b", "a"].map(|id| format!("end {id} shutdown")));
}

/// One by one, as OTP's case does; answers for the starts and for the terminations.
async fn starts_and_terminates(children: usize) -> [Duration; 2] {
    let case = Case::default();
    let tree = case.grow(Flags::default(), Vec::new()).await;
    let begun = Instant::now();
    for number in 0..children {
        let probe = case.probe("x");
        let child = Child::worker::<Probe>(number.to_string(), None, move || probe.clone());
        tree.start_child("/r", child).await.unwrap();
    }
    let started = begun.elapsed();
    for number in 0..children {
        tree.terminate_child("/r", number.to_string().as_str()).await.unwrap();
    }
    assert_eq!(tree.count_children("/r").await, Ok(counts(children, 0, 0, children)));
    [started, begun.elapsed() - started]
}

/// Ten times as many may take a hundred times as long and no longer, as in OTP's case.
#[tokio::test]
async fn scale_start_stop_many_children() {
    for leg in [0, 1] {
        let of = async |children| starts_and_terminates(children).await[leg];
        assert_scales(100, async || of(300).await, async || of(3_000).await).await;
    }
}

/// What OTP's reports say is in the record of the supervisor's place: who, in which place, and why.
#[tokio::test]
async fn format_log_1() {
    let case = Case::default();
    let tree = case.grow(flags(Strategy::OneForOne, 0), case.children(&["a"])).await;
    case.end("a", abnormal()).await;
    let ended = await_down(&tree).await;
    assert_eq!(ended.to_string(), "/r gave up: /r/a ended too often, last with error: abnormal");
}

#[tokio::test]
async fn format_log_2() {
    let case = Case::default();
    let below = Child::supervisor("s", Flags::default(), case.children(&["a", "b"]));
    case.mood("b").failing_inits.store(1, SeqCst);
    let error = within(Tree::grow("r", Flags::default(), vec![below])).await.unwrap_err();
    let expected =
        "the tree did not boot: error: /r/s did not start: error: /r/s/b did not start: error: moody";
    assert_eq!(error.to_string(), expected);
}
