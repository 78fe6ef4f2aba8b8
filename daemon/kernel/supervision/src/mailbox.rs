//! The bounded gauge of one mailbox. ractor's own queue has no bound and no depth, so every message
//! carries a ticket: one place of the gauge, given back when the message is handled or dropped.

use crate::instruments::Meter;
use hecate_proto::tree as proto;
use std::sync::Arc;
use std::sync::atomic::Ordering::{Relaxed, SeqCst};
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize};
use tokio::sync::Notify;

/// What a full mailbox does.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum OnFull {
    /// `cast_wait` and `call` wait for a place within their time limit; `cast` is refused.
    #[default]
    Wait,
    /// Everybody is refused at once.
    Refuse,
    /// The oldest waiting message makes room for the new one.
    ShedOldest,
}

impl OnFull {
    /// As written in `supervision.toml`.
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Wait => "wait",
            Self::Refuse => "refuse",
            Self::ShedOldest => "shed_oldest",
        }
    }
}

/// Bound of a mailbox and what happens at the bound.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct MailboxSpec {
    /// Messages that may wait, the one being handled included; at least 1.
    pub(crate) capacity: usize,
    /// What a full mailbox does.
    pub(crate) on_full: OnFull,
}

impl Default for MailboxSpec {
    fn default() -> Self {
        Self { capacity: 1024, on_full: OnFull::Wait }
    }
}

/// The places of one mailbox, and what is measured of its actor in one generation.
#[derive(Debug)]
pub(crate) struct Gauge {
    /// Path of the actor in the tree.
    pub(crate) path: Arc<str>,
    spec: MailboxSpec,
    taken: AtomicUsize,
    waiters: AtomicUsize,
    freed: Notify,
    closed: AtomicBool,
    high_water: AtomicU64,
    meter: Meter,
}

/// Why no place was given.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum NoPlace {
    Full,
    Gone,
}

impl Gauge {
    pub(crate) fn new(path: Arc<str>, spec: MailboxSpec, meter: Meter) -> Arc<Self> {
        Arc::new(Self {
            path,
            spec: MailboxSpec { capacity: spec.capacity.max(1), ..spec },
            taken: AtomicUsize::new(0),
            waiters: AtomicUsize::new(0),
            freed: Notify::new(),
            closed: AtomicBool::new(false),
            high_water: AtomicU64::new(0),
            meter,
        })
    }

    pub(crate) fn meter(&self) -> &Meter {
        &self.meter
    }

    pub(crate) fn on_full(&self) -> OnFull {
        self.spec.on_full
    }

    /// A place at once, or none. A refusal is not counted here: the caller may yet wait.
    pub(crate) fn try_enter(self: &Arc<Self>) -> Result<Ticket, NoPlace> {
        if self.closed.load(SeqCst) {
            return Err(NoPlace::Gone);
        }
        let one_more = |taken| (taken < self.spec.capacity).then_some(taken + 1);
        let before = self.taken.fetch_update(SeqCst, Relaxed, one_more).map_err(|_| NoPlace::Full)?;
        self.note_depth(before as u64 + 1);
        Ok(Ticket { gauge: Arc::clone(self), settled: false })
    }

    fn note_depth(&self, depth: u64) {
        if depth > self.high_water.load(Relaxed) {
            self.high_water.fetch_max(depth, Relaxed);
        }
    }

    /// Waits for a place.
    pub(crate) async fn enter(self: &Arc<Self>) -> Result<Ticket, NoPlace> {
        let _waiting = Waiting::among(&self.waiters);
        loop {
            let mut freed = std::pin::pin!(self.freed.notified());
            // Listen first, then look: a place that is freed in between is not missed.
            freed.as_mut().enable();
            match self.try_enter() {
                Err(NoPlace::Full) => freed.await,
                done => return done,
            }
        }
    }

    /// The counterpart of `enter`: sequentially consistent on both sides, so that either this sees the
    /// waiter or the waiter sees the place.
    fn leave(&self) {
        self.taken.fetch_sub(1, SeqCst);
        if self.waiters.load(SeqCst) > 0 {
            self.freed.notify_one();
        }
    }

    /// Places taken now.
    pub(crate) fn depth(&self) -> u64 {
        self.taken.load(Relaxed) as u64
    }

    /// It ended while it handled a message.
    pub(crate) fn note_end_at_work(&self) {
        self.meter.note_end_at_work(self.depth());
    }

    /// No further places: whoever waits for one learns that the actor is gone.
    pub(crate) fn close(&self) {
        self.closed.store(true, SeqCst);
        self.freed.notify_waiters();
    }

    /// Since when nobody has asked the actor anything; `None` while a message waits or is handled.
    pub(crate) fn idle_since_ms(&self) -> Option<u64> {
        (self.depth() == 0).then(|| self.meter.asked_ms())
    }

    pub(crate) fn mailbox(&self) -> proto::Mailbox {
        proto::Mailbox {
            depth: self.depth(),
            capacity: self.spec.capacity as u64,
            high_water: self.high_water.load(Relaxed),
            on_full: self.spec.on_full.as_str().into(),
        }
    }

    pub(crate) fn messages(&self) -> proto::Messages {
        let dropped = self.meter.dropped();
        proto::Messages {
            handled: self.meter.handled(),
            dropped: dropped.full + dropped.shed + dropped.undelivered,
            busy_ns: self.meter.busy_ns(),
            last: self.meter.last().map(str::to_owned),
        }
    }
}

/// One place in the gauge. Dropped before delivery it counts as a dropped message.
#[derive(Debug)]
pub(crate) struct Ticket {
    gauge: Arc<Gauge>,
    settled: bool,
}

impl Ticket {
    /// From here on its end is no loss: it was handled, or given back to the sender.
    pub(crate) fn settle(&mut self) {
        self.settled = true;
    }
}

impl Drop for Ticket {
    fn drop(&mut self) {
        if !self.settled {
            self.gauge.meter.count_undelivered();
        }
        self.gauge.leave();
    }
}

/// Counts one waiter as long as it waits.
struct Waiting<'g>(&'g AtomicUsize);

impl<'g> Waiting<'g> {
    fn among(waiters: &'g AtomicUsize) -> Self {
        waiters.fetch_add(1, SeqCst);
        Self(waiters)
    }
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, SeqCst);
    }
}
