//! The live tree: one record per place in the plan, written by the supervisor of that place and read by
//! whoever wants to look, never through a mailbox.

use crate::links::Links;
use crate::mailbox::Gauge;
use crate::plan::{ChildSpec, PoolSpec, Restart, Role, Shutdown};
use crate::supervise::admin::Request;
use crate::supervise::child::{Flags, millis};
use crate::{ExitReason, GaveUp, clock};
use hecate_proto::tree as proto;
use ractor::{ActorCell, ActorId};
use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::Duration;
use tokio::sync::watch;

/// How long killed actors may take to reach their next await.
const KILL_GRACE: Duration = Duration::from_millis(250);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Status {
    Starting,
    Running,
    Draining,
    Restarting,
    Stopped,
}

impl Status {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Starting => "starting",
            Self::Running => "running",
            Self::Draining => "draining",
            Self::Restarting => "restarting",
            Self::Stopped => "stopped",
        }
    }
}

/// A running child: how to look at it and how to end it.
#[derive(Clone)]
pub(crate) struct Occupant {
    pub(crate) cell: ActorCell,
    pub(crate) links: Arc<Links>,
    pub(crate) gauge: Option<Arc<Gauge>>,
    /// Supervisors end in their own order, on request, and answer for their children.
    pub(crate) superior: Option<Arc<dyn Superior>>,
    /// Closed when nothing of it is left.
    pub(crate) gone: watch::Receiver<()>,
}

impl Occupant {
    pub(crate) async fn wait_gone(mut self) {
        while self.gone.changed().await.is_ok() {}
    }

    /// Asks it to end once it has handled what is queued. One that ends already needs no asking.
    pub(crate) fn drain(&self) {
        let _ = self.cell.drain();
    }

    /// Asks it to end by its policy. The deadline is the supervisor's business.
    pub(crate) fn ask_to_end(&self, how: Shutdown) {
        if let Some(superior) = &self.superior {
            return superior.wind_down();
        }
        // The drain closes the door, so that nobody sends into a queue that a stop drops.
        self.drain();
        if !matches!(how, Shutdown::Drain(_)) {
            self.cell.stop(None);
        }
    }
}

#[derive(Default)]
struct Live {
    status: Option<Status>,
    generation: u64,
    occupant: Option<Occupant>,
    last_exit: Option<proto::LastExit>,
    window_ms: Vec<u64>,
    gave_up: Option<GaveUp>,
}

/// What can be asked of a supervisor from outside.
pub(crate) trait Superior: Send + Sync {
    /// Everything below down in order, then itself.
    fn wind_down(&self);
    fn ask(&self, request: Request);
    /// Other limits for a pool, at once; a supervisor is revised instead.
    fn take_limits(&self, spec: &PoolSpec) {
        let _ = spec;
    }
}

/// Children that come and go.
pub(crate) trait Members: Send + Sync {
    fn nodes(&self) -> Vec<Arc<Node>>;
}

/// What its spec says; a reload changes it.
#[derive(Clone, Copy)]
struct Declared {
    restart: Restart,
    /// Strategy, restarts and period of a supervisor.
    rules: Option<(&'static str, u32, u64)>,
}

pub(crate) struct Node {
    pub(crate) path: Arc<str>,
    kind: String,
    declared: Mutex<Declared>,
    children: Mutex<Vec<Arc<Node>>>,
    members: OnceLock<Arc<dyn Members>>,
    live: Mutex<Live>,
}

impl Node {
    /// The record of one place and all below it.
    pub(crate) fn plant(spec: &ChildSpec) -> Arc<Self> {
        let (path, restart) = (Arc::clone(&spec.path), spec.restart);
        Arc::new(match &spec.role {
            Role::Supervisor(own) => {
                let node = Self::leaf(path, "supervisor", restart);
                node.declare_flags(&own.flags);
                node.change_children(|below| {
                    below.extend(own.children.iter().map(|child| Self::plant(child)))
                });
                node
            }
            Role::Pool(_) => Self::leaf(path, "pool", restart),
            Role::Worker(own) => Self::leaf(path, &own.kind, restart),
        })
    }

    pub(crate) fn leaf(path: Arc<str>, kind: &str, restart: Restart) -> Self {
        Self {
            path,
            kind: kind.into(),
            declared: Mutex::new(Declared { restart, rules: None }),
            children: Mutex::default(),
            members: OnceLock::new(),
            live: Mutex::default(),
        }
    }

    fn declared(&self) -> MutexGuard<'_, Declared> {
        self.declared.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn declare_flags(&self, flags: &Flags) {
        self.declared().rules = Some((flags.strategy.as_str(), flags.intensity, millis(flags.period)));
    }

    pub(crate) fn declare_restart(&self, restart: Restart) {
        self.declared().restart = restart;
    }

    /// In start order.
    pub(crate) fn children(&self) -> Vec<Arc<Node>> {
        self.children.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Changes who belongs here.
    pub(crate) fn change_children(&self, change: impl FnOnce(&mut Vec<Arc<Node>>)) {
        change(&mut self.children.lock().unwrap_or_else(PoisonError::into_inner));
    }

    /// The place of that path, here or below.
    pub(crate) fn find(self: &Arc<Self>, path: &str) -> Option<Arc<Node>> {
        if *self.path == *path {
            return Some(Arc::clone(self));
        }
        let leads_there = |node: &Arc<Node>| {
            path.strip_prefix(&*node.path).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
        };
        self.children().iter().find(|node| leads_there(node))?.find(path)
    }

    /// Whether there are children to ask about.
    pub(crate) fn supervises(&self) -> bool {
        self.declared().rules.is_some() || self.members.get().is_some()
    }

    pub(crate) fn set_members(&self, members: Arc<dyn Members>) {
        let _ = self.members.set(members);
    }

    fn live(&self) -> MutexGuard<'_, Live> {
        self.live.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn set_status(&self, status: Status) {
        self.live().status = Some(status);
    }

    pub(crate) fn set_window(&self, at_ms: impl Iterator<Item = u64>) {
        self.live().window_ms = at_ms.collect();
    }

    pub(crate) fn set_gave_up(&self, why: GaveUp) {
        self.live().gave_up = Some(why);
    }

    pub(crate) fn gave_up(&self) -> Option<GaveUp> {
        self.live().gave_up.clone()
    }

    /// A start begins; returns its generation, from 1.
    pub(crate) fn begin(&self) -> u64 {
        let mut live = self.live();
        live.generation += 1;
        live.status = Some(if live.generation == 1 { Status::Starting } else { Status::Restarting });
        live.generation
    }

    pub(crate) fn occupy(&self, occupant: Occupant) {
        let mut live = self.live();
        live.occupant = Some(occupant);
        live.status = Some(Status::Running);
    }

    pub(crate) fn vacate(&self, reason: &ExitReason) {
        let last = proto::LastExit { at: jiff::Timestamp::now().to_string(), reason: reason.to_string() };
        let mut live = self.live();
        live.occupant = None;
        live.status = Some(Status::Stopped);
        live.last_exit = Some(last);
    }

    pub(crate) fn occupant(&self) -> Option<Occupant> {
        self.live().occupant.clone()
    }

    /// Everything below this place, top down, the last started first.
    fn below(&self) -> Vec<Arc<Node>> {
        let mut children = self.children();
        children.extend(self.members());
        let with_descendants = |child: Arc<Node>| {
            let below = child.below();
            std::iter::once(child).chain(below)
        };
        children.into_iter().rev().flat_map(with_descendants).collect()
    }

    fn members(&self) -> Vec<Arc<Node>> {
        self.members.get().map(|members| members.nodes()).unwrap_or_default()
    }

    /// Kills this place and all below, supervisors first so that they restart nothing.
    pub(crate) fn kill_all(&self) -> Vec<Occupant> {
        let below = self.below();
        let below = below.iter().filter_map(|node| node.occupant());
        kill(self.occupant().into_iter().chain(below).collect())
    }

    /// After an orderly end nothing is left below; after a kill this waits for it.
    pub(crate) async fn clear_below(&self) {
        let orphans: Vec<_> = self.below().iter().filter_map(|node| node.occupant()).collect();
        if !orphans.is_empty() {
            await_gone(kill(orphans)).await;
        }
    }

    pub(crate) fn snapshot(&self, groups: &HashMap<ActorId, Vec<String>>) -> proto::TreeNode {
        let children =
            self.children().iter().chain(&self.members()).map(|node| node.snapshot(groups)).collect();
        let (declared, live) = (*self.declared(), self.live());
        let occupant = live.occupant.as_ref();
        let gauge = occupant.and_then(|occupant| occupant.gauge.as_ref());
        let actor_id = occupant.map(|occupant| occupant.cell.get_id());
        proto::TreeNode {
            path: self.path.to_string(),
            kind: self.kind.clone(),
            id: actor_id.map(|id| id.to_string()),
            generation: live.generation,
            status: live.status.unwrap_or(Status::Stopped).as_str().into(),
            restart: declared.restart.as_str().into(),
            strategy: declared.rules.map(|(strategy, ..)| strategy.into()),
            intensity: declared.rules.map(|(_, max, period_ms)| intensity(&live.window_ms, max, period_ms)),
            mailbox: gauge.map(|gauge| gauge.mailbox()),
            messages: gauge.map(|gauge| gauge.messages()),
            restarts: proto::Restarts {
                total: live.generation.saturating_sub(1),
                last: live.last_exit.clone(),
            },
            groups: actor_id.and_then(|id| groups.get(&id).cloned()).unwrap_or_default(),
            children,
        }
    }
}

fn kill(occupants: Vec<Occupant>) -> Vec<Occupant> {
    for occupant in &occupants {
        occupant.cell.kill();
    }
    occupants
}

/// Waits for killed actors; only one that blocks its thread does not end.
pub(crate) async fn await_gone(killed: Vec<Occupant>) {
    let all = futures_util::future::join_all(killed.into_iter().map(Occupant::wait_gone));
    if tokio::time::timeout(KILL_GRACE, all).await.is_err() {
        tracing::error!("some actors do not end though killed: they block a thread");
    }
}

fn intensity(window_ms: &[u64], max: u32, period_ms: u64) -> proto::Intensity {
    let horizon_ms = clock::exact_now_ms().saturating_sub(period_ms);
    let used = window_ms.iter().filter(|at_ms| **at_ms >= horizon_ms).count();
    proto::Intensity { used: used as u32, max, period_ms }
}
