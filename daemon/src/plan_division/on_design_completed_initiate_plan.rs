//! A design was completed: it can be planned. One that is completed anew briefs its plan again.

use super::{DesignHandOff, Plan};
use hecate_desk::lifecycle::{Division, Initiate};
use hecate_desk::prelude::*;

/// What a plan uses of a completed design.
#[derive(Deserialize, JsonSchema)]
pub(super) struct DesignCompleted {
    #[serde(flatten)]
    of: Division,
    #[serde(flatten)]
    handoff: DesignHandOff,
}

impl Listener<Plan> for DesignCompleted {
    const NAME: &'static str = "on_design_completed_initiate_plan";
    const HEARS: &'static str = "design_completed_v1";
    type Asks = Initiate<Plan>;

    fn hear(self, source: &Source<'_>) -> Heard<Initiate<Plan>> {
        let division_id = self.of.division_id.clone();
        let initiate = Initiate::because_of(source, self.of, self.handoff);
        let initiate = initiate.for_the_reason("The design was completed anew.".to_owned());
        Ask::of("division_id", &division_id, initiate).into()
    }
}
