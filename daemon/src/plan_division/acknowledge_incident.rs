//! Something broke in operation: the plan takes note.

use super::feedback::{Acknowledged, News};
use hecate_desk::prelude::*;

/// What broke.
#[derive(Serialize, Deserialize, JsonSchema)]
pub(crate) struct IncidentNews {
    pub(crate) incident_id: String,
    pub(crate) severity: String,
}

pub(crate) type IncidentAcknowledged = Acknowledged<IncidentNews>;

impl News for IncidentNews {
    const DESK: &'static str = "acknowledge_incident";
    const SAYS: &'static str = "Take note that something broke in operation";
    const TYPE: &'static str = "incident_acknowledged_v1";
}
