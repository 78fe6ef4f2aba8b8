//! What an actor does beside its messages, counted in turns: a record of its own, so that the loop and the
//! handler never write the same figures.

use super::meter::{BESIDE, Meter, Postmark, Stopwatch};
use crate::mailbox::Gauge;
use std::future::Future;
use std::sync::{Arc, Mutex, PoisonError};
use uuid::Uuid;

/// Of a turn, which is always timed precisely and never waited anywhere.
const UNSENT: Postmark = Postmark { sent_ns: u64::MAX, is_precise: true };

/// The figures of the loop.
#[derive(Debug)]
pub(crate) struct Beside {
    pub(crate) meter: Meter,
    /// Held by whoever writes.
    watch: Mutex<Stopwatch>,
}

impl Beside {
    pub(crate) fn of(whole: &Meter) -> Box<Self> {
        let (meter, watch) = (Meter::new(Arc::clone(&whole.kind)), Mutex::new(Stopwatch::of_turns()));
        Box::new(Self { meter, watch })
    }
}

/// With this an actor's own loop counts its turns; see [`crate::Me::counts_turns`].
#[derive(Clone, Debug)]
pub struct Turns(Arc<Gauge>);

impl Turns {
    pub(crate) fn of(gauge: &Arc<Gauge>) -> Self {
        gauge.meter().raise(BESIDE);
        gauge.meter().begin_beside();
        Self(Arc::clone(gauge))
    }

    /// Does one piece of the loop's work and counts it under a name, as a message is counted under its
    /// variant. One turn at a time, and no waiting for work in it: that would pass for being busy.
    pub async fn take<T>(&self, name: &'static str, work: impl Future<Output = T>) -> T {
        let whole = self.0.meter();
        let beside = whole.begin_beside();
        let watch = || beside.watch.lock().unwrap_or_else(PoisonError::into_inner);
        let lap = beside.meter.begin(&mut watch(), name, Uuid::nil(), UNSENT);
        let done = work.await;
        let handled = beside.meter.finish(&mut watch(), &lap);
        whole.note_handled(&lap, handled, None, None);
        done
    }
}
