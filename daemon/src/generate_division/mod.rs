//! Generation: the first code of a division, computed from its plan, and what people and models write into it.
//!
//! It begins when a plan is completed. Its desks only decide which files there are and what they hold, by hash; the
//! files themselves are written after that, by [`WorkspaceWriter`].

mod files;
mod generate_desk;
mod generate_module;
mod generate_skeleton;
mod generate_test;
mod on_plan_completed_initiate_generation;
mod parts;
mod path;
mod places;
mod planned;
mod workspace;

use files::manifest_sha256;
use hecate_desk::lifecycle::{Division, Dossier, LongLived, Names, OnDivisionDismissed};
use hecate_desk::prelude::*;
use hecate_desk::{DeskEntry, ListenerEntry, ProcessSpec, Rule, lifecycle_desks, lifecycle_names, listener};
use hecate_scaffold::Language;
use parts::{DeskMade, Made, MadeModule, MadeTest, Partial, Skeleton};
use places::Part;
use planned::PlannedDesk;

pub(crate) use generate_desk::DeskGenerated;
pub(crate) use generate_module::ModuleGenerated;
pub(crate) use generate_skeleton::SkeletonGenerated;
pub(crate) use generate_test::TestGenerated;
pub(crate) use parts::{ModuleType, TestType};
pub(crate) use planned::PlanHandOff;
pub(crate) use workspace::WorkspaceWriter;

const GENERATION_INCOMPLETE: Refusal = Refusal::new(
    422,
    "generation_incomplete",
    "A generation is complete when it has a skeleton and each planned desk, or part of them for a reason.",
)
.that_may_be_early();
const GENERATION_TOO_LARGE: Refusal =
    Refusal::new(422, "generation_too_large", "All that a generation names has to fit into 192 KiB.");
const SKELETON_ALREADY_GENERATED: Refusal =
    Refusal::new(409, "skeleton_already_generated", "This pass has its skeleton.");
const SKELETON_MISSING: Refusal =
    Refusal::new(422, "skeleton_missing", "Generate the skeleton first: it says where everything lies.");
const DESK_NOT_PLANNED: Refusal =
    Refusal::new(422, "desk_not_planned", "The plan that was handed over has no such desk.")
        .that_may_be_early();
const UNKNOWN_TEMPLATE: Refusal = Refusal::new(422, "unknown_template", "There is no such template.");
const INVALID_FILE_PATH: Refusal = Refusal::new(
    422,
    "invalid_file_path",
    "A file lies below the workspace, where no other part has its files: plain names of letters, digits and `._@+-`, \
     joined by `/`.",
);

/// All of it travels in one event when it is completed.
const HAND_OVER_BYTES_MAX: usize = 192 * 1024;

/// The generation of one division.
#[derive(Default, Serialize, Deserialize)]
pub(crate) struct Generation {
    dossier: Dossier<Division, PlanHandOff>,
    /// What was made in this pass.
    made: Made,
}

/// What generation hands over.
#[derive(Serialize, Deserialize, JsonSchema)]
pub(crate) struct Generated {
    language: Language,
    workspace_path: String,
    desks: Vec<DeskMade>,
    modules: Vec<MadeModule>,
    tests: Vec<MadeTest>,
    pub(crate) manifest_sha256: String,
    allow_partial: bool,
    reason: Option<String>,
}

impl LongLived for Generation {
    const PROCESS: ProcessSpec = ProcessSpec {
        name: "generate_division",
        noun: "generation",
        says: "Generation: the first code of a division, computed from its plan.",
        base: "/api/divisions/{division_id}/generate",
        stream: "generation-{division_id}",
    };
    const NAMES: Names = lifecycle_names!("generation");
    const DESKS: &'static [DeskEntry<Self>] = lifecycle_desks![
        generate_skeleton::GenerateSkeleton,
        generate_desk::GenerateDesk,
        generate_module::GenerateModule,
        generate_test::GenerateTest,
    ];
    const LISTENERS: &'static [ListenerEntry<Self>] = &[
        listener::<_, on_plan_completed_initiate_generation::PlanCompleted>(),
        listener::<_, OnDivisionDismissed>(),
    ];

    type Of = Division;
    type HandOff = PlanHandOff;
    type CompleteAsked = Partial;
    type HandOver = Generated;
    type ArchiveAsked = hecate_desk::lifecycle::Nothing;

    const COMPLETE_REFUSES: &'static [Refusal] = &[GENERATION_INCOMPLETE];

    fn dossier(&self) -> &Dossier<Division, PlanHandOff> {
        &self.dossier
    }

    fn dossier_mut(&mut self) -> &mut Dossier<Division, PlanHandOff> {
        &mut self.dossier
    }

    fn complete(&self, asked: Partial, _: &Moment) -> Result<Generated, Refused> {
        let missing = self.missing();
        // Without a skeleton there is nothing to hand over, whatever the reason.
        let Some(skeleton) = &self.made.skeleton else {
            return Err(GENERATION_INCOMPLETE.about("missing", missing));
        };
        match (missing.is_empty(), asked.allow_partial.unwrap_or(false), asked.reason) {
            (true, _, _) => Ok(self.generated(skeleton, None)),
            (false, false, _) => Err(GENERATION_INCOMPLETE.about("missing", missing)),
            (false, true, None) => {
                Err(Refusal::rule("reason", Rule::Required, "Say why part of it is enough."))
            }
            (false, true, Some(reason)) => Ok(self.generated(skeleton, Some(reason.into()))),
        }
    }

    fn begin_cycle(&mut self) {
        self.made = Made::default();
    }

    /// What was computed from a plan that says something else is to be generated anew.
    fn rebriefed(&mut self, before: PlanHandOff) {
        let plan = &self.dossier.handoff;
        for desk in before.outdated_by(plan) {
            self.made.desks.remove(&desk.desk_id);
            self.made.places.clear(&Part::Desk(desk.desk_name.clone()));
        }
        let division = &self.dossier.of.division_name;
        self.made.skeleton_outdated |= before.blueprint(division) != plan.blueprint(division);
    }
}

impl Generation {
    /// All that is handed over; for this reason, where it is only part of what was planned.
    fn generated(&self, skeleton: &Skeleton, partial: Option<String>) -> Generated {
        let Made { desks, modules, tests, places, .. } = &self.made;
        Generated {
            language: skeleton.language,
            workspace_path: skeleton.workspace_path.clone(),
            desks: desks.values().cloned().collect(),
            modules: modules.values().cloned().collect(),
            tests: tests.values().cloned().collect(),
            manifest_sha256: manifest_sha256(places.named()),
            allow_partial: partial.is_some(),
            reason: partial,
        }
    }

    /// What completion still waits for.
    fn missing(&self) -> Vec<String> {
        let is_missing = self.made.skeleton.is_none() || self.made.skeleton_outdated;
        let skeleton = is_missing.then(|| "the skeleton".to_owned());
        skeleton.into_iter().chain(self.awaited_desks().map(|desk| desk.desk_name.clone())).collect()
    }

    /// The planned desks that are not there yet.
    fn awaited_desks(&self) -> impl Iterator<Item = &PlannedDesk> {
        let is_made = |desk: &&PlannedDesk| self.made.desks.contains_key(&desk.desk_id);
        self.dossier.handoff.desks.iter().filter(move |desk| !is_made(desk))
    }

    fn skeleton(&self) -> Result<&Skeleton, Refused> {
        self.made.skeleton.as_ref().ok_or_else(|| SKELETON_MISSING.into())
    }

    /// The planned desk of this id or name.
    fn planned(&self, desk: &str) -> Result<&PlannedDesk, Refused> {
        let desks = &self.dossier.handoff.desks;
        let found = desks.iter().find(|planned| planned.desk_id == desk || planned.desk_name == desk);
        found.ok_or_else(|| {
            let names = desks.iter().map(|planned| &planned.desk_name);
            DESK_NOT_PLANNED.about("field", "desk_id").choose_from(names)
        })
    }

    /// Refuses a part that would make the generation too large to be handed over once each planned desk is there.
    fn demand_room_for(&self, part: &impl Serialize, skeleton: &Skeleton) -> Result<(), Refused> {
        let desks: Vec<DeskMade> = self.awaited_desks().map(PlannedDesk::made).collect();
        let bytes = bytes_of(&self.generated(skeleton, None)) + bytes_of(&desks) + bytes_of(part);
        if bytes > HAND_OVER_BYTES_MAX {
            return Err(GENERATION_TOO_LARGE.about("bytes", bytes).about("bytes_max", HAND_OVER_BYTES_MAX));
        }
        Ok(())
    }
}

fn bytes_of(part: &impl Serialize) -> usize {
    serde_json::to_vec(part).map_or(HAND_OVER_BYTES_MAX, |text| text.len())
}

#[cfg(test)]
mod kit {
    //! Generations for the desks' own tests.
    use super::{Generation, generate_skeleton::GenerateSkeleton};
    use hecate_desk::kit::{Given, ULID, given};
    use hecate_desk::lifecycle::{Initiate, Start};
    use serde_json::{Value, json};

    pub(super) fn a_plan() -> Value {
        let desk = |name: &str, department: &str, events: Value| {
            json!({"desk_id": format!("desk-d-{ULID}-{name}"), "desk_name": name, "department": department,
                "priority": 1, "inboxes": [], "policies": [], "emitters": [], "events": events})
        };
        let fields = json!([{"name": "sku", "type": "string", "required": true}]);
        let taken = json!([{"event_name": "order_taken_v1", "payload_fields": fields}]);
        let desks = [desk("take_order", "cmd", taken), desk("show_order", "qry", json!([]))];
        json!({"desks": desks, "sprints": [], "dependencies": []})
    }

    pub(super) fn skeleton() -> Value {
        json!({"language": "rust", "workspace_path": "shop/orders"})
    }

    pub(super) fn module(name: &str) -> Value {
        json!({"module_name": name, "file_path": format!("src/{name}.rs"), "content": "// Tea\n"})
    }

    /// What the nth completed plan hands over.
    pub(super) fn handed_over(nth: u8) -> Value {
        json!({"venture_id": format!("v-{ULID}"), "division_id": format!("d-{ULID}"),
            "division_name": "orders", "handoff": a_plan(), "visibility": "realm",
            "source_event_id": format!("01890000-0000-7000-8000-{nth:012}"), "start": false})
    }

    pub(super) fn an_active_generation() -> Given<Generation> {
        given().asked::<Initiate<Generation>>(handed_over(0)).asked::<Start<Generation>>(json!({}))
    }

    pub(super) fn a_generation_with_a_skeleton() -> Given<Generation> {
        an_active_generation().asked::<GenerateSkeleton>(skeleton())
    }
}

#[cfg(test)]
mod tests;
