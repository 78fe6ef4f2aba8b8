//! Plays a scenario on our own kernel, by a clock that stands still while anything can happen, and writes
//! the trace that the oracle would.

use crate::actor::{Die, Worker};
use crate::scenario::{Act, Call, How, Moment, Mood, Op, PERIOD_S, Scenario, Shutdown, Spec, Supervisor};
use crate::words;
use hecate_proto::tree::TreeNode;
use hecate_supervision::Shutdown as Policy;
use hecate_supervision::{
    Addr, AdminError, Child, ChildRef, ExitReason, Flags, Name, Pool, PoolFlags, Standing, StartError, Tree,
};
use ractor::ActorId;
use std::collections::{BTreeMap, HashMap};
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::sync::{Arc, Mutex, OnceLock};
use std::time::Duration;

/// Nothing else can happen when this is over: the clock moves only then.
const MOMENT: Duration = Duration::from_millis(1);

/// What is to happen to which supervisor while it waits.
type Script = (String, Vec<Act>);

/// The oracle's scribe: what was seen, who is where, what the next starts shall do.
#[derive(Default)]
pub(crate) struct Scribe {
    lines: Mutex<Vec<String>>,
    moods: Mutex<HashMap<String, Mood>>,
    scripts: Mutex<HashMap<(String, Moment), Script>>,
    scripts_playing: AtomicUsize,
    names: Mutex<HashMap<String, Name<Die>>>,
    /// Whoever runs under an id, or ran last; and under which id everybody ran.
    actors: Mutex<HashMap<String, ActorId>>,
    ever: Mutex<HashMap<ActorId, String>>,
    pool: OnceLock<Pool<Worker>>,
    paths: Mutex<HashMap<String, String>>,
    tree: OnceLock<Tree>,
    /// How many have asked, and the answers by the order of the questions.
    asked: Mutex<usize>,
    replies: Mutex<BTreeMap<usize, String>>,
}

/// What the worker sees of the scribe.
impl Scribe {
    pub(crate) fn note(&self, line: impl Into<String>) {
        self.lines.lock().unwrap().push(line.into());
    }

    /// Moods are for so many starts; a deaf one stays deaf.
    pub(crate) fn next_mood(&self, id: &str) -> Option<Mood> {
        let mut moods = self.moods.lock().unwrap();
        let mood = *moods.get(id)?;
        let rest = match mood {
            Mood::Fail(count) if count > 1 => Some(Mood::Fail(count - 1)),
            Mood::Ignore(count) if count > 1 => Some(Mood::Ignore(count - 1)),
            Mood::Fail(_) | Mood::Ignore(_) => None,
            Mood::Deaf => Some(Mood::Deaf),
        };
        match rest {
            Some(rest) => drop(moods.insert(id.into(), rest)),
            None => drop(moods.remove(id)),
        }
        Some(mood)
    }

    pub(crate) fn is_deaf(&self, id: &str) -> bool {
        self.moods.lock().unwrap().get(id) == Some(&Mood::Deaf)
    }

    pub(crate) fn born(&self, id: &str, actor: ActorId) {
        self.actors.lock().unwrap().insert(id.into(), actor);
        self.ever.lock().unwrap().insert(actor, id.into());
    }

    /// What is to happen while the supervisor waits for this start or stop: each thing has reached it before
    /// the next one happens. A supervisor that is not up yet is left alone.
    pub(crate) async fn meanwhile(self: &Arc<Self>, id: &str, moment: Moment) {
        let script = self.scripts.lock().unwrap().remove(&(id.to_owned(), moment));
        let Some((supervisor, acts)) = script.filter(|(supervisor, _)| self.is_up(supervisor)) else {
            return;
        };
        let scribe = Arc::clone(self);
        self.note(format!("@{id}"));
        // It goes on when the start is given up.
        self.scripts_playing.fetch_add(1, SeqCst);
        let playing = tokio::spawn(async move {
            for act in acts {
                scribe.deliver(&supervisor, act);
                tokio::time::sleep(MOMENT).await;
            }
            scribe.scripts_playing.fetch_sub(1, SeqCst);
        });
        playing.await.unwrap();
    }

    fn is_up(&self, supervisor: &str) -> bool {
        let place = self.tree.get().and_then(|tree| find(tree.snapshot(), &self.path(supervisor)));
        place.is_some_and(|place| place.id.is_some())
    }

    fn deliver(self: &Arc<Self>, supervisor: &str, act: Act) {
        match act {
            Act::End(id, how) => self.end(&id, how),
            Act::Call(call) => {
                let (scribe, turn, supervisor) = (Arc::clone(self), self.turn(), supervisor.to_owned());
                tokio::spawn(async move { scribe.ask(turn, &supervisor, call).await });
            }
        }
    }
}

/// The tree, by its specs.
impl Scribe {
    fn tree(&self) -> &Tree {
        self.tree.get().unwrap()
    }

    fn path(&self, supervisor: &str) -> String {
        self.paths.lock().unwrap().get(supervisor).cloned().unwrap_or_else(|| "/nowhere".into())
    }

    fn child(self: &Arc<Self>, spec: &Spec, parent: &str) -> Child {
        let (child, restart, is_significant) = match spec {
            Spec::Worker { id, restart, significant, shutdown } => {
                let (own, scribe) = (id.clone(), Arc::clone(self));
                let name = self.names.lock().unwrap().entry(id.clone()).or_default().clone();
                let child =
                    Child::worker::<Worker>(id, Some(name), move || (own.clone(), Arc::clone(&scribe)));
                (child.shutdown(policy(*shutdown)), *restart, *significant)
            }
            Spec::Supervisor(own) => {
                let child = Child::supervisor(&own.id, flags(own), self.children(own, parent));
                (child.shutdown(policy(own.shutdown)), own.restart, own.significant)
            }
            Spec::Pool(own) => {
                self.paths.lock().unwrap().insert(own.id.clone(), format!("{parent}/{}", own.id));
                let flags = PoolFlags {
                    intensity: own.intensity,
                    period: Duration::from_secs(PERIOD_S),
                    restart: own.member_restart,
                    shutdown: policy(own.member_shutdown),
                    ..PoolFlags::default()
                };
                let child = Child::pool(&own.id, self.pool.get_or_init(Pool::restarting), flags);
                (child, own.restart, own.significant)
            }
        };
        let child = child.restart(restart);
        if is_significant { child.significant() } else { child }
    }

    fn children(self: &Arc<Self>, own: &Supervisor, parent: &str) -> Vec<Child> {
        let path = format!("{parent}/{}", own.id);
        self.paths.lock().unwrap().insert(own.id.clone(), path.clone());
        own.children.iter().map(|child| self.child(child, &path)).collect()
    }
}

/// Questions and answers.
impl Scribe {
    fn turn(&self) -> usize {
        let mut asked = self.asked.lock().unwrap();
        *asked += 1;
        *asked
    }

    async fn ask(self: &Arc<Self>, turn: usize, supervisor: &str, call: Call) {
        let reply = match call {
            Call::Member(id) => self.member(id).await,
            call => self.call(supervisor, call).await.unwrap_or_else(|why| words::refusal(&why)),
        };
        self.replies.lock().unwrap().insert(turn, format!("={reply}"));
    }

    async fn call(self: &Arc<Self>, supervisor: &str, call: Call) -> Result<String, AdminError> {
        let (tree, path) = (self.tree(), self.path(supervisor));
        match call {
            Call::Start(spec) => {
                let started = tree.start_child(&path, self.child(&spec, &path)).await;
                self.mark_the_one(&spec, started)
            }
            Call::Member(_) => unreachable!("a pool is asked for its members"),
            Call::Terminate(id) => tree.terminate_child(&path, id.as_str()).await.map(|()| "ok".into()),
            Call::TerminateMember(id) => {
                tree.terminate_child(&path, self.actor(&id)).await.map(|()| "ok".into())
            }
            Call::Restart(id) => tree.restart_child(&path, &id).await.map(words::started),
            Call::Delete(id) => tree.delete_child(&path, &id).await.map(|()| "ok".into()),
            Call::Spec(id) => {
                let spec = tree.get_childspec(&path, id.as_str()).await?;
                Ok(format!("spec:{id}:{}", words::spec(&spec)))
            }
            Call::MemberSpec(id) => {
                let spec = tree.get_childspec(&path, self.actor(&id)).await?;
                Ok(format!("spec:{}", words::spec(&spec)))
            }
            Call::Which => {
                let rows = tree.which_children(&path).await?;
                Ok(words::rows(supervisor == "p", &rows))
            }
            Call::Count => tree.count_children(&path).await.map(words::counts),
        }
    }

    /// Says whether the one that was started already is the one that was seen.
    fn mark_the_one(
        &self,
        spec: &Spec,
        started: Result<Option<ActorId>, AdminError>,
    ) -> Result<String, AdminError> {
        match (spec, started) {
            (Spec::Worker { id, .. }, Err(AdminError::AlreadyStarted(actor))) => {
                let it = self.ever.lock().unwrap().get(&actor) == Some(id);
                Ok(if it { "already_started:it" } else { "already_started:other" }.into())
            }
            (_, started) => started.map(words::started),
        }
    }

    /// Whoever runs or ran under that id; where nobody did, somebody who is no child.
    fn actor(&self, id: &str) -> ChildRef {
        let actors = self.actors.lock().unwrap();
        let stranger = || {
            let living = ractor::registry::get_all_pids();
            let strangers = living.iter().map(|cell| cell.get_id());
            strangers.filter(|actor| !actors.values().any(|own| own == actor)).max().unwrap()
        };
        actors.get(id).copied().unwrap_or_else(stranger).into()
    }

    async fn member(self: &Arc<Self>, id: String) -> String {
        let Some(pool) = self.pool.get() else { return "nosup".into() };
        match pool.start_child(id.clone(), (id, Arc::clone(self))).await {
            Ok(_) => "ok:pid",
            Err(StartError::Ignored) => "ok:none",
            Err(StartError::Init(_)) => "failed",
            Err(StartError::NotRunning) => "nosup",
            Err(other) => panic!("{other}"),
        }
        .into()
    }

    /// Answers are told when all is quiet again.
    async fn tell(&self) {
        let waits = || self.replies.lock().unwrap().len() < *self.asked.lock().unwrap();
        while self.scripts_playing.load(SeqCst) > 0 || waits() {
            tokio::time::sleep(MOMENT).await;
        }
        *self.asked.lock().unwrap() = 0;
        self.scripts.lock().unwrap().clear();
        let replies = std::mem::take(&mut *self.replies.lock().unwrap());
        self.lines.lock().unwrap().extend(replies.into_values());
    }
}

/// What a scenario can do.
impl Scribe {
    async fn act(self: &Arc<Self>, op: &Op) {
        match op {
            Op::Mood(id, mood) => drop(self.moods.lock().unwrap().insert(id.clone(), *mood)),
            Op::During(id, moment, supervisor, acts) => {
                let script = (supervisor.clone(), acts.clone());
                self.scripts.lock().unwrap().insert((id.clone(), *moment), script);
            }
            Op::End(id, how) if self.paths.lock().unwrap().contains_key(id) => {
                self.end_supervisor(id, *how).await
            }
            Op::End(id, how) => self.end(id, *how),
            Op::Call(_, Call::Member(id)) if self.whereis(id).is_some() => {}
            Op::Call(supervisor, call) => self.ask(self.turn(), supervisor, call.clone()).await,
            Op::Wait(ms) => tokio::time::sleep(Duration::from_millis(*ms)).await,
        }
        if !matches!(op, Op::Mood(..) | Op::During(..)) {
            quiet(self.tree()).await;
            self.tell().await;
        }
    }

    fn whereis(&self, id: &str) -> Option<Addr<Die>> {
        let named = self.names.lock().unwrap().get(id).and_then(Name::whereis);
        named.or_else(|| self.pool.get()?.whereis(id))
    }

    fn end(&self, id: &str, how: How) {
        let Some(addr) = self.whereis(id) else { return };
        let why = match how {
            How::Kill => return addr.cell().kill(),
            How::Normal => ExitReason::Normal,
            How::Shutdown => ExitReason::Shutdown,
            How::Done => ExitReason::ShutdownWith("done".into()),
            How::Error => ExitReason::error("boom"),
        };
        addr.cast(Die(why)).unwrap();
    }

    /// Kills it; nothing else ends a supervisor from outside.
    async fn end_supervisor(&self, id: &str, how: How) {
        assert_eq!(how, How::Kill);
        let path = self.path(id);
        let (parent, _) = path.rsplit_once('/').unwrap();
        let Ok(rows) = self.tree().which_children(parent).await else { return };
        let standing = rows.iter().find(|row| row.id == id).map(|row| row.standing);
        if let Some(Standing::Running(actor)) = standing {
            ractor::registry::where_is_pid(actor).unwrap().kill();
        }
    }
}

fn policy(shutdown: Shutdown) -> Policy {
    match shutdown {
        Shutdown::Within(ms) => Policy::Within(Duration::from_millis(ms)),
        Shutdown::Brutal => Policy::BrutalKill,
        Shutdown::Infinity => Policy::Infinity,
    }
}

fn flags(own: &Supervisor) -> Flags {
    Flags {
        strategy: own.strategy,
        intensity: own.intensity,
        period: Duration::from_secs(PERIOD_S),
        auto_shutdown: own.auto_shutdown,
    }
}

fn find(node: TreeNode, path: &str) -> Option<TreeNode> {
    if node.path == path { Some(node) } else { node.children.into_iter().find_map(|child| find(child, path)) }
}

/// The trace of a scenario on our kernel.
pub(crate) fn play(scenario: &Scenario) -> String {
    let runtime =
        tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build().unwrap();
    runtime.block_on(run(scenario))
}

async fn run(scenario: &Scenario) -> String {
    let scribe = Arc::<Scribe>::default();
    let moods = scenario.ops.iter().take_while(|op| matches!(op, Op::Mood(..))).count();
    for op in &scenario.ops[..moods] {
        scribe.act(op).await;
    }
    let children = scribe.children(&scenario.tree, "");
    match Tree::grow(&scenario.tree.id, flags(&scenario.tree), children).await {
        Err(error) => scribe.note(format!("failed{}", words::failed_at(&error.reason))),
        Ok(tree) => {
            scribe.note("up");
            let _ = scribe.tree.set(tree);
            live(&scribe, &scenario.ops[moods..]).await;
        }
    }
    scribe.lines.lock().unwrap().join(" ")
}

async fn live(scribe: &Arc<Scribe>, ops: &[Op]) {
    quiet(scribe.tree()).await;
    for op in ops {
        if is_down(scribe.tree()) {
            break;
        }
        scribe.act(op).await;
    }
    if is_down(scribe.tree()) {
        return scribe.note(format!("ended:{}", last_reason(scribe.tree())));
    }
    scribe.note("stop");
    assert!(scribe.tree().stop(Duration::from_secs(3_600)).await);
    scribe.note(format!("down:{}", last_reason(scribe.tree())));
    scribe.tell().await;
}

fn is_down(tree: &Tree) -> bool {
    tree.snapshot().status == "stopped"
}

/// What the root left.
fn last_reason(tree: &Tree) -> &'static str {
    words::letter_of(&tree.snapshot().restarts.last.unwrap().reason)
}

async fn quiet(tree: &Tree) {
    fn rests(node: &TreeNode) -> bool {
        matches!(&*node.status, "running" | "stopped") && node.children.iter().all(rests)
    }
    loop {
        tokio::time::sleep(MOMENT).await;
        let root = tree.snapshot();
        if root.status == "stopped" || rests(&root) {
            return;
        }
    }
}
