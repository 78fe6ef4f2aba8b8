//! The kinds of actors that are compiled in. `supervision.toml` places them; it cannot invent any.

use crate::node::Node;
use crate::plan::{PoolSpec, WorkerSpec};
use crate::pool::PoolLaunch;
use crate::supervise::launch::{Birthing, Cradle, Launch, launch_actor};
use crate::{Actor, Addr, ExitReason, Name, Pool};
use futures_util::FutureExt;
use std::collections::{BTreeMap, BTreeSet};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

type MakeWorker = dyn Fn(&Arc<WorkerSpec>) -> Arc<dyn Launch> + Send + Sync;
type MakePool = dyn Fn(&PoolSpec, &Arc<Node>) -> Arc<dyn Launch> + Send + Sync;
/// Joins an actor that has just started to a process group.
pub(crate) type Join<M> = Arc<dyn Fn(&Addr<M>, &str) + Send + Sync>;

#[derive(Clone)]
pub(crate) enum Kind {
    Worker(WorkerKind),
    Pool(PoolKind),
}

#[derive(Clone)]
pub(crate) struct WorkerKind {
    make: Arc<MakeWorker>,
    joins: bool,
}

impl WorkerKind {
    /// Whether the file may name groups for it.
    pub(crate) fn joins(&self) -> bool {
        self.joins
    }
}

#[derive(Clone)]
pub(crate) struct PoolKind {
    make: Arc<MakePool>,
    restarts: bool,
}

impl PoolKind {
    /// Whether its children may be other than temporary.
    pub(crate) fn restarts(&self) -> bool {
        self.restarts
    }
}

/// The registry of kinds.
#[derive(Clone, Default)]
pub struct Kinds {
    entries: BTreeMap<String, Kind>,
    optional: BTreeSet<String>,
    published: BTreeSet<String>,
    permanent: bool,
}

impl std::fmt::Debug for Kinds {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_set().entries(self.entries.keys()).finish()
    }
}

impl Kinds {
    /// No kinds yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Registers a single actor. `args` are made anew for every start; `name` finds the actor of the
    /// moment.
    ///
    /// # Panics
    /// When the kind is registered already: a fault of the program, not of its configuration.
    pub fn worker<A: Actor>(
        &mut self,
        kind: impl Into<String>,
        name: Option<Name<A::Msg>>,
        args: impl Fn() -> A::Args + Send + Sync + 'static,
    ) -> &mut Self {
        self.register_worker::<A>(kind.into(), name, Arc::new(args), None)
    }

    /// As [`Kinds::worker`], for an actor that understands what is told to process groups: `join` takes it
    /// into each of the groups that the file names for it, once it has started. ractor takes it out again
    /// when it ends.
    ///
    /// # Panics
    /// When the kind is registered already.
    pub fn worker_in_groups<A: Actor>(
        &mut self,
        kind: impl Into<String>,
        name: Option<Name<A::Msg>>,
        args: impl Fn() -> A::Args + Send + Sync + 'static,
        join: impl Fn(&Addr<A::Msg>, &str) + Send + Sync + 'static,
    ) -> &mut Self {
        self.register_worker::<A>(kind.into(), name, Arc::new(args), Some(Arc::new(join)))
    }

    fn register_worker<A: Actor>(
        &mut self,
        kind: String,
        name: Option<Name<A::Msg>>,
        args: Arc<dyn Fn() -> A::Args + Send + Sync>,
        join: Option<Join<A::Msg>>,
    ) -> &mut Self {
        let joins = join.is_some();
        let make = move |spec: &Arc<WorkerSpec>| -> Arc<dyn Launch> {
            let (name, args, join) = (name.clone(), Arc::clone(&args), join.clone());
            Arc::new(WorkerLaunch::<A> { spec: Arc::clone(spec), name, args, join })
        };
        self.register(kind, Kind::Worker(WorkerKind { make: Arc::new(make), joins }))
    }

    /// Registers a pool of actors that come and go by `pool`.
    ///
    /// # Panics
    /// When the kind is registered already.
    pub fn pool<A: Actor>(&mut self, kind: impl Into<String>, pool: &Pool<A>) -> &mut Self {
        let (pool, restarts) = (pool.clone(), pool.can_restart());
        let make = move |spec: &PoolSpec, node: &Arc<Node>| -> Arc<dyn Launch> {
            Arc::new(PoolLaunch::new(pool.clone(), spec.clone(), node))
        };
        self.register(kind.into(), Kind::Pool(PoolKind { make: Arc::new(make), restarts }))
    }

    /// A kind that the file may leave out.
    ///
    /// # Panics
    /// When there is no such kind.
    pub fn optional(&mut self, kind: &str) -> &mut Self {
        assert!(self.entries.contains_key(kind), "there is no kind {kind} that could be optional");
        self.optional.insert(kind.to_owned());
        self
    }

    /// Nobody here ends for good: the file may make no single actor and no supervisor transient or temporary, so
    /// that none of them can be gone unnoticed. The children of pools come and go as before.
    pub fn all_permanent(&mut self) -> &mut Self {
        self.permanent = true;
        self
    }

    /// Declares groups that something is told to. The file can name no others.
    pub fn publishes<G: Into<String>>(&mut self, groups: impl IntoIterator<Item = G>) -> &mut Self {
        self.published.extend(groups.into_iter().map(Into::into));
        self
    }

    fn register(&mut self, kind: String, entry: Kind) -> &mut Self {
        assert!(!self.entries.contains_key(&kind), "the kind {kind} is registered twice");
        self.entries.insert(kind, entry);
        self
    }

    /// The plan was checked against these kinds: what it names is there.
    pub(crate) fn launch_worker(&self, spec: &Arc<WorkerSpec>) -> Arc<dyn Launch> {
        match self.entries.get(&spec.kind) {
            Some(Kind::Worker(kind)) => (kind.make)(spec),
            _ => panic!("the plan was made for other kinds: no worker {}", spec.kind),
        }
    }

    pub(crate) fn launch_pool(&self, spec: &PoolSpec, node: &Arc<Node>) -> Arc<dyn Launch> {
        match self.entries.get(&spec.child.kind) {
            Some(Kind::Pool(kind)) => (kind.make)(spec, node),
            _ => panic!("the plan was made for other kinds: no pool {}", spec.child.kind),
        }
    }

    pub(crate) fn get(&self, kind: &str) -> Option<&Kind> {
        self.entries.get(kind)
    }

    pub(crate) fn names(&self) -> impl Iterator<Item = &str> {
        self.entries.keys().map(String::as_str)
    }

    /// Those that must have a place.
    pub(crate) fn required(&self) -> impl Iterator<Item = &str> {
        self.names().filter(|kind| !self.optional.contains(*kind))
    }

    pub(crate) fn are_permanent(&self) -> bool {
        self.permanent
    }

    /// The groups that something is told to.
    pub(crate) fn published(&self) -> impl Iterator<Item = &str> {
        self.published.iter().map(String::as_str)
    }
}

pub(crate) struct WorkerLaunch<A: Actor> {
    pub(crate) spec: Arc<WorkerSpec>,
    pub(crate) name: Option<Name<A::Msg>>,
    pub(crate) args: Arc<dyn Fn() -> A::Args + Send + Sync>,
    pub(crate) join: Option<Join<A::Msg>>,
}

impl<A: Actor> Launch for WorkerLaunch<A> {
    fn launch(&self, cradle: Cradle) -> Birthing {
        let (spec, name, args) = (Arc::clone(&self.spec), self.name.clone(), Arc::clone(&self.args));
        let join = self.join.clone();
        async move {
            let args = catch_unwind(AssertUnwindSafe(|| args())).map_err(ExitReason::from_panic)?;
            let (born, addr) = launch_actor::<A>(&spec, args, name, cradle).await?;
            for (join, group) in
                join.iter().flat_map(|join| spec.groups.iter().map(move |group| (join, group)))
            {
                join(&addr, group);
            }
            Ok(born)
        }
        .boxed()
    }
}
