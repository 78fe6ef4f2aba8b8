//! How one child comes to life, whatever it is.

use crate::addr::AddrInner;
use crate::instruments::{Meter, Wake};
use crate::links::Links;
use crate::mailbox::Gauge;
use crate::node::{Node, Occupant, Worker};
use crate::plan::WorkerSpec;
use crate::shell::{Birth, Shell};
use crate::{Actor, Addr, ExitReason, Name};
use futures_util::future::BoxFuture;
use ractor::{Actor as _, ActorCell};
use std::sync::{Arc, OnceLock};
use tokio::sync::{oneshot, watch};
use tokio::task::JoinHandle;

/// Where a child is to be born.
pub(crate) struct Cradle {
    pub(crate) parent: ActorCell,
    pub(crate) node: Arc<Node>,
    /// Resolves when the start is to be given up.
    pub(crate) give_up: oneshot::Receiver<()>,
}

/// A child that has come to life.
pub(crate) struct Born {
    pub(crate) occupant: Occupant,
    /// Resolves when the actor's task and its state are gone.
    task: JoinHandle<()>,
    /// Dropped when nothing of it is left.
    present: watch::Sender<()>,
}

impl Born {
    pub(crate) fn new(occupant: impl FnOnce(watch::Receiver<()>) -> Occupant, task: JoinHandle<()>) -> Self {
        let (present, gone) = watch::channel(());
        Self { occupant: occupant(gone), task, present }
    }

    /// Gives the child its place in the live tree, and the place back when nothing of it is left.
    pub(crate) fn settle(self, node: &Arc<Node>, on_exit: impl FnOnce(ExitReason) + Send + 'static) {
        node.occupy(self.occupant.clone());
        let node = Arc::clone(node);
        tokio::spawn(async move {
            let who = self.occupant.clone();
            let (reason, _present) = self.ended(&node).await;
            node.vacate(Some(&who), &reason);
            on_exit(reason);
        });
    }

    /// Waits until nothing of the child is left, nor of what it supervised; answers why it ended.
    pub(crate) async fn ended(self, node: &Arc<Node>) -> (ExitReason, watch::Sender<()>) {
        let _ = self.task.await;
        self.occupant.links.sever().await;
        node.clear_below(&self.occupant).await;
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
    spec: &WorkerSpec,
    args: A::Args,
    name: Option<Name<A::Msg>>,
    cradle: Cradle,
) -> Result<(Born, Addr<A::Msg>), ExitReason> {
    let links = Links::new();
    let node = cradle.node;
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
    let spawning = Shell::<A>::spawn_linked(None, Shell::new(), birth, cradle.parent);
    let limit = spec.start_timeout;
    let spawned = tokio::select! {
        biased;
        spawned = tokio::time::timeout(limit, spawning) => match spawned {
            Ok(spawned) => spawned.map_err(|spawn| links.failure().unwrap_or_else(|| ExitReason::error(spawn))),
            Err(_) => Err(ExitReason::StartTimeout(limit.as_millis() as u64)),
        },
        _ = cradle.give_up => Err(ExitReason::Shutdown),
    };
    match (spawned, addr.get()) {
        (Ok((actor, task)), Some(addr)) => {
            let (cell, wake) =
                (actor.get_cell(), Arc::<AddrInner<A::Msg>>::clone(addr.inner()) as Arc<dyn Wake>);
            let worker = Some(Worker { gauge, wake });
            let born = Born::new(|gone| Occupant { cell, links, worker, superior: None, gone }, task);
            Ok((born, addr.clone()))
        }
        (Ok(_), None) => unreachable!("an actor that started has left its address"),
        (Err(why), _) => {
            links.sever().await;
            Err(why)
        }
    }
}
