//! A vision was submitted: its divisions can be discovered.

use super::{Discovery, VisionHandOff};
use hecate_desk::lifecycle::{Initiate, Venture};
use hecate_desk::prelude::*;

/// What discovery uses of a submitted vision.
#[derive(Deserialize, JsonSchema)]
pub(super) struct VisionSubmitted {
    venture_id: String,
    name: String,
    #[serde(flatten)]
    vision: VisionHandOff,
}

impl Listener<Discovery> for VisionSubmitted {
    const NAME: &'static str = "on_vision_submitted_initiate_discovery";
    const HEARS: &'static str = "venture_vision_submitted_v1";
    type Asks = Initiate<Discovery>;

    fn hear(self, source: &Source<'_>) -> Heard<Initiate<Discovery>> {
        let of = Venture { venture_id: self.venture_id.clone(), venture_name: self.name };
        Ask::of("venture_id", &self.venture_id, Initiate::because_of(source, of, self.vision)).into()
    }
}
