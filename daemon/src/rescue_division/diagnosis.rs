//! What somebody found to be the cause of an incident.

use hecate_desk::prelude::*;

/// A diagnosis, as far as decisions need it.
#[derive(Serialize, Deserialize)]
pub(super) struct Diagnosed {
    pub(super) diagnosis_id: String,
    pub(super) root_cause: String,
}

/// What kind of cause an incident has.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(inline)]
pub(crate) enum Category {
    Deployment,
    Capacity,
    Dependency,
    Data,
    Code,
    #[default]
    Unknown,
}
