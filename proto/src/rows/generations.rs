//! Rows of generations, and of what they made.

use super::DossierColumns;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The generation of one division, as `GET /api/divisions/{division_id}/generations` shows it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct GenerationRow {
    /// The division.
    pub division_id: String,
    /// What the division is called.
    pub division_name: String,
    /// The venture that it belongs to.
    pub venture_id: String,
    /// Where it stands.
    #[serde(flatten)]
    pub dossier: DossierColumns,
    /// What the division is written in; null until this pass has its skeleton, as all that follows.
    pub language: Option<String>,
    /// Where its files lie, below the folder of all workspaces.
    pub workspace_path: Option<String>,
    /// The templates that its files are made from.
    pub template_set: Option<String>,
    /// The hash of the manifest: of the skeleton, and of all files once it is completed.
    pub manifest_sha256: Option<String>,
    /// Desks generated in this pass, by the plan as it is.
    pub desk_count: u32,
    /// Modules generated in this pass.
    pub module_count: u32,
    /// Tests generated in this pass.
    pub test_count: u32,
}

/// One generated file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct GeneratedFileRow {
    /// Below the workspace.
    pub path: String,
    /// What it was generated to hold: `GET /api/blobs/{sha256}` answers it.
    pub sha256: String,
    /// Its length.
    pub bytes: u64,
}

/// One generated desk, as `GET /api/divisions/{division_id}/generations/desks` lists it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct GeneratedDeskRow {
    /// `desk-`, the division and the name.
    pub desk_id: String,
    /// In which pass.
    pub cycle: u32,
    /// The division.
    pub division_id: String,
    /// The venture.
    pub venture_id: String,
    /// What it is called.
    pub desk_name: String,
    /// `cmd`, `qry` or `prj`.
    pub department: String,
    /// The template that its files are made from.
    pub template: String,
    /// Its files.
    pub files: Vec<GeneratedFileRow>,
    /// Who generated it.
    pub generated_by: String,
    /// When.
    pub generated_at: String,
}

/// One module, as `GET /api/divisions/{division_id}/generations/modules` lists it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct GeneratedModuleRow {
    /// `mod-`, the division and the name.
    pub module_id: String,
    /// In which pass.
    pub cycle: u32,
    /// The division.
    pub division_id: String,
    /// The venture.
    pub venture_id: String,
    /// What it is called.
    pub module_name: String,
    /// What it is for.
    pub module_type: String,
    /// The planned desk that it belongs to.
    pub desk_id: Option<String>,
    /// Where it lies, below the workspace.
    pub file_path: String,
    /// What it holds: `GET /api/blobs/{sha256}` answers it.
    pub content_sha256: String,
    /// Its length.
    pub bytes: u64,
    /// What it does.
    pub description: Option<String>,
    /// Who generated it.
    pub generated_by: String,
    /// When.
    pub generated_at: String,
}

/// One test, as `GET /api/divisions/{division_id}/generations/tests` lists it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct GeneratedTestRow {
    /// `test-`, the division and the name.
    pub test_id: String,
    /// In which pass.
    pub cycle: u32,
    /// The division.
    pub division_id: String,
    /// The venture.
    pub venture_id: String,
    /// What it is called.
    pub test_name: String,
    /// How much it takes in.
    pub test_type: String,
    /// The module that it tests.
    pub module_name: String,
    /// Where it lies, below the workspace.
    pub file_path: String,
    /// What it holds: `GET /api/blobs/{sha256}` answers it.
    pub content_sha256: String,
    /// Its length.
    pub bytes: u64,
    /// What it proves.
    pub description: Option<String>,
    /// Who generated it.
    pub generated_by: String,
    /// When.
    pub generated_at: String,
}
