//! What lives and dies with an actor: attached tasks, and resources that only one may hold.

use crate::common::{PATIENCE, Say, Stage, block, find, until, within};
use hecate_supervision::{
    Actor, Child, ExitReason, Flags, Kinds, Me, Message, Name, Plan, Pool, PoolFlags, StartError, Tree,
    Unheard,
};
use std::os::unix::net::UnixListener;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering::SeqCst};
use std::time::Duration;
use tokio::sync::{Barrier, Notify};

#[tokio::test]
async fn an_attached_task_that_ends_takes_its_actor_along_with_its_reason() {
    let table = [
        (Ok(()), "normal"),
        (Err(ExitReason::error("lost the line")), "error: lost the line"),
        (Err(ExitReason::Panic("boom".into())), "error: panicked: boom"),
    ];
    for (end, expected) in table {
        let stage = Stage::of(&["a"]);
        let tree = stage.boot("one_for_one", 1, &["a"], "").await;
        stage.names[0].cast(Say::Attach(end)).unwrap();
        assert_eq!(stage.trace.await_lines(2).await, [format!("end a {expected}"), "init a".into()]);
        assert_eq!(find(&tree.snapshot(), "/r/a").restarts.last.unwrap().reason, expected);
        assert!(tree.stop(PATIENCE).await);
    }
}

/// Holds a socket in its state and a lock in a task, as real edges do.
struct Holder {
    _socket: UnixListener,
}

#[derive(Clone)]
struct Held {
    folder: PathBuf,
    inits: Arc<AtomicU32>,
    alive: Arc<AtomicU32>,
}

struct Counted(Arc<AtomicU32>);

impl Counted {
    fn new(alive: &Arc<AtomicU32>) -> Result<Self, ExitReason> {
        match alive.fetch_add(1, SeqCst) {
            0 => Ok(Self(Arc::clone(alive))),
            _ => Err(ExitReason::error("it met its predecessor's leavings")),
        }
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        self.0.fetch_sub(1, SeqCst);
    }
}

enum Press {
    Panic,
    Fail,
    Hang,
}

impl Message for Press {
    fn variant(&self) -> &'static str {
        "press"
    }
}

impl Actor for Holder {
    type Msg = Press;
    type Args = Held;

    async fn init(held: Held, me: &Me<Press>) -> Result<Self, ExitReason> {
        let path = held.folder.join("socket");
        let lock = std::fs::File::create(held.folder.join("lock")).map_err(ExitReason::error)?;
        lock.try_lock().map_err(|_| ExitReason::error("the lock is held"))?;
        let _ = std::fs::remove_file(&path);
        let socket = UnixListener::bind(&path).map_err(ExitReason::error)?;
        let in_task = Counted::new(&held.alive)?;
        me.attach(async move {
            let _held = (lock, in_task);
            std::future::pending().await
        });
        held.inits.fetch_add(1, SeqCst);
        Ok(Self { _socket: socket })
    }

    async fn handle(&mut self, press: Press, _: &Me<Press>) -> Result<(), ExitReason> {
        match press {
            Press::Panic => panic!("boom"),
            Press::Fail => Err(ExitReason::error("boom")),
            Press::Hang => std::future::pending().await,
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whatever_the_end_a_replacement_finds_exclusive_resources_free() {
    let folder = tempfile::tempdir().unwrap();
    let held = Held { folder: folder.path().into(), inits: Arc::default(), alive: Arc::default() };
    let name = Name::new();
    let mut kinds = Kinds::new();
    let args = held.clone();
    kinds.worker::<Holder>("holder", Some(name.clone()), move || args.clone());
    // One failed init is one restart too many: the window forgives exactly one per crash.
    let text = "schema = 1\n[[supervisor]]\npath = \"/r\"\nintensity = 30\nperiod = \"1m\"\n\
                [[child]]\npath = \"/r/holder\"\nkind = \"holder\"\n";
    let tree = within(Tree::boot(&Plan::parse(text, "t", &kinds).unwrap(), &kinds)).await.unwrap();
    for turn in 0..30 {
        let addr = name.whereis().unwrap();
        match turn % 3 {
            0 => addr.cast(Press::Panic).unwrap(),
            1 => addr.cast(Press::Fail).unwrap(),
            _ => {
                addr.cast(Press::Hang).unwrap();
                addr.cell().kill();
            }
        }
        let replaced = || name.whereis().is_some_and(|successor| successor != addr);
        until(replaced, || format!("the replacement after turn {turn}: {:?}", tree.snapshot())).await;
    }
    assert_eq!(held.inits.load(SeqCst), 31);
    assert!(tree.stop(PATIENCE).await);
    assert_eq!(held.alive.load(SeqCst), 0);
}

/// An init that takes its time, after it has attached a task that never ends.
struct Slow;

impl Actor for Slow {
    type Msg = Unheard;
    type Args = (Arc<()>, Arc<Barrier>);

    async fn init((held, barrier): Self::Args, me: &Me<Unheard>) -> Result<Self, ExitReason> {
        me.attach(async move {
            let _held = held;
            std::future::pending().await
        });
        barrier.wait().await;
        barrier.wait().await;
        Ok(Self)
    }

    async fn handle(&mut self, msg: Unheard, _: &Me<Unheard>) -> Result<(), ExitReason> {
        match msg {}
    }
}

/// Its supervisor is killed while it comes to life: now it is heard of first, now its death.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_birth_that_nobody_is_there_to_settle_leaves_nothing_running() {
    for _ in 0..50 {
        let (held, barrier) = (Arc::new(()), Arc::new(Barrier::new(2)));
        let args = (Arc::clone(&held), Arc::clone(&barrier));
        let below = Child::supervisor("s", Flags::default(), vec![]);
        let tree = within(Tree::grow("r", Flags::default(), vec![below])).await.unwrap();
        let slow = Child::worker::<Slow>("slow", None, move || args.clone());
        let starting = tree.start_child("/r/s", slow);
        tokio::pin!(starting);
        tokio::select! {
            told = &mut starting => panic!("it is at its first barrier: {told:?}"),
            _ = barrier.wait() => {}
        }
        tree.kill("/r/s").unwrap();
        tokio::select! {
            told = &mut starting => drop(told),
            _ = barrier.wait() => drop(within(&mut starting).await),
        }
        until(|| Arc::strong_count(&held) == 1, || "the end of its task".into()).await;
    }
}

/// Where children are born one after the other, never one beside another.
#[derive(Clone, Default)]
struct Nest {
    alive: Arc<AtomicU32>,
    inits: Arc<AtomicU32>,
    /// Inits that found somebody else there.
    meetings: Arc<AtomicU32>,
    /// The init of that number blocks its thread, once it has said so.
    blocks_in: u32,
    /// For how long.
    blocks_ms: u64,
    /// It does so in its first breath.
    at_once: bool,
    blocks: Arc<Notify>,
}

struct Nestling(#[expect(dead_code, reason = "it is alive as long as this is")] Counted);

impl Actor for Nestling {
    type Msg = Unheard;
    type Args = Nest;

    async fn init(nest: Nest, _: &Me<Unheard>) -> Result<Self, ExitReason> {
        let init = nest.inits.fetch_add(1, SeqCst) + 1;
        let others = nest.alive.fetch_add(1, SeqCst);
        let here = Counted(Arc::clone(&nest.alive));
        nest.meetings.fetch_add(others, SeqCst);
        if !nest.at_once {
            tokio::task::yield_now().await;
        }
        if init == nest.blocks_in {
            nest.blocks.notify_one();
            block(Duration::from_millis(nest.blocks_ms));
        }
        if !nest.at_once {
            tokio::task::yield_now().await;
        }
        Ok(Self(here))
    }

    async fn handle(&mut self, msg: Unheard, _: &Me<Unheard>) -> Result<(), ExitReason> {
        match msg {}
    }
}

/// The first that comes to life is cut off by the end of its pool, in the middle of its init.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_is_half_born_in_a_killed_pool_does_not_meet_its_successor() {
    let (nest, pool) = (Nest { blocks_in: 1, blocks_ms: 100, ..Nest::default() }, Pool::<Nestling>::new());
    let flags = Flags { intensity: 9, ..Flags::default() };
    let children = vec![Child::pool("p", &pool, PoolFlags::default())];
    let tree = within(Tree::grow("r", flags, children)).await.unwrap();
    let (asker, args) = (pool.clone(), nest.clone());
    let first = tokio::spawn(async move { asker.start_child("x", args).await });
    within(nest.blocks.notified()).await;
    assert_eq!(find(&tree.snapshot(), "/r/p/x").status, "starting");
    tree.kill("/r/p").unwrap();
    within(first).await.unwrap().unwrap_err();
    while let Err(why) = within(pool.start_child("x", nest.clone())).await {
        assert_eq!(why, StartError::NotRunning);
        tokio::task::yield_now().await;
    }
    assert_eq!((nest.inits.load(SeqCst), nest.meetings.load(SeqCst)), (2, 0));
    assert!(tree.stop(PATIENCE).await);
    assert_eq!(nest.alive.load(SeqCst), 0);
}

/// The second that comes to life is cut off by the end of its supervisor.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_is_half_born_below_a_killed_supervisor_does_not_meet_its_successor() {
    let nest = Nest { blocks_in: 2, blocks_ms: 100, ..Nest::default() };
    let (name, args) = (Name::new(), nest.clone());
    let child = Child::worker::<Nestling>("x", Some(name.clone()), move || args.clone());
    let flags = || Flags { intensity: 9, ..Flags::default() };
    let below = Child::supervisor("s", flags(), vec![child]);
    let tree = within(Tree::grow("r", flags(), vec![below])).await.unwrap();
    let first = name.whereis().unwrap();
    tree.kill("/r/s/x").unwrap();
    within(nest.blocks.notified()).await;
    tree.kill("/r/s").unwrap();
    until(|| name.whereis().is_some_and(|now| now != first), || "the third".into()).await;
    assert_eq!((nest.inits.load(SeqCst), nest.meetings.load(SeqCst)), (3, 0));
    assert!(tree.stop(PATIENCE).await);
    assert_eq!(nest.alive.load(SeqCst), 0);
}

/// Its init ends in the breath in which it was started, after everybody has given up waiting for its supervisor:
/// nobody else knows of it then.
#[tokio::test(flavor = "multi_thread", worker_threads = 3)]
async fn who_comes_to_life_under_a_supervisor_that_was_killed_meanwhile_does_not_stay() {
    let nest = Nest { blocks_in: 2, blocks_ms: 600, at_once: true, ..Nest::default() };
    let args = nest.clone();
    let flags = || Flags { intensity: 9, ..Flags::default() };
    let child = Child::worker::<Nestling>("x", None, move || args.clone());
    let above = Child::supervisor("g", flags(), vec![Child::supervisor("p", flags(), vec![child])]);
    let tree = within(Tree::grow("r", flags(), vec![above])).await.unwrap();
    tree.kill("/r/g/p/x").unwrap();
    within(nest.blocks.notified()).await;
    tree.kill("/r/g").unwrap();
    let succeeded = || (nest.inits.load(SeqCst), nest.alive.load(SeqCst)) == (3, 1);
    until(succeeded, || "its end beside its successor".into()).await;
    assert!(tree.stop(PATIENCE).await);
    assert_eq!(nest.alive.load(SeqCst), 0);
}

/// Hangs on a task that fails before its init is over.
struct Stillborn;

impl Actor for Stillborn {
    type Msg = Unheard;
    type Args = ();

    async fn init((): (), me: &Me<Unheard>) -> Result<Self, ExitReason> {
        me.attach(async { Err(ExitReason::error("no line")) });
        while !me.addr().is_ending() {
            tokio::task::yield_now().await;
        }
        Ok(Self)
    }

    async fn handle(&mut self, msg: Unheard, _: &Me<Unheard>) -> Result<(), ExitReason> {
        match msg {}
    }
}

#[tokio::test]
async fn who_is_ended_in_its_init_has_not_started() {
    let (child, pool) = (Child::worker::<Stillborn>("x", None, || ()), Pool::<Stillborn>::new());
    let children = vec![Child::pool("p", &pool, PoolFlags::default())];
    let tree = within(Tree::grow("r", Flags::default(), children)).await.unwrap();
    let failed = within(tree.start_child("/r", child)).await.unwrap_err();
    assert!(failed.to_string().contains("no line"), "{failed}");
    let why = ExitReason::error("no line");
    assert_eq!(within(pool.start_child("m", ())).await.unwrap_err(), StartError::Init(why));
    assert!(tree.stop(PATIENCE).await);
}
