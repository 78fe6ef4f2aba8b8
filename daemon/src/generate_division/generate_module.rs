//! A module that somebody wrote: where it lies and what it holds, by hash.

use super::files::WrittenFile;
use super::parts::{MadeModule, ModuleType};
use super::places::Part;
use super::{DESK_NOT_PLANNED, GENERATION_TOO_LARGE, Generation, INVALID_FILE_PATH, SKELETON_MISSING};
use hecate_desk::{Content, lifecycle::Pass, prelude::*};

/// Put a module into the workspace.
#[derive(Deserialize, JsonSchema)]
pub(super) struct GenerateModule {
    /// What it is called.
    module_name: Slug,
    /// What it is for; `other` unless said otherwise.
    module_type: Option<ModuleType>,
    /// The planned desk that it belongs to, by its id or its name.
    desk_id: Option<Text<200>>,
    /// Where it lies, below the workspace.
    file_path: Text<200>,
    #[serde(flatten)]
    content: Content,
    /// What it does.
    description: Option<Text<4000>>,
}

#[derive(Serialize, Deserialize, JsonSchema)]
pub(crate) struct ModuleGenerated {
    #[serde(flatten)]
    pub(crate) pass: Pass,
    #[serde(flatten)]
    pub(crate) module: MadeModule,
    pub(crate) desk_id: Option<String>,
    #[serde(flatten)]
    pub(crate) file: WrittenFile,
    pub(crate) generated_by: String,
    pub(crate) generated_at: i64,
}

const TAKEN: Refusal = Refusal::new(409, "module_already_generated", "This pass has a module of this name.");
const REFUSES: &[Refusal] =
    &[SKELETON_MISSING, TAKEN, DESK_NOT_PLANNED, INVALID_FILE_PATH, Content::MISSING, GENERATION_TOO_LARGE];

impl Desk<Generation> for GenerateModule {
    const SPEC: DeskSpec = DeskSpec {
        name: "generate_module",
        path: "module",
        aliases: &[],
        says: "Put a module into the workspace",
        allowed_in: StateMask::ACTIVE,
        refuses: REFUSES,
    };
    const RECORDS: &'static [EventEntry<Generation>] = &[event::<_, ModuleGenerated>()];
    const TAKES_CONTENT: bool = true;

    fn decide(self, generation: &Generation, at: &Moment) -> Result<Decision<Generation>, Refused> {
        let (skeleton, name) = (generation.skeleton()?, self.module_name.as_str());
        if generation.made.modules.contains_key(name) {
            return Err(TAKEN.about("field", "module_name"));
        }
        let desk = self.desk_id.map(|desk| generation.planned(desk.as_str())).transpose()?;
        let desk_id = desk.map(|desk| desk.desk_id.clone());
        let module = MadeModule {
            module_id: format!("mod-{}-{name}", generation.dossier.of.division_id),
            module_name: name.to_owned(),
            module_type: self.module_type.unwrap_or_default(),
            file_path: generation.demand_place(&Part::Module(name.to_owned()), &self.file_path)?,
        };
        generation.demand_room_for(&module, skeleton)?;
        let (pass, generated_by) = (generation.dossier.pass(), at.actor.clone());
        let file = WrittenFile::of(self.content, self.description);
        Ok(ModuleGenerated { pass, module, desk_id, file, generated_by, generated_at: at.at_us }.into())
    }
}

impl Event<Generation> for ModuleGenerated {
    const TYPE: &'static str = "module_generated_v1";
    const EMITS: Emits = Emits::GroupAndMesh;

    fn evolve(self, generation: &mut Generation) {
        let file = self.file.at(&self.module.file_path);
        generation.made.keep_module(self.module, &file);
    }
}

#[cfg(test)]
#[test]
fn a_module_has_a_name_of_its_own_and_content_that_is_kept() {
    let (bare, generation) = (super::kit::an_active_generation(), super::kit::a_generation_with_a_skeleton());
    let ask = super::kit::module("tea");
    assert!(bare.when::<GenerateModule>(ask.clone()).unwrap_err().is(SKELETON_MISSING));
    let named = hecate_desk::Sha256::of(b"cake");
    let unsent = serde_json::json!({"module_name": "tea", "file_path": "tea.rs", "content_sha256": named});
    assert!(generation.when::<GenerateModule>(unsent).unwrap_err().is(Content::MISSING));
    let again = generation.asked::<GenerateModule>(ask.clone()).when::<GenerateModule>(ask);
    assert!(again.unwrap_err().is(TAKEN));
}
