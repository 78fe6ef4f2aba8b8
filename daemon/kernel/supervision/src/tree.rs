//! The whole tree: up in order, down in reverse, and never longer than the root deadline allows.

use crate::instruments::Instruments;
use crate::node::{Node, Occupant, Status, await_gone};
use crate::plan::{ChildSpec, Plan, Role, Shutdown};
use crate::reload::Blueprint;
use crate::supervise::admin::{AdminError, Answer, Ask, Request, answer_of};
use crate::supervise::chair::Seat;
use crate::supervise::child::{Child, Flags};
use crate::supervise::launch::Launch;
use crate::supervise::launching::SupervisorLaunch;
use crate::{ExitReason, Kinds, clock};
use hecate_proto::tree::TreeNode;
use ractor::ActorId;
use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::time::Duration;
use tokio::sync::watch;

/// The tree did not come up; nothing of it is left running.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the tree did not boot: {reason}")]
pub struct BootError {
    /// Which child failed, and why.
    pub reason: ExitReason,
}

/// A supervisor gave up: too many restarts inside its window.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{path} gave up: {child} ended too often, last with {reason}")]
pub struct GaveUp {
    /// Path of the supervisor.
    pub path: String,
    /// Path of the child that could not be kept alive.
    pub child: String,
    /// Its last exit.
    pub reason: ExitReason,
}

/// Why a tree ended by itself.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Ended {
    /// Its root gave up.
    #[error(transparent)]
    GaveUp(GaveUp),
    /// The root's significant children are done.
    #[error("{path} ended: its significant children are done")]
    AutoShutdown {
        /// Path of the root.
        path: String,
    },
    /// Somebody killed the root.
    #[error("{path} was killed")]
    Killed {
        /// Path of the root.
        path: String,
    },
}

/// A running tree of supervisors. Dropped without [`Tree::stop`] it goes on running.
pub struct Tree {
    pub(crate) root: Arc<Node>,
    occupant: Occupant,
    /// What the root left when it ended.
    down: watch::Receiver<Option<ExitReason>>,
    stopping: AtomicBool,
    /// The file behind it, if there is one.
    pub(crate) blueprint: Option<Arc<Blueprint>>,
}

impl std::fmt::Debug for Tree {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Tree({})", self.root.path)
    }
}

impl Tree {
    /// Starts everything in order, each child after the init of the one before.
    ///
    /// # Errors
    /// When a child does not start; those before it have been stopped in reverse order.
    pub async fn boot(plan: &Plan, kinds: &Kinds) -> Result<Self, BootError> {
        let root = Node::plant(&plan.root, &Instruments::new());
        let Role::Supervisor(spec) = &plan.root.role else { unreachable!("a plan's root is a supervisor") };
        let launch = supervisor(spec, &root, kinds);
        let blueprint = Blueprint::new(&root, kinds, plan);
        Self::launch(root, &launch, Some(blueprint)).await
    }

    /// Starts a tree that is no plan but a value: the supervisor `name` with these children. The root's
    /// path is `/name`.
    ///
    /// # Errors
    /// When a child spec is not valid, and then nothing was started; or as [`Tree::boot`].
    pub async fn grow(name: &str, flags: Flags, children: Vec<Child>) -> Result<Self, BootError> {
        let grown = Child::supervisor(name, flags, children).root();
        let (root, launch) = grown.map_err(|invalid| BootError { reason: ExitReason::error(invalid) })?;
        Self::launch(root, &launch, None).await
    }

    async fn launch(
        root: Arc<Node>,
        launch: &SupervisorLaunch,
        blueprint: Option<Arc<Blueprint>>,
    ) -> Result<Self, BootError> {
        root.instruments().history().begin(clock::wall_now_us(), root.places());
        root.begin();
        let born = launch.launch_root(&root).await.map_err(|reason| BootError { reason })?;
        root.report_started(born.occupant().id);
        let (occupant, (ended, down)) = (born.occupant().clone(), watch::channel(None));
        born.settle(move |reason| drop(ended.send(Some(reason))));
        Ok(Self { root, occupant, down, stopping: AtomicBool::new(false), blueprint })
    }

    /// The tree as it is now. Reads shared records only; no actor is asked.
    pub fn snapshot(&self) -> TreeNode {
        self.root.snapshot(&groups())
    }

    /// Asks the supervisor or pool at `path`.
    pub(crate) async fn ask(&self, path: &str, ask: Ask) -> Result<Answer, AdminError> {
        let place = self.root.find(path).filter(|node| node.supervises());
        let place = place.ok_or_else(|| AdminError::NoSupervisor(path.into()))?;
        let superior = place.occupant().and_then(|occupant| occupant.superior);
        let superior = superior.ok_or(AdminError::NotRunning)?;
        let (request, answer) = Request::new(ask);
        superior.ask(request);
        answer_of(answer).await
    }

    /// Stops everything in reverse order. What is left after `deadline` is killed, whatever the
    /// children's own limits. Answers whether all ended in time by themselves.
    pub async fn stop(&self, deadline: Duration) -> bool {
        self.stopping.store(true, Relaxed);
        self.root.set_ending(&self.occupant, Status::Stopping);
        self.occupant.ask_to_end(Shutdown::Infinity);
        self.see_down(deadline).await
    }

    /// Waits until all have ended, and kills those who have not by `deadline`. Whether there were none.
    async fn see_down(&self, deadline: Duration) -> bool {
        let mut down = self.down.clone();
        if tokio::time::timeout(deadline, down.wait_for(Option::is_some)).await.is_ok() {
            return true;
        }
        let late = self.root.kill_all();
        tracing::error!(?deadline, killed = late.len(), "the tree did not stop in time");
        await_gone(late).await;
        false
    }

    /// Resolves when the root has ended by itself; never after [`Tree::stop`]. From the moment it begins to
    /// end, its children have `deadline` like in a stop.
    pub async fn ended(&self, deadline: Duration) -> Ended {
        let left_in_order = self.left().await;
        if self.stopping.load(Relaxed) {
            std::future::pending::<()>().await;
        }
        self.see_down(deadline).await;
        let path = self.root.path.to_string();
        match self.root.gave_up() {
            Some(gave_up) => Ended::GaveUp(gave_up),
            None if left_in_order => Ended::AutoShutdown { path },
            None => Ended::Killed { path },
        }
    }

    /// Waits until the root begins to end, or is gone. Whether it was not killed.
    async fn left(&self) -> bool {
        let (mut down, mut leaving) = (self.down.clone(), self.root.instruments().leaving());
        while !self.root.is_leaving() {
            tokio::select! {
                biased;
                gone = down.wait_for(Option::is_some) => {
                    return gone.is_ok_and(|left| *left != Some(ExitReason::Killed));
                }
                _ = leaving.changed() => {}
            }
        }
        true
    }
}

fn supervisor(spec: &crate::plan::SupervisorSpec, node: &Node, kinds: &Kinds) -> SupervisorLaunch {
    let children = spec.children.iter().zip(node.children());
    let seats = children.map(|(spec, node)| Seat {
        spec: Arc::clone(spec),
        launch: launch_of(spec, &node, kinds),
        node,
    });
    SupervisorLaunch::new(spec.flags.clone(), seats.collect())
}

/// How whoever belongs into a place of a file is started.
pub(crate) fn launch_of(spec: &ChildSpec, node: &Arc<Node>, kinds: &Kinds) -> Arc<dyn Launch> {
    match &spec.role {
        Role::Supervisor(own) => Arc::new(supervisor(own, node, kinds)),
        Role::Worker(own) => kinds.launch_worker(own),
        Role::Pool(own) => kinds.launch_pool(own, node),
    }
}

/// Which groups each local actor has joined.
pub(crate) fn groups() -> HashMap<ActorId, Vec<String>> {
    let mut groups: HashMap<ActorId, Vec<String>> = HashMap::new();
    for key in ractor::pg::which_scopes_and_groups() {
        let group = key.get_group();
        for cell in ractor::pg::get_scoped_local_members(&key.get_scope(), &group) {
            groups.entry(cell.get_id()).or_default().push(group.clone());
        }
    }
    groups
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Actor, Me, Name, Unheard};

    struct Idle;

    impl Actor for Idle {
        type Msg = Unheard;
        type Args = ();

        async fn init((): (), _: &Me<Unheard>) -> Result<Self, ExitReason> {
            Ok(Self)
        }

        async fn handle(&mut self, msg: Unheard, _: &Me<Unheard>) -> Result<(), ExitReason> {
            match msg {}
        }
    }

    #[tokio::test]
    async fn a_deadline_kills_whom_it_was_set_for_and_never_a_successor() {
        let name = Name::new();
        let child = Child::worker::<Idle>("a", Some(name.clone()), || ());
        let tree = Tree::grow("r", Flags { intensity: 9, ..Flags::default() }, vec![child]).await.unwrap();
        let place = tree.root.find("/r/a").unwrap();
        let before = place.occupant().unwrap();
        assert!(place.kill_all_of(&before));
        await_gone(vec![before.gone.clone()]).await;
        let is_new = |now: &Occupant| now.id != before.id;
        let replaced = async {
            while !place.occupant().is_some_and(|now| is_new(&now)) {
                tokio::task::yield_now().await;
            }
        };
        tokio::time::timeout(Duration::from_secs(10), replaced).await.unwrap();
        assert!(!place.kill_all_of(&before), "it rings too late");
        let successor = place.occupant().unwrap();
        assert!(
            name.whereis().is_some() && successor.cell.get_status() == ractor::ActorStatus::Running,
            "the successor lives"
        );
        assert!(tree.stop(Duration::from_secs(10)).await);
    }
}
