//! A rescue came to its end: the plan takes note of how.

use super::feedback::{Acknowledged, News};
use hecate_desk::prelude::*;

/// How it ended.
#[derive(Serialize, Deserialize, JsonSchema)]
pub(crate) struct RescueNews {
    pub(crate) incident_id: String,
    pub(crate) outcome: String,
}

pub(crate) type RescueAcknowledged = Acknowledged<RescueNews>;

impl News for RescueNews {
    const DESK: &'static str = "acknowledge_rescue";
    const SAYS: &'static str = "Take note that a rescue came to its end";
    const TYPE: &'static str = "rescue_acknowledged_v1";
}
