//! The thin actor around a pool's core.

use super::core::{Core, Effect, Keep, Rules};
use super::farewell::{Deadlines, Fallen};
use super::register::Register;
use super::{Pool, Shared, StartError};
use crate::alarm::Alarm;
use crate::instruments::Verdict;
use crate::links::Links;
use crate::node::{Members, Node, Occupant, Status, Superior};
use crate::plan::{PoolSpec, Restart};
use crate::supervise::admin::{Answer, QUESTIONS_MAX, ReplyTo, Request};
use crate::supervise::backoff::Draw;
use crate::supervise::child::millis;
use crate::supervise::launch::{Birthing, Born, Cradle, Launch, launch_actor};
use crate::supervise::retry::{self, Turn};
use crate::supervise::window::Window;
use crate::{Actor, Addr, ExitReason, clock};
use futures_util::FutureExt;
use hecate_proto::debug::Decision;
use ractor::{Actor as _, ActorId, ActorProcessingErr, ActorRef};
use std::collections::{HashMap, VecDeque};
use std::marker::PhantomData;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::oneshot;

/// Who waits for a child.
pub(super) type Asker<A> = oneshot::Sender<Result<Addr<<A as Actor>::Msg>, StartError>>;

/// What a pool is told.
pub(super) enum Control<A: Actor> {
    Ask {
        id: String,
        args: A::Args,
        reply: Asker<A>,
    },
    StartEnded {
        id: String,
        result: Result<(Born, Addr<A::Msg>), ExitReason>,
    },
    Exited {
        id: String,
        reason: ExitReason,
    },
    /// A restart failed a moment ago.
    Retry(String, Turn),
    Asked(Request),
    Limits(PoolSpec),
    /// The time of some who were to end is over.
    Overdue,
    Stop,
}

impl<A: Actor> ractor::Message for Control<A> {}

#[expect(clippy::disallowed_methods, reason = "a pool's own port; each asker waits for its answer")]
pub(super) fn tell<A: Actor>(pool: &ActorRef<Control<A>>, control: Control<A>) {
    // What a pool that is gone would have answered is dropped, and says so to its asker.
    let _ = pool.send_message(control);
}

pub(crate) struct PoolLaunch<A: Actor> {
    pool: Pool<A>,
    spec: Arc<PoolSpec>,
}

impl<A: Actor> PoolLaunch<A> {
    pub(crate) fn new(pool: Pool<A>, spec: PoolSpec, node: &Arc<Node>) -> Self {
        let members: Arc<dyn Members> = Arc::<Register<A::Msg>>::clone(&pool.0.register);
        node.set_members(members);
        Self { pool, spec: Arc::new(spec) }
    }
}

impl<A: Actor> Launch for PoolLaunch<A> {
    fn launch(&self, cradle: Cradle) -> Birthing {
        let (pool, spec, links) = (self.pool.clone(), Arc::clone(&self.spec), Links::new());
        let begin = Beginning { pool, spec, node: Arc::clone(&cradle.node), links: Arc::clone(&links) };
        async move {
            let Cradle { node, present, .. } = cradle;
            let spawned = Keeper::<A>::spawn(None, Keeper(PhantomData), begin).await;
            let (keeper, task) = spawned.map_err(ExitReason::error)?;
            let cell = keeper.get_cell();
            let superior: Arc<dyn Superior> = Arc::new(keeper);
            let born = clock::Moment::now();
            let occupant = |gone| Occupant {
                id: cell.get_id(),
                cell,
                links,
                worker: None,
                superior: Some(superior),
                born,
                gone,
            };
            Ok(Born::new(node, present, occupant, task))
        }
        .boxed()
    }
}

impl<A: Actor> Superior for ActorRef<Control<A>> {
    fn wind_down(&self) {
        tell(self, Control::Stop);
    }

    fn ask(&self, request: Request) {
        tell(self, Control::Asked(request));
    }

    fn take_limits(&self, spec: &PoolSpec) {
        tell(self, Control::Limits(spec.clone()));
    }
}

/// The ractor actor of every pool.
struct Keeper<A>(PhantomData<fn() -> A>);

struct Beginning<A: Actor> {
    pool: Pool<A>,
    spec: Arc<PoolSpec>,
    node: Arc<Node>,
    links: Arc<Links>,
}

pub(super) struct Member<A: Actor> {
    pub(super) node: Arc<Node>,
    pub(super) running: Option<(Occupant, Addr<A::Msg>)>,
    /// Who runs, or ran last.
    pub(super) actor: Option<ActorId>,
    pub(super) give_up: Option<oneshot::Sender<()>>,
    /// Tries it again.
    alarm: Option<Alarm>,
}

impl<A: Actor> Member<A> {
    /// Since when nobody has asked it anything, in coarse ms and then in order of birth; `None` when it
    /// is at work.
    pub(super) fn idle_since(&self) -> Option<(u64, u64)> {
        let (_, addr) = self.running.as_ref()?;
        Some((addr.gauge().idle_since_ms()?, addr.actor_id().pid()))
    }
}

pub(super) struct Driver<A: Actor> {
    pub(super) core: Core<A::Args, Asker<A>>,
    pub(super) children: HashMap<String, Member<A>>,
    /// Who waits for the end of which child.
    pub(super) mourners: HashMap<String, Vec<ReplyTo>>,
    pub(super) shared: Arc<Shared<A>>,
    pub(super) spec: Arc<PoolSpec>,
    pub(super) node: Arc<Node>,
    pub(super) path: Arc<str>,
    links: Arc<Links>,
    pub(super) me: ActorRef<Control<A>>,
    /// When too few idle children were found: that holds for one tick of the coarse clock, so that a
    /// pool at work is not searched anew for every ask that it must refuse.
    pub(super) all_busy_at_ms: Option<u64>,
    pub(super) deadlines: Deadlines,
    pub(super) fallen: Fallen,
}

impl<A: Actor> ractor::Actor for Keeper<A> {
    type Msg = Control<A>;
    type State = Driver<A>;
    type Arguments = Beginning<A>;

    async fn pre_start(
        &self,
        me: ActorRef<Control<A>>,
        begin: Beginning<A>,
    ) -> Result<Driver<A>, ActorProcessingErr> {
        let Beginning { pool, spec, node, links } = begin;
        let shared = pool.0;
        shared.open(&me)?;
        let rules = Rules {
            children_max: spec.flags.children_max,
            restart: spec.flags.restart,
            window: Window::new(spec.flags.intensity, millis(spec.flags.period)),
            keep: keep_of(&shared, spec.flags.restart),
            backoff: spec.flags.backoff,
        };
        let core = Core::new(rules, |asker: &Asker<A>| !asker.is_closed());
        Ok(Driver {
            core,
            children: HashMap::new(),
            mourners: HashMap::new(),
            shared,
            spec,
            path: Arc::clone(&node.path),
            node,
            links,
            me,
            all_busy_at_ms: None,
            deadlines: Deadlines::default(),
            fallen: Fallen::default(),
        })
    }

    async fn handle(
        &self,
        _: ActorRef<Control<A>>,
        control: Control<A>,
        driver: &mut Driver<A>,
    ) -> Result<(), ActorProcessingErr> {
        let effects = driver.take_in(control);
        driver.perform(effects);
        driver.node.set_window(driver.core.window().at_ms());
        Ok(())
    }
}

/// Only who may be started again is kept.
fn keep_of<A: Actor>(shared: &Shared<A>, restart: Restart) -> Keep<A::Args> {
    shared.keep.filter(|_| restart != Restart::Temporary).unwrap_or(|_| None)
}

pub(super) type Effects<A> = VecDeque<Effect<<A as Actor>::Args, Asker<A>>>;

impl<A: Actor> Driver<A> {
    fn take_in(&mut self, control: Control<A>) -> Effects<A> {
        match control {
            Control::Ask { id, args, reply } => {
                let ending = self.addr(&id).is_some_and(Addr::is_ending);
                self.core.ask(id, args, reply, ending).into_iter().collect()
            }
            Control::StartEnded { id, result } => self.start_ended(id, result),
            Control::Exited { id, reason } => self.exited(&id, &reason),
            Control::Retry(id, turn) => self.core.retry(clock::exact_now_ms(), &id, turn).into(),
            Control::Asked(request) => self.take_request(request),
            Control::Limits(spec) => {
                self.node.declare_pool_flags(&spec.flags);
                self.spec = Arc::new(spec);
                let flags = &self.spec.flags;
                self.core.take_limits(flags, keep_of(&self.shared, flags.restart)).into()
            }
            Control::Overdue => {
                self.kill_overdue();
                Effects::<A>::new()
            }
            Control::Stop => self.core.stop().into(),
        }
    }

    fn perform(&mut self, mut effects: Effects<A>) {
        while let Some(effect) = effects.pop_front() {
            match effect {
                Effect::Start(id, args) => effects.extend(self.start(id, args)),
                Effect::Found(id, replies) => self.answer_found(&id, replies),
                Effect::Ignored(replies) => answer::<A>(replies, &StartError::Ignored),
                Effect::RetryLater(id, turn, wait) => self.retry_later(id, turn, wait),
                Effect::EndChild(id) => self.end_one(&id),
                Effect::GaveUp(id, reason) => self.give_up(&id, reason),
                Effect::Failed(replies, why) => answer::<A>(replies, &StartError::Init(why)),
                Effect::EndIdlest(count) => {
                    let idlest = self.end_idlest(count);
                    effects.extend(self.core.leave(&idlest));
                }
                Effect::Full(replies) => {
                    let max = self.spec.flags.children_max;
                    tracing::warn!(path = &*self.path, max, "refused a child: the pool is full and busy");
                    answer::<A>(replies, &StartError::MaxChildren { max });
                }
                Effect::Busy(reply) => {
                    tracing::warn!(path = &*self.path, QUESTIONS_MAX, "refused an asker: too many wait");
                    answer::<A>(vec![reply], &StartError::Busy);
                }
                Effect::Refuse(replies) => answer::<A>(replies, &StartError::NotRunning),
                Effect::StopAll => self.stop_all(),
                Effect::End => {
                    self.report_fallen();
                    self.links.set_outcome(ExitReason::Shutdown);
                    self.me.stop(None);
                }
            }
        }
    }
}

impl<A: Actor> Driver<A> {
    fn start(&mut self, id: String, args: A::Args) -> Effects<A> {
        // Who was wished for has only its id from its predecessor.
        let (node, actor) = match self.children.remove(&id).filter(|_| self.core.is_restart(&id)) {
            Some(before) => (before.node, before.actor),
            None => (self.leaf(&id), None),
        };
        if node.begin() > 1 {
            node.report_restarting();
        }
        self.shared.register.expect(&id, &node);
        let (cradle, give_up) = Cradle::new(&node);
        self.children
            .insert(id.clone(), Member { node, running: None, actor, give_up: Some(give_up), alarm: None });
        let spec = Arc::clone(&self.spec);
        let mut birthing = async move { launch_actor::<A>(&spec.child, args, None, cradle).await }.boxed();
        if let Some(result) = (&mut birthing).now_or_never() {
            return self.start_ended(id, result);
        }
        let me = self.me.clone();
        tokio::spawn(async move {
            let result = birthing.await;
            tell(&me, Control::StartEnded { id, result });
        });
        Effects::<A>::new()
    }

    fn leaf(&self, id: &str) -> Arc<Node> {
        let path = format!("{}/{id}", self.path).into();
        let (kind, restart) = (&self.spec.child.kind, self.spec.flags.restart);
        Arc::new(Node::leaf(path, kind, restart, self.node.instruments()))
    }

    fn start_ended(&mut self, id: String, result: Result<(Born, Addr<A::Msg>), ExitReason>) -> Effects<A> {
        let Some(child) = self.children.get_mut(&id) else { return Effects::<A>::new() };
        child.give_up = None;
        let (born, addr) = match result {
            Ok(born) => born,
            Err(why) => return self.start_failed(&id, why),
        };
        tracing::debug!(path = &*child.node.path, id = %born.occupant().id, "started");
        child.node.report_started(addr.actor_id());
        let (node, actor_id) = (Arc::clone(&child.node), addr.actor_id());
        child.actor = Some(actor_id);
        child.running = Some((born.occupant().clone(), addr.clone()));
        self.shared.register.enter(&id, addr, node);
        let effects = self.core.started(&id).into();
        let (me, shared, who) = (self.me.clone(), Arc::clone(&self.shared), id.clone());
        born.settle(move |reason| {
            shared.register.leave(&who, actor_id);
            tell(&me, Control::Exited { id: who, reason });
        });
        if self.core.is_stopping() {
            self.end_one(&id);
        }
        effects
    }

    fn start_failed(&mut self, id: &str, why: ExitReason) -> Effects<A> {
        let effects = if why == ExitReason::Ignore {
            self.core.ignored(id)
        } else {
            tracing::warn!(path = &*self.path, id, reason = %why, "did not start");
            let effects = self.core.start_failed(id, why.clone(), Draw::for_wait(self.spec.flags.backoff));
            if let Some(child) = self.children.get(id) {
                child.node.vacate(None, &why);
                child.node.report_failed_start(&why, self.decision(&effects, id, Decision::LeftDown));
            }
            effects
        };
        self.bury(id);
        effects.into()
    }

    /// A restart that failed gives way to whatever waits, a stop above all.
    fn retry_later(&mut self, id: String, turn: Turn, wait: Duration) {
        let Some(child) = self.children.get_mut(&id) else { return };
        child.node.set_status(Status::Restarting);
        let (me, retry) = (self.me.clone(), Control::Retry(id, turn));
        child.alarm = retry::later(wait, move || tell(&me, retry));
    }

    fn give_up(&self, id: &str, reason: ExitReason) {
        self.node.give_up(self.me.get_id(), format!("{}/{id}", self.path), reason);
    }

    pub(super) fn running(&self, id: &str) -> Option<&(Occupant, Addr<A::Msg>)> {
        self.children.get(id)?.running.as_ref()
    }

    fn addr(&self, id: &str) -> Option<&Addr<A::Msg>> {
        self.running(id).map(|(_, addr)| addr)
    }

    fn exited(&mut self, id: &str, reason: &ExitReason) -> Effects<A> {
        let was_asked = self.core.is_leaving(id);
        let effects = self.core.exited(clock::exact_now_ms(), id, reason);
        let otherwise = if was_asked { Decision::LeftDown } else { Decision::Forgotten };
        let decided = self.decision(&effects, id, otherwise);
        let asked = was_asked.then_some((self.spec.flags.shutdown, self.spec.flags.restart));
        let is_crash = reason.is_crash(asked);
        if is_crash && was_asked && self.core.is_stopping() {
            self.fall(id, reason);
        } else if let Some(child) = self.children.get_mut(id) {
            let (path, occupant) = (&*child.node.path, child.running.take().map(|(occupant, _)| occupant));
            if is_crash {
                tracing::error!(path, %reason, "crashed");
            } else {
                tracing::debug!(path, %reason, "exited");
            }
            let verdict = Verdict { was_asked, is_crash };
            child.node.report_exit(occupant.as_ref(), reason, verdict, decided);
        }
        self.bury(id);
        effects.into()
    }

    /// What the core made of a crash. It speaks of the child in question first, if at all.
    fn decision(&self, effects: &[Effect<A::Args, Asker<A>>], id: &str, otherwise: Decision) -> Decision {
        match effects.first() {
            Some(Effect::Start(started, _)) if started == id && self.core.is_restart(id) => {
                Decision::Restarted
            }
            Some(Effect::RetryLater(..)) => Decision::RetryLater,
            Some(Effect::GaveUp(..)) => Decision::GaveUp,
            _ => otherwise,
        }
    }

    /// Nothing is kept of a child that does not come back, and who waited for that is told.
    pub(super) fn bury(&mut self, id: &str) {
        if !self.core.knows(id) {
            self.children.remove(id);
            self.shared.register.expect_no_more(id);
        }
        for mourner in self.mourners.remove(id).into_iter().flatten() {
            let _ = mourner.send(Ok(Answer::Done));
        }
    }

    fn answer_found(&self, id: &str, replies: Vec<Asker<A>>) {
        for reply in replies {
            let _ = reply.send(self.addr(id).cloned().ok_or(StartError::NotRunning));
        }
    }
}

/// A pool that ends, on whatever road, takes no more askers, and takes along whom it started.
impl<A: Actor> Drop for Driver<A> {
    fn drop(&mut self) {
        self.shared.close(&self.me);
        let left = self.children.values().filter_map(|child| child.running.as_ref());
        left.for_each(|(occupant, _)| occupant.cell.kill());
    }
}

fn answer<A: Actor>(replies: Vec<Asker<A>>, why: &StartError) {
    for reply in replies {
        let _ = reply.send(Err(why.clone()));
    }
}
