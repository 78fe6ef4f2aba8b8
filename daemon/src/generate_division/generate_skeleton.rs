//! The skeleton of a division's project: what all its desks share, in one language, at one place.

use super::files::{GeneratedFile, manifest_sha256, recorded};
use super::{Generation, SKELETON_ALREADY_GENERATED, UNKNOWN_TEMPLATE};
use super::{parts::Skeleton, path::demand_beneath};
use hecate_desk::lifecycle::Pass;
use hecate_desk::prelude::*;
use hecate_scaffold::Language;

/// Generate the skeleton.
#[derive(Deserialize, JsonSchema)]
pub(super) struct GenerateSkeleton {
    /// What the division is written in.
    language: Language,
    /// Where its files lie, below the folder of all workspaces. One division's alone: what another one's generation has
    /// written there is never written over, and a later pass removes nothing of what an earlier one has left.
    workspace_path: Text<200>,
    /// Which templates; `default` unless said otherwise.
    template_set: Option<Slug>,
}

#[derive(Serialize, Deserialize, JsonSchema)]
pub(crate) struct SkeletonGenerated {
    #[serde(flatten)]
    pub(crate) pass: Pass,
    #[serde(flatten)]
    pub(crate) skeleton: Skeleton,
    pub(crate) files: Vec<GeneratedFile>,
    pub(crate) manifest_sha256: String,
    pub(crate) generated_by: String,
    pub(crate) generated_at: i64,
}

const INVALID_WORKSPACE_PATH: Refusal = Refusal::new(
    422,
    "invalid_workspace_path",
    "A workspace lies below the folder of all: plain names of letters, digits and `._@+-`, joined by `/`.",
);

impl Desk<Generation> for GenerateSkeleton {
    const SPEC: DeskSpec = DeskSpec {
        name: "generate_skeleton",
        path: "skeleton",
        aliases: &[],
        says: "Generate the skeleton of a division's project",
        allowed_in: StateMask::ACTIVE,
        refuses: &[SKELETON_ALREADY_GENERATED, INVALID_WORKSPACE_PATH, UNKNOWN_TEMPLATE],
    };
    const RECORDS: &'static [EventEntry<Generation>] = &[event::<_, SkeletonGenerated>()];

    fn decide(self, generation: &Generation, at: &Moment) -> Result<Decision<Generation>, Refused> {
        let workspace_path = demand_beneath(&self.workspace_path, INVALID_WORKSPACE_PATH, "workspace_path")?;
        let template_set = self.template_set.map_or_else(|| "default".to_owned(), String::from);
        let skeleton = Skeleton { language: self.language, workspace_path, template_set };
        generation.demand_skeleton_awaited(&skeleton)?;
        let files = recorded(&generation.skeleton_files(&skeleton)?);
        let manifest_sha256 = manifest_sha256(files.iter().map(GeneratedFile::named));
        let (pass, generated_by, generated_at) = (generation.dossier.pass(), at.actor.clone(), at.at_us);
        Ok(SkeletonGenerated { pass, skeleton, files, manifest_sha256, generated_by, generated_at }.into())
    }
}

impl Event<Generation> for SkeletonGenerated {
    const TYPE: &'static str = "skeleton_generated_v1";
    const EMITS: Emits = Emits::GroupAndMesh;

    fn evolve(self, generation: &mut Generation) {
        generation.made.keep_skeleton(self.skeleton, &self.files);
    }
}

#[cfg(test)]
#[test]
fn a_skeleton_lies_below_the_workspaces_is_generated_once_and_always_the_same() {
    let (generation, ask) = (super::kit::an_active_generation(), super::kit::skeleton());
    let twice = [(); 2].map(|()| generation.when::<GenerateSkeleton>(ask.clone()).unwrap());
    assert_eq!(twice[0], twice[1]);
    let refusal = |field: &str, said: &str| {
        let mut ask = ask.clone();
        ask[field] = said.into();
        generation.when::<GenerateSkeleton>(ask).unwrap_err()
    };
    assert!(refusal("template_set", "baroque").is(UNKNOWN_TEMPLATE));
    for way in super::path::ESCAPES {
        let (refused, blank) = (refusal("workspace_path", way), way.trim().is_empty());
        assert!(refused.is(if blank { Refusal::VALIDATION } else { INVALID_WORKSPACE_PATH }), "{way:?}");
    }
    let again = super::kit::a_generation_with_a_skeleton().when::<GenerateSkeleton>(ask);
    assert!(again.unwrap_err().is(SKELETON_ALREADY_GENERATED));
}
