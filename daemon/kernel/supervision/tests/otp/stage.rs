//! Plays a scenario on our own kernel, by a clock that stands still while anything can happen, and writes
//! the trace that the oracle would.

use crate::scenario::{Call, How, Mood, Op, PERIOD_S, Scenario, Shutdown, Spec, Supervisor, restart};
use hecate_supervision::Shutdown as Policy;
use hecate_supervision::{
    Actor, AdminError, Child, ChildInfo, ChildType, ExitReason, Flags, Me, Message, Name, Pool, PoolFlags,
    Standing, StartError, Tree,
};
use std::collections::HashMap;
use std::sync::{Arc, Mutex, OnceLock};
use std::time::Duration;

/// The oracle's scribe: what was seen, who is where, what the next starts shall do.
#[derive(Default)]
struct Scribe {
    lines: Mutex<Vec<String>>,
    asides: Mutex<Vec<String>>,
    moods: Mutex<HashMap<String, Mood>>,
    during: Mutex<HashMap<String, (String, Call)>>,
    names: Mutex<HashMap<String, Name<Die>>>,
    pool: OnceLock<Pool<Worker>>,
    paths: Mutex<HashMap<String, String>>,
    tree: OnceLock<Tree>,
}

struct Die(ExitReason);

impl Message for Die {
    fn variant(&self) -> &'static str {
        "die"
    }
}

struct Worker {
    id: String,
    scribe: Arc<Scribe>,
}

impl Actor for Worker {
    type Msg = Die;
    type Args = (String, Arc<Scribe>);

    async fn init((id, scribe): Self::Args, _: &Me<Die>) -> Result<Self, ExitReason> {
        let mood = scribe.next_mood(&id);
        if matches!(mood, Some(Mood::Fail(_))) {
            let during = scribe.during.lock().unwrap().remove(&id);
            if let Some((supervisor, call)) = during {
                let scribe = Arc::clone(&scribe);
                tokio::spawn(async move {
                    let reply = scribe.call(&supervisor, call).await;
                    scribe.asides.lock().unwrap().push(format!("={reply}"));
                });
                // The question is in the supervisor's queue before this start has failed.
                for _ in 0..8 {
                    tokio::task::yield_now().await;
                }
            }
        }
        match mood {
            Some(Mood::Fail(_)) => {
                scribe.note(format!("!{id}"));
                Err(ExitReason::error("moody"))
            }
            Some(Mood::Ignore(_)) => {
                scribe.note(format!("?{id}"));
                Err(ExitReason::Ignore)
            }
            Some(Mood::Deaf) | None => {
                scribe.note(format!("+{id}"));
                Ok(Self { id, scribe })
            }
        }
    }

    async fn handle(&mut self, Die(why): Die, _: &Me<Die>) -> Result<(), ExitReason> {
        Err(why)
    }

    async fn terminate(&mut self, why: &ExitReason) {
        self.scribe.note(format!("-{}:{}", self.id, letter(why)));
        let deaf = self.scribe.moods.lock().unwrap().get(&self.id) == Some(&Mood::Deaf);
        if deaf {
            std::future::pending::<()>().await;
        }
    }
}

fn letter(why: &ExitReason) -> &'static str {
    match why {
        ExitReason::Normal => "n",
        ExitReason::Shutdown => "s",
        ExitReason::ShutdownWith(_) => "d",
        ExitReason::Killed => "k",
        _ => "e",
    }
}

impl Scribe {
    fn note(&self, line: impl Into<String>) {
        self.lines.lock().unwrap().push(line.into());
    }

    /// Moods are for so many starts; a deaf one stays deaf.
    fn next_mood(&self, id: &str) -> Option<Mood> {
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

    fn tree(&self) -> &Tree {
        self.tree.get().unwrap()
    }

    fn path(&self, supervisor: &str) -> String {
        self.paths.lock().unwrap()[supervisor].clone()
    }

    fn child(self: &Arc<Self>, spec: &Spec, parent: &str) -> Child {
        match spec {
            Spec::Worker { id, restart, significant, shutdown } => {
                let (own, scribe) = (id.clone(), Arc::clone(self));
                let name = self.names.lock().unwrap().entry(id.clone()).or_default().clone();
                let child =
                    Child::worker::<Worker>(id, Some(name), move || (own.clone(), Arc::clone(&scribe)));
                let child = child.restart(*restart).shutdown(policy(*shutdown));
                if *significant { child.significant() } else { child }
            }
            Spec::Supervisor(own) => {
                let children = self.children(own, parent);
                let child = Child::supervisor(&own.id, flags(own), children).restart(own.restart);
                if own.significant { child.significant() } else { child }
            }
            Spec::Pool { id, intensity, restart, shutdown } => {
                self.paths.lock().unwrap().insert(id.clone(), format!("{parent}/{id}"));
                let flags = PoolFlags {
                    intensity: *intensity,
                    period: Duration::from_secs(PERIOD_S),
                    restart: *restart,
                    shutdown: policy(*shutdown),
                    ..PoolFlags::default()
                };
                Child::pool(id, self.pool.get_or_init(Pool::restarting), flags)
            }
        }
    }

    fn children(self: &Arc<Self>, own: &Supervisor, parent: &str) -> Vec<Child> {
        let path = format!("{parent}/{}", own.id);
        self.paths.lock().unwrap().insert(own.id.clone(), path.clone());
        own.children.iter().map(|child| self.child(child, &path)).collect()
    }

    async fn call(self: &Arc<Self>, supervisor: &str, call: Call) -> String {
        let (tree, path) = (self.tree(), self.path(supervisor));
        let reply = match call {
            Call::Start(spec) => {
                let parent = path.clone();
                tree.start_child(&path, self.child(&spec, &parent)).await.map(started)
            }
            Call::Member(id) => return self.member(id).await,
            Call::Terminate(id) | Call::TerminateMember(id) => {
                tree.terminate_child(&path, id.as_str()).await.map(|()| "ok".into())
            }
            Call::Restart(id) => tree.restart_child(&path, &id).await.map(started),
            Call::Delete(id) => tree.delete_child(&path, &id).await.map(|()| "ok".into()),
            Call::Spec(id) => tree.get_childspec(&path, id.as_str()).await.map(|spec| {
                let (restart, significant) = (restart(spec.restart), spec.significant.to_string());
                let (shutdown, of) = (written(spec.shutdown), type_letter(spec.child_type));
                format!("spec:{id}:{}:{}:{shutdown}:{of}", &restart[..1], &significant[..1])
            }),
            Call::Which => tree.which_children(&path).await.map(|rows| self.rows(supervisor, &rows)),
            Call::Count => tree.count_children(&path).await.map(|counts| {
                format!("{}/{}/{}/{}", counts.specs, counts.active, counts.supervisors, counts.workers)
            }),
        };
        reply.unwrap_or_else(|why| refusal(&why).into())
    }

    async fn member(self: &Arc<Self>, id: String) -> String {
        let pool = self.pool.get().unwrap();
        match pool.start_child(id.clone(), (id, Arc::clone(self))).await {
            Ok(_) => "ok:pid",
            Err(StartError::Ignored) => "ok:none",
            Err(StartError::Init(_)) => "failed",
            Err(StartError::NotRunning) => "nosup",
            Err(other) => panic!("{other}"),
        }
        .into()
    }

    fn rows(&self, supervisor: &str, rows: &[ChildInfo]) -> String {
        let row = |row: &ChildInfo| {
            let standing = match row.standing {
                Standing::Undefined => "-",
                Standing::Restarting => "~",
                Standing::Running(_) => "+",
            };
            let id = if supervisor == "p" { "*" } else { &row.id };
            format!("{id}:{standing}{}", type_letter(row.child_type))
        };
        let mut rows: Vec<_> = rows.iter().map(row).collect();
        if supervisor == "p" {
            rows.sort();
        }
        format!("[{}]", rows.join(","))
    }
}

fn type_letter(of: ChildType) -> &'static str {
    match of {
        ChildType::Worker => "w",
        ChildType::Supervisor => "s",
    }
}

fn started<T>(actor: Option<T>) -> String {
    if actor.is_some() { "ok:pid" } else { "ok:none" }.into()
}

fn refusal(why: &AdminError) -> &'static str {
    match why {
        AdminError::AlreadyStarted(_) => "already_started",
        AdminError::AlreadyPresent => "already_present",
        AdminError::Running => "running",
        AdminError::Restarting => "restarting",
        AdminError::NotFound => "not_found",
        AdminError::SimpleOneForOne => "simple_one_for_one",
        AdminError::InvalidSpec(_) => "invalid",
        AdminError::StartFailed(_) => "failed",
        AdminError::NoSupervisor(_) | AdminError::NotRunning => "nosup",
        AdminError::Busy => "busy",
        AdminError::Timeout(_) => "timeout",
    }
}

fn policy(shutdown: Shutdown) -> Policy {
    match shutdown {
        Shutdown::Within(ms) => Policy::Within(Duration::from_millis(ms)),
        Shutdown::Brutal => Policy::BrutalKill,
        Shutdown::Infinity => Policy::Infinity,
    }
}

fn written(policy: Policy) -> String {
    match policy {
        Policy::Within(limit) | Policy::Drain(limit) => limit.as_millis().to_string(),
        Policy::BrutalKill => "brutal_kill".into(),
        Policy::Infinity => "infinity".into(),
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
        act(&scribe, op).await;
    }
    let children = scribe.children(&scenario.tree, "");
    match Tree::grow(&scenario.tree.id, flags(&scenario.tree), children).await {
        Err(_) => scribe.note("failed"),
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
        let reply = act(scribe, op).await;
        quiet(scribe.tree()).await;
        reply.into_iter().for_each(|reply| scribe.note(format!("={reply}")));
        let asides = std::mem::take(&mut *scribe.asides.lock().unwrap());
        asides.into_iter().for_each(|aside| scribe.note(aside));
    }
    if is_down(scribe.tree()) {
        return scribe.note("ended:s");
    }
    scribe.note("stop");
    assert!(scribe.tree().stop(Duration::from_secs(3_600)).await);
    scribe.note("down:s");
}

fn is_down(tree: &Tree) -> bool {
    tree.snapshot().status == "stopped"
}

/// The clock moves only when nothing else can; what is on its way then waits for a deadline.
async fn quiet(tree: &Tree) {
    fn rests(node: &hecate_proto::tree::TreeNode) -> bool {
        matches!(node.status.as_str(), "running" | "stopped") && node.children.iter().all(rests)
    }
    loop {
        tokio::time::sleep(Duration::from_millis(1)).await;
        let root = tree.snapshot();
        if root.status == "stopped" || rests(&root) {
            return;
        }
    }
}

/// Answers are told when all is quiet again.
async fn act(scribe: &Arc<Scribe>, op: &Op) -> Option<String> {
    match op {
        Op::End(id, how) => end(scribe, id, *how),
        Op::Mood(id, mood) => drop(scribe.moods.lock().unwrap().insert(id.clone(), *mood)),
        Op::During(id, supervisor, call) => {
            let question = (supervisor.clone(), call.clone());
            scribe.during.lock().unwrap().insert(id.clone(), question);
        }
        Op::Call(_, Call::Member(id)) if scribe.pool.get().unwrap().whereis(id).is_some() => {}
        Op::Call(supervisor, call) => {
            return Some(scribe.call(supervisor, call.clone()).await);
        }
        Op::Wait(ms) => tokio::time::sleep(Duration::from_millis(*ms)).await,
    }
    None
}

fn end(scribe: &Scribe, id: &str, how: How) {
    let named = scribe.names.lock().unwrap().get(id).and_then(Name::whereis);
    let Some(addr) = named.or_else(|| scribe.pool.get()?.whereis(id)) else { return };
    let why = match how {
        How::Kill => return addr.cell().kill(),
        How::Normal => ExitReason::Normal,
        How::Shutdown => ExitReason::Shutdown,
        How::Done => ExitReason::ShutdownWith("done".into()),
        How::Error => ExitReason::error("boom"),
    };
    addr.cast(Die(why)).unwrap();
}

/// Members of one pool end in any order.
pub(crate) fn sorted(trace: &str) -> String {
    let is_member_end =
        |line: &str| line.starts_with("-x") || line.starts_with("-y") || line.starts_with("-z");
    let mut lines: Vec<&str> = trace.split(' ').collect();
    for run in lines.chunk_by_mut(|one, other| is_member_end(one) && is_member_end(other)) {
        run.sort_unstable();
    }
    lines.join(" ")
}
