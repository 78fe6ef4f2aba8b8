//! What a generation makes in one pass, and what it hands over of that.

use super::places::Places;
use hecate_desk::prelude::*;
use hecate_scaffold::Language;
use std::collections::BTreeMap;

/// All that was made in one pass.
#[derive(Default, Serialize, Deserialize)]
pub(super) struct Made {
    pub(super) skeleton: Option<Skeleton>,
    /// The plan says something else than the skeleton was computed from.
    pub(super) skeleton_outdated: bool,
    /// By id.
    pub(super) desks: BTreeMap<String, DeskMade>,
    /// By name.
    pub(super) modules: BTreeMap<String, MadeModule>,
    /// By name.
    pub(super) tests: BTreeMap<String, MadeTest>,
    /// The files of all these.
    pub(super) places: Places,
}

/// What all files of a workspace share.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub(crate) struct Skeleton {
    pub(crate) language: Language,
    /// Below the root of all workspaces.
    pub(crate) workspace_path: String,
    pub(crate) template_set: String,
}

/// A desk, as it is handed over.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub(crate) struct DeskMade {
    pub(crate) desk_id: String,
    pub(crate) desk_name: String,
}

/// A module, as it is handed over.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub(crate) struct MadeModule {
    pub(crate) module_id: String,
    pub(crate) module_name: String,
    pub(crate) module_type: ModuleType,
    pub(crate) file_path: String,
}

/// A test, as it is handed over.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub(crate) struct MadeTest {
    pub(crate) test_id: String,
    pub(crate) test_name: String,
    pub(crate) test_type: TestType,
    pub(crate) module_name: String,
    pub(crate) file_path: String,
}

/// What a module is for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(inline)]
pub(crate) enum ModuleType {
    /// What is asked.
    Command,
    /// What happened.
    Event,
    /// Who decides.
    Handler,
    /// Who tells.
    Emitter,
    /// What is decided over.
    Aggregate,
    /// What is drawn.
    Projection,
    /// What is looked up.
    Query,
    /// Anything else.
    #[default]
    Other,
}

/// How much a test takes in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(inline)]
pub(crate) enum TestType {
    /// One part alone.
    #[default]
    Unit,
    /// Several parts together.
    Integration,
    /// All of it, from outside.
    #[serde(rename = "e2e")]
    EndToEnd,
    /// What people agreed upon.
    Acceptance,
}

/// What somebody says who completes a generation of which something is missing.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub(crate) struct Partial {
    /// Whether desks may be missing.
    pub(super) allow_partial: Option<bool>,
    /// Why they may.
    pub(super) reason: Option<Text<1000>>,
}
