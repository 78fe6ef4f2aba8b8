//! The live tree: one record per place in the plan, written by the supervisor of that place and read by
//! whoever wants to look, never through a mailbox.

mod births;
mod ends;
mod portrait;
mod view;
mod walk;

use crate::instruments::{
    Happening, Instruments, KindMeter, Meter, Place, PlaceStanding, TRACES_MAX, Tracer, Wake, line_restarted,
};
use crate::links::Links;
use crate::mailbox::{Door, Gauge};
use crate::plan::{ChildSpec, PoolSpec, Restart, Role, Shutdown, WorkerSpec};
use crate::supervise::admin::Request;
use crate::supervise::child::{Flags, PoolFlags, millis};
use crate::{ExitReason, GaveUp, clock};
use hecate_proto::debug::{DebugEventKind, ReasonClass};
use hecate_proto::{time::rfc3339, tree as proto};
use ractor::{ActorCell, ActorId};
use std::collections::HashSet;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use tokio::sync::watch;

use births::Presence;
pub(crate) use ends::await_gone;
pub use view::NodeView;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Status {
    Starting,
    Running,
    /// It handles nothing for a while.
    Suspended,
    /// It handles what is queued and ends then.
    Draining,
    /// It ends and handles nothing more.
    Stopping,
    Restarting,
    Stopped,
}

impl Status {
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Starting => "starting",
            Self::Running => "running",
            Self::Suspended => "suspended",
            Self::Draining => "draining",
            Self::Stopping => "stopping",
            Self::Restarting => "restarting",
            Self::Stopped => "stopped",
        }
    }
}

/// A running child: how to look at it and how to end it.
#[derive(Clone)]
#[repr(C)]
pub(crate) struct Occupant {
    pub(crate) id: ActorId,
    /// Workers only.
    pub(crate) worker: Option<Worker>,
    pub(crate) cell: ActorCell,
    pub(crate) links: Arc<Links>,
    /// Supervisors end in their own order, on request, and answer for their children.
    pub(crate) superior: Option<Arc<dyn Superior>>,
    /// When it was started.
    pub(crate) born: clock::Moment,
    /// Closed when nothing of it is left.
    pub(crate) gone: watch::Receiver<()>,
}

/// What a worker has that supervisors have not.
#[derive(Clone)]
pub(crate) struct Worker {
    pub(crate) gauge: Arc<Gauge>,
    pub(crate) wake: Arc<dyn Wake>,
    /// What it was started by; a reload may have told its place something else since.
    pub(crate) spec: Arc<WorkerSpec>,
}

impl Occupant {
    pub(crate) fn uptime_ms(&self) -> u64 {
        clock::coarse_now_ms().saturating_sub(self.born.ms)
    }

    pub(crate) fn gauge(&self) -> Option<&Arc<Gauge>> {
        self.worker.as_ref().map(|worker| &worker.gauge)
    }

    /// Asks it to end once it has handled what is queued. One that ends already needs no asking, and one at
    /// rest goes on for it.
    pub(crate) fn drain(&self) {
        self.shut(Door::Draining);
        let _ = self.cell.drain();
        if let Some(gauge) = self.gauge() {
            gauge.meter().resume();
        }
    }

    fn shut(&self, to: Door) {
        if let Some(gauge) = self.gauge() {
            gauge.shut(to);
        }
    }

    /// Asks it to end by its policy. The deadline is the supervisor's business.
    pub(crate) fn ask_to_end(&self, how: Shutdown) {
        if let Some(superior) = &self.superior {
            return superior.wind_down();
        }
        // The drain closes the door, so that nobody sends into a queue that a stop drops.
        self.drain();
        if self.ends_as(how) == Status::Stopping {
            self.shut(Door::Closed);
            self.cell.stop(None);
        }
    }

    /// What it is on its way out, once it was asked to end by this policy.
    pub(crate) fn ends_as(&self, how: Shutdown) -> Status {
        match how {
            Shutdown::Drain(_) if self.superior.is_none() => Status::Draining,
            _ => Status::Stopping,
        }
    }
}

#[repr(C)]
struct Live {
    status: Option<Status>,
    /// Class of the last exit, until the restart that follows it is counted.
    last_class: Option<ReasonClass>,
    generation: u64,
    declared: Declared,
    last_exit: Option<Arc<proto::LastExit>>,
    occupant: Option<Occupant>,
    /// Births under way, whose children have not taken the place yet; for a moment, or never.
    arriving: Vec<Presence>,
    window_ms: Vec<u64>,
    gave_up: Option<Box<GaveUp>>,
    /// Live traces of whoever runs here.
    tracers: Vec<Arc<Tracer>>,
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
    /// Looks at each, in the order of their starts.
    fn each(&self, look: &mut dyn FnMut(&Arc<Node>));
    /// Whether there is none.
    fn is_empty(&self) -> bool;
    /// The child of that id.
    fn node(&self, id: &str) -> Option<Arc<Node>>;
}

/// What its spec says; a reload changes it.
#[derive(Clone, Copy)]
struct Declared {
    restart: Restart,
    /// Strategy, restarts and period of a supervisor or a pool.
    rules: Option<(&'static str, u32, u64)>,
}

/// The record of one place. What every look reads stands first, here and in what it holds, side by side.
#[repr(C)]
pub(crate) struct Node {
    pub(crate) path: Arc<str>,
    kind: Arc<KindMeter>,
    /// A pool's child: they are too many for a history and for an event with every birth.
    is_member: bool,
    live: Mutex<Live>,
    instruments: Arc<Instruments>,
    children: Mutex<Vec<Arc<Node>>>,
    members: OnceLock<Arc<dyn Members>>,
}

/// With the counters of its `Arc` it is not handed out in blocks of 512 bytes: of ten thousand places that far apart
/// many share a line of the caches, and a look takes twice as long.
const _: () = assert!(size_of::<Node>() + 2 * size_of::<usize>() <= 448);

impl Node {
    /// The record of one place and all below it.
    pub(crate) fn plant(spec: &ChildSpec, instruments: &Arc<Instruments>) -> Arc<Self> {
        let (kind, rules, children) = match &spec.role {
            Role::Supervisor(own) => {
                let children = own.children.iter().map(|child| Self::plant(child, instruments));
                ("supervisor", Some(rules(&own.flags)), children.collect())
            }
            Role::Pool(own) => ("pool", Some(rules_of_pool(&own.flags)), Vec::new()),
            Role::Worker(own) => (own.kind.as_str(), None, Vec::new()),
        };
        let leaf = Self::leaf(Arc::clone(&spec.path), kind, spec.restart, instruments);
        leaf.live().declared.rules = rules;
        Arc::new(Self { is_member: false, children: Mutex::new(children), ..leaf })
    }

    /// The record of a pool's child.
    pub(crate) fn leaf(path: Arc<str>, kind: &str, restart: Restart, instruments: &Arc<Instruments>) -> Self {
        Self {
            path,
            kind: instruments.kinds.of(kind),
            instruments: Arc::clone(instruments),
            is_member: true,
            children: Mutex::default(),
            members: OnceLock::new(),
            live: Mutex::new(Live::of(Declared { restart, rules: None })),
        }
    }

    pub(crate) fn instruments(&self) -> &Arc<Instruments> {
        &self.instruments
    }

    pub(crate) fn kind(&self) -> &Arc<KindMeter> {
        &self.kind
    }

    pub(crate) fn is_member(&self) -> bool {
        self.is_member
    }

    fn declared(&self) -> Declared {
        self.live().declared
    }

    fn declare(&self, change: impl FnOnce(&mut Declared)) {
        self.change(|live| change(&mut live.declared));
    }

    pub(crate) fn declare_flags(&self, flags: &Flags) {
        self.declare(|declared| declared.rules = Some(rules(flags)));
    }

    pub(crate) fn declare_pool_flags(&self, flags: &PoolFlags) {
        self.declare(|declared| declared.rules = Some(rules_of_pool(flags)));
    }

    pub(crate) fn declare_restart(&self, restart: Restart) {
        self.declare(|declared| declared.restart = restart);
    }

    pub(crate) fn restart(&self) -> Restart {
        self.declared().restart
    }

    /// In start order.
    pub(crate) fn children(&self) -> Vec<Arc<Node>> {
        self.lock_children().clone()
    }

    /// Takes one more, the last in order.
    pub(crate) fn add_child(&self, child: &Arc<Node>) {
        let mut children = self.lock_children();
        children.push(Arc::clone(child));
        self.instruments.history().add_child(clock::wall_now_us(), &self.path, child.places());
    }

    pub(crate) fn remove_child(&self, child: &Arc<Node>) {
        let mut children = self.lock_children();
        children.retain(|other| !Arc::ptr_eq(other, child));
        child.end_traces();
        self.instruments.history().remove_child(clock::wall_now_us(), &self.path, &child.path);
    }

    /// Whether the end of this child is, by the strategy here, that of others too.
    pub(crate) fn takes_others_along(&self, child: &Arc<Node>) -> bool {
        let strategy = self.declared().rules.map(|(strategy, ..)| strategy);
        let children = self.lock_children();
        match strategy {
            Some("one_for_all") => children.len() > 1,
            Some("rest_for_one") => children.last().is_some_and(|last| !Arc::ptr_eq(last, child)),
            _ => false,
        }
    }

    /// Whether the first crash of a child here takes the supervisor down.
    pub(crate) fn forgives_nothing(&self) -> bool {
        self.declared().rules.is_some_and(|(_, max, _)| max == 0)
    }

    /// Says who belongs here from now on, in order.
    pub(crate) fn set_children(&self, now: Vec<Arc<Node>>) {
        let mut children = self.lock_children();
        let before = std::mem::replace(&mut *children, now);
        if before.iter().map(Arc::as_ptr).eq(children.iter().map(Arc::as_ptr)) {
            return;
        }
        let [known, staying] =
            [&before, &*children].map(|nodes| nodes.iter().map(Arc::as_ptr).collect::<HashSet<_>>());
        before
            .iter()
            .filter(|child| !staying.contains(&Arc::as_ptr(child)))
            .for_each(|child| child.end_traces());
        let new = children.iter().filter(|child| !known.contains(&Arc::as_ptr(child)));
        let new = new.flat_map(|child| child.places()).collect();
        let paths = children.iter().map(|child| Arc::clone(&child.path)).collect();
        self.instruments.history().set_children(clock::wall_now_us(), &self.path, paths, new);
    }

    fn lock_children(&self) -> MutexGuard<'_, Vec<Arc<Node>>> {
        self.children.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// This place and all below it, for the history.
    pub(crate) fn places(&self) -> Vec<Place> {
        let children = self.children();
        let own = Place {
            path: Arc::clone(&self.path),
            kind: Arc::clone(&self.kind),
            children: children.iter().map(|child| Arc::clone(&child.path)).collect(),
            standing: self.live().standing(),
        };
        std::iter::once(own).chain(children.iter().flat_map(|child| child.places())).collect()
    }

    /// Whether there are children to ask about.
    pub(crate) fn supervises(&self) -> bool {
        self.declared().rules.is_some()
    }

    pub(crate) fn set_members(&self, members: Arc<dyn Members>) {
        let _ = self.members.set(members);
    }

    fn live(&self) -> MutexGuard<'_, Live> {
        self.live.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Changes how it stands here, and remembers that.
    fn change<T>(&self, change: impl FnOnce(&mut Live) -> T) -> T {
        let mut live = self.live();
        let changed = change(&mut live);
        if !self.is_member {
            let standing = live.standing();
            // Still under the lock, so that changes are remembered in their order.
            self.instruments.history().stand(clock::wall_now_us(), &self.path, standing);
        }
        changed
    }

    pub(crate) fn set_status(&self, status: Status) {
        self.change(|live| live.status = Some(status));
    }

    /// This one is on its way out, as `draining` or `stopping`, unless it is out already: then the place is not its
    /// any more.
    pub(crate) fn set_ending(&self, occupant: &Occupant, status: Status) {
        self.change(|live| {
            if live.holds(Some(occupant)) {
                live.status = Some(status);
            }
        });
    }

    /// From one status to another; false when the place does not have the first.
    pub(crate) fn turn_status(&self, from: Status, to: Status) -> bool {
        self.change(|live| {
            let turns = live.status == Some(from);
            live.status = if turns { Some(to) } else { live.status };
            turns
        })
    }

    pub(crate) fn status(&self) -> Status {
        self.live().status.unwrap_or(Status::Stopped)
    }

    pub(crate) fn set_window(&self, at_ms: impl Iterator<Item = u64>) {
        let at_ms: Vec<u64> = at_ms.collect();
        if self.live().window_ms != at_ms {
            self.change(|live| live.window_ms = at_ms);
        }
    }

    pub(crate) fn gave_up(&self) -> Option<GaveUp> {
        self.live().gave_up.as_deref().cloned()
    }

    /// A start begins; returns its generation, from 1.
    pub(crate) fn begin(&self) -> u64 {
        self.change(|live| {
            live.generation += 1;
            live.status = Some(if live.generation == 1 { Status::Starting } else { Status::Restarting });
            if let Some(class) = live.last_class.take() {
                self.kind.count_restart(class);
            }
            live.generation
        })
    }

    pub(crate) fn generation(&self) -> u64 {
        self.live().generation
    }

    pub(crate) fn occupy(&self, occupant: Occupant) {
        self.expect_no_more(&occupant);
        self.change(|live| {
            live.occupant = Some(occupant);
            live.status = Some(Status::Running);
        });
    }

    /// The end of who was here, or of a start that came to nothing. A place that a successor has taken
    /// already stays as it is: whoever blocks its thread may outlive its own death.
    pub(crate) fn vacate(&self, who: Option<&Occupant>, reason: &ExitReason) {
        if let Some(gauge) = who.and_then(Occupant::gauge) {
            gauge.meter().detach_tracers();
            self.kind.retire(gauge.meter());
        }
        if !self.live().holds(who) {
            return;
        }
        let last = proto::LastExit { at: rfc3339(clock::wall_now_us()), reason: reason.to_string() };
        self.change(|live| {
            live.occupant = None;
            let never_ran = who.is_none() && *reason != ExitReason::Ignore;
            live.status = Some(Status::Stopped);
            live.last_class = Some(if never_ran { ReasonClass::StartFailed } else { reason.class() });
            live.last_exit = Some(Arc::new(last));
        });
    }

    /// Puts what happened here among the events.
    pub(crate) fn tell(&self, kind: DebugEventKind, actor: Option<ActorId>, detail: Option<String>) {
        self.instruments.events.tell(Happening {
            at_us: clock::wall_now_us(),
            kind,
            path: Arc::clone(&self.path),
            actor,
            generation: Some(self.generation()),
            detail: detail.map(String::into_boxed_str),
        });
    }

    /// Who runs here is traced, and whoever takes its place; false when there are too many traces.
    pub(crate) fn add_tracer(&self, tracer: &Arc<Tracer>) -> bool {
        let mut live = self.live();
        if live.tracers.len() >= TRACES_MAX {
            return false;
        }
        live.tracers.push(Arc::clone(tracer));
        if let Some(gauge) = live.occupant.as_ref().and_then(Occupant::gauge) {
            gauge.meter().attach_tracer(Arc::clone(tracer));
        }
        true
    }

    /// Of this place and of all below it: nobody comes back here.
    fn end_traces(self: &Arc<Self>) {
        self.visit(&mut |node| node.live().tracers.clear());
    }

    pub(crate) fn remove_tracer(&self, tracer: &Arc<Tracer>) {
        let mut live = self.live();
        live.tracers.retain(|other| !Arc::ptr_eq(other, tracer));
        if let Some(gauge) = live.occupant.as_ref().and_then(Occupant::gauge) {
            gauge.meter().detach_tracer(tracer);
        }
    }

    /// Those who trace this place trace its new generation from the init on.
    pub(crate) fn hand_over_tracers(&self, meter: &Meter) {
        let (tracers, generation) = {
            let live = self.live();
            (live.tracers.clone(), live.generation)
        };
        for tracer in tracers {
            tracer.write(|| line_restarted(generation));
            meter.attach_tracer(tracer);
        }
    }

    pub(crate) fn occupant(&self) -> Option<Occupant> {
        self.live().occupant.clone()
    }
}

impl Live {
    fn of(declared: Declared) -> Self {
        Self {
            declared,
            status: None,
            generation: 0,
            occupant: None,
            arriving: Vec::new(),
            last_exit: None,
            last_class: None,
            window_ms: Vec::new(),
            gave_up: None,
            tracers: Vec::new(),
        }
    }

    /// Whether this one is here, or nobody.
    fn holds(&self, who: Option<&Occupant>) -> bool {
        self.occupant.as_ref().map(|here| here.id) == who.map(|who| who.id)
    }

    fn standing(&self) -> PlaceStanding {
        let (now_us, now_ms) = (clock::wall_now_us(), clock::exact_now_ms());
        let ago_us = |at_ms: &u64| now_us.saturating_sub_unsigned(now_ms.saturating_sub(*at_ms) * 1_000);
        PlaceStanding {
            restart: self.declared.restart.as_str(),
            rules: self.declared.rules,
            status: self.status.unwrap_or(Status::Stopped).as_str(),
            generation: self.generation,
            actor: self.occupant.as_ref().map(|occupant| occupant.id),
            last_exit: self.last_exit.clone(),
            restarts_us: self.window_ms.iter().map(ago_us).collect(),
        }
    }
}

/// Strategy, restarts and period.
fn rules_of_pool(flags: &PoolFlags) -> (&'static str, u32, u64) {
    ("simple_one_for_one", flags.intensity, millis(flags.period))
}

fn rules(flags: &Flags) -> (&'static str, u32, u64) {
    (flags.strategy.as_str(), flags.intensity, millis(flags.period))
}
