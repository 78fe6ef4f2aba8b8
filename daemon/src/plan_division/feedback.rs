//! What comes back to a plan from the processes after it: each fact is acknowledged once.

use super::Plan;
use hecate_desk::lifecycle::Pass;
use hecate_desk::prelude::*;
use uuid::Uuid;

/// What every acknowledgement begins with.
#[derive(Serialize, Deserialize, JsonSchema)]
pub(crate) struct Feedback {
    #[serde(flatten)]
    pub(crate) pass: Pass,
    pub(crate) source_event_id: Uuid,
    pub(crate) acknowledged_at: i64,
}

impl Plan {
    /// Acknowledges a fact, unless that was done before.
    pub(super) fn acknowledge<E: Event<Plan>>(
        &self,
        source_event_id: Uuid,
        at: &Moment,
        acknowledged: impl FnOnce(Feedback) -> E,
    ) -> Decision<Plan> {
        if self.acknowledged.contains(&source_event_id) {
            return Decision::nothing();
        }
        let pass = self.dossier.pass();
        acknowledged(Feedback { pass, source_event_id, acknowledged_at: at.at_us }).into()
    }

    pub(super) fn keep_feedback(&mut self, feedback: &Feedback) {
        self.acknowledged.insert(feedback.source_event_id);
    }
}

/// How the tests of a division went.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub(crate) struct Totals {
    pub(crate) suites: u32,
    pub(crate) passed: u32,
    pub(crate) failed: u32,
    pub(crate) skipped: u32,
    pub(crate) errored: u32,
}
