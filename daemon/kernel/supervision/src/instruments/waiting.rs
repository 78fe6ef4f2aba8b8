//! Who waits for whose answer: an edge lasts as long as the call.

use crate::{clock, trace};
use hecate_proto::debug::Waiting;
use ractor::ActorId;
use std::sync::{Arc, Mutex, PoisonError};

/// The calls that one actor's handler waits for.
#[derive(Debug, Default)]
pub(crate) struct Waits(Mutex<Vec<Edge>>);

/// One call.
#[derive(Clone, Debug)]
pub(crate) struct Edge {
    pub(crate) target: Arc<str>,
    pub(crate) target_id: ActorId,
    since_ms: u64,
}

impl Edge {
    pub(crate) fn show(&self, now_ms: u64) -> Waiting {
        Waiting {
            target: self.target.to_string(),
            target_id: self.target_id.to_string(),
            for_ms: now_ms.saturating_sub(self.since_ms),
        }
    }
}

impl Waits {
    pub(crate) fn edges(&self) -> Vec<Edge> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub(crate) fn show(&self, now_ms: u64) -> Vec<Waiting> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).iter().map(|edge| edge.show(now_ms)).collect()
    }
}

/// Held while the running actor waits; nothing when no actor does.
#[must_use]
pub(crate) struct Wait(Option<(trace::Who, ActorId)>);

/// The running actor waits for that one from here on.
pub(crate) fn wait_for(target: &Arc<str>, target_id: ActorId) -> Wait {
    Wait(trace::who().map(|who| {
        let edge = Edge { target: Arc::clone(target), target_id, since_ms: clock::coarse_now_ms() };
        who.meter().waits.0.lock().unwrap_or_else(PoisonError::into_inner).push(edge);
        (who, target_id)
    }))
}

impl Drop for Wait {
    fn drop(&mut self) {
        let Some((who, target_id)) = &self.0 else { return };
        let mut edges = who.meter().waits.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(index) = edges.iter().rposition(|edge| edge.target_id == *target_id) {
            edges.swap_remove(index);
        }
    }
}
