//! A desk was generated: the plan shows it.

use super::{Plan, acknowledge_generation::AcknowledgeGeneration};
use hecate_desk::prelude::*;

/// What a plan uses of a generated desk.
#[derive(Deserialize, JsonSchema)]
pub(super) struct DeskGenerated {
    division_id: String,
    desk_id: String,
}

impl Listener<Plan> for DeskGenerated {
    const NAME: &'static str = "on_desk_generated_acknowledge_generation";
    const HEARS: &'static str = "desk_generated_v1";
    type Asks = AcknowledgeGeneration;

    fn hear(self, source: &Source<'_>) -> Heard<AcknowledgeGeneration> {
        let DeskGenerated { division_id, desk_id } = self;
        let source_event_id = source.event_id;
        Ask::of("division_id", &division_id, AcknowledgeGeneration { source_event_id, desk_id }).into()
    }
}
