//! The kinds of actors that are compiled in. `supervision.toml` places them; it cannot invent any.

use crate::node::Node;
use crate::plan::{PoolSpec, WorkerSpec};
use crate::pool::PoolLaunch;
use crate::supervise::launch::{Birthing, Cradle, Launch, launch_actor};
use crate::{Actor, ExitReason, Name, Pool};
use futures_util::FutureExt;
use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

type MakeWorker = dyn Fn(&WorkerSpec) -> Arc<dyn Launch> + Send + Sync;
type MakePool = dyn Fn(&PoolSpec, &Arc<Node>) -> Arc<dyn Launch> + Send + Sync;

#[derive(Clone)]
pub(crate) enum Kind {
    Worker(Arc<MakeWorker>),
    Pool(Arc<MakePool>),
}

/// The registry of kinds.
#[derive(Clone, Default)]
pub struct Kinds {
    entries: BTreeMap<String, Kind>,
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
        let args: Arc<dyn Fn() -> A::Args + Send + Sync> = Arc::new(args);
        let make = move |spec: &WorkerSpec| -> Arc<dyn Launch> {
            let (name, args) = (name.clone(), Arc::clone(&args));
            Arc::new(WorkerLaunch::<A> { spec: Arc::new(spec.clone()), name, args })
        };
        self.register(kind.into(), Kind::Worker(Arc::new(make)))
    }

    /// Registers a pool of actors that come and go by `pool`.
    ///
    /// # Panics
    /// When the kind is registered already.
    pub fn pool<A: Actor>(&mut self, kind: impl Into<String>, pool: &Pool<A>) -> &mut Self {
        let pool = pool.clone();
        let make = move |spec: &PoolSpec, node: &Arc<Node>| -> Arc<dyn Launch> {
            Arc::new(PoolLaunch::new(pool.clone(), spec.clone(), node))
        };
        self.register(kind.into(), Kind::Pool(Arc::new(make)))
    }

    fn register(&mut self, kind: String, entry: Kind) -> &mut Self {
        assert!(!self.entries.contains_key(&kind), "the kind {kind} is registered twice");
        self.entries.insert(kind, entry);
        self
    }

    /// The plan was checked against these kinds: what it names is there.
    pub(crate) fn launch_worker(&self, spec: &WorkerSpec) -> Arc<dyn Launch> {
        match self.entries.get(&spec.kind) {
            Some(Kind::Worker(make)) => make(spec),
            _ => panic!("the plan was made for other kinds: no worker {}", spec.kind),
        }
    }

    pub(crate) fn launch_pool(&self, spec: &PoolSpec, node: &Arc<Node>) -> Arc<dyn Launch> {
        match self.entries.get(&spec.child.kind) {
            Some(Kind::Pool(make)) => make(spec, node),
            _ => panic!("the plan was made for other kinds: no pool {}", spec.child.kind),
        }
    }

    pub(crate) fn get(&self, kind: &str) -> Option<&Kind> {
        self.entries.get(kind)
    }

    pub(crate) fn names(&self) -> impl Iterator<Item = &str> {
        self.entries.keys().map(String::as_str)
    }
}

pub(crate) struct WorkerLaunch<A: Actor> {
    pub(crate) spec: Arc<WorkerSpec>,
    pub(crate) name: Option<Name<A::Msg>>,
    pub(crate) args: Arc<dyn Fn() -> A::Args + Send + Sync>,
}

impl<A: Actor> Launch for WorkerLaunch<A> {
    fn launch(&self, cradle: Cradle) -> Birthing {
        let (spec, name, args) = (Arc::clone(&self.spec), self.name.clone(), Arc::clone(&self.args));
        async move {
            let args = catch_unwind(AssertUnwindSafe(|| args())).map_err(ExitReason::from_panic)?;
            launch_actor::<A>(&spec, args, name, cradle).await.map(|(born, _)| born)
        }
        .boxed()
    }
}
