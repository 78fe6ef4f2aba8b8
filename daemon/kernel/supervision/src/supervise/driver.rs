//! The thin actor around the core: it starts, stops and waits, and reports back what happened. It never
//! awaits a child, so that a stop is heard at any moment.

use super::core::{ChildState, Core, Effect, Ending, Event, Index, Rules};
use super::launch::{Birthing, Born, Cradle, Launch};
use crate::links::Links;
use crate::node::{Node, Occupant, Status};
use crate::plan::{ChildSpec, Shutdown, SupervisorSpec};
use crate::{ExitReason, GaveUp, clock};
use futures_util::FutureExt;
use ractor::{Actor, ActorProcessingErr, ActorRef, SupervisionEvent};
use std::collections::VecDeque;
use std::sync::Arc;
use tokio::sync::{oneshot, watch};
use tokio::task::AbortHandle;

/// One place under a supervisor: who belongs there and how to start it.
#[derive(Clone)]
pub(crate) struct Seat {
    pub(crate) spec: Arc<ChildSpec>,
    pub(crate) node: Arc<Node>,
    pub(crate) launch: Arc<dyn Launch>,
}

/// What a supervisor is told.
pub(crate) enum Control {
    Happened(Event),
    /// A start that took more than one breath is over.
    StartEnded(Index, Result<Born, ExitReason>),
}

impl ractor::Message for Control {}

#[expect(clippy::disallowed_methods, reason = "a supervisor's own port; its senders are its children's ends")]
pub(crate) fn tell(supervisor: &ActorRef<Control>, control: Control) {
    // A supervisor that is gone needs no news.
    let _ = supervisor.send_message(control);
}

/// Starts a supervisor as a child, or as the root without a parent.
pub(crate) struct SupervisorLaunch {
    pub(crate) spec: SupervisorSpec,
    pub(crate) seats: Vec<Seat>,
}

impl Launch for SupervisorLaunch {
    fn launch(&self, cradle: Cradle) -> Birthing {
        let (plan, booted) = self.begin(&cradle.node);
        let links = Arc::clone(&plan.links);
        async move {
            let spawned = Supervisor::spawn_linked(None, Supervisor, plan, cradle.parent).await;
            let (supervisor, task) = spawned.map_err(ExitReason::error)?;
            let born = Born::new(|gone| occupant(&supervisor, links, gone), task);
            await_boot(born, &cradle.node, booted, Some(cradle.give_up)).await
        }
        .boxed()
    }
}

impl SupervisorLaunch {
    fn begin(&self, node: &Arc<Node>) -> (Beginning, oneshot::Receiver<Result<(), ExitReason>>) {
        let (boot, booted) = oneshot::channel();
        let rules = Rules {
            strategy: self.spec.strategy,
            restarts_max: self.spec.restarts_max,
            period_ms: self.spec.period_ms,
        };
        let core = Core::new(rules, self.seats.iter().map(|seat| seat.spec.restart));
        let seats = self.seats.clone();
        (Beginning { core, seats, node: Arc::clone(node), links: Links::new(), boot }, booted)
    }

    /// Starts the root of a tree.
    pub(crate) async fn launch_root(&self, node: &Arc<Node>) -> Result<Born, ExitReason> {
        let (plan, booted) = self.begin(node);
        let links = Arc::clone(&plan.links);
        let (supervisor, task) =
            Supervisor::spawn(None, Supervisor, plan).await.map_err(ExitReason::error)?;
        let born = Born::new(|gone| occupant(&supervisor, links, gone), task);
        await_boot(born, node, booted, None).await
    }
}

fn occupant(supervisor: &ActorRef<Control>, links: Arc<Links>, gone: watch::Receiver<()>) -> Occupant {
    let (cell, to) = (supervisor.get_cell(), supervisor.clone());
    let on_stop = Arc::new(move || tell(&to, Control::Happened(Event::Stop)));
    Occupant { cell, links, gauge: None, on_stop: Some(on_stop), gone }
}

/// A supervisor is born when all below it are, or it ends again.
async fn await_boot(
    born: Born,
    node: &Arc<Node>,
    booted: oneshot::Receiver<Result<(), ExitReason>>,
    give_up: Option<oneshot::Receiver<()>>,
) -> Result<Born, ExitReason> {
    let given_up = async {
        match give_up {
            Some(give_up) => drop(give_up.await),
            None => std::future::pending().await,
        }
    };
    let outcome = tokio::select! {
        biased;
        booted = booted => booted.unwrap_or(Err(ExitReason::Killed)),
        () = given_up => {
            born.occupant.ask_to_end(Shutdown::Infinity);
            Err(ExitReason::Shutdown)
        }
    };
    match outcome {
        Ok(()) => Ok(born),
        Err(why) => {
            born.ended(node).await;
            Err(why)
        }
    }
}

/// The ractor actor of every supervisor.
struct Supervisor;

struct Beginning {
    core: Core,
    seats: Vec<Seat>,
    node: Arc<Node>,
    links: Arc<Links>,
    boot: oneshot::Sender<Result<(), ExitReason>>,
}

impl Actor for Supervisor {
    type Msg = Control;
    type State = Driver;
    type Arguments = Beginning;

    async fn pre_start(&self, me: ActorRef<Control>, begin: Beginning) -> Result<Driver, ActorProcessingErr> {
        tell(&me, Control::Happened(Event::Boot));
        let Beginning { core, seats, node, links, boot } = begin;
        let chairs = seats.into_iter().map(Chair::new).collect();
        Ok(Driver { core, chairs, node, links, me, boot: Some(boot) })
    }

    async fn handle(
        &self,
        _: ActorRef<Control>,
        control: Control,
        driver: &mut Driver,
    ) -> Result<(), ActorProcessingErr> {
        let event = match control {
            Control::Happened(event) => event,
            Control::StartEnded(index, result) => driver.start_ended(index, result),
        };
        driver.run(event);
        Ok(())
    }

    /// Children are watched through their tasks; see the shell.
    async fn handle_supervisor_evt(
        &self,
        _: ActorRef<Control>,
        event: SupervisionEvent,
        _: &mut Driver,
    ) -> Result<(), ActorProcessingErr> {
        drop(event);
        Ok(())
    }
}

/// A seat and who sits there.
struct Chair {
    seat: Seat,
    occupant: Option<Occupant>,
    /// Gives up the start under way.
    give_up: Option<oneshot::Sender<()>>,
    /// Kills the child when its time is over.
    deadline: Option<AbortHandle>,
}

impl Chair {
    fn new(seat: Seat) -> Self {
        Self { seat, occupant: None, give_up: None, deadline: None }
    }
}

struct Driver {
    core: Core,
    chairs: Vec<Chair>,
    node: Arc<Node>,
    links: Arc<Links>,
    me: ActorRef<Control>,
    boot: Option<oneshot::Sender<Result<(), ExitReason>>>,
}

impl Driver {
    fn run(&mut self, event: Event) {
        let mut events = VecDeque::from([event]);
        while let Some(event) = events.pop_front() {
            self.note_exit(&event);
            for effect in self.core.step(clock::exact_now_ms(), event) {
                events.extend(self.perform(effect));
            }
        }
        self.publish();
    }

    fn note_exit(&mut self, event: &Event) {
        let Event::Exited(index, reason) = event else { return };
        let asked = self.core.is_stopping(*index);
        let chair = &mut self.chairs[*index];
        chair.occupant = None;
        if let Some(deadline) = chair.deadline.take() {
            deadline.abort();
        }
        let (path, policy) = (&*chair.seat.node.path, chair.seat.spec.shutdown);
        if reason.is_crash(asked.then_some(policy)) {
            tracing::error!(path, %reason, "crashed");
        } else {
            tracing::info!(path, %reason, "exited");
        }
    }

    /// Does it; answers with the event that came of it at once, if any.
    fn perform(&mut self, effect: Effect) -> Option<Event> {
        match effect {
            Effect::Start(index) => return self.start(index),
            Effect::AbortStart(index) => drop(self.chairs[index].give_up.take()),
            Effect::Stop(index) => self.stop(index),
            Effect::RetryLater(index) => tell(&self.me, Control::Happened(Event::Retry(index))),
            Effect::Booted => self.answer_boot(Ok(())),
            Effect::GaveUp(index, reason) => self.give_up(index, reason),
            Effect::End(ending) => self.end(ending),
        }
        None
    }

    /// Most starts are over in one breath and cost no task.
    fn start(&mut self, index: Index) -> Option<Event> {
        let (give_up, given_up) = oneshot::channel();
        let chair = &mut self.chairs[index];
        let generation = chair.seat.node.begin();
        if generation > 1 {
            tracing::warn!(path = &*chair.seat.node.path, generation, "restarting");
        }
        chair.give_up = Some(give_up);
        let node = Arc::clone(&chair.seat.node);
        let mut birthing =
            chair.seat.launch.launch(Cradle { parent: self.me.get_cell(), node, give_up: given_up });
        if let Some(result) = (&mut birthing).now_or_never() {
            return Some(self.start_ended(index, result));
        }
        let me = self.me.clone();
        tokio::spawn(async move { tell(&me, Control::StartEnded(index, birthing.await)) });
        None
    }

    fn start_ended(&mut self, index: Index, result: Result<Born, ExitReason>) -> Event {
        let chair = &mut self.chairs[index];
        chair.give_up = None;
        let path = &*chair.seat.node.path;
        match result {
            Ok(born) => {
                tracing::info!(path, id = %born.occupant.cell.get_id(), "started");
                chair.occupant = Some(born.occupant.clone());
                let me = self.me.clone();
                let exited = move |reason| tell(&me, Control::Happened(Event::Exited(index, reason)));
                born.settle(&chair.seat.node, exited);
                Event::Started(index)
            }
            Err(reason) => {
                tracing::error!(path, %reason, "did not start");
                chair.seat.node.vacate(&reason);
                Event::StartFailed(index, reason)
            }
        }
    }

    fn stop(&mut self, index: Index) {
        let chair = &mut self.chairs[index];
        let (node, how) = (Arc::clone(&chair.seat.node), chair.seat.spec.shutdown);
        node.set_status(Status::Draining);
        if how == Shutdown::BrutalKill {
            return drop(node.kill_all());
        }
        let Some(occupant) = &chair.occupant else { return };
        occupant.ask_to_end(how);
        let Some(limit) = how.limit() else { return };
        let killer = tokio::spawn(async move {
            tokio::time::sleep(limit).await;
            tracing::warn!(path = &*node.path, ?limit, "killed: it did not end in time");
            node.kill_all();
        });
        chair.deadline = Some(killer.abort_handle());
    }

    fn give_up(&self, index: Index, reason: ExitReason) {
        let (path, child) = (self.node.path.to_string(), self.chairs[index].seat.node.path.to_string());
        tracing::error!(path, child, %reason, "gave up");
        self.node.set_gave_up(GaveUp { path, child, reason });
    }

    /// Whoever booted this supervisor and then went away leaves nothing running.
    fn answer_boot(&mut self, outcome: Result<(), ExitReason>) {
        let Some(boot) = self.boot.take() else { return };
        if boot.send(outcome).is_err() {
            tell(&self.me, Control::Happened(Event::Stop));
        }
    }

    fn end(&mut self, ending: Ending) {
        let boot = match ending {
            Ending::BootFailed(index, why) => {
                let path = self.chairs[index].seat.node.path.to_string();
                ExitReason::ChildFailed { path, reason: Box::new(why) }
            }
            Ending::GaveUp | Ending::Stopped => ExitReason::Shutdown,
        };
        self.links.set_outcome(ExitReason::Shutdown);
        self.answer_boot(Err(boot));
        self.me.stop(None);
    }

    fn publish(&self) {
        self.node.set_window(self.core.window().at_ms());
        for (chair, state) in self.chairs.iter().zip(self.core.states()) {
            if state == ChildState::Restarting {
                chair.seat.node.set_status(Status::Restarting);
            }
        }
    }
}
