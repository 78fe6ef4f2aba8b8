//! What can be seen of a running tree, and done to it, from outside: the doors of the debug endpoint.
//!
//! Measuring is paid by whoever looks: an actor counts with plain stores and reads the precise clock about
//! once per tick of the coarse one, and what it never needs it never allocates.

mod control;
mod crashes;
mod cycles;
mod detail;
mod doors;
mod events;
mod histogram;
mod history;
mod interventions;
mod journal;
mod kind_meter;
mod meter;
mod pace;
mod quota;
mod refusals;
mod reports;
mod stats;
mod tracer;
mod turns;
mod variants;
mod waiting;

pub use events::{Events, Heard};
pub use refusals::{InterventionError, RewindError, TraceError};
pub use stats::{Histogram, KindStats, Stats, SupervisorStats};
pub use tracer::Trace;
pub use turns::Turns;

pub(crate) use control::TRACES_MAX;
pub(crate) use crashes::{Corpse, Remains};
pub(crate) use events::{EventLog, Happening};
pub(crate) use history::{Place, PlaceStanding};
pub(crate) use kind_meter::KindMeter;
pub(crate) use meter::{ASKED, BESIDE, Meter, Postmark, SUSPENDED, Stopwatch, TRACED};
pub(crate) use reports::Verdict;
pub(crate) use tracer::{Tracer, line_restarted};
pub(crate) use waiting::wait_for;

use crate::trace;
use crashes::Crashes;
use history::History;
use kind_meter::KindMeters;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::sync::watch;

/// The instruments of one tree.
#[derive(Debug)]
pub(crate) struct Instruments {
    pub(crate) kinds: KindMeters,
    pub(crate) events: Arc<EventLog>,
    pub(crate) crashes: Crashes,
    history: Mutex<History>,
    give_ups: AtomicU64,
    /// Told when a supervisor begins to end.
    leaving: watch::Sender<()>,
}

impl Instruments {
    pub(crate) fn new() -> Arc<Self> {
        let first = first_id();
        Arc::new(Self {
            kinds: KindMeters::default(),
            events: EventLog::new(first),
            crashes: Crashes::new(first),
            history: Mutex::default(),
            give_ups: AtomicU64::new(0),
            leaving: watch::Sender::new(()),
        })
    }

    pub(crate) fn history(&self) -> MutexGuard<'_, History> {
        self.history.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn note_leaving(&self) {
        self.leaving.send_replace(());
    }

    /// Changes whenever a supervisor begins to end, whichever it is.
    pub(crate) fn leaving(&self) -> watch::Receiver<()> {
        self.leaving.subscribe()
    }

    pub(crate) fn count_give_up(&self) {
        self.give_ups.fetch_add(1, Relaxed);
    }

    pub(crate) fn give_ups(&self) -> u64 {
        self.give_ups.load(Relaxed)
    }
}

/// Ids go on growing over restarts of the daemon, as long as there is less than one in a microsecond, and
/// fit into what JSON readers take for whole numbers.
fn first_id() -> u64 {
    let second = u64::try_from(jiff::Timestamp::now().as_second()).unwrap_or_default();
    second.max(1) << 20
}

/// Whoever can be woken to see what is asked of it.
pub(crate) trait Wake: Send + Sync {
    fn wake(&self);
}

/// The running actor, if one runs in this task, has sent that.
pub(crate) fn note_sent(variant: &'static str, target: &str) {
    trace::with_meter(|meter, trace| meter.note_sent(variant, target, trace));
}
