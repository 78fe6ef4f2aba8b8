//! A child spec as a value: what a program gives to a supervisor that runs already. The defaults are OTP's.

use super::backoff::Backoff;
use super::chair::Seat;
use super::launch::Launch;
use super::launching::SupervisorLaunch;
use super::rules::{ChildRules, ChildType, InvalidSpec, Rules, check_period};
use crate::instruments::Instruments;
use crate::kinds::WorkerLaunch;
use crate::mailbox::MailboxSpec;
use crate::node::Node;
use crate::plan::{
    AutoShutdown, ChildSpec, PoolSpec, Restart, Role, Shutdown, Strategy, SupervisorSpec, WorkerSpec,
};
use crate::pool::PoolLaunch;
use crate::{Actor, Name, Pool};
use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

const SHUTDOWN: Duration = Duration::from_secs(5);
const START_TIMEOUT: Duration = Duration::from_secs(10);

/// OTP's supervisor flags.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Flags {
    /// Whom a failing child takes along.
    pub strategy: Strategy,
    /// Restarts that are forgiven inside `period`; one more, and the supervisor gives up.
    pub intensity: u32,
    /// The window in which restarts are counted.
    pub period: Duration,
    /// When it ends because its significant children are done.
    pub auto_shutdown: AutoShutdown,
}

impl Default for Flags {
    fn default() -> Self {
        Self {
            strategy: Strategy::OneForOne,
            intensity: 1,
            period: Duration::from_secs(5),
            auto_shutdown: AutoShutdown::Never,
        }
    }
}

/// A child spec.
pub struct Child {
    id: String,
    restart: Restart,
    significant: bool,
    shutdown: Shutdown,
    backoff: Option<Backoff>,
    form: Form,
}

enum Form {
    Worker(Arc<WorkerSpec>, Box<MakeWorker>),
    Supervisor(Flags, Vec<Child>),
    Pool(PoolSpec, Box<MakePool>),
}

type MakeWorker = dyn FnOnce(Arc<WorkerSpec>) -> Arc<dyn Launch> + Send;
type MakePool = dyn FnOnce(PoolSpec, &Arc<Node>) -> Arc<dyn Launch> + Send;

/// OTP's flags of a simple_one_for_one supervisor, and the one child spec of all its children.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PoolFlags {
    /// Restarts that are forgiven inside `period`.
    pub intensity: u32,
    /// The window in which restarts are counted.
    pub period: Duration,
    /// When a child is started again; other than `Temporary` only for [`Pool::restarting`].
    pub restart: Restart,
    /// How a child is ended; all of them at once when the pool ends, with one limit for the whole set.
    pub shutdown: Shutdown,
    /// How many children there may be.
    pub children_max: usize,
    /// How long to wait between restarts of one child that fail.
    pub backoff: Option<Backoff>,
}

impl Default for PoolFlags {
    fn default() -> Self {
        Self {
            intensity: 1,
            period: Duration::from_secs(5),
            restart: Restart::Temporary,
            shutdown: Shutdown::Within(SHUTDOWN),
            children_max: 10_000,
            backoff: None,
        }
    }
}

impl std::fmt::Debug for Child {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Child({}, {})", self.id, self.restart.as_str())
    }
}

impl Child {
    /// A permanent actor that is given five seconds to end. `args` are made anew for every start; `name`
    /// finds the actor of the moment.
    pub fn worker<A: Actor>(
        id: impl Into<String>,
        name: Option<Name<A::Msg>>,
        args: impl Fn() -> A::Args + Send + Sync + 'static,
    ) -> Self {
        let id = id.into();
        let spec = worker_spec(&id);
        let launch = move |spec: Arc<WorkerSpec>| -> Arc<dyn Launch> {
            Arc::new(WorkerLaunch::<A> { spec, name, args: Arc::new(args), join: None })
        };
        Self::new(id, Shutdown::Within(SHUTDOWN), Form::Worker(spec, Box::new(launch)))
    }

    /// A permanent supervisor of these children that is given all the time it needs to end.
    pub fn supervisor(id: impl Into<String>, flags: Flags, children: Vec<Child>) -> Self {
        Self::new(id.into(), Shutdown::Infinity, Form::Supervisor(flags, children))
    }

    /// A permanent pool.
    ///
    /// # Panics
    /// When the pool is to restart its children and keeps nothing of what they are made from.
    pub fn pool<A: Actor>(id: impl Into<String>, pool: &Pool<A>, flags: PoolFlags) -> Self {
        let keeps = pool.can_restart() || flags.restart == Restart::Temporary;
        assert!(keeps, "a pool that restarts its children is made by Pool::restarting");
        let (id, pool) = (id.into(), pool.clone());
        let spec = PoolSpec { flags, child: worker_spec(&id) };
        let launch = move |spec: PoolSpec, node: &Arc<Node>| -> Arc<dyn Launch> {
            Arc::new(PoolLaunch::new(pool, spec, node))
        };
        Self::new(id, Shutdown::Infinity, Form::Pool(spec, Box::new(launch)))
    }

    fn new(id: String, shutdown: Shutdown, form: Form) -> Self {
        Self { id, restart: Restart::Permanent, significant: false, shutdown, backoff: None, form }
    }

    /// When it is started again.
    #[must_use]
    pub fn restart(self, restart: Restart) -> Self {
        Self { restart, ..self }
    }

    /// How it is ended.
    #[must_use]
    pub fn shutdown(self, shutdown: Shutdown) -> Self {
        Self { shutdown, ..self }
    }

    /// Its end may end its supervisor.
    #[must_use]
    pub fn significant(self) -> Self {
        Self { significant: true, ..self }
    }

    /// How long to wait between restarts that fail; OTP does not wait.
    #[must_use]
    pub fn backoff(self, backoff: Backoff) -> Self {
        Self { backoff: Some(backoff), ..self }
    }

    /// Gives it a place that does not run yet. What is below it is checked; the child itself is checked
    /// by its supervisor.
    pub(crate) fn seat(self, parent: &Node) -> Result<Seat, InvalidSpec> {
        self.check_ids()?;
        let spec = self.spec(&parent.path);
        spec.check_below()?;
        let node = Node::plant(&spec, parent.instruments());
        let launch = self.launch(&spec, &node);
        Ok(Seat { spec, node, launch })
    }

    /// An id becomes a part of a path, so it is checked before there is one.
    fn check_ids(&self) -> Result<(), InvalidSpec> {
        let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"_-".contains(&byte);
        if self.id.is_empty() || !self.id.bytes().all(plain) {
            return Err(InvalidSpec::Id(self.id.clone()));
        }
        match &self.form {
            Form::Supervisor(_, children) => children.iter().try_for_each(Self::check_ids),
            Form::Worker(..) | Form::Pool(..) => Ok(()),
        }
    }

    /// Makes a supervisor the root of a tree, once all below it is checked.
    pub(crate) fn root(self) -> Result<(Arc<Node>, SupervisorLaunch), InvalidSpec> {
        self.check_ids()?;
        let spec = self.spec("");
        spec.check_below()?;
        let node = Node::plant(&spec, &Instruments::new());
        match (self.form, &spec.role) {
            (Form::Supervisor(_, children), Role::Supervisor(own)) => {
                let launch = SupervisorLaunch::new(own.flags.clone(), seats(children, own, &node));
                Ok((node, launch))
            }
            _ => unreachable!("a root is made of a supervisor"),
        }
    }

    fn spec(&self, parent: &str) -> Arc<ChildSpec> {
        let path: Arc<str> = format!("{parent}/{}", self.id).into();
        let role = match &self.form {
            Form::Worker(spec, _) => Role::Worker(spec.clone()),
            Form::Pool(spec, _) => Role::Pool(spec.clone()),
            Form::Supervisor(flags, children) => {
                let children = children.iter().map(|child| child.spec(&path)).collect();
                Role::Supervisor(SupervisorSpec { flags: flags.clone(), children })
            }
        };
        let (restart, shutdown, significant) = (self.restart, self.shutdown, self.significant);
        Arc::new(ChildSpec { path, restart, shutdown, significant, backoff: self.backoff, role })
    }

    fn launch(self, spec: &ChildSpec, node: &Arc<Node>) -> Arc<dyn Launch> {
        match (self.form, &spec.role) {
            (Form::Worker(own, launch), _) => launch(own),
            (Form::Pool(own, launch), _) => launch(own, node),
            (Form::Supervisor(_, children), Role::Supervisor(own)) => {
                Arc::new(SupervisorLaunch::new(own.flags.clone(), seats(children, own, node)))
            }
            (Form::Supervisor(..), _) => unreachable!("a supervisor's spec is a supervisor's"),
        }
    }
}

/// The places of children whose specs and nodes are there already, in the same order.
fn seats(children: Vec<Child>, spec: &SupervisorSpec, node: &Node) -> Vec<Seat> {
    let places = spec.children.iter().zip(node.children());
    let seat = |(child, (spec, node)): (Child, (&Arc<ChildSpec>, Arc<Node>))| Seat {
        launch: child.launch(spec, &node),
        spec: Arc::clone(spec),
        node,
    };
    children.into_iter().zip(places).map(seat).collect()
}

/// What an actor is that a program names by its id.
fn worker_spec(id: &str) -> Arc<WorkerSpec> {
    Arc::new(WorkerSpec {
        kind: id.into(),
        mailbox: MailboxSpec::default(),
        start_timeout: START_TIMEOUT,
        groups: Vec::new(),
    })
}

/// Whole milliseconds, in which windows are kept.
pub(crate) fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

impl Flags {
    /// As the core knows them.
    pub(crate) fn rules(&self) -> Rules {
        Rules {
            strategy: self.strategy,
            restarts_max: self.intensity,
            period_ms: millis(self.period),
            auto_shutdown: self.auto_shutdown,
        }
    }
}

impl ChildSpec {
    /// The last segment of its path.
    pub(crate) fn id(&self) -> &str {
        self.path.rsplit('/').next().unwrap_or_default()
    }

    pub(crate) fn rules(&self) -> ChildRules {
        let child_type = match self.role {
            Role::Worker(_) => ChildType::Worker,
            Role::Supervisor(_) | Role::Pool(_) => ChildType::Supervisor,
        };
        ChildRules {
            id: self.id().into(),
            child_type,
            restart: self.restart,
            significant: self.significant,
            backoff: self.backoff,
        }
    }

    /// Checks a supervisor's flags and everything below it as OTP does before it starts the first child.
    fn check_below(&self) -> Result<(), InvalidSpec> {
        let own = match &self.role {
            Role::Supervisor(own) => own,
            Role::Pool(own) => return check_period(own.flags.period),
            Role::Worker(_) => return Ok(()),
        };
        check_period(own.flags.period)?;
        let mut ids = HashSet::new();
        for child in &own.children {
            child.rules().check(own.flags.auto_shutdown)?;
            if !ids.insert(child.id()) {
                return Err(InvalidSpec::DuplicateId(child.id().into()));
            }
            child.check_below()?;
        }
        Ok(())
    }
}
