//! The only way to the writer: bounded by requests and by bytes, so that a slow disk is felt by
//! those who ask and not by the memory. The writer takes everything that waits at once; that is the
//! whole of group commit, and no timer is in it.

use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

use tokio::sync::oneshot;

use crate::append::{Append, Appended};
use crate::error::{AppendError, ClosedReason, UnavailableReason};

pub(super) type Outcome = Result<Appended, AppendError>;

/// An append on its way, with all that can be prepared outside the writer.
pub(super) struct Request {
    pub(super) append: Append,
    /// The metadata of each event as JSON text.
    pub(super) metadata: Vec<String>,
    bytes: usize,
}

/// A request and the one who waits for its outcome. A ticket dropped unanswered means "unknown".
pub(super) type Ticket = (Request, oneshot::Sender<Outcome>);

pub(super) struct Queue {
    state: Mutex<State>,
    arrived: Condvar,
    requests_max: usize,
    bytes_max: usize,
}

struct State {
    waiting: Vec<Ticket>,
    bytes: usize,
    closing: Option<ClosedReason>,
}

impl Request {
    /// Checks and prepares `append` in the caller's task.
    pub(super) fn new(append: Append) -> Result<Self, AppendError> {
        append.check()?;
        let metadata = append.events.iter().map(|event| serde_json::to_string(&event.metadata));
        let metadata = metadata
            .collect::<Result<_, _>>()
            .map_err(|_| AppendError::Invalid { field: "metadata", rule: "must be representable as JSON" })?;
        Ok(Self { bytes: append.size_bytes(), append, metadata })
    }
}

impl Queue {
    pub(super) fn new(requests_max: usize, bytes_max: usize) -> Self {
        let state = State { waiting: Vec::new(), bytes: 0, closing: None };
        Self { state: Mutex::new(state), arrived: Condvar::new(), requests_max, bytes_max }
    }

    /// Queues `request`, or says at once why not. A request alone is never too many bytes.
    pub(super) fn push(&self, request: Request) -> Result<oneshot::Receiver<Outcome>, AppendError> {
        let mut state = self.state();
        if state.closing.is_some() {
            return Err(closed());
        }
        let bytes = state.bytes + request.bytes;
        let crowded = state.waiting.len() >= self.requests_max || bytes > self.bytes_max;
        if crowded && !state.waiting.is_empty() {
            return Err(AppendError::Busy { retry_after_us: 100_000 });
        }
        let (answer, outcome) = oneshot::channel();
        state.bytes = bytes;
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
                _ if !state.waiting.is_empty() => {
                    state.bytes = 0;
                    return Ok(std::mem::take(&mut state.waiting));
                }
                _ => state = self.arrived.wait(state).unwrap_or_else(PoisonError::into_inner),
            }
        }
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

fn closed() -> AppendError {
    AppendError::Unavailable { reason: UnavailableReason::Closed }
}
