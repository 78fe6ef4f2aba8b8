//! The thin actor around the core: it starts, stops and waits, and reports back what happened. It never
//! awaits a child, so that a stop is heard at any moment.

use super::admin::{ReplyTo, Request};
use super::backoff::Draw;
use super::calls::Token;
use super::chair::{Chair, Seat};
use super::children::{ChildState, Key};
use super::core::{Core, Effect, Ending, Event};
use super::launch::{Born, Cradle};
use super::launching::{Beginning, Script};
use super::retry::{self, Turn};
use super::revise::Revision;
use crate::alarm::Alarm;
use crate::instruments::Verdict;
use crate::links::Links;
use crate::node::{Node, Status};
use crate::plan::Shutdown;
use crate::{ExitReason, clock};
use arc_swap::ArcSwap;
use futures_util::FutureExt;
use hecate_proto::debug::Decision;
use ractor::{Actor, ActorProcessingErr, ActorRef};
use std::collections::{BTreeMap, HashMap, VecDeque};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::oneshot;
use tokio::time::Instant;

/// What a supervisor is told.
pub(crate) enum Control {
    Happened(Event),
    /// A start that took more than one breath is over.
    StartEnded(Key, Result<Born, ExitReason>),
    Asked(Request),
}

impl ractor::Message for Control {}

#[expect(clippy::disallowed_methods, reason = "a supervisor's own port; its senders are its children's ends")]
pub(crate) fn tell(supervisor: &ActorRef<Control>, control: Control) {
    // A supervisor that is gone needs no news; what it was asked says so to its asker.
    let _ = supervisor.send_message(control);
}

/// The ractor actor of every supervisor.
pub(crate) struct Supervisor;

impl Actor for Supervisor {
    type Msg = Control;
    type State = Driver;
    type Arguments = Beginning;

    async fn pre_start(&self, me: ActorRef<Control>, begin: Beginning) -> Result<Driver, ActorProcessingErr> {
        tell(&me, Control::Happened(Event::Boot));
        let Beginning { core, script, node, links, boot } = begin;
        let chairs = (0..).zip(script.load().seats.iter().cloned().map(Chair::new)).collect();
        let (boot, desk, draft) = (Some(boot), HashMap::new(), None);
        Ok(Driver { core, chairs, node, script, draft, links, me, boot, desk, tokens: 0 })
    }

    async fn handle(
        &self,
        _: ActorRef<Control>,
        control: Control,
        driver: &mut Driver,
    ) -> Result<(), ActorProcessingErr> {
        let event = match control {
            Control::Happened(event) => Some(event),
            Control::StartEnded(key, result) => Some(driver.start_ended(key, result)),
            Control::Asked(request) => driver.take_request(request),
        };
        event.into_iter().for_each(|event| driver.run(event));
        Ok(())
    }
}

/// What comes along with a question, until the core has decided about it.
pub(super) enum Brings {
    Seat(Seat),
    Revision(Revision),
}

/// Whoever asked.
pub(super) struct Visitor {
    pub(super) brings: Option<Brings>,
    pub(super) reply: ReplyTo,
}

pub(crate) struct Driver {
    pub(super) core: Core,
    pub(super) chairs: BTreeMap<Key, Chair>,
    pub(super) node: Arc<Node>,
    /// What it begins with.
    pub(super) script: Arc<ArcSwap<Script>>,
    /// What it is to begin with, once that is settled.
    pub(super) draft: Option<Script>,
    links: Arc<Links>,
    me: ActorRef<Control>,
    boot: Option<oneshot::Sender<Result<(), ExitReason>>>,
    /// Dropped with the driver, which tells everybody that the supervisor is gone.
    pub(super) desk: HashMap<Token, Visitor>,
    pub(super) tokens: u64,
}

/// Who is killed, or ends with its runtime, takes along whom it started: nobody else knows of a child whose birth
/// was not over when the kill looked for it.
impl Drop for Driver {
    fn drop(&mut self) {
        let left = self.chairs.values().filter_map(|chair| chair.occupant.as_ref());
        left.for_each(|occupant| occupant.cell.kill());
    }
}

impl Driver {
    fn run(&mut self, event: Event) {
        let mut events = VecDeque::from([event]);
        while let Some(event) = events.pop_front() {
            self.note_exit(&event);
            let failed = if let Event::StartFailed(key, ..) = &event { Some(*key) } else { None };
            for effect in self.core.step(clock::exact_now_ms(), event) {
                events.extend(self.perform(effect));
            }
            if let Some(key) = failed.filter(|key| self.core.state(*key) == Some(ChildState::Down)) {
                self.decide(key, Decision::LeftDown);
            }
        }
        self.node.set_window(self.core.window().at_ms());
        if self.core.is_ending() {
            self.node.leave();
        }
    }

    fn note_exit(&mut self, event: &Event) {
        let Event::Exited(key, reason) = event else { return };
        let asked = self.core.state(*key) == Some(ChildState::Stopping);
        let Some(chair) = self.chairs.get_mut(key) else { return };
        chair.alarm = None;
        let (node, spec) = (&chair.seat.node, &chair.seat.spec);
        let path = &*node.path;
        let is_crash = reason.is_crash(asked.then_some((spec.shutdown, spec.restart)));
        if is_crash {
            tracing::error!(path, %reason, "crashed");
        } else {
            tracing::info!(path, %reason, "exited");
        }
        let verdict = Verdict { was_asked: asked, is_crash };
        let decision = if asked { Decision::LeftDown } else { Decision::Pending };
        let occupant = chair.occupant.take();
        let crash = node.report_exit(occupant.as_ref(), reason, verdict, decision);
        chair.crash = crash.filter(|_| !asked);
    }

    /// Files in the crash record what became of the child.
    fn decide(&mut self, key: Key, decision: Decision) {
        let crash = self.chairs.get_mut(&key).and_then(|chair| chair.crash.take());
        crash.into_iter().for_each(|crash| self.node.instruments().crashes.decide(crash, decision));
    }

    /// Does it; answers with the event that came of it at once, if any.
    fn perform(&mut self, effect: Effect) -> Option<Event> {
        match effect {
            Effect::Adopt(token, key) => self.adopt(token, key),
            Effect::Forget(key) => self.forget(key),
            Effect::Revise(token, keys) => self.revise(token, &keys),
            Effect::Start(key) => return self.start(key),
            Effect::AbortStart(key) => self.abort_start(key),
            Effect::Stop(key) => self.stop(key),
            Effect::RetryLater(key, turn, wait) => self.retry_later(key, turn, wait),
            Effect::CancelRetry(key) => self.cancel_retry(key),
            Effect::Reply(token, reply) => self.answer(token, reply),
            Effect::Booted => self.answer_boot(Ok(())),
            Effect::GaveUp(key, reason) => self.give_up(key, reason),
            Effect::End(ending) => self.end(ending),
        }
        None
    }

    fn adopt(&mut self, token: Token, key: Key) {
        let brought = self.desk.get_mut(&token).and_then(|visitor| visitor.brings.take());
        let Some(Brings::Seat(seat)) = brought else { unreachable!("a spec comes with its place") };
        self.node.add_child(&seat.node);
        self.chairs.insert(key, Chair::new(seat));
    }

    fn forget(&mut self, key: Key) {
        self.decide(key, Decision::Forgotten);
        let Some(chair) = self.chairs.remove(&key) else { return };
        self.node.remove_child(&chair.seat.node);
    }

    /// Most starts are over in one breath and cost no task.
    fn start(&mut self, key: Key) -> Option<Event> {
        self.decide(key, Decision::Restarted);
        let Some(chair) = self.chairs.get_mut(&key) else { unreachable!("a place that is started is there") };
        let generation = chair.seat.node.begin();
        if generation > 1 {
            tracing::warn!(path = &*chair.seat.node.path, generation, "restarting");
            chair.seat.node.report_restarting();
        }
        let (cradle, give_up) = Cradle::new(&chair.seat.node);
        chair.give_up = Some(give_up);
        let mut birthing = chair.seat.launch.launch(cradle);
        if let Some(result) = (&mut birthing).now_or_never() {
            return Some(self.start_ended(key, result));
        }
        let me = self.me.clone();
        tokio::spawn(async move { tell(&me, Control::StartEnded(key, birthing.await)) });
        None
    }

    fn abort_start(&mut self, key: Key) {
        if let Some(chair) = self.chairs.get_mut(&key) {
            drop(chair.give_up.take());
        }
    }

    fn start_ended(&mut self, key: Key, result: Result<Born, ExitReason>) -> Event {
        let Some(chair) = self.chairs.get_mut(&key) else { unreachable!("a start keeps its place") };
        chair.give_up = None;
        let path = &*chair.seat.node.path;
        match result {
            Ok(born) => {
                let actor = born.occupant().id;
                tracing::info!(path, id = %actor, "started");
                chair.seat.node.report_started(actor);
                chair.actor = Some(actor);
                chair.occupant = Some(born.occupant().clone());
                let me = self.me.clone();
                let exited = move |reason| tell(&me, Control::Happened(Event::Exited(key, reason)));
                born.settle(exited);
                Event::Started(key)
            }
            Err(ExitReason::Ignore) => {
                tracing::info!(path, "not needed");
                chair.seat.node.vacate(None, &ExitReason::Ignore);
                Event::Ignored(key)
            }
            Err(reason) => {
                tracing::error!(path, %reason, "did not start");
                chair.crash = Some(chair.seat.node.report_failed_start(&reason, Decision::Pending));
                chair.seat.node.vacate(None, &reason);
                Event::StartFailed(key, reason, Draw::for_wait(chair.seat.spec.backoff))
            }
        }
    }

    fn stop(&mut self, key: Key) {
        let Some(chair) = self.chairs.get_mut(&key) else { unreachable!("a place that is stopped is there") };
        let Some(occupant) = chair.occupant.clone() else { unreachable!("who is stopped runs") };
        let (node, how) = (Arc::clone(&chair.seat.node), chair.seat.spec.shutdown);
        node.set_ending(&occupant, occupant.ends_as(how));
        if how == Shutdown::BrutalKill {
            node.kill_all_of(&occupant);
            return;
        }
        occupant.ask_to_end(how);
        let Some(limit) = how.limit() else { return };
        chair.alarm = Some(Alarm::set(Instant::now() + limit, move || {
            if node.kill_all_of(&occupant) {
                tracing::warn!(path = &*node.path, ?limit, "killed: it did not end in time");
            }
        }));
    }

    fn retry_later(&mut self, key: Key, turn: Turn, wait: Duration) {
        let Some(chair) = self.chairs.get_mut(&key) else { return };
        if let Some(crash) = chair.crash {
            // It stays open: it may yet become the last straw.
            self.node.instruments().crashes.decide(crash, Decision::RetryLater);
        }
        chair.seat.node.set_status(Status::Restarting);
        let (me, retry) = (self.me.clone(), Control::Happened(Event::Retry(key, turn)));
        chair.alarm = retry::later(wait, move || tell(&me, retry));
    }

    fn cancel_retry(&mut self, key: Key) {
        if let Some(chair) = self.chairs.get_mut(&key) {
            chair.alarm = None;
            chair.seat.node.set_status(Status::Stopped);
        }
    }

    fn give_up(&mut self, key: Key, reason: ExitReason) {
        self.decide(key, Decision::GaveUp);
        self.cancel_retry(key);
        self.node.give_up(self.me.get_id(), self.path_of(key), reason);
    }

    fn path_of(&self, key: Key) -> String {
        self.chairs.get(&key).map(|chair| chair.seat.node.path.to_string()).unwrap_or_default()
    }

    /// Whoever booted this supervisor and then went away leaves nothing running.
    fn answer_boot(&mut self, outcome: Result<(), ExitReason>) {
        let Some(boot) = self.boot.take() else { return };
        if boot.send(outcome).is_err() {
            tell(&self.me, Control::Happened(Event::Stop));
        }
    }

    fn end(&mut self, ending: Ending) {
        for key in self.chairs.keys().copied().collect::<Vec<_>>() {
            self.decide(key, Decision::LeftDown);
        }
        if ending == Ending::AutoShutdown {
            tracing::info!(path = &*self.node.path, "its significant children are done");
        }
        let boot = match ending {
            Ending::BootFailed(key, why) => {
                ExitReason::ChildFailed { path: self.path_of(key), reason: Box::new(why) }
            }
            Ending::GaveUp | Ending::Stopped | Ending::AutoShutdown => ExitReason::Shutdown,
        };
        self.links.set_outcome(ExitReason::Shutdown);
        self.answer_boot(Err(boot));
        self.me.stop(None);
    }
}
