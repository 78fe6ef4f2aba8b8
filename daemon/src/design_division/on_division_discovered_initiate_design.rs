//! A division was discovered: it can be designed.

use super::{Design, DivisionHandOff};
use hecate_desk::lifecycle::{Division, Initiate};
use hecate_desk::prelude::*;

/// What design uses of a discovered division.
#[derive(Deserialize, JsonSchema)]
pub(super) struct DivisionDiscovered {
    #[serde(flatten)]
    of: Division,
    description: Option<String>,
    rationale: Option<String>,
}

impl Listener<Design> for DivisionDiscovered {
    const NAME: &'static str = "on_division_discovered_initiate_design";
    const HEARS: &'static str = "division_discovered_v1";
    type Asks = Initiate<Design>;

    fn hear(self, source: &Source<'_>) -> Heard<Initiate<Design>> {
        let (description, rationale) = (self.description, self.rationale);
        let handoff = DivisionHandOff { description, rationale, ..DivisionHandOff::default() };
        let division_id = self.of.division_id.clone();
        Ask::of("division_id", &division_id, Initiate::because_of(source, self.of, handoff)).into()
    }
}
