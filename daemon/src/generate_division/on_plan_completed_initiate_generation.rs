//! A plan was completed: its division can be generated.

use super::{Generation, PlanHandOff};
use hecate_desk::lifecycle::{Division, Initiate};
use hecate_desk::prelude::*;

/// What generation uses of a completed plan.
#[derive(Deserialize, JsonSchema)]
pub(super) struct PlanCompleted {
    #[serde(flatten)]
    of: Division,
    #[serde(flatten)]
    plan: PlanHandOff,
}

impl Listener<Generation> for PlanCompleted {
    const NAME: &'static str = "on_plan_completed_initiate_generation";
    const HEARS: &'static str = "plan_completed_v1";
    type Asks = Initiate<Generation>;

    fn hear(self, source: &Source<'_>) -> Heard<Initiate<Generation>> {
        let division_id = self.of.division_id.clone();
        Ask::of("division_id", &division_id, Initiate::because_of(source, self.of, self.plan)).into()
    }
}
