//! The bounded gauge of one mailbox, without its letters: how many there are, who may come in, and who waits
//! for whom.

use crate::instruments::Meter;
use futures_util::task::AtomicWaker;
use hecate_proto::tree as proto;
use std::sync::Arc;
use std::sync::atomic::Ordering::{Relaxed, SeqCst};
use std::sync::atomic::{AtomicU8, AtomicU64, AtomicUsize};
use std::task::Waker;
use tokio::sync::Notify;
use tokio::sync::futures::Notified;

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
            Self::Wait => proto::Mailbox::ON_FULL,
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
        Self { capacity: proto::Mailbox::CAPACITY as usize, on_full: OnFull::Wait }
    }
}

/// The places of one mailbox, its door, and what is measured of its actor in one generation. What every look
/// reads stands first, side by side.
#[derive(Debug)]
#[repr(C)]
pub(crate) struct Gauge {
    spec: MailboxSpec,
    high_water: AtomicU64,
    /// Letters that were let in: one writer at a time, who holds the inbox.
    entered: AtomicU64,
    /// Letters whose place is free again.
    left: AtomicU64,
    meter: Meter,
    door: AtomicU8,
    waiters: AtomicUsize,
    freed: Notify,
    /// The actor while it waits for a letter.
    reader: AtomicWaker,
    /// Path of the actor in the tree.
    pub(crate) path: Arc<str>,
}

/// Whether letters are let in, and how an actor ends once they are not.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Door {
    Open,
    /// What is in is handled yet.
    Draining,
    /// What is in is dropped.
    Closed,
}

impl Gauge {
    pub(crate) fn new(path: Arc<str>, spec: MailboxSpec, meter: Meter) -> Arc<Self> {
        Arc::new(Self {
            path,
            spec: MailboxSpec { capacity: spec.capacity.max(1), ..spec },
            door: AtomicU8::new(Door::Open as u8),
            high_water: AtomicU64::new(0),
            entered: AtomicU64::new(0),
            left: AtomicU64::new(0),
            waiters: AtomicUsize::new(0),
            freed: Notify::new(),
            reader: AtomicWaker::new(),
            meter,
        })
    }

    pub(crate) fn meter(&self) -> &Meter {
        &self.meter
    }

    /// As [`crate::node::Node::touch`].
    pub(crate) fn touch(&self) {
        std::hint::black_box((self.left.load(Relaxed), self.meter.known_control().is_some()));
    }

    pub(crate) fn on_full(&self) -> OnFull {
        self.spec.on_full
    }

    pub(crate) fn capacity(&self) -> u64 {
        self.spec.capacity as u64
    }

    pub(crate) fn door(&self) -> Door {
        match self.door.load(SeqCst) {
            open if open == Door::Open as u8 => Door::Open,
            draining if draining == Door::Draining as u8 => Door::Draining,
            _ => Door::Closed,
        }
    }

    /// Nobody is let in any more; whoever waits for that learns that the actor is gone, and the actor that
    /// there is nothing to wait for. A door that is closed does not open again.
    pub(crate) fn shut(&self, to: Door) {
        self.door.fetch_max(to as u8, SeqCst);
        self.freed.notify_waiters();
        self.reader.wake();
    }

    /// The actor waits from here on: whoever has news for it rings after having told them.
    pub(crate) fn listen(&self, reader: &Waker) {
        self.reader.register(reader);
    }

    pub(crate) fn ring(&self) {
        self.reader.wake();
    }

    /// One letter more, for whoever holds the inbox.
    pub(crate) fn enter(&self) {
        self.entered.store(self.entered.load(Relaxed) + 1, Relaxed);
    }

    pub(crate) fn note_depth(&self, depth: u64) {
        self.high_water.fetch_max(depth, Relaxed);
    }

    /// One place is free. Sequentially consistent here and with those who wait, so that either this sees
    /// the waiter or the waiter sees the place.
    pub(crate) fn leave(&self) {
        self.left.fetch_add(1, SeqCst);
        if self.waiters.load(SeqCst) > 0 {
            self.freed.notify_one();
        }
    }

    /// Counts as one that waits for a place as long as it is held.
    pub(crate) fn wait(&self) -> Waiting<'_> {
        Waiting::among(&self.waiters)
    }

    /// Resolves when a place may be free, if it was enabled before.
    pub(crate) fn freed(&self) -> Notified<'_> {
        self.freed.notified()
    }

    /// Places taken now.
    pub(crate) fn depth(&self) -> u64 {
        // Those who left have entered before: read in this order, the difference is never negative for long.
        let left = self.left.load(SeqCst);
        self.entered.load(Relaxed).saturating_sub(left)
    }

    /// It ended while it handled a message.
    pub(crate) fn note_end_at_work(&self) {
        self.meter.note_end_at_work(self.depth());
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
            last: self.meter.last().map(Into::into),
        }
    }
}

/// Counts one waiter as long as it waits.
pub(crate) struct Waiting<'g>(&'g AtomicUsize);

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
