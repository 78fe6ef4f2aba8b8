//! What the edge leans on, shared by its actors and by every request.

use super::{
    claim::{ClaimError, SocketClaim},
    limits::Limits,
    pace::Pace,
    peer::Operators,
    places::{NoPlace, Place, Places},
    routes::Routes,
    tally::Tally,
};
use arc_swap::ArcSwapOption;
use axum::Router;
use bytes::Bytes;
use hecate_cluster::Cluster;
use hecate_desk::{Node, Process, Refusal, Refused};
use hecate_event_store::{CurrentStore, EventStore, Progress};
use hecate_facts::{Groups, Hearing};
use hecate_read_model::ReadSide;
use hecate_supervision::Tree;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::Instant;

/// Of those who may not act, all together.
const VAIN_ATTEMPTS_PER_SECOND_MAX: u32 = 10;

/// The running tree; none while it boots, because it is made after the kinds that it places.
pub(crate) type LiveTree = Arc<OnceLock<Tree>>;

/// Where the tree is written down.
#[derive(Clone, Debug)]
pub(crate) enum Supervision {
    /// In a file, which may say something else by now.
    File(PathBuf),
    /// In the program itself.
    Embedded(&'static str),
}

/// What the composition root hands over.
pub(crate) struct EdgeParts {
    /// Every process; their public desks become routes.
    pub(crate) processes: Vec<Arc<dyn Process>>,
    /// Every read model; their queries become routes.
    pub(crate) models: Vec<Arc<ReadSide>>,
    /// What other parts of the house serve.
    pub(crate) routes: Vec<Routes>,
    /// The event store of the moment.
    pub(crate) store: CurrentStore,
    /// How far each process's facts have been told.
    pub(crate) told: Vec<(&'static str, Progress)>,
    /// The listeners of the processes that hear something.
    pub(crate) hearings: Vec<Hearing>,
    /// Who hears which facts.
    pub(crate) groups: Groups,
    /// The other nodes, where a view of them is configured.
    pub(crate) cluster: Option<Cluster>,
    /// This node.
    pub(crate) node: Node,
    /// The live supervision tree.
    pub(crate) tree: LiveTree,
    /// Where the tree is written down.
    pub(crate) supervision: Supervision,
    /// Where the socket is.
    pub(crate) socket_path: PathBuf,
    /// Who may look into the daemon.
    pub(crate) operators: Operators,
    /// Whether what takes the event store along may be done to the tree.
    pub(crate) unsafe_debug: bool,
    /// Every bound.
    pub(crate) limits: Limits,
    /// The daemon's version.
    pub(crate) version: &'static str,
    /// When the process began.
    pub(crate) started: Instant,
}

/// The edge. It holds the claim on the socket, so that a restart of the socket's actor loses no client.
pub(crate) struct Edge {
    pub(super) parts: EdgeParts,
    pub(super) own_uid: u32,
    claim: Mutex<Option<SocketClaim>>,
    served: ArcSwapOption<Served>,
    streams: Arc<Places>,
    /// Attempts to act on the running daemon.
    pub(super) attempts: Pace,
    /// The same of those who may not.
    pub(super) vain_attempts: Pace,
    /// Lines in the audit about operators who looked in vain.
    pub(super) refused_looks: Pace,
    /// Attempts and refused looks that came faster than they have lines.
    pub(super) refused_too_fast: Tally,
    /// Clients that took nothing for too long.
    pub(super) cut_off: Tally,
    /// Clients that sent what is no request, or one with too long a head.
    pub(super) no_requests: Tally,
    stopping: AtomicBool,
    /// The catalogue and the OpenAPI document, once somebody has asked for them.
    pub(super) desks: OnceLock<Bytes>,
    pub(super) openapi: OnceLock<Bytes>,
}

/// What is answered while the `api` actor runs.
pub(super) struct Served {
    pub(super) router: Router,
    /// Head of the log when the actor started: ready once every read model is drawn up to here.
    ready_from: u64,
    ready: AtomicBool,
}

impl Served {
    pub(super) fn new(router: Router, ready_from: u64) -> Served {
        Served { router, ready_from, ready: AtomicBool::new(false) }
    }
}

/// Where the daemon is on its way, as health shows it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Phase {
    Starting,
    Ready,
    Stopping,
}

impl Edge {
    /// An edge that serves nothing yet.
    pub(crate) fn new(parts: EdgeParts) -> Arc<Edge> {
        let limits = parts.limits.within_open_files(open_files_max());
        Arc::new(Edge {
            own_uid: rustix::process::geteuid().as_raw(),
            claim: Mutex::new(None),
            served: ArcSwapOption::empty(),
            streams: Places::new(limits.streams_max, limits.streams_per_uid_max),
            attempts: Pace::new(limits.attempts_per_second_max),
            vain_attempts: Pace::new(VAIN_ATTEMPTS_PER_SECOND_MAX),
            refused_looks: Pace::new(limits.attempts_per_second_max),
            refused_too_fast: Tally::default(),
            cut_off: Tally::default(),
            no_requests: Tally::default(),
            stopping: AtomicBool::new(false),
            desks: OnceLock::new(),
            openapi: OnceLock::new(),
            parts: EdgeParts { limits, ..parts },
        })
    }

    /// Binds the socket, or says why not. From here on clients wait in its queue instead of failing.
    ///
    /// # Errors
    /// Another daemon answers there, or the file system says no.
    pub(crate) fn claim_socket(&self) -> Result<(), ClaimError> {
        let Limits { connections_max, connections_per_uid_max, .. } = self.parts.limits;
        let claim = SocketClaim::take(&self.parts.socket_path)?;
        let open_files_max = open_files_max();
        tracing::info!(?open_files_max, connections_max, connections_per_uid_max, "the socket is ours");
        *self.claim() = Some(claim);
        Ok(())
    }

    /// Gives the socket up and removes its file, unless somebody else has put one there. Harmless twice.
    pub(crate) fn release_socket(&self) {
        drop(self.claim().take());
    }

    /// Says that the tree is about to stop: health shows it, and the socket goes with its actor.
    pub(crate) fn begin_stop(&self) {
        self.stopping.store(true, Ordering::Release);
    }

    pub(super) fn is_stopping(&self) -> bool {
        self.stopping.load(Ordering::Acquire)
    }

    /// The claimed socket's listener, once more.
    pub(super) fn listener(&self) -> std::io::Result<std::os::unix::net::UnixListener> {
        let unclaimed = || std::io::Error::new(std::io::ErrorKind::NotConnected, "the socket is not claimed");
        self.claim().as_ref().ok_or_else(unclaimed)?.listener()
    }

    pub(super) fn publish(&self, served: Served) {
        self.served.store(Some(Arc::new(served)));
    }

    pub(super) fn unpublish(&self) {
        self.served.store(None);
    }

    /// The routes; none while the `api` actor is down.
    pub(super) fn router(&self) -> Option<Router> {
        self.served.load().as_ref().map(|served| served.router.clone())
    }

    pub(super) fn phase(&self) -> Phase {
        match (self.is_stopping(), self.is_ready()) {
            (true, _) => Phase::Stopping,
            (false, true) => Phase::Ready,
            (false, false) => Phase::Starting,
        }
    }

    /// Refuses while read models still draw what was recorded before this start.
    pub(super) fn demand_ready(&self) -> Result<(), Refused> {
        if self.is_ready() { Ok(()) } else { Err(Refusal::STARTING.into()) }
    }

    fn is_ready(&self) -> bool {
        let served = self.served.load();
        let Some(served) = served.as_ref() else { return false };
        if served.ready.load(Ordering::Relaxed) {
            return true;
        }
        let drawn = |model: &Arc<ReadSide>| model.position().is_some_and(|drawn| drawn >= served.ready_from);
        let ready = self.parts.models.iter().all(drawn);
        served.ready.store(ready, Ordering::Relaxed);
        ready
    }

    pub(super) fn store(&self) -> Result<Arc<dyn EventStore>, Refused> {
        self.parts.store.get().ok_or_else(|| Refusal::STARTING.into())
    }

    /// The running tree.
    pub(super) fn tree(&self) -> Result<&Tree, Refused> {
        self.parts.tree.get().ok_or_else(|| Refusal::STARTING.into())
    }

    /// Head of the log when the routes were published; none while there are none.
    pub(super) fn ready_from(&self) -> Option<u64> {
        self.served.load().as_ref().map(|served| served.ready_from)
    }

    /// A place for one stream of this user.
    pub(super) fn stream_place(&self, uid: u32) -> Result<Place, NoPlace> {
        self.streams.take(uid)
    }

    fn claim(&self) -> MutexGuard<'_, Option<SocketClaim>> {
        self.claim.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// How many files this process may open; none when there is no limit.
fn open_files_max() -> Option<u64> {
    rustix::process::getrlimit(rustix::process::Resource::Nofile).current
}
