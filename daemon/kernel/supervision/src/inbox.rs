//! The letters of one actor. ractor's own queue has no bound, no depth and a box for every message, so its
//! port carries but the first nudge: from then on the actor reads here, as many letters at a time as there are.

use crate::instruments::{ASKED, Postmark, SUSPENDED};
use crate::mailbox::{Door, Gauge, OnFull};
use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, Ordering::Release};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};

/// Room for so many letters stays when the actor comes to rest; what a flood needed is given back.
const KEPT: usize = 32;

/// One message on its way.
pub(crate) struct Letter<M> {
    pub(crate) body: M,
    pub(crate) trace: uuid::Uuid,
    pub(crate) postmark: Postmark,
    /// Path of the actor that sent it, if one did, to an actor that is traced.
    pub(crate) sender: Option<Arc<str>>,
    /// Tells a caller whether its message ever reached the actor.
    pub(crate) receipt: Option<Receipt>,
}

/// Shared by a caller and its message: set once the message reached a handler.
pub(crate) type Receipt = Arc<AtomicBool>;

/// Letters that the actor has taken and not handled.
pub(crate) type Batch<M> = VecDeque<Letter<M>>;

pub(crate) struct Inbox<M> {
    gauge: Arc<Gauge>,
    queue: Mutex<Queue<M>>,
}

struct Queue<M> {
    letters: Batch<M>,
    /// Letters that the actor took last: so many at most are out and take a place yet.
    out: u64,
    /// The highest depth that was noted.
    high_water: u64,
    reader: Reader,
}

/// What the actor does.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Reader {
    /// It has never had a letter, and waits at ractor's port.
    Unborn,
    Reads,
    /// It waits for the bell.
    Sleeps,
}

/// How the actor learns of a letter.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Summons {
    /// Through ractor's port.
    Nudge,
    /// By the bell.
    Ring,
    /// It reads anyhow.
    Nothing,
}

/// Why a letter is not taken.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum NoPlace {
    Full,
    Gone,
}

/// What the actor finds when it looks up.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Found {
    Letters,
    /// Something is asked of it from outside.
    Asked,
    /// Nothing more will come.
    End,
}

impl<M> Inbox<M> {
    pub(crate) fn new(gauge: Arc<Gauge>) -> Self {
        let queue = Queue { letters: VecDeque::new(), out: 0, high_water: 0, reader: Reader::Unborn };
        Self { gauge, queue: Mutex::new(queue) }
    }

    pub(crate) fn gauge(&self) -> &Arc<Gauge> {
        &self.gauge
    }

    fn lock(&self) -> MutexGuard<'_, Queue<M>> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Puts a letter in, or gives it back. A refusal is not counted here: the sender may yet wait.
    pub(crate) fn put(&self, letter: Letter<M>) -> Result<Summons, (Letter<M>, NoPlace)> {
        let mut queue = self.lock();
        if self.gauge.door() != Door::Open {
            return Err((letter, NoPlace::Gone));
        }
        let shed = match self.make_room(&mut queue) {
            Ok(shed) => shed,
            Err(full) => return Err((letter, full)),
        };
        queue.letters.push_back(letter);
        self.gauge.enter();
        self.note_depth(&mut queue);
        let summons = queue.summon();
        drop(queue);
        // What it holds may do anything as it goes.
        drop(shed);
        Ok(summons)
    }

    /// The letter that makes room for another, if one has to.
    fn make_room(&self, queue: &mut Queue<M>) -> Result<Option<Letter<M>>, NoPlace> {
        // The bound that costs nothing first: what the actor has handled is counted on a line of its own.
        if queue.depth_max() < self.gauge.capacity() || self.gauge.depth() < self.gauge.capacity() {
            return Ok(None);
        }
        let oldest = match self.gauge.on_full() {
            OnFull::ShedOldest => queue.letters.pop_front(),
            OnFull::Wait | OnFull::Refuse => None,
        };
        // Where nothing waits, all places are taken by what is at hand.
        let oldest = oldest.ok_or(NoPlace::Full)?;
        self.gauge.meter().count_shed();
        self.gauge.leave();
        Ok(Some(oldest))
    }

    fn note_depth(&self, queue: &mut Queue<M>) {
        if queue.depth_max() > queue.high_water {
            queue.high_water = queue.high_water.max(self.gauge.depth());
            self.gauge.note_depth(queue.high_water);
        }
    }

    /// How the actor learns that it is to look up.
    pub(crate) fn summon(&self) -> Summons {
        self.lock().summon()
    }

    /// Takes what there is into the empty batch, or waits for it.
    pub(crate) fn poll_take(&self, cx: &mut Context<'_>, batch: &mut Batch<M>) -> Poll<Found> {
        // Listen first, then look: what comes in between rings.
        self.gauge.listen(cx.waker());
        let mut queue = self.lock();
        queue.reader = Reader::Reads;
        if self.gauge.meter().is(SUSPENDED | ASKED) {
            return Poll::Ready(Found::Asked);
        }
        let door = self.gauge.door();
        if door == Door::Closed || (queue.letters.is_empty() && door == Door::Draining) {
            return Poll::Ready(Found::End);
        }
        if !queue.letters.is_empty() {
            queue.take(batch, self.gauge.on_full());
            return Poll::Ready(Found::Letters);
        }
        queue.reader = Reader::Sleeps;
        queue.rest(batch);
        Poll::Pending
    }

    /// Nothing more comes in, and nothing of what is in will be handled: it is counted, and the callers
    /// among the senders learn it.
    pub(crate) fn close(&self, batch: &mut Batch<M>) {
        self.gauge.shut(Door::Closed);
        self.gauge.meter().note_end(self.gauge.depth());
        let mut rest = std::mem::take(batch);
        rest.append(&mut std::mem::take(&mut self.lock().letters));
        self.gauge.meter().count_undelivered(rest.len() as u64);
        rest.iter().for_each(|_| self.gauge.leave());
    }
}

impl<M> Queue<M> {
    /// Places taken at most.
    fn depth_max(&self) -> u64 {
        self.letters.len() as u64 + self.out
    }

    fn summon(&mut self) -> Summons {
        match std::mem::replace(&mut self.reader, Reader::Reads) {
            Reader::Unborn => Summons::Nudge,
            Reader::Sleeps => Summons::Ring,
            Reader::Reads => Summons::Nothing,
        }
    }

    /// All at once, but where the oldest may be pushed out: then it stays here as long as it can.
    fn take(&mut self, batch: &mut Batch<M>, on_full: OnFull) {
        match on_full {
            OnFull::ShedOldest => batch.extend(self.letters.pop_front()),
            OnFull::Wait | OnFull::Refuse => std::mem::swap(&mut self.letters, batch),
        }
        self.out = batch.len() as u64;
    }

    fn rest(&mut self, batch: &mut Batch<M>) {
        self.out = 0;
        for letters in [&mut self.letters, batch] {
            if letters.capacity() > KEPT {
                *letters = VecDeque::new();
            }
        }
    }
}

impl<M> Letter<M> {
    /// It is at hand.
    pub(crate) fn sign(&self) {
        if let Some(receipt) = &self.receipt {
            receipt.store(true, Release);
        }
    }
}
