//! What came back to one plan, as it came, a page at a time.

use super::{Plans, feedback_to_plan_feedback::Kind, row};
use crate::plan_division::Plan;
use hecate_desk::lifecycle::LongLived;
use hecate_proto::{id::DivisionId, rows::PlanFeedbackRow};
use hecate_read_model::{Dossiers, Found, Keyset, Order, Paging, Query, QueryError, QuerySpec, TextColumn};
use rusqlite::Connection;
use schemars::JsonSchema;
use serde::Deserialize;

/// Lists what came back to a plan.
#[derive(Deserialize, JsonSchema)]
pub(super) struct GetPlanFeedbackPage {
    /// Whose plan.
    division_id: DivisionId,
    /// Only what came from this process.
    kind: Option<Kind>,
    #[serde(flatten)]
    paging: Paging,
}

impl Query for GetPlanFeedbackPage {
    type Row = PlanFeedbackRow;
    const SPEC: QuerySpec = QuerySpec {
        name: "get_plan_feedback_page",
        noun: "plan",
        verb: "feedback",
        path: "/api/divisions/{division_id}/plans/feedback",
        says: "List what came back to a plan",
        answers: "feedback",
        not_found: Plan::NAMES.is_not_initiated,
    };

    fn read(self, db: &Connection) -> Result<Found<PlanFeedbackRow>, QueryError> {
        let rows = Keyset::new("*", "plan_feedback", ("acknowledged_at", "source_event_id"), Order::Asc)
            .only_with("kind = ?", self.kind.map(TextColumn));
        Plans::page(db, &[self.division_id.as_str()], rows, &self.paging, row::feedback)
    }
}
