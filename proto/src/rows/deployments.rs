//! Rows of deployments, of their releases and of how these are rolled out.

use super::DossierColumns;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The deployment of one division, as `GET /api/divisions/{division_id}/deployments` shows it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct DeploymentRow {
    /// The division.
    pub division_id: String,
    /// What the division is called.
    pub division_name: String,
    /// The venture that it belongs to.
    pub venture_id: String,
    /// Where it stands; the status flag ROLLED_BACK is 32.
    #[serde(flatten)]
    pub dossier: DossierColumns,
    /// The release that stands where most people see it, in `prod` before `staging` before `test`.
    pub current_release_id: Option<String>,
    /// Its version.
    pub current_version: Option<String>,
    /// Its environment.
    pub target_env: Option<String>,
}

/// One release, as `GET /api/divisions/{division_id}/deployments/releases` lists it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ReleaseRow {
    /// `rel-` and a ULID.
    pub release_id: String,
    /// The division.
    pub division_id: String,
    /// The venture.
    pub venture_id: String,
    /// The pass through the deployment in which it was deployed.
    pub cycle: u32,
    /// What it is called.
    pub release_name: Option<String>,
    /// Its version, as Semantic Versioning has them.
    pub release_version: String,
    /// `test`, `staging` or `prod`.
    pub target_env: String,
    /// What was deployed.
    pub artifacts: Vec<ArtifactRow>,
    /// Where it answers.
    pub endpoints: Vec<String>,
    /// What is to be known about it.
    pub notes: Option<String>,
    /// How far it is rolled out, percent; not while nobody staged it.
    pub rollout_pct: Option<u8>,
    /// When it was rolled back.
    pub rolled_back_at: Option<String>,
    /// Why.
    pub rollback_reason: Option<String>,
    /// Who deployed it.
    pub deployed_by: String,
    /// When.
    pub deployed_at: String,
}

/// One artifact of a release.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ArtifactRow {
    /// What it is called.
    pub name: String,
    /// Where it lies.
    pub uri: String,
    /// What it is known by.
    pub digest: String,
}

/// One stage of a rollout, as `GET /api/divisions/{division_id}/deployments/rollouts` lists it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct RolloutStageRow {
    /// `stg-` and a ULID.
    pub stage_id: String,
    /// The division.
    pub division_id: String,
    /// The venture.
    pub venture_id: String,
    /// The release that is rolled out.
    pub release_id: String,
    /// What it is called.
    pub stage_name: String,
    /// How far it reaches, percent.
    pub stage_percentage: u8,
    /// What it is.
    pub description: Option<String>,
    /// Who staged it.
    pub staged_by: String,
    /// When.
    pub staged_at: String,
}
