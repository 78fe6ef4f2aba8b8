//! The files of one planned desk: its folder with command, event, handler and test.

use super::files::GeneratedFile;
use super::parts::DeskMade;
use super::{DESK_NOT_PLANNED, Generation, INVALID_FILE_PATH, SKELETON_MISSING, UNKNOWN_TEMPLATE};
use hecate_desk::{lifecycle::Pass, prelude::*};
use hecate_scaffold::Department;

/// Generate a desk.
#[derive(Deserialize, JsonSchema)]
pub(super) struct GenerateDesk {
    /// Which one of the plan, by its id or its name.
    desk_id: Text<200>,
    /// By which template; that of its department unless said otherwise.
    template: Option<Slug>,
}

#[derive(Serialize, Deserialize, JsonSchema)]
pub(crate) struct DeskGenerated {
    #[serde(flatten)]
    pub(crate) pass: Pass,
    pub(crate) desk_id: String,
    pub(crate) desk_name: String,
    pub(crate) department: Department,
    pub(crate) template: String,
    pub(crate) files: Vec<GeneratedFile>,
    pub(crate) generated_by: String,
    pub(crate) generated_at: i64,
}

const DESK_ALREADY_GENERATED: Refusal =
    Refusal::new(409, "desk_already_generated", "This desk was generated in this pass.");

const REFUSES: &[Refusal] =
    &[SKELETON_MISSING, DESK_NOT_PLANNED, DESK_ALREADY_GENERATED, UNKNOWN_TEMPLATE, INVALID_FILE_PATH];

impl Desk<Generation> for GenerateDesk {
    const SPEC: DeskSpec = DeskSpec {
        name: "generate_desk",
        path: "desk",
        aliases: &[],
        says: "Generate a planned desk",
        allowed_in: StateMask::ACTIVE,
        refuses: REFUSES,
    };
    const RECORDS: &'static [EventEntry<Generation>] = &[event::<_, DeskGenerated>()];

    fn decide(self, generation: &Generation, at: &Moment) -> Result<Decision<Generation>, Refused> {
        generation.skeleton()?;
        let desk = generation.planned(self.desk_id.as_str())?;
        if generation.made.desks.contains_key(&desk.desk_id) {
            return Err(DESK_ALREADY_GENERATED.about("field", "desk_id"));
        }
        let template = self.template.map_or_else(|| desk.department.name().to_owned(), String::from);
        Ok(Decision::from(DeskGenerated {
            pass: generation.dossier.pass(),
            desk_id: desk.desk_id.clone(),
            desk_name: desk.desk_name.clone(),
            department: desk.department,
            files: generation.desk_files_in_place(desk, &template)?,
            template,
            generated_by: at.actor.clone(),
            generated_at: at.at_us,
        }))
    }
}

impl Event<Generation> for DeskGenerated {
    const TYPE: &'static str = "desk_generated_v1";
    const EMITS: Emits = Emits::GroupAndMesh;

    fn evolve(self, generation: &mut Generation) {
        let DeskGenerated { desk_id, desk_name, files, .. } = self;
        generation.made.keep_desk(DeskMade { desk_id, desk_name }, &files);
    }
}

#[cfg(test)]
#[test]
fn a_planned_desk_is_generated_once_after_the_skeleton() {
    use serde_json::json;
    let (bare, generation) = (super::kit::an_active_generation(), super::kit::a_generation_with_a_skeleton());
    let ask = json!({"desk_id": "take_order"});
    assert!(bare.when::<GenerateDesk>(ask.clone()).unwrap_err().is(SKELETON_MISSING));
    let refusal = |ask| generation.when::<GenerateDesk>(ask).unwrap_err();
    assert!(refusal(json!({"desk_id": "brew_tea"})).is(DESK_NOT_PLANNED));
    assert!(refusal(json!({"desk_id": "take_order", "template": "baroque"})).is(UNKNOWN_TEMPLATE));
    let made = generation.when::<GenerateDesk>(ask.clone()).unwrap();
    assert_eq!((&made[0].1["template"], &made[0].1["department"]), (&json!("cmd"), &json!("cmd")));
    let again =
        generation.asked::<GenerateDesk>(ask).when::<GenerateDesk>(json!({"desk_id": made[0].1["desk_id"]}));
    assert!(again.unwrap_err().is(DESK_ALREADY_GENERATED));
}
