//! How one child comes to life, whatever it is.

use crate::addr::AddrInner;
use crate::instruments::{Meter, Wake};
use crate::links::Links;
use crate::mailbox::Gauge;
use crate::node::{Node, Occupant, Worker};
use crate::plan::WorkerSpec;
use crate::shell::{Birth, Shell};
use crate::{Actor, Addr, ExitReason, Name, clock};
use futures_util::future::BoxFuture;
use ractor::Actor as _;
use std::sync::{Arc, OnceLock};
use tokio::sync::{oneshot, watch};
use tokio::task::JoinHandle;

/// Where a child is to be born.
pub(crate) struct Cradle {
    pub(crate) node: Arc<Node>,
    /// Resolves when the start is to be given up.
    pub(crate) give_up: oneshot::Receiver<()>,
    /// Dropped when nothing of it is left.
    pub(crate) present: watch::Sender<()>,
}

impl Cradle {
    /// With what gives the start up when it is dropped.
    pub(crate) fn new(node: &Arc<Node>) -> (Self, oneshot::Sender<()>) {
        let (giving_up, give_up) = oneshot::channel();
        (Self { node: Arc::clone(node), give_up, present: node.expect() }, giving_up)
    }
}

/// A child that has come to life. Where nobody is there any more to settle it, it ends again, and nothing of
/// it is left: no task that was attached to it, and nobody below it.
pub(crate) struct Born(Option<Newborn>);

struct Newborn {
    occupant: Occupant,
    node: Arc<Node>,
    /// Resolves when the actor's task and its state are gone.
    task: JoinHandle<()>,
    /// Dropped when nothing of it is left.
    present: watch::Sender<()>,
}

impl Born {
    pub(crate) fn new(
        node: Arc<Node>,
        present: watch::Sender<()>,
        occupant: impl FnOnce(watch::Receiver<()>) -> Occupant,
        task: JoinHandle<()>,
    ) -> Self {
        let occupant = occupant(present.subscribe());
        node.expect_occupant(&occupant);
        Self(Some(Newborn { occupant, node, task, present }))
    }

    pub(crate) fn occupant(&self) -> &Occupant {
        match &self.0 {
            Some(newborn) => &newborn.occupant,
            None => unreachable!("it is taken out by who takes it over"),
        }
    }

    /// Gives the child its place in the live tree, and the place back when nothing of it is left.
    pub(crate) fn settle(mut self, on_exit: impl FnOnce(ExitReason) + Send + 'static) {
        let Some(newborn) = self.0.take() else { return };
        newborn.node.occupy(newborn.occupant.clone());
        tokio::spawn(async move {
            let (node, who) = (Arc::clone(&newborn.node), newborn.occupant.clone());
            let (reason, _present) = newborn.ended().await;
            node.vacate(Some(&who), &reason);
            on_exit(reason);
        });
    }

    /// Waits until nothing of a child is left that is not to be settled.
    pub(crate) async fn ended(mut self) {
        if let Some(newborn) = self.0.take() {
            newborn.ended().await;
        }
    }
}

impl Drop for Born {
    fn drop(&mut self) {
        let Some(newborn) = self.0.take() else { return };
        match &newborn.occupant.superior {
            Some(superior) => superior.wind_down(),
            None => newborn.occupant.cell.kill(),
        }
        tokio::spawn(newborn.ended());
    }
}

impl Newborn {
    /// Waits until nothing of the child is left, nor of what it supervised; answers why it ended.
    async fn ended(self) -> (ExitReason, watch::Sender<()>) {
        let _ = self.task.await;
        self.occupant.links.sever().await;
        self.node.clear_below(&self.occupant).await;
        self.node.expect_no_more(&self.occupant);
        (self.occupant.links.outcome(), self.present)
    }
}

pub(crate) type Birthing = BoxFuture<'static, Result<Born, ExitReason>>;

/// Starts one child, again and again.
pub(crate) trait Launch: Send + Sync {
    fn launch(&self, cradle: Cradle) -> Birthing;
}

/// Starts an actor; when this fails, nothing of it is left.
pub(crate) async fn launch_actor<A: Actor>(
    spec: &Arc<WorkerSpec>,
    args: A::Args,
    name: Option<Name<A::Msg>>,
    cradle: Cradle,
) -> Result<(Born, Addr<A::Msg>), ExitReason> {
    let links = Links::new();
    let Cradle { node, give_up, present } = cradle;
    let gauge = Gauge::new(Arc::clone(&node.path), spec.mailbox, Meter::new(Arc::clone(node.kind())));
    node.hand_over_tracers(gauge.meter());
    let addr = Arc::new(OnceLock::new());
    let birth = Birth {
        args,
        gauge: Arc::clone(&gauge),
        links: Arc::clone(&links),
        events: Arc::clone(&node.instruments().events),
        name,
        addr: Arc::clone(&addr),
    };
    // Nobody is linked by ractor: a supervisor learns of an end by waiting for the whole task. ractor's event comes
    // before that, with the old state and in it the files and sockets that the successor needs.
    let spawning = Shell::<A>::spawn(None, Shell::new(), birth);
    let (limit, born) = (spec.start_timeout, clock::Moment::now());
    let spawned = tokio::select! {
        biased;
        spawned = tokio::time::timeout(limit, spawning) => match spawned {
            Ok(spawned) => spawned.map_err(|error| links.failure().unwrap_or(ExitReason::error(error))),
            Err(_) => Err(ExitReason::StartTimeout(limit.as_millis() as u64)),
        },
        _ = give_up => Err(ExitReason::Shutdown),
    };
    match (spawned, addr.get()) {
        (Ok((actor, task)), Some(addr)) => {
            let (cell, wake) =
                (actor.get_cell(), Arc::<AddrInner<A::Msg>>::clone(addr.inner()) as Arc<dyn Wake>);
            let worker = Some(Worker { gauge, wake, spec: Arc::clone(spec) });
            let occupant =
                |gone| Occupant { id: cell.get_id(), cell, links, worker, superior: None, born, gone };
            Ok((Born::new(node, present, occupant, task), addr.clone()))
        }
        (Ok(_), None) => unreachable!("an actor that started has left its address"),
        (Err(why), _) => {
            links.sever().await;
            Err(why)
        }
    }
}
