//! How one child comes to life, whatever it is. To ractor it is nobody's child: its supervisor waits for its whole task
//! by itself, so that a death brings no message that would carry the old state, and with it files and sockets that
//! the successor needs.

use crate::addr::AddrInner;
use crate::instruments::{Meter, Wake};
use crate::links::Links;
use crate::mailbox::Gauge;
use crate::node::{Node, Occupant, Worker};
use crate::plan::WorkerSpec;
use crate::shell::{Birth, Shell};
use crate::{Actor, Addr, ExitReason, Name};
use futures_util::future::BoxFuture;
use ractor::Actor as _;
use std::sync::{Arc, OnceLock};
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

/// Where a child is to be born.
pub(crate) struct Cradle {
    pub(crate) node: Arc<Node>,
    /// Resolves when the start is to be given up.
    pub(crate) give_up: oneshot::Receiver<()>,
}

/// A child that has come to life.
pub(crate) struct Born {
    /// Resolves when the actor's task and its state are gone.
    task: JoinHandle<()>,
    presence: Presence,
}

/// Dropped when nothing of the child is left. Where nobody is there any more to settle it, that ends it.
pub(crate) struct Presence(Occupant);

impl Drop for Presence {
    fn drop(&mut self) {
        self.0.cell.kill();
        self.0.links.release();
    }
}

impl Born {
    pub(crate) fn new(occupant: Occupant, task: JoinHandle<()>) -> Self {
        Self { task, presence: Presence(occupant) }
    }

    pub(crate) fn occupant(&self) -> &Occupant {
        &self.presence.0
    }

    /// Gives the child its place in the live tree, and the place back when nothing of it is left.
    pub(crate) fn settle(self, node: &Arc<Node>, on_exit: impl FnOnce(ExitReason) + Send + 'static) {
        node.occupy(self.occupant().clone());
        let node = Arc::clone(node);
        tokio::spawn(async move {
            let (reason, _presence) = self.ended(&node).await;
            node.vacate(&reason);
            on_exit(reason);
        });
    }

    /// Waits until nothing of the child is left, nor of what it supervised; answers why it ended.
    pub(crate) async fn ended(self, node: &Arc<Node>) -> (ExitReason, Presence) {
        let Self { task, presence } = self;
        let _ = task.await;
        let links = &presence.0.links;
        links.sever().await;
        node.clear_below().await;
        (links.outcome(), presence)
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
    let spawning = Shell::<A>::spawn(None, Shell::new(), birth);
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
            let born = Born::new(Occupant { cell, links, worker, superior: None }, task);
            Ok((born, addr.clone()))
        }
        (Ok(_), None) => unreachable!("an actor that started has left its address"),
        (Err(why), _) => {
            links.sever().await;
            Err(why)
        }
    }
}
