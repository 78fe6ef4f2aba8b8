//! Children that come and go: one per id, none lost in the gap when one goes.

use crate::common::{Mood, PATIENCE, Probe, Say, Trace, crash, find, until, within};
use futures_util::future::join_all;
use futures_util::poll;
use hecate_proto::debug::{DebugEventKind, Decision};
use hecate_supervision::{
    Actor, AdminError, CallError, ExitReason, Heard, Kinds, Me, Message, Plan, Pool, Reply, StartError, Tree,
};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering::SeqCst};
use std::time::Duration;
use tokio::sync::Notify;

fn text(extra: &str) -> String {
    format!("schema = 1\n[[supervisor]]\npath = \"/r\"\n[[pool]]\npath = \"/r/p\"\nkind = \"p\"\n{extra}")
}

async fn boot<A: Actor>(extra: &str) -> (Tree, Pool<A>) {
    let pool = Pool::new();
    let mut kinds = Kinds::new();
    kinds.pool::<A>("p", &pool);
    let plan = Plan::parse(&text(extra), "t", &kinds).unwrap();
    (within(Tree::boot(&plan, &kinds)).await.unwrap(), pool)
}

/// How many children the pool has.
fn alive(tree: &Tree) -> usize {
    find(&tree.snapshot(), "/r/p").children.len()
}

fn probe(trace: &Arc<Trace>) -> Probe {
    Probe { id: "x", trace: Arc::clone(trace), mood: Arc::<Mood>::default() }
}

#[tokio::test]
async fn a_child_is_started_once_and_found_until_it_ends() {
    let trace = Arc::<Trace>::default();
    let (tree, pool) = boot::<Probe>("").await;
    let addr = pool.start_child("x", probe(&trace)).await.unwrap();
    assert_eq!(pool.start_child("x", probe(&trace)).await.unwrap(), addr);
    assert_eq!(pool.whereis("x"), Some(addr.clone()));
    assert_eq!(find(&tree.snapshot(), "/r/p/x").status, "running");
    addr.cast(Say::End(ExitReason::Normal)).unwrap();
    until(|| alive(&tree) == 0, || "the end".into()).await;
    assert_eq!(pool.whereis("x"), None);
    assert_ne!(pool.start_child("x", probe(&trace)).await.unwrap(), addr);
    assert!(tree.stop(PATIENCE).await);
    assert_eq!(trace.lines(), ["init x", "end x normal", "init x", "end x shutdown"]);
    assert_eq!(pool.start_child("x", probe(&trace)).await, Err(StartError::NotRunning));
}

/// Ids of the pool's children as they are shown.
fn shown(tree: &Tree) -> Vec<String> {
    let id = |path: &str| path.rsplit('/').next().unwrap().to_owned();
    find(&tree.snapshot(), "/r/p").children.iter().map(|child| id(&child.path)).collect()
}

#[tokio::test]
async fn children_are_shown_in_the_order_of_their_starts() {
    let trace = Arc::<Trace>::default();
    let (tree, pool) = boot::<Probe>("").await;
    let mut ids: Vec<String> = (0..300).rev().map(|number| format!("c{number:03}")).collect();
    for id in &ids {
        pool.start_child(id, probe(&trace)).await.unwrap();
    }
    assert_eq!(shown(&tree), ids);
    let again = ids.remove(100);
    pool.terminate_child(&again).await.unwrap();
    assert_eq!(shown(&tree), ids);
    pool.start_child(&again, probe(&trace)).await.unwrap();
    ids.push(again);
    assert_eq!(shown(&tree), ids);
    assert!(tree.stop(PATIENCE).await);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_look_while_others_come_and_go_meets_everybody_who_stays_and_nobody_twice() {
    let trace = Arc::<Trace>::default();
    let (tree, pool) = boot::<Probe>("").await;
    let (mut staying, mut fleeting) = (Vec::new(), Vec::new());
    for number in 0..400 {
        let id = format!("c{number}");
        pool.start_child(&id, probe(&trace)).await.unwrap();
        if number % 4 == 0 {
            staying.push(id)
        } else {
            fleeting.push(id)
        };
    }
    let churn = tokio::spawn(async move {
        for id in fleeting.iter().cycle() {
            pool.terminate_child(id).await.unwrap();
            pool.start_child(id, probe(&trace)).await.unwrap();
        }
    });
    for _ in 0..500 {
        let mut met = shown(&tree);
        assert!(staying.iter().all(|id| met.contains(id)));
        let all = met.len();
        met.sort_unstable();
        met.dedup();
        assert_eq!(met.len(), all);
        tokio::task::yield_now().await;
    }
    assert!(!churn.is_finished(), "it never ends by itself");
    churn.abort();
    assert!(tree.stop(PATIENCE).await);
}

#[tokio::test]
async fn a_child_that_crashes_is_not_restarted_and_does_not_harm_the_pool() {
    let trace = Arc::<Trace>::default();
    let (tree, pool) = boot::<Probe>("").await;
    for _ in 0..5 {
        pool.start_child("x", probe(&trace)).await.unwrap().cast(Say::Panic).unwrap();
        until(|| alive(&tree) == 0, || "the crash".into()).await;
    }
    assert_eq!(find(&tree.snapshot(), "/r/p").restarts.total, 0);
}

#[tokio::test]
async fn a_failed_init_is_answered() {
    let trace = Arc::<Trace>::default();
    let (_tree, pool) = boot::<Probe>("").await;
    let moody = probe(&trace);
    moody.mood.failing_inits.store(1, SeqCst);
    let failed = pool.start_child("x", moody).await;
    assert_eq!(failed, Err(StartError::Init(ExitReason::error("moody"))));
    pool.start_child("x", probe(&trace)).await.unwrap();
}

/// Lets the coarse clock tick, which tells what happens from here on from what happened before.
async fn tick() {
    tokio::time::sleep(Duration::from_millis(20)).await;
}

#[tokio::test]
async fn a_full_pool_lets_its_least_recently_asked_child_go_for_a_new_one() {
    let trace = Arc::<Trace>::default();
    let (tree, pool) = boot::<Probe>("max_children = 3").await;
    for id in ["a", "b", "c"] {
        pool.start_child(id, Probe { id, ..probe(&trace) }).await.unwrap();
        tick().await;
    }
    assert_eq!(pool.whereis("a").unwrap().call(Say::Ask, PATIENCE).await, Ok(42));
    trace.clear();
    pool.start_child("d", Probe { id: "d", ..probe(&trace) }).await.unwrap();
    assert_eq!(trace.lines(), ["end b shutdown", "init d"], "the place was free before it was taken");
    assert_eq!((alive(&tree), pool.whereis("b")), (3, None));
    assert!(pool.whereis("a").is_some() && pool.whereis("c").is_some());
}

#[tokio::test]
async fn a_full_pool_refuses_only_as_long_as_all_its_children_are_at_work() {
    let trace = Arc::<Trace>::default();
    let (tree, pool) = boot::<Probe>("max_children = 2").await;
    let go = Arc::new(Notify::new());
    for id in ["x", "y"] {
        let addr = pool.start_child(id, probe(&trace)).await.unwrap();
        addr.cast(Say::Wait(Arc::clone(&go))).unwrap();
    }
    assert_eq!(pool.start_child("z", probe(&trace)).await, Err(StartError::MaxChildren { max: 2 }));
    assert_eq!(alive(&tree), 2, "nobody was asked to end in vain");
    go.notify_one();
    let deadline = tokio::time::Instant::now() + PATIENCE;
    while let Err(why) = pool.start_child("z", probe(&trace)).await {
        assert_eq!(why, StartError::MaxChildren { max: 2 });
        assert!(tokio::time::Instant::now() < deadline, "the idle one never made room");
        tick().await;
    }
    assert_eq!(alive(&tree), 2);
}

#[tokio::test]
async fn a_child_that_hangs_on_its_way_out_gives_its_place_back_at_its_deadline() {
    let trace = Arc::<Trace>::default();
    let (_tree, pool) = boot::<Probe>("max_children = 1\nshutdown = { drain = \"50ms\" }").await;
    let stuck = probe(&trace);
    stuck.mood.hangs_in_terminate.store(true, SeqCst);
    pool.start_child("x", stuck).await.unwrap();
    let started = tokio::time::timeout(PATIENCE, pool.start_child("y", probe(&trace))).await;
    assert!(started.unwrap().is_ok());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_question_is_lost_in_a_pool_that_is_far_too_small() {
    const ASKERS: u64 = 8;
    const QUESTIONS: u64 = 200;
    let (tree, pool) = boot::<Counter>("max_children = 32").await;
    let ledger = Ledger::default();
    let askers: Vec<_> = (0..ASKERS)
        .map(|asker| {
            let (pool, ledger) = (pool.clone(), ledger.clone());
            tokio::spawn(async move {
                for question in 0..QUESTIONS {
                    // Most ids are new; some are asked by all, and while they leave.
                    let id = if question % 3 == 0 { question } else { asker * QUESTIONS + question };
                    ask(&pool, &id.to_string(), &ledger).await;
                }
            })
        })
        .collect();
    for asker in askers {
        tokio::time::timeout(PATIENCE, asker).await.unwrap().unwrap();
    }
    assert_eq!(ledger.counted.load(SeqCst), ASKERS * QUESTIONS);
    assert!(ledger.most.load(SeqCst) <= 32, "{} at once", ledger.most.load(SeqCst));
    assert!(tree.stop(PATIENCE).await);
    assert_eq!(ledger.alive.load(SeqCst), 0);
}

#[tokio::test]
async fn a_stuck_child_is_killed_at_the_pools_deadline() {
    let trace = Arc::<Trace>::default();
    let (tree, pool) = boot::<Probe>("shutdown = { drain = \"50ms\" }").await;
    pool.start_child("x", probe(&trace)).await.unwrap().cast(Say::Hang).unwrap();
    pool.start_child("y", probe(&trace)).await.unwrap();
    assert!(tree.stop(PATIENCE).await);
    assert_eq!(trace.lines(), ["init x", "init x", "end x shutdown"]);
}

#[tokio::test]
async fn a_child_in_its_init_is_given_up_when_the_pool_stops() {
    let trace = Arc::<Trace>::default();
    let (tree, pool) = boot::<Probe>("").await;
    let slow = probe(&trace);
    slow.mood.hangs_in_init.store(true, SeqCst);
    let asker = tokio::spawn(async move { pool.start_child("x", slow).await });
    trace.await_lines(1).await;
    assert!(tree.stop(PATIENCE).await);
    assert_eq!(asker.await.unwrap(), Err(StartError::Init(ExitReason::Shutdown)));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ten_thousand_children_come_and_go() {
    let (tree, pool) = boot::<Counter>("").await;
    let ledger = Ledger::default();
    for id in 0..10_000 {
        pool.start_child(id.to_string(), ledger.clone()).await.unwrap();
    }
    assert_eq!(alive(&tree), 10_000);
    assert!(tree.stop(PATIENCE).await);
    assert_eq!((alive(&tree), ledger.alive.load(SeqCst)), (0, 0));
}

/// Counts for a while, then puts itself away. The ledger outlives it.
struct Counter {
    ledger: Ledger,
    left: u32,
}

#[derive(Clone, Default)]
struct Ledger {
    counted: Arc<AtomicU64>,
    alive: Arc<AtomicU32>,
    births: Arc<AtomicU32>,
    /// The most that were alive at once.
    most: Arc<AtomicU32>,
}

enum Count {
    One(Reply<()>),
}

impl Message for Count {
    fn variant(&self) -> &'static str {
        "one"
    }
}

impl Actor for Counter {
    type Msg = Count;
    type Args = Ledger;

    async fn init(ledger: Ledger, _: &Me<Count>) -> Result<Self, ExitReason> {
        let alive = ledger.alive.fetch_add(1, SeqCst) + 1;
        ledger.most.fetch_max(alive, SeqCst);
        ledger.births.fetch_add(1, SeqCst);
        tokio::task::yield_now().await;
        Ok(Self { ledger, left: 5 })
    }

    async fn handle(&mut self, Count::One(reply): Count, _: &Me<Count>) -> Result<(), ExitReason> {
        self.ledger.counted.fetch_add(1, SeqCst);
        reply.send(());
        self.left = self.left.saturating_sub(1);
        if self.left == 0 { Err(ExitReason::Normal) } else { Ok(()) }
    }
}

impl Drop for Counter {
    fn drop(&mut self) {
        self.ledger.alive.fetch_sub(1, SeqCst);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_question_is_lost_or_doubled_while_the_one_asked_puts_itself_away() {
    const ASKERS: u64 = 16;
    const QUESTIONS: u64 = 200;
    let (tree, pool) = boot::<Counter>("").await;
    let ledger = Ledger::default();
    let askers: Vec<_> = (0..ASKERS)
        .map(|_| {
            let (pool, ledger) = (pool.clone(), ledger.clone());
            tokio::spawn(async move {
                for _ in 0..QUESTIONS {
                    ask(&pool, "only", &ledger).await;
                }
            })
        })
        .collect();
    for asker in askers {
        tokio::time::timeout(PATIENCE, asker).await.unwrap().unwrap();
    }
    assert_eq!(ledger.counted.load(SeqCst), ASKERS * QUESTIONS);
    assert_eq!(ledger.most.load(SeqCst), 1, "two of one id lived at once");
    assert!(ledger.births.load(SeqCst) > 1, "it never put itself away");
    assert!(tree.stop(PATIENCE).await);
    assert_eq!(ledger.alive.load(SeqCst), 0);
}

/// Asks until heard: `Gone` says that the question was never seen.
async fn ask(pool: &Pool<Counter>, id: &str, ledger: &Ledger) {
    loop {
        let addr = pool.start_child(id, ledger.clone()).await.unwrap();
        match addr.call(Count::One, Duration::from_secs(5)).await {
            Ok(()) => return,
            Err(CallError::Gone) => {}
            Err(other) => panic!("{other}"),
        }
    }
}

/// A start that cannot be given up is over after the pool's time is; what comes of it gets no more.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_comes_up_after_the_deadline_of_a_stop_is_killed_at_once() {
    let trace = Arc::<Trace>::default();
    let (tree, pool) = boot::<Probe>("shutdown = \"30ms\"\n").await;
    let late = probe(&trace);
    late.mood.blocks_in_init_ms.store(300, SeqCst);
    late.mood.hangs_in_terminate.store(true, SeqCst);
    let asker = pool.clone();
    let asked = tokio::spawn(async move { asker.start_child("x", late).await.map(drop) });
    trace.await_lines(1).await;
    assert!(tree.stop(PATIENCE).await, "the pool ends by itself");
    drop(asked.await.unwrap());
    assert!(pool.whereis("x").is_none());
}

/// As many as one pool keeps waiting for one child.
const ASKERS_MAX: usize = 1_024;
/// Nobody waits longer for an answer.
const ANSWER_LIMIT: Duration = Duration::from_secs(30);

#[tokio::test(start_paused = true)]
async fn so_many_wait_for_one_child_and_who_has_gone_away_does_not_count() {
    let trace = Arc::<Trace>::default();
    let (_tree, pool) = boot::<Probe>("").await;
    let slow = || {
        let slow = probe(&trace);
        slow.mood.hangs_in_init.store(true, SeqCst);
        slow
    };
    let crowd = join_all((0..ASKERS_MAX).map(|_| pool.start_child("x", slow())));
    let mut crowd = Box::pin(crowd);
    assert!(poll!(&mut crowd).is_pending());
    assert_eq!(pool.start_child("x", slow()).await, Err(StartError::Busy));
    assert!(pool.start_child("y", probe(&trace)).await.is_ok(), "others are not in its way");
    drop(crowd);
    let too_slow = StartError::Init(ExitReason::StartTimeout(10_000));
    assert_eq!(pool.start_child("x", slow()).await, Err(too_slow), "it was let in");
}

#[tokio::test(start_paused = true)]
async fn so_many_wait_for_one_end_and_who_has_gone_away_does_not_count() {
    let trace = Arc::<Trace>::default();
    let (_tree, pool) = boot::<Probe>("shutdown = \"infinity\"").await;
    let stuck = probe(&trace);
    stuck.mood.hangs_in_terminate.store(true, SeqCst);
    pool.start_child("x", stuck).await.unwrap();
    let mut crowd = Box::pin(join_all((0..ASKERS_MAX).map(|_| pool.terminate_child("x"))));
    assert!(poll!(&mut crowd).is_pending());
    assert_eq!(pool.terminate_child("x").await, Err(AdminError::Busy));
    drop(crowd);
    assert_eq!(pool.terminate_child("x").await, Err(AdminError::Timeout(ANSWER_LIMIT)));
}

/// Stays at its last act until its mood says that it may end.
fn lingering(trace: &Arc<Trace>) -> Probe {
    let lingering = probe(trace);
    lingering.mood.waits_in_terminate.store(true, SeqCst);
    lingering
}

/// The crash that took the pool down is not lost among the records of all who were in its way.
#[tokio::test]
async fn those_who_do_not_end_with_their_pool_are_one_report() {
    let (tree, pool) = boot::<Probe>("shutdown = \"20ms\"").await;
    let mut events = tree.events(None);
    for id in ["a", "b", "c", "d"] {
        let trace = Arc::<Trace>::default();
        let started = pool.start_child(id, if id == "d" { probe(&trace) } else { lingering(&trace) });
        within(started).await.unwrap();
    }
    within(tree.terminate_child("/r", "p")).await.unwrap();
    assert_eq!(tree.crashes(0).len(), 1, "the first of them");
    let mut said = Vec::new();
    while said.len() < 2 {
        let Heard::Event(event) = within(events.next()).await else { panic!("nothing is lost") };
        said.push((event.kind, event.path, event.detail.unwrap()));
    }
    let fallen = (DebugEventKind::ShutdownError, "/r/p".to_owned(), "3 children: killed".to_owned());
    assert_eq!(said, [fallen, (DebugEventKind::Stopped, "/r/p".to_owned(), "shutdown".to_owned())]);
    assert!(tree.stop(PATIENCE).await);
}

#[tokio::test]
async fn who_was_wished_for_is_a_child_of_its_own_and_no_restart_of_its_predecessor() {
    let trace = Arc::<Trace>::default();
    let (tree, pool) = boot::<Probe>("").await;
    let first = lingering(&trace);
    let mood = Arc::clone(&first.mood);
    let x = pool.start_child("x", first).await.unwrap();
    x.cast(crash()).unwrap();
    trace.await_lines(2).await;
    let mut wished = Box::pin(pool.start_child("x", probe(&trace)));
    assert!(poll!(&mut wished).is_pending());
    mood.may_end.notify_one();
    assert_ne!(within(wished).await.unwrap(), x);
    let now = find(&tree.snapshot(), "/r/p/x");
    assert_eq!((now.generation, now.restarts.total, now.restarts.last), (1, 0, None));
    assert_eq!(tree.crashes(0)[0].decision, Decision::Forgotten);
}

#[tokio::test]
async fn a_start_is_not_ended_in_the_name_of_a_predecessor_that_it_does_not_replace() {
    let trace = Arc::<Trace>::default();
    let (tree, pool) = boot::<Probe>("").await;
    let first = lingering(&trace);
    let mood = Arc::clone(&first.mood);
    let x = pool.start_child("x", first).await.unwrap();
    x.cast(Say::End(ExitReason::Normal)).unwrap();
    trace.await_lines(2).await;
    let second = probe(&trace);
    second.mood.hangs_in_init.store(true, SeqCst);
    let mut wished = Box::pin(pool.start_child("x", second));
    assert!(poll!(&mut wished).is_pending());
    mood.may_end.notify_one();
    assert_eq!(trace.await_lines(3).await, ["init x", "end x normal", "init x"]);
    assert_eq!(tree.terminate_child("/r/p", x.actor_id()).await, Ok(()), "it is gone already");
    assert_eq!(tree.count_children("/r/p").await.unwrap().workers, 1, "its successor still starts");
    assert!(poll!(&mut wished).is_pending());
}

/// As if its init were over in the moment of the stop.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_comes_up_during_a_stop_is_shown_on_its_way_out() {
    let trace = Arc::<Trace>::default();
    let (tree, pool) = boot::<Probe>("").await;
    let late = lingering(&trace);
    late.mood.blocks_in_init_ms.store(100, SeqCst);
    let mood = Arc::clone(&late.mood);
    let asked = tokio::spawn(async move { pool.start_child("x", late).await.map(drop) });
    trace.await_lines(1).await;
    let (stopped, ()) = tokio::join!(tree.stop(PATIENCE), async {
        trace.await_lines(2).await;
        assert_eq!(find(&tree.snapshot(), "/r/p/x").status, "draining");
        mood.may_end.notify_one();
    });
    assert!(stopped);
    drop(asked.await.unwrap());
}
