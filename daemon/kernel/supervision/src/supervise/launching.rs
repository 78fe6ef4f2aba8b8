//! How a supervisor comes to life: with everything below it, or not at all.

use super::chair::Seat;
use super::child::Flags;
use super::core::{Core, Event};
use super::driver::{Control, Supervisor, tell};
use super::launch::{Birthing, Born, Cradle, Launch};
use crate::links::Links;
use crate::node::{Node, Occupant, Superior};
use crate::plan::Shutdown;
use crate::supervise::admin::Request;
use crate::{ExitReason, clock};
use arc_swap::ArcSwap;
use futures_util::FutureExt;
use ractor::{Actor, ActorRef};
use std::sync::Arc;
use tokio::sync::{oneshot, watch};

/// Starts a supervisor as a child, or as the root without a parent.
pub(crate) struct SupervisorLaunch(Arc<ArcSwap<Script>>);

/// What a supervisor begins with, every time; a reload changes it.
pub(crate) struct Script {
    pub(crate) flags: Flags,
    pub(crate) seats: Vec<Seat>,
}

/// What a supervisor's actor begins with.
pub(crate) struct Beginning {
    pub(crate) core: Core,
    pub(crate) script: Arc<ArcSwap<Script>>,
    pub(crate) node: Arc<Node>,
    pub(crate) links: Arc<Links>,
    pub(crate) boot: oneshot::Sender<Result<(), ExitReason>>,
}

impl Launch for SupervisorLaunch {
    fn launch(&self, cradle: Cradle) -> Birthing {
        let (plan, booted) = self.begin(&cradle.node);
        let links = Arc::clone(&plan.links);
        async move {
            let Cradle { node, give_up, present } = cradle;
            let spawned = Supervisor::spawn(None, Supervisor, plan).await;
            let (supervisor, task) = spawned.map_err(ExitReason::error)?;
            let born = Born::new(node, present, |gone| occupant(&supervisor, links, gone), task);
            await_boot(born, booted, Some(give_up)).await
        }
        .boxed()
    }
}

impl SupervisorLaunch {
    pub(crate) fn new(flags: Flags, seats: Vec<Seat>) -> Self {
        Self(Arc::new(ArcSwap::from_pointee(Script { flags, seats })))
    }

    /// A new beginning: children that were added are forgotten, those that were deleted are back.
    fn begin(&self, node: &Arc<Node>) -> (Beginning, oneshot::Receiver<Result<(), ExitReason>>) {
        let (boot, booted) = oneshot::channel();
        let script = self.0.load();
        node.declare_flags(&script.flags);
        node.set_children(script.seats.iter().map(|seat| Arc::clone(&seat.node)).collect());
        let core = Core::new(script.flags.rules(), script.seats.iter().map(|seat| seat.spec.rules()));
        let script = Arc::clone(&self.0);
        (Beginning { core, script, node: Arc::clone(node), links: Links::new(), boot }, booted)
    }

    /// Starts the root of a tree.
    pub(crate) async fn launch_root(&self, node: &Arc<Node>) -> Result<Born, ExitReason> {
        let (plan, booted) = self.begin(node);
        let (links, present) = (Arc::clone(&plan.links), node.expect());
        let (supervisor, task) =
            Supervisor::spawn(None, Supervisor, plan).await.map_err(ExitReason::error)?;
        let born = Born::new(Arc::clone(node), present, |gone| occupant(&supervisor, links, gone), task);
        await_boot(born, booted, None).await
    }
}

fn occupant(supervisor: &ActorRef<Control>, links: Arc<Links>, gone: watch::Receiver<()>) -> Occupant {
    let superior: Arc<dyn Superior> = Arc::new(supervisor.clone());
    let (cell, born) = (supervisor.get_cell(), clock::Moment::now());
    Occupant { id: cell.get_id(), cell, links, worker: None, superior: Some(superior), born, gone }
}

impl Superior for ActorRef<Control> {
    fn wind_down(&self) {
        tell(self, Control::Happened(Event::Stop));
    }

    fn ask(&self, request: Request) {
        tell(self, Control::Asked(request));
    }
}

/// A supervisor is born when all below it are, or it ends again.
async fn await_boot(
    born: Born,
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
            born.occupant().ask_to_end(Shutdown::Infinity);
            Err(ExitReason::Shutdown)
        }
    };
    match outcome {
        Ok(()) => Ok(born),
        Err(why) => {
            born.ended().await;
            Err(why)
        }
    }
}
