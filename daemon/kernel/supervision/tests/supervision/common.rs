//! Real actors that write down what happens to them, and ways to wait for it.

use hecate_proto::tree::TreeNode;
use hecate_supervision::{Actor, ExitReason, Kinds, Me, Message, Name, Plan, Reply, Tree};
use std::sync::atomic::{AtomicU32, Ordering::SeqCst};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::sync::{Barrier, Notify};

/// Longer than anything here takes on a busy machine.
pub(crate) const PATIENCE: Duration = Duration::from_secs(10);

/// What happened, in order.
#[derive(Default)]
pub(crate) struct Trace {
    lines: Mutex<Vec<String>>,
    news: Notify,
}

impl Trace {
    pub(crate) fn add(&self, line: impl Into<String>) {
        self.lines.lock().unwrap().push(line.into());
        self.news.notify_waiters();
    }

    pub(crate) fn lines(&self) -> Vec<String> {
        self.lines.lock().unwrap().clone()
    }

    pub(crate) fn clear(&self) {
        self.lines.lock().unwrap().clear();
    }

    /// Waits until `count` lines are there and returns them.
    pub(crate) async fn await_lines(&self, count: usize) -> Vec<String> {
        until(|| self.lines().len() >= count, || format!("{count} lines: {:?}", self.lines())).await;
        self.lines()
    }
}

/// Waits for a condition, looking again and again.
pub(crate) async fn until(condition: impl Fn() -> bool, what: impl Fn() -> String) {
    let deadline = tokio::time::Instant::now() + PATIENCE;
    while !condition() {
        assert!(tokio::time::Instant::now() < deadline, "waited in vain for {}", what());
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
}

pub(crate) enum Say {
    Work,
    /// Stays in its handler until the notify fires.
    Wait(Arc<Notify>),
    /// Is at work when the barrier opens for the first time, and ends like this when it does again.
    WaitThenEnd(Arc<Barrier>, ExitReason),
    /// Never leaves its handler.
    Hang,
    /// Blocks its thread until it is told to go on, so that no kill reaches it meanwhile.
    Block(std::sync::mpsc::Receiver<()>),
    Panic,
    End(ExitReason),
    Ask(Reply<u32>),
    /// Takes the question and forgets it.
    Forget(Reply<u32>),
    /// Attaches a task that ends like this.
    Attach(Result<(), ExitReason>),
}

impl Message for Say {
    fn variant(&self) -> &'static str {
        match self {
            Self::Work => "work",
            Self::Wait(_) => "wait",
            Self::WaitThenEnd(..) => "wait_then_end",
            Self::Hang => "hang",
            Self::Block(_) => "block",
            Self::Panic => "panic",
            Self::End(_) => "end",
            Self::Ask(_) => "ask",
            Self::Forget(_) => "forget",
            Self::Attach(_) => "attach",
        }
    }
}

/// What a probe is to do, changeable between its starts.
#[derive(Default)]
pub(crate) struct Mood {
    pub(crate) failing_inits: AtomicU32,
    pub(crate) ignoring_inits: AtomicU32,
    pub(crate) panics_in_init: std::sync::atomic::AtomicBool,
    pub(crate) hangs_in_init: std::sync::atomic::AtomicBool,
    pub(crate) hangs_in_terminate: std::sync::atomic::AtomicBool,
    /// It yields once and then blocks its thread, ms; nobody can give up such a start.
    pub(crate) blocks_in_init_ms: std::sync::atomic::AtomicU64,
    /// Its last act ends when `may_end` is notified.
    pub(crate) waits_in_terminate: std::sync::atomic::AtomicBool,
    pub(crate) may_end: Notify,
    /// How long its last act takes, ms.
    pub(crate) last_act_ms: std::sync::atomic::AtomicU64,
    /// Last acts that came to their end; who was killed in one has none.
    pub(crate) ends: AtomicU32,
}

#[derive(Clone)]
pub(crate) struct Probe {
    pub(crate) id: &'static str,
    pub(crate) trace: Arc<Trace>,
    pub(crate) mood: Arc<Mood>,
}

impl Actor for Probe {
    type Msg = Say;
    type Args = Self;

    async fn init(args: Self, _: &Me<Say>) -> Result<Self, ExitReason> {
        args.trace.add(format!("init {}", args.id));
        if args.mood.hangs_in_init.load(SeqCst) {
            std::future::pending::<()>().await;
        }
        let blocks = Duration::from_millis(args.mood.blocks_in_init_ms.load(SeqCst));
        if !blocks.is_zero() {
            tokio::task::yield_now().await;
            block(blocks);
        }
        assert!(!args.mood.panics_in_init.load(SeqCst), "boom in init");
        if args.mood.ignoring_inits.fetch_update(SeqCst, SeqCst, |left| left.checked_sub(1)).is_ok() {
            return Err(ExitReason::Ignore);
        }
        if args.mood.failing_inits.fetch_update(SeqCst, SeqCst, |left| left.checked_sub(1)).is_ok() {
            return Err(ExitReason::error("moody"));
        }
        Ok(args)
    }

    async fn handle(&mut self, say: Say, me: &Me<Say>) -> Result<(), ExitReason> {
        match say {
            Say::Work => {}
            Say::Wait(go) => go.notified().await,
            Say::WaitThenEnd(barrier, why) => {
                barrier.wait().await;
                barrier.wait().await;
                return Err(why);
            }
            Say::Hang => std::future::pending().await,
            Say::Block(until) => {
                self.trace.add(format!("block {}", self.id));
                // Told, or the test is over.
                let _ = until.recv();
            }
            Say::Panic => panic!("boom"),
            Say::End(why) => return Err(why),
            Say::Ask(reply) => reply.send(42),
            Say::Forget(reply) => drop(reply),
            Say::Attach(end) => me.attach(async move { end }),
        }
        Ok(())
    }

    async fn terminate(&mut self, why: &ExitReason) {
        self.trace.add(format!("end {} {why}", self.id));
        if self.mood.hangs_in_terminate.load(SeqCst) {
            std::future::pending::<()>().await;
        }
        if self.mood.waits_in_terminate.load(SeqCst) {
            self.mood.may_end.notified().await;
        }
        let takes = Duration::from_millis(self.mood.last_act_ms.load(SeqCst));
        if !takes.is_zero() {
            tokio::time::sleep(takes).await;
        }
        self.mood.ends.fetch_add(1, SeqCst);
    }
}

#[expect(clippy::disallowed_methods, reason = "a thread that is blocked is what is meant")]
pub(crate) fn block(time: Duration) {
    std::thread::sleep(time);
}

/// A tree of probes `a`, `b`, … under test.
pub(crate) struct Stage {
    pub(crate) kinds: Kinds,
    pub(crate) trace: Arc<Trace>,
    pub(crate) names: Vec<Name<Say>>,
    pub(crate) moods: Vec<Arc<Mood>>,
}

impl Stage {
    pub(crate) fn of(ids: &[&'static str]) -> Self {
        let mut stage = Self { kinds: Kinds::new(), trace: Arc::default(), names: vec![], moods: vec![] };
        for id in ids {
            let (name, mood) = (Name::new(), Arc::<Mood>::default());
            let probe = Probe { id, trace: Arc::clone(&stage.trace), mood: Arc::clone(&mood) };
            stage.kinds.worker::<Probe>(*id, Some(name.clone()), move || probe.clone());
            stage.names.push(name);
            stage.moods.push(mood);
        }
        stage
    }

    pub(crate) fn plan(&self, text: &str) -> Plan {
        Plan::parse(text, "test.toml", &self.kinds).unwrap_or_else(|faults| panic!("{faults:#?}"))
    }

    /// Boots a root with the probes as its children; `extra` goes to every child.
    pub(crate) async fn boot(&self, strategy: &str, intensity: u32, ids: &[&str], extra: &str) -> Tree {
        let text = flat(strategy, intensity, ids, extra);
        let tree = within(Tree::boot(&self.plan(&text), &self.kinds)).await.unwrap();
        self.trace.clear();
        tree
    }
}

pub(crate) fn flat(strategy: &str, intensity: u32, ids: &[&str], extra: &str) -> String {
    let children: String =
        ids.iter().map(|id| format!("[[child]]\npath = \"/r/{id}\"\nkind = \"{id}\"\n{extra}\n")).collect();
    format!(
        "schema = 1\n[[supervisor]]\npath = \"/r\"\nstrategy = \"{strategy}\"\nintensity = {intensity}\n{children}"
    )
}

/// Whatever should come soon; a test that waits for ever says nothing.
pub(crate) async fn within<T>(work: impl Future<Output = T>) -> T {
    tokio::time::timeout(PATIENCE, work).await.expect("it takes for ever")
}

pub(crate) fn find(node: &TreeNode, path: &str) -> TreeNode {
    fn search<'t>(node: &'t TreeNode, path: &str) -> Option<&'t TreeNode> {
        if node.path == path {
            return Some(node);
        }
        node.children.iter().find_map(|child| search(child, path))
    }
    search(node, path).unwrap_or_else(|| panic!("no {path} in {node:#?}")).clone()
}

pub(crate) fn crash() -> Say {
    Say::End(ExitReason::error("boom"))
}
