//! Rows of discoveries, and of the divisions that they find.

use super::DossierColumns;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The discovery of one venture, as `GET /api/ventures/{venture_id}/discovery` shows it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct DiscoveryRow {
    /// The venture.
    pub venture_id: String,
    /// What the venture is called.
    pub venture_name: String,
    /// Where it stands.
    #[serde(flatten)]
    pub dossier: DossierColumns,
    /// Divisions found and not dismissed.
    pub division_count: u32,
}

/// One division, as `GET /api/ventures/{venture_id}/divisions` lists it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct DivisionRow {
    /// `d-` and a ULID.
    pub division_id: String,
    /// What it is called.
    pub division_name: String,
    /// The venture that it belongs to.
    pub venture_id: String,
    /// What that venture is called.
    pub venture_name: String,
    /// What it does.
    pub description: Option<String>,
    /// Why it stands on its own.
    pub rationale: Option<String>,
    /// Who found it.
    pub discovered_by: String,
    /// When.
    pub discovered_at: String,
    /// True when it turned out to be none.
    pub dismissed: bool,
    /// When that was.
    pub dismissed_at: Option<String>,
    /// Why.
    pub dismiss_reason: Option<String>,
}
