//! The doors of the instruments on the tree. Everything but a state is read from shared records: no actor is
//! asked, and none waits.

use super::crashes::ancestors;
use super::kind_meter::Traffic;
use super::tracer::{self, Trace};
use super::{Events, RewindError, Stats, SupervisorStats, TRACES_MAX, TraceError, detail, stats};
use crate::node::{Node, Occupant, Worker};
use crate::{Tree, clock, tree};
use hecate_proto::debug::{
    ActorDetail, ActorState, Ancestor, Crash, Deadlocks, DebugEventKind, Top, TopBy, TraceLimits, Window,
};
use hecate_proto::time::rfc3339;
use hecate_proto::tree::TreeNode;
use jiff::Timestamp;
use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;
use std::time::Duration;

/// How long a look at an actor waits for the state that it may offer.
const STATE_WAIT: Duration = Duration::from_millis(200);
/// The largest state that is shown, bytes of JSON.
const STATE_MAX: usize = 64 * 1024;
/// After so long in its handler an actor is a suspect.
const SUSPECT_AFTER_MS: u64 = 2_000;

impl Tree {
    /// The path of an actor given by its path or its id (`0.17`).
    pub fn resolve(&self, which: &str) -> Option<String> {
        self.place(which).map(|node| node.path.to_string())
    }

    /// One actor by its path or its id. Waits at most 200 ms for the state that the actor may offer.
    pub async fn actor(&self, which: &str) -> Option<ActorDetail> {
        let node = self.place(which)?;
        let occupant = node.occupant();
        let worker = occupant.as_ref().and_then(|occupant| occupant.worker.as_ref());
        let state = match worker {
            Some(worker) => state_of(worker).await,
            None => ActorState::NotOffered,
        };
        let meter = worker.map(|worker| worker.gauge.meter());
        let uptime_ms = occupant.as_ref().map(Occupant::uptime_ms);
        let above = ancestors(&node.path).filter_map(|path| self.root.find(path));
        Some(ActorDetail {
            node: node.portrait(&tree::groups()),
            ancestors: above.map(|node| ancestor(&node)).collect(),
            started_at: occupant.as_ref().map(|occupant| rfc3339(occupant.born.wall_us)),
            uptime_ms,
            work: meter.map(detail::work),
            state,
        })
    }

    /// The actors that lead by one measure, at most `rows_max`.
    pub fn top(&self, by: TopBy, window: Window, rows_max: usize) -> Top {
        detail::top(&self.root, &self.root.instruments().events, by, window, rows_max)
    }

    /// The crash records with a `seq` above `after` that are kept, the oldest first; at most 1,024. All
    /// of them with 0.
    pub fn crashes(&self, after: u64) -> Vec<Crash> {
        self.root.instruments().crashes.since(after)
    }

    /// Who may never answer: cycles of waiting, and handlers at work for at least `older_than`.
    pub fn deadlocks(&self, older_than: Duration) -> Deadlocks {
        detail::deadlocks(&self.root, u64::try_from(older_than.as_millis()).unwrap_or(u64::MAX))
    }

    /// Supervision events from the one after `after` on; with `None` those that are yet to come. Of an
    /// id that this life of the daemon has not given, nothing is known: the reader begins with the oldest
    /// event kept, after a [`super::Heard::Lagged`].
    pub fn events(&self, after: Option<u64>) -> Events {
        Events::new(&self.root.instruments().events, after)
    }

    /// Traces one worker live. It goes on over restarts of the actor.
    ///
    /// # Errors
    /// See [`TraceError`].
    pub fn trace(&self, which: &str, limits: TraceLimits) -> Result<Trace, TraceError> {
        let node = self.place(which).ok_or(TraceError::NotFound)?;
        if node.supervises() {
            return Err(TraceError::NotAWorker(node.path.to_string()));
        }
        let (tracer, trace) = tracer::open(limits)?;
        if !node.add_tracer(&tracer) {
            return Err(TraceError::TooMany { max: TRACES_MAX });
        }
        let (place, tracer) = (Arc::downgrade(&node), Arc::downgrade(&tracer));
        Ok(trace.on_end(move || {
            if let (Some(node), Some(tracer)) = (place.upgrade(), tracer.upgrade()) {
                node.remove_tracer(&tracer);
            }
        }))
    }

    /// The tree as it was, at least over the last ten minutes unless there were too many changes, without
    /// what [`hecate_proto::debug::NOT_KEPT`] names.
    ///
    /// # Errors
    /// `TooOld`, `Future`.
    pub fn at(&self, when: Timestamp) -> Result<TreeNode, RewindError> {
        let when_us = when.as_microsecond();
        if when_us > clock::wall_now_us() {
            return Err(RewindError::Future);
        }
        let history = self.root.instruments().history();
        let known = (when_us >= history.since_us()).then(|| history.at(when_us)).flatten();
        known.ok_or_else(|| RewindError::TooOld { earliest: rfc3339(history.since_us()) })
    }

    /// The figures of `/metrics`.
    pub fn stats(&self) -> Stats {
        let instruments = self.root.instruments();
        // First those that are gone, then those that run: who goes in between is missed, not counted twice.
        let gone: Vec<_> = instruments.kinds.all().into_iter().map(|kind| (kind.retired(), kind)).collect();
        let mut alive: HashMap<*const super::KindMeter, Alive> = HashMap::new();
        let mut supervisors = Vec::new();
        self.root.visit(&mut |node| {
            alive.entry(Arc::as_ptr(node.kind())).or_default().count(node);
            supervisors.extend(node.intensity().map(|intensity| SupervisorStats {
                path: node.path.to_string(),
                restarts_used: intensity.used,
                restarts_max: intensity.max,
            }));
        });
        let kinds = gone.into_iter().map(|(gone, kind)| {
            let alive = alive.remove(&Arc::as_ptr(&kind)).unwrap_or_default();
            let all = kind.show(gone.plus(alive.traffic));
            stats::KindStats {
                kind: kind.name.to_string(),
                alive: alive.count,
                mailbox_depth_max: alive.depth_max,
                messages_in: all.handled,
                messages_out: all.sent,
                dropped: all.dropped,
                handle: kind.handle.cumulative(),
                queue: kind.queue.cumulative(),
                restarts: kind.restarts(),
            }
        });
        let (kinds, give_ups) = (kinds.collect(), instruments.give_ups());
        Stats { kinds, supervisors, give_ups, deadlock_suspects: self.suspects() }
    }

    fn suspects(&self) -> u64 {
        let found = detail::deadlocks(&self.root, SUSPECT_AFTER_MS);
        let waiting = found.cycles.iter().flatten().map(|waiter| waiter.id.as_str());
        let ids: BTreeSet<&str> = waiting.chain(found.stuck.iter().map(|stuck| stuck.id.as_str())).collect();
        ids.len() as u64
    }

    /// Puts an attempt to act on `path` among the events, granted or not; at the root where nobody is there.
    pub fn announce_attempt(&self, path: &str, says: impl Into<String>) {
        let place = self.place(path).unwrap_or_else(|| Arc::clone(&self.root));
        place.tell(DebugEventKind::Attempted, None, Some(says.into()));
    }
}

/// The actors of one kind that run.
#[derive(Default)]
struct Alive {
    count: u64,
    depth_max: u64,
    traffic: Traffic,
}

impl Alive {
    fn count(&mut self, node: &Node) {
        let Some(occupant) = node.occupant() else { return };
        self.count += 1;
        if let Some(gauge) = occupant.gauge() {
            self.depth_max = self.depth_max.max(gauge.depth());
            self.traffic = self.traffic.plus(gauge.meter().traffic());
        }
    }
}

fn ancestor(node: &Node) -> Ancestor {
    let (path, kind) = (node.path.to_string(), node.kind().name.to_string());
    Ancestor { path, kind, status: node.status().as_str().into() }
}

async fn state_of(worker: &Worker) -> ActorState {
    let answer = worker.gauge.meter().ask_state(&*worker.wake);
    match tokio::time::timeout(STATE_WAIT, answer).await {
        Ok(Ok(Some(value))) => {
            let bytes = value.to_string().len();
            if bytes > STATE_MAX {
                ActorState::TooLarge { bytes: bytes as u64 }
            } else {
                ActorState::Offered { value }
            }
        }
        Ok(Ok(None) | Err(_)) => ActorState::NotOffered,
        Err(_) => ActorState::Busy,
    }
}
