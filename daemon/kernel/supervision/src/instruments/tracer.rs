//! The live trace of one actor. The actor writes into a bounded queue and never waits; a slow reader costs
//! lines, which are counted.

use super::meter::Lap;
use super::quota::{Quota, Verdict};
use super::refusals::TraceError;
use crate::{ExitReason, clock};
use hecate_proto::debug::{TraceEnd, TraceEvents, TraceLimits, TraceLine};
use hecate_proto::time::rfc3339;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::sync::mpsc::{Receiver, Sender, channel};
use tokio::time::Instant;
use uuid::Uuid;

/// Lines that wait for the reader.
const WAITING_MAX: usize = 1_024;

/// What was measured of one message.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Handled {
    pub(crate) queued_ns: u64,
    pub(crate) handled_ns: u64,
}

/// The actor's end of a trace.
#[derive(Debug)]
pub(crate) struct Tracer {
    events: TraceEvents,
    count: Arc<Mutex<Quota>>,
    lines: Sender<TraceLine>,
}

impl Tracer {
    pub(crate) fn wants_in(&self) -> bool {
        matches!(self.events, TraceEvents::In | TraceEvents::Both)
    }

    pub(crate) fn wants_out(&self) -> bool {
        matches!(self.events, TraceEvents::Out | TraceEvents::Both)
    }

    /// The line is made only when there is room for it.
    pub(crate) fn write(&self, line: impl FnOnce() -> TraceLine) {
        let mut count = lock(&self.count);
        if count.admit(clock::coarse_now_ms()) == Verdict::Write && self.lines.try_send(line()).is_err() {
            count.take_back();
        }
    }
}

fn lock(count: &Mutex<Quota>) -> MutexGuard<'_, Quota> {
    count.lock().unwrap_or_else(PoisonError::into_inner)
}

pub(crate) fn line_in(
    lap: &Lap,
    handled: Handled,
    sender: Option<&str>,
    failed: Option<&ExitReason>,
) -> TraceLine {
    TraceLine::In {
        at: rfc3339(clock::wall_now_us()),
        variant: lap.variant.into(),
        queued_ns: handled.queued_ns,
        handled_ns: handled.handled_ns,
        trace_id: shown(lap.trace),
        sender: sender.map(str::to_owned),
        failed: failed.map(ExitReason::to_string),
    }
}

pub(crate) fn line_out(variant: &str, target: &str, trace: Uuid) -> TraceLine {
    let (variant, target) = (variant.into(), target.into());
    TraceLine::Out { at: rfc3339(clock::wall_now_us()), variant, target, trace_id: shown(trace) }
}

pub(crate) fn line_restarted(generation: u64) -> TraceLine {
    TraceLine::Restarted { at: rfc3339(clock::wall_now_us()), generation }
}

fn shown(trace: Uuid) -> Option<String> {
    (!trace.is_nil()).then(|| trace.to_string())
}

/// A live trace of one actor; it ends when it is dropped.
pub struct Trace {
    count: Arc<Mutex<Quota>>,
    lines: Receiver<TraceLine>,
    ends: Instant,
    /// Takes the trace off the actor.
    detach: Option<Box<dyn FnOnce() + Send + Sync>>,
}

impl std::fmt::Debug for Trace {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Trace({} lines)", lock(&self.count).lines())
    }
}

/// Both ends of a trace.
///
/// # Errors
/// When a limit is zero or too high.
pub(crate) fn open(limits: TraceLimits) -> Result<(Arc<Tracer>, Trace), TraceError> {
    let bounds = [
        ("max_ms", limits.max_ms, TraceLimits::MAX_MS),
        ("max_lines", limits.max_lines, TraceLimits::MAX_LINES),
        ("rate_per_s", limits.rate_per_s, TraceLimits::RATE_PER_S),
    ];
    if let Some((field, _, max)) = bounds.into_iter().find(|(_, value, max)| !(1..=*max).contains(value)) {
        return Err(TraceError::Limit { field, max });
    }
    let count = Arc::new(Mutex::new(Quota::new(limits, clock::coarse_now_ms())));
    let (sender, lines) = channel(WAITING_MAX);
    let tracer = Tracer { events: limits.events, count: Arc::clone(&count), lines: sender };
    let ends = Instant::now() + Duration::from_millis(limits.max_ms);
    Ok((Arc::new(tracer), Trace { count, lines, ends, detach: None }))
}

impl Trace {
    pub(crate) fn on_end(mut self, detach: impl FnOnce() + Send + Sync + 'static) -> Self {
        self.detach = Some(Box::new(detach));
        self
    }

    /// The next line; `None` after [`TraceLine::Ended`]. Dropping the future loses nothing.
    pub async fn next(&mut self) -> Option<TraceLine> {
        self.detach.as_ref()?;
        if let Ok(line) = self.lines.try_recv() {
            return Some(line);
        }
        if lock(&self.count).is_used_up() {
            return Some(self.end(TraceEnd::Lines));
        }
        match tokio::time::timeout_at(self.ends, self.lines.recv()).await {
            Ok(Some(line)) => Some(line),
            Ok(None) => Some(self.end(TraceEnd::Gone)),
            Err(_) => Some(self.end(TraceEnd::Time)),
        }
    }

    fn end(&mut self, why: TraceEnd) -> TraceLine {
        self.detach();
        let count = lock(&self.count);
        let (lines, dropped) = (count.lines(), count.dropped());
        TraceLine::Ended { at: rfc3339(clock::wall_now_us()), why, lines, dropped }
    }

    fn detach(&mut self) {
        if let Some(detach) = self.detach.take() {
            detach();
        }
    }
}

impl Drop for Trace {
    fn drop(&mut self) {
        self.detach();
    }
}
