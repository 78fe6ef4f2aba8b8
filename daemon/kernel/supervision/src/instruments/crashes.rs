//! The black box: what was known of an actor when it ended otherwise than in good order.

use super::journal::Journal;
use super::meter::Meter;
use crate::panics::cut;
use crate::{ExitReason, clock};
use hecate_proto::debug::{Crash, Decision, ReasonClass};
use hecate_proto::time::rfc3339;
use ractor::ActorId;
use std::sync::{Arc, Mutex, PoisonError};

/// Records that are kept.
const KEPT: usize = 1_024;
/// What an actor said, bytes; a panic may quote whatever it met.
const MESSAGE_MAX: usize = 1_024;

/// The records of one tree.
#[derive(Debug)]
pub(crate) struct Crashes(Mutex<Journal<Arc<Crash>>>);

/// What a supervisor knows of an end.
pub(crate) struct Corpse<'c> {
    pub(crate) path: &'c str,
    pub(crate) kind: &'c str,
    pub(crate) generation: u64,
    pub(crate) reason: &'c ExitReason,
    /// A start that failed left no actor.
    pub(crate) remains: Option<Remains<'c>>,
    pub(crate) decision: Decision,
}

/// What an actor left behind.
pub(crate) struct Remains<'c> {
    pub(crate) actor: ActorId,
    pub(crate) uptime_ms: u64,
    /// A supervisor has none.
    pub(crate) meter: Option<&'c Meter>,
}

impl Crashes {
    pub(crate) fn new(first: u64) -> Self {
        Self(Mutex::new(Journal::new(first, KEPT)))
    }

    /// Writes a record; answers its number, under which the decision is filed later.
    pub(crate) fn write(&self, corpse: &Corpse<'_>) -> u64 {
        let crash = Arc::new(corpse.describe());
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(crash)
    }

    pub(crate) fn decide(&self, seq: u64, decision: Decision) {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(crash) = kept.get_mut(seq) {
            Arc::make_mut(crash).decision = decision;
        }
    }

    /// Those after that number, the oldest first.
    pub(crate) fn since(&self, seq: u64) -> Vec<Crash> {
        let kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let records: Vec<_> = kept.since(seq).map(|(seq, crash)| (seq, Arc::clone(crash))).collect();
        drop(kept);
        records.into_iter().map(|(seq, crash)| Crash { seq, ..Crash::clone(&crash) }).collect()
    }
}

impl Corpse<'_> {
    fn describe(&self) -> Crash {
        let meter = self.remains.as_ref().and_then(|remains| remains.meter);
        let at_work = meter.filter(|meter| meter.ended_at_work());
        let is_start = self.remains.is_none();
        let panic = if let ExitReason::Panic(panic) = self.reason { Some(panic) } else { None };
        Crash {
            seq: 0,
            at: rfc3339(clock::wall_now_us()),
            path: self.path.into(),
            kind: self.kind.into(),
            id: self.remains.as_ref().map(|remains| remains.actor.to_string()),
            generation: self.generation,
            reason: if is_start { ReasonClass::StartFailed } else { self.reason.class() },
            message: cut(self.reason.to_string(), MESSAGE_MAX),
            place: panic.and_then(|panic| panic.place.clone()),
            backtrace: panic.and_then(|panic| panic.backtrace.clone()),
            recent: meter.map(|meter| owned(meter.recent())).unwrap_or_default(),
            handling: at_work.and_then(Meter::last).map(str::to_owned),
            trace_id: at_work.and_then(Meter::trace_id).map(|id| id.to_string()),
            depth: meter.map(Meter::depth_at_end).unwrap_or_default(),
            ancestors: ancestors(self.path).map(str::to_owned).collect(),
            uptime_ms: self.remains.as_ref().map(|remains| remains.uptime_ms).unwrap_or_default(),
            decision: self.decision,
        }
    }
}

fn owned(names: Vec<&'static str>) -> Vec<String> {
    names.into_iter().map(str::to_owned).collect()
}

/// The paths above a path, the root first.
pub(crate) fn ancestors(path: &str) -> impl Iterator<Item = &str> {
    path.match_indices('/').skip(1).map(|(end, _)| &path[..end])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn corpse(reason: &ExitReason) -> Corpse<'_> {
        let decision = Decision::Pending;
        Corpse { path: "/r/s/a", kind: "a", generation: 2, reason, remains: None, decision }
    }

    #[test]
    fn a_record_is_numbered_and_its_decision_is_filed_later() {
        let crashes = Crashes::new(7);
        let reason = ExitReason::error("x".repeat(5_000));
        let first = crashes.write(&corpse(&reason));
        crashes.write(&corpse(&ExitReason::StartTimeout(3)));
        crashes.decide(first, Decision::RetryLater);
        crashes.decide(99, Decision::GaveUp);
        let kept = crashes.since(0);
        assert_eq!([kept[0].seq, kept[1].seq], [7, 8]);
        assert_eq!([kept[0].decision, kept[1].decision], [Decision::RetryLater, Decision::Pending]);
        assert_eq!((kept[0].message.len(), kept[0].reason), (1_024, ReasonClass::StartFailed));
        assert_eq!(kept[0].ancestors, ["/r", "/r/s"]);
        assert_eq!(crashes.since(7).len(), 1);
    }
}
