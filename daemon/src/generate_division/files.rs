//! The files of a generation: computed from the plan, named by what they hold.

use super::parts::Skeleton;
use super::planned::PlannedDesk;
use super::{Generation, SKELETON_ALREADY_GENERATED, UNKNOWN_TEMPLATE};
use hecate_desk::{Content, Sha256, prelude::*};
use hecate_scaffold::{File, UnknownTemplate};
use std::collections::BTreeMap;

/// One file that was generated.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub(crate) struct GeneratedFile {
    /// Below the workspace.
    pub(crate) path: String,
    pub(crate) sha256: String,
    pub(crate) bytes: u64,
}

impl GeneratedFile {
    /// As a manifest names it.
    pub(super) fn named(&self) -> (&str, &str) {
        (&self.path, &self.sha256)
    }
}

/// What somebody wrote into one file; where it lies stands beside it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub(crate) struct WrittenFile {
    pub(crate) content_sha256: String,
    pub(crate) bytes: u64,
    pub(crate) description: Option<String>,
}

impl WrittenFile {
    pub(super) fn of(content: Content, description: Option<Text<4000>>) -> WrittenFile {
        let Content { sha256, bytes } = content;
        WrittenFile { content_sha256: sha256.to_string(), bytes, description: description.map(String::from) }
    }

    pub(super) fn at(&self, path: &str) -> GeneratedFile {
        GeneratedFile { path: path.to_owned(), sha256: self.content_sha256.clone(), bytes: self.bytes }
    }
}

impl Generation {
    /// Refuses a second skeleton in one pass. One that is outdated is made again as it is: all else leans on it.
    pub(super) fn demand_skeleton_awaited(&self, skeleton: &Skeleton) -> Result<(), Refused> {
        let Some(there) = &self.made.skeleton else { return Ok(()) };
        match (self.made.skeleton_outdated, there == skeleton) {
            (true, true) => Ok(()),
            (false, _) => Err(SKELETON_ALREADY_GENERATED.into()),
            (true, false) => {
                let Skeleton { workspace_path, template_set, .. } = there;
                let hint = format!(
                    "Until this pass ends it lies at {workspace_path}, by {template_set}, in its language."
                );
                Err(SKELETON_ALREADY_GENERATED.about("hint", hint))
            }
        }
    }

    /// The files of a skeleton. The same plan gives the same files, whenever it is asked.
    pub(super) fn skeleton_files(&self, skeleton: &Skeleton) -> Result<Vec<File>, Refused> {
        let blueprint = self.dossier.handoff.blueprint(&self.dossier.of.division_name);
        let made = hecate_scaffold::skeleton(skeleton.language, &skeleton.template_set, &blueprint);
        made.map_err(unknown("template_set"))
    }

    /// The files of one desk, by the template of this name.
    pub(super) fn desk_files(&self, desk: &PlannedDesk, template: &str) -> Result<Vec<File>, Refused> {
        let blueprint = self.dossier.handoff.blueprint(&self.dossier.of.division_name);
        let Skeleton { language, template_set, .. } = self.skeleton()?;
        let made = hecate_scaffold::desk(*language, template_set, &blueprint, &desk.plan(), Some(template));
        made.map_err(unknown("template"))
    }
}

fn unknown(field: &'static str) -> impl Fn(UnknownTemplate) -> Refused {
    move |error| UNKNOWN_TEMPLATE.about("field", field).about("hint", error.to_string())
}

/// Files as they are recorded.
pub(super) fn recorded(files: &[File]) -> Vec<GeneratedFile> {
    let named = |File { path, text }: &File| GeneratedFile {
        path: path.clone(),
        sha256: Sha256::of(text.as_bytes()).to_string(),
        bytes: text.len() as u64,
    };
    files.iter().map(named).collect()
}

/// The hash of a manifest: a line for each file, its hash and its path, ordered by path, as `sha256sum -c` reads it.
pub(super) fn manifest_sha256<'f>(files: impl Iterator<Item = (&'f str, &'f str)>) -> String {
    let by_path: BTreeMap<_, _> = files.collect();
    let lines: String = by_path.into_iter().map(|(path, sha256)| format!("{sha256}  {path}\n")).collect();
    Sha256::of(lines.as_bytes()).to_string()
}
