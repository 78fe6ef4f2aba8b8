//! A test that somebody wrote for a module: where it lies and what it holds, by hash.

use super::files::WrittenFile;
use super::parts::{MadeTest, TestType, slug};
use super::places::Part;
use super::{GENERATION_TOO_LARGE, Generation, INVALID_FILE_PATH, SKELETON_MISSING};
use hecate_desk::{Content, lifecycle::Pass, prelude::*};

/// Put a test into the workspace.
#[derive(Deserialize, JsonSchema)]
pub(super) struct GenerateTest {
    /// What it is called.
    test_name: Text<200>,
    /// How much it takes in; `unit` unless said otherwise.
    test_type: Option<TestType>,
    /// The module that it tests.
    module_name: Slug,
    /// Where it lies, below the workspace.
    file_path: Text<200>,
    #[serde(flatten)]
    content: Content,
    /// What it proves.
    description: Option<Text<4000>>,
}

#[derive(Serialize, Deserialize, JsonSchema)]
pub(crate) struct TestGenerated {
    #[serde(flatten)]
    pub(crate) pass: Pass,
    #[serde(flatten)]
    pub(crate) test: MadeTest,
    #[serde(flatten)]
    pub(crate) file: WrittenFile,
    pub(crate) generated_by: String,
    pub(crate) generated_at: i64,
}

const TAKEN: Refusal = Refusal::new(409, "test_already_generated", "This pass has a test of this name.");
const MODULE_NOT_FOUND: Refusal =
    Refusal::new(422, "module_not_found", "This pass has no module of this name.");
const REFUSES: &[Refusal] =
    &[SKELETON_MISSING, TAKEN, MODULE_NOT_FOUND, INVALID_FILE_PATH, Content::MISSING, GENERATION_TOO_LARGE];

impl Desk<Generation> for GenerateTest {
    const SPEC: DeskSpec = DeskSpec {
        name: "generate_test",
        path: "test",
        aliases: &[],
        says: "Put a test into the workspace",
        allowed_in: StateMask::ACTIVE,
        refuses: REFUSES,
    };
    const RECORDS: &'static [EventEntry<Generation>] = &[event::<_, TestGenerated>()];
    const TAKES_CONTENT: bool = true;

    fn decide(self, generation: &Generation, at: &Moment) -> Result<Decision<Generation>, Refused> {
        let (skeleton, name) = (generation.skeleton()?, self.test_name.as_str());
        if generation.made.tests.contains_key(name) {
            return Err(TAKEN.about("field", "test_name"));
        }
        if !generation.made.modules.contains_key(self.module_name.as_str()) {
            return Err(MODULE_NOT_FOUND.about("field", "module_name"));
        }
        let test = MadeTest {
            test_id: format!("test-{}-{}", generation.dossier.of.division_id, slug(name)),
            test_name: name.to_owned(),
            test_type: self.test_type.unwrap_or_default(),
            module_name: self.module_name.into(),
            file_path: generation.demand_place(&Part::Test(name.to_owned()), &self.file_path)?,
        };
        generation.demand_room_for(&test, skeleton)?;
        let (pass, file) = (generation.dossier.pass(), WrittenFile::of(self.content, self.description));
        Ok(TestGenerated { pass, test, file, generated_by: at.actor.clone(), generated_at: at.at_us }.into())
    }
}

impl Event<Generation> for TestGenerated {
    const TYPE: &'static str = "test_generated_v1";
    const EMITS: Emits = Emits::GroupAndMesh;

    fn evolve(self, generation: &mut Generation) {
        let file = self.file.at(&self.test.file_path);
        generation.made.keep_test(self.test, &file);
    }
}

#[cfg(test)]
#[test]
fn a_test_has_a_name_of_its_own_and_a_module_that_is_there() {
    let generation = super::kit::a_generation_with_a_skeleton();
    let test = serde_json::json!({"test_name": "Tea is hot", "module_name": "tea", "file_path": "tests/tea.rs",
        "content": "// Tea"});
    assert!(generation.when::<GenerateTest>(test.clone()).unwrap_err().is(MODULE_NOT_FOUND));
    let generation = generation.asked::<super::generate_module::GenerateModule>(super::kit::module("tea"));
    assert!(generation.asked::<GenerateTest>(test.clone()).when::<GenerateTest>(test).unwrap_err().is(TAKEN));
}
