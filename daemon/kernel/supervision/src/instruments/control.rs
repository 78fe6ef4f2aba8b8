//! What is asked of an actor from outside and done between two of its messages: rest, show the state, write
//! down. It never waits behind the queue.

use super::Wake;
use super::meter::{ASKED, Meter, SUSPENDED, TRACED};
use super::tracer::Tracer;
use super::turns::Beside;
use serde_json::Value;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::Duration;
use tokio::sync::{Notify, oneshot};
use tokio::task::AbortHandle;
use tokio::time::Instant;

/// Live traces of one place.
pub(crate) const TRACES_MAX: usize = 4;

/// Made for the few actors of which something is asked.
#[derive(Debug, Default)]
pub(crate) struct Control {
    /// The actor looks again.
    news: Notify,
    rest: Mutex<Option<Rest>>,
    askers: Mutex<Vec<oneshot::Sender<Option<Value>>>>,
    tracers: Mutex<Vec<Arc<Tracer>>>,
    /// The figures of a loop of its own.
    pub(crate) beside: OnceLock<Box<Beside>>,
}

#[derive(Debug)]
struct Rest {
    until: Instant,
    /// Ends it.
    alarm: AbortHandle,
}

impl Drop for Rest {
    fn drop(&mut self) {
        self.alarm.abort();
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Meter {
    /// From the next message on the actor rests, until `alarm` has rung or somebody ends it. A later rest
    /// takes the place of the one before.
    pub(crate) fn suspend(&self, span: Duration, alarm: AbortHandle) {
        let control = self.control();
        *lock(&control.rest) = Some(Rest { until: Instant::now() + span, alarm });
        self.raise(SUSPENDED);
    }

    /// Lets the actor go on; false when it did not rest.
    pub(crate) fn resume(&self) -> bool {
        let Some(control) = self.known_control() else { return false };
        let rest = lock(&control.rest).take();
        self.lower(SUSPENDED);
        control.news.notify_one();
        rest.is_some()
    }

    /// How long the actor will rest yet.
    pub(crate) fn rests_for(&self) -> Option<Duration> {
        let rest = lock(&self.known_control()?.rest);
        rest.as_ref().map(|rest| rest.until.saturating_duration_since(Instant::now()))
    }

    /// Asks for the state and wakes the actor, unless it has been woken for that before and has not looked
    /// up since: an actor that never does is not buried in nudges.
    pub(crate) fn ask_state(&self, actor: &dyn Wake) -> oneshot::Receiver<Option<Value>> {
        let control = self.control();
        let (reply, answer) = oneshot::channel();
        {
            let mut askers = lock(&control.askers);
            askers.retain(|asker| !asker.is_closed());
            askers.push(reply);
        }
        if !self.raise(ASKED) {
            actor.wake();
        }
        control.news.notify_one();
        answer
    }

    /// What the actor does between two messages: it shows its state to who asked, and rests when it is to.
    /// `state` may be looked at again and again.
    pub(crate) async fn attend(&self, mut state: impl FnMut() -> Option<Value> + Send) {
        loop {
            let Some(control) = self.known_control() else { return };
            self.lower(ASKED);
            for asker in lock(&control.askers).drain(..) {
                // Who has gone away meanwhile needs no answer.
                let _ = asker.send(state());
            }
            if !self.is(SUSPENDED) {
                return;
            }
            control.news.notified().await;
        }
    }

    pub(crate) fn attach_tracer(&self, tracer: Arc<Tracer>) {
        let mut tracers = lock(&self.control().tracers);
        if !tracers.iter().any(|other| Arc::ptr_eq(other, &tracer)) {
            tracers.push(tracer);
            self.raise(TRACED);
        }
    }

    pub(crate) fn detach_tracer(&self, tracer: &Tracer) {
        let Some(control) = self.known_control() else { return };
        let mut tracers = lock(&control.tracers);
        tracers.retain(|other| !std::ptr::eq(&**other, tracer));
        if tracers.is_empty() {
            self.lower(TRACED);
        }
    }

    /// Takes all traces off an actor that has ended.
    pub(crate) fn detach_tracers(&self) {
        if let Some(control) = self.known_control() {
            lock(&control.tracers).clear();
            self.lower(TRACED);
        }
    }

    pub(crate) fn tracers(&self) -> Vec<Arc<Tracer>> {
        self.known_control().map(|control| lock(&control.tracers).clone()).unwrap_or_default()
    }
}
