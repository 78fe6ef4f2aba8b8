//! What was planned is generated: it can be tested.

use super::{GenerationHandOff, Testing};
use hecate_desk::lifecycle::{Division, Initiate};
use hecate_desk::prelude::*;

/// What testing uses of a completed generation.
#[derive(Deserialize, JsonSchema)]
pub(super) struct GenerationCompleted {
    #[serde(flatten)]
    of: Division,
    #[serde(flatten)]
    generated: GenerationHandOff,
}

impl Listener<Testing> for GenerationCompleted {
    const NAME: &'static str = "on_generation_completed_initiate_testing";
    const HEARS: &'static str = "generation_completed_v1";
    type Asks = Initiate<Testing>;

    fn hear(self, source: &Source<'_>) -> Heard<Initiate<Testing>> {
        let division_id = self.of.division_id.clone();
        Ask::of("division_id", &division_id, Initiate::because_of(source, self.of, self.generated)).into()
    }
}
