//! What a generation makes in one pass, and what it hands over of that.

use super::places::Places;
use hecate_desk::{Sha256, prelude::*};
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

/// The name as a part of an id: names are free text, and those that are no slugs are told apart by their hash.
pub(super) fn slug(name: &str) -> String {
    const HASH_CHARS: usize = 8;
    let words = name.split(|c: char| !c.is_ascii_alphanumeric()).filter(|word| !word.is_empty());
    let slug = words.collect::<Vec<_>>().join("-").to_ascii_lowercase();
    let hash = Sha256::of(name.as_bytes());
    match slug.as_str() {
        slug if slug == name => slug.to_owned(),
        "" => hash.as_str()[..HASH_CHARS].to_owned(),
        slug => format!("{slug}-{}", &hash.as_str()[..HASH_CHARS]),
    }
}

#[cfg(test)]
#[test]
fn a_name_is_a_part_of_an_id_and_stays_apart_from_names_like_it() {
    let slugs = ["tea-is-hot", "Tea is hot", "tea is hot", "../\"tea\" is/hot", "茶", "湯"].map(slug);
    assert_eq!(slugs[0], "tea-is-hot");
    assert!(slugs[1].starts_with("tea-is-hot-"), "{}", slugs[1]);
    let is_plain = |slug: &String| slug.bytes().all(|b| b == b'-' || b.is_ascii_alphanumeric());
    assert!(slugs.iter().all(is_plain), "{slugs:?}");
    assert_eq!(slugs.iter().collect::<std::collections::BTreeSet<_>>().len(), slugs.len());
}
