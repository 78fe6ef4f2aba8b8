//! A planned desk was generated: the plan takes note, so that it shows what is there.

use super::feedback::{Acknowledged, News};
use hecate_desk::prelude::*;

/// What is there.
#[derive(Serialize, Deserialize, JsonSchema)]
pub(crate) struct GenerationNews {
    pub(crate) desk_id: String,
}

pub(crate) type GenerationAcknowledged = Acknowledged<GenerationNews>;

impl News for GenerationNews {
    const DESK: &'static str = "acknowledge_generation";
    const SAYS: &'static str = "Take note that a desk was generated";
    const TYPE: &'static str = "generation_acknowledged_v1";
}
