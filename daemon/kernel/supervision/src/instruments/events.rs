//! What happens in the tree, for whoever listens. Whoever speaks never waits: a listener has a place in the
//! record, not a queue of its own.

use super::journal::{Found, Journal};
use crate::clock;
use hecate_proto::debug::{DebugEvent, DebugEventKind};
use hecate_proto::time::rfc3339;
use ractor::ActorId;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::sync::Notify;

/// Events that are kept.
const KEPT: usize = 65_536;

/// One event as it is kept.
#[derive(Debug)]
pub(crate) struct Happening {
    pub(crate) at_us: i64,
    pub(crate) kind: DebugEventKind,
    pub(crate) path: Arc<str>,
    pub(crate) actor: Option<ActorId>,
    pub(crate) generation: Option<u64>,
    pub(crate) detail: Option<Box<str>>,
}

impl Happening {
    fn show(&self, id: u64) -> DebugEvent {
        DebugEvent {
            id,
            at: rfc3339(self.at_us),
            kind: self.kind,
            path: self.path.to_string(),
            actor: self.actor.map(|actor| actor.to_string()),
            generation: self.generation,
            detail: self.detail.as_deref().map(str::to_owned),
        }
    }
}

/// The record of one tree.
#[derive(Debug)]
pub(crate) struct EventLog {
    kept: Mutex<Journal<Arc<Happening>>>,
    news: Notify,
}

impl EventLog {
    pub(crate) fn new(first: u64) -> Arc<Self> {
        Arc::new(Self { kept: Mutex::new(Journal::new(first, KEPT)), news: Notify::new() })
    }

    fn kept(&self) -> MutexGuard<'_, Journal<Arc<Happening>>> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn tell(&self, happening: Happening) {
        self.kept().push(Arc::new(happening));
        self.news.notify_waiters();
    }

    /// Restarts by path within a window that ends now.
    pub(crate) fn restarts_within(&self, window_ms: u64) -> Vec<Arc<str>> {
        let horizon_us = clock::wall_now_us().saturating_sub_unsigned(window_ms.saturating_mul(1_000));
        let kept = self.kept();
        let recent = kept.backwards().take_while(|happening| happening.at_us >= horizon_us);
        let restarts = recent.filter(|happening| happening.kind == DebugEventKind::Restarting);
        restarts.map(|happening| Arc::clone(&happening.path)).collect()
    }
}

/// A reader of supervision events. It keeps a place, not a queue: nobody ever waits for it.
#[derive(Debug)]
pub struct Events {
    log: Arc<EventLog>,
    after: u64,
}

/// What a reader of events hears next.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Heard {
    /// The next event.
    Event(DebugEvent),
    /// The reader was too slow: so many events are lost to it. The next one follows.
    Lagged {
        /// How many. When the reader came with an id of another life of the daemon: how many of this life,
        /// and what it missed of the other is not known.
        count: u64,
    },
}

impl Events {
    pub(crate) fn new(log: &Arc<EventLog>, after: Option<u64>) -> Self {
        let after = after.unwrap_or_else(|| log.kept().newest());
        Self { log: Arc::clone(log), after }
    }

    /// The next event or gap; waits for it. Dropping the future loses nothing.
    pub async fn next(&mut self) -> Heard {
        loop {
            let mut news = std::pin::pin!(self.log.news.notified());
            // Listen first, then look: what is told in between is not missed.
            news.as_mut().enable();
            let found = self.log.kept().after(self.after);
            match found {
                Found::Entry(id, happening) => {
                    self.after = id;
                    return Heard::Event(happening.show(id));
                }
                Found::Missed { count, after } => {
                    self.after = after;
                    return Heard::Lagged { count };
                }
                Found::Nothing => news.await,
            }
        }
    }
}
