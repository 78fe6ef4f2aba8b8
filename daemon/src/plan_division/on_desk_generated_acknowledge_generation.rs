//! A desk was generated: the plan shows it.

use super::Plan;
use super::acknowledge_generation::GenerationNews;
use super::feedback::{Acknowledge, acknowledge};
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
    type Asks = Acknowledge<GenerationNews>;

    fn hear(self, source: &Source<'_>) -> Heard<Acknowledge<GenerationNews>> {
        let DeskGenerated { division_id, desk_id } = self;
        acknowledge(source, &division_id, GenerationNews { desk_id })
    }
}
