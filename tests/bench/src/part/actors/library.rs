//! What a library of actors in process has to offer to be measured. Where it has no word of its own for something, its
//! contestant does what its users would do.

use hecate_facts::Fact;
use std::sync::atomic::AtomicUsize;
use std::sync::atomic::Ordering::{AcqRel, Relaxed};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};
use tokio::sync::{Notify, mpsc};

/// Messages that may wait where a mailbox is bounded; the default of `supervision.toml`.
pub(super) const BOUND: usize = 1_024;

pub(super) trait Library: 'static {
    const NAME: &'static str;
    type Counter: Counter;
    type Crowd: Crowd;
    type Fragile: Fragile;
    type Nursery: Nursery;

    /// One actor that counts what it hears and tells how much that was; none where the library's mailboxes are all
    /// bounded or all are not.
    fn counter(bounded: bool) -> impl Future<Output = Option<Self::Counter>> + Send;

    /// A group of actors that hear the facts of one type.
    fn crowd(members: usize, tally: Arc<Tally>) -> impl Future<Output = Self::Crowd> + Send;

    /// A supervisor and so many children, all of which it starts again when one of them fails.
    fn fragile(children: usize, births: Arc<Births>) -> impl Future<Output = Self::Fragile> + Send;

    /// A supervisor without children yet.
    fn nursery() -> impl Future<Output = Self::Nursery> + Send;
}

pub(super) trait Counter: Send + Sync + 'static {
    /// Sends without waiting for an answer; where the mailbox is bounded it waits for a place.
    fn cast(&self) -> impl Future<Output = ()> + Send;

    /// Asks how many were heard.
    fn call(&self) -> impl Future<Output = u64> + Send;
}

pub(super) trait Crowd: Send + 'static {
    /// To every member.
    fn tell(&self, fact: &Fact);
}

pub(super) trait Fragile: Send + 'static {
    /// Tells the first child to fail.
    fn crash(&self) -> impl Future<Output = ()> + Send;
}

pub(super) trait Nursery: Send + 'static {
    /// Comes back when the init of one more child is done.
    fn start(&mut self, number: usize) -> impl Future<Output = ()> + Send;

    /// Ends all children in good order and waits for the last.
    fn stop(self) -> impl Future<Output = ()> + Send;
}

/// Waits until every member of a crowd has heard every fact of a window.
pub(super) struct Tally {
    members: usize,
    facts: usize,
    done: AtomicUsize,
    all: Notify,
}

impl Tally {
    pub(super) fn new(members: usize, facts: usize) -> Arc<Tally> {
        Arc::new(Tally { members, facts, done: AtomicUsize::new(0), all: Notify::new() })
    }

    /// A member has heard so many in all: most of the time it touches nothing that others touch.
    pub(super) fn heard(&self, count: usize) {
        if !count.is_multiple_of(self.facts) {
            return;
        }
        if self.done.fetch_add(1, AcqRel) + 1 == self.members {
            self.done.store(0, Relaxed);
            self.all.notify_one();
        }
    }

    pub(super) async fn all_heard(&self) {
        self.all.notified().await;
    }
}

/// Times the way from a crash to the last init that it led to.
pub(super) struct Births {
    children: usize,
    born: AtomicUsize,
    crashed: Mutex<Instant>,
    took: mpsc::UnboundedSender<Duration>,
}

impl Births {
    pub(super) fn new(children: usize) -> (Arc<Births>, mpsc::UnboundedReceiver<Duration>) {
        let (took, times) = mpsc::unbounded_channel();
        let (born, crashed) = (AtomicUsize::new(0), Mutex::new(Instant::now()));
        (Arc::new(Births { children, born, crashed, took }), times)
    }

    /// The last thing that a failing child does.
    pub(super) fn crash(&self) {
        *self.crashed.lock().unwrap() = Instant::now();
    }

    /// The last thing that an init does.
    pub(super) fn born(&self) {
        if (self.born.fetch_add(1, AcqRel) + 1).is_multiple_of(self.children) {
            let _ = self.took.send(self.crashed.lock().unwrap().elapsed());
        }
    }
}
