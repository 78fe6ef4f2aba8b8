//! The only way to the writer: bounded by requests, by bytes and by the time that a newcomer would wait,
//! so that a slow disk is felt by those who ask and not by the memory. The writer takes everything that
//! waits at once; that is the whole of group commit, and no timer is in it.

use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::oneshot;

use super::meter::micros;
use super::names::Context;
use super::pace::Pace;
use crate::append::{Append, Appended};
use crate::error::{AppendError, ClosedReason, UnavailableReason};
use crate::event::Metadata;
use crate::gauges::Gauges;
use crate::snapshot::Snapshot;

pub(super) type Outcome = Result<Appended, AppendError>;

/// Work on its way to the writer, with all that can be prepared outside of it.
pub(super) struct Request {
    pub(super) work: Work,
    bytes: usize,
}

pub(super) enum Work {
    Append {
        append: Append,
        /// The shared part of each event's metadata, as it is stored.
        contexts: Vec<Arc<str>>,
    },
    Snapshot {
        stream_id: Arc<str>,
        snapshot: Snapshot,
    },
}

/// A request and the one who waits for its outcome. A ticket dropped unanswered means "unknown".
pub(super) type Ticket = (Request, oneshot::Sender<Outcome>);

pub(super) struct Queue {
    state: Mutex<State>,
    arrived: Condvar,
    bounds: Bounds,
}

/// What may wait.
#[derive(Debug, Clone, Copy)]
pub(super) struct Bounds {
    pub(super) requests_max: usize,
    pub(super) bytes_max: usize,
    pub(super) wait_max: Duration,
}

#[derive(Default)]
struct State {
    waiting: Vec<Ticket>,
    bytes: usize,
    /// When the first of those who wait came.
    waiting_since: Option<Instant>,
    under_way: Option<UnderWay>,
    pace: Pace,
    refused_busy_total: u64,
    closing: Option<ClosedReason>,
}

/// The batch that the writer has.
struct UnderWay {
    taken: Instant,
    /// When the first of its requests came.
    waiting_since: Instant,
}

impl Request {
    /// Checks and prepares `append` in the caller's task.
    pub(super) fn append(append: Append) -> Result<Self, AppendError> {
        append.check()?;
        let contexts =
            append.events.iter().map(|event| context(&event.metadata)).collect::<Result<_, _>>()?;
        Ok(Self { bytes: append.size_bytes(), work: Work::Append { append, contexts } })
    }

    pub(super) fn snapshot(stream_id: Arc<str>, snapshot: Snapshot) -> Self {
        Self { bytes: snapshot.state.get().len(), work: Work::Snapshot { stream_id, snapshot } }
    }
}

fn context(metadata: &Metadata) -> Result<Arc<str>, AppendError> {
    serde_json::to_string(&Context::of(metadata))
        .map(Into::into)
        .map_err(|_| AppendError::Invalid { field: "metadata", rule: "must be representable as JSON" })
}

impl Queue {
    pub(super) fn new(bounds: Bounds) -> Self {
        Self { state: Mutex::default(), arrived: Condvar::new(), bounds }
    }

    /// Queues `request`, or says at once why not. A request alone is never too many bytes.
    pub(super) fn push(&self, request: Request) -> Result<oneshot::Receiver<Outcome>, AppendError> {
        let mut state = self.state();
        if state.closing.is_some() {
            return Err(closed());
        }
        let now = Instant::now();
        if let Some(retry_after_us) = state.crowded(&request, now, &self.bounds) {
            state.refused_busy_total += 1;
            return Err(AppendError::Busy { retry_after_us });
        }
        let (answer, outcome) = oneshot::channel();
        state.bytes += request.bytes;
        state.waiting_since.get_or_insert(now);
        state.waiting.push((request, answer));
        self.arrived.notify_one();
        Ok(outcome)
    }

    /// Everything that waits, at least one request; blocks until there is one. An orderly close
    /// still hands out what was accepted, a failure does not.
    pub(super) fn take(&self) -> Result<Vec<Ticket>, ClosedReason> {
        let mut state = self.state();
        loop {
            match &state.closing {
                Some(reason) if state.waiting.is_empty() || *reason != ClosedReason::Requested => {
                    return Err(reason.clone());
                }
                _ if !state.waiting.is_empty() => return Ok(state.take(Instant::now())),
                _ => state = self.arrived.wait(state).unwrap_or_else(PoisonError::into_inner),
            }
        }
    }

    /// The batch that was taken is answered.
    pub(super) fn answered(&self) -> Duration {
        let mut state = self.state();
        let took = state.under_way.take().map_or(Duration::ZERO, |batch| batch.taken.elapsed());
        state.pace.observe(micros(took));
        took
    }

    /// Adds what the queue knows to the gauges.
    pub(super) fn gauge(&self, gauges: &mut Gauges) {
        let state = self.state();
        let oldest = state.under_way.as_ref().map(|batch| batch.waiting_since).or(state.waiting_since);
        gauges.queued_requests = state.waiting.len();
        gauges.queued_bytes = state.bytes;
        gauges.oldest_unacknowledged_us = oldest.map_or(0, |since| micros(since.elapsed()));
        gauges.refused_busy_total = state.refused_busy_total;
    }

    /// Takes nothing more; the first reason stays, except that a failure overrules a request.
    pub(super) fn close(&self, reason: ClosedReason) {
        let mut state = self.state();
        if matches!(state.closing, None | Some(ClosedReason::Requested)) {
            state.closing = Some(reason);
        }
        self.arrived.notify_all();
    }

    /// Tells those whom no writer will take that nothing of theirs was recorded.
    pub(super) fn refuse_waiting(&self) {
        let waiting = std::mem::take(&mut self.state().waiting);
        for (_, answer) in waiting {
            // A caller that went away needs no answer.
            let _ = answer.send(Err(closed()));
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    /// In how many microseconds the request should come again, if it may not wait. Alone it always may.
    fn crowded(&self, request: &Request, now: Instant, bounds: &Bounds) -> Option<u64> {
        let running_us = self.under_way.as_ref().map(|batch| micros(now.duration_since(batch.taken)));
        let wait_us = self.pace.wait_us(running_us.unwrap_or(0));
        let many = self.waiting.len() >= bounds.requests_max || self.bytes + request.bytes > bounds.bytes_max;
        let slow = running_us.is_some() && wait_us > micros(bounds.wait_max);
        ((many && !self.waiting.is_empty()) || slow).then_some(wait_us.max(1_000))
    }

    fn take(&mut self, now: Instant) -> Vec<Ticket> {
        let waiting_since = self.waiting_since.take().unwrap_or(now);
        self.under_way = Some(UnderWay { taken: now, waiting_since });
        self.bytes = 0;
        std::mem::take(&mut self.waiting)
    }
}

fn closed() -> AppendError {
    AppendError::Unavailable { reason: UnavailableReason::Closed }
}
