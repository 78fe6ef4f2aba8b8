//! The desks of a sprint, in the order in which they are built. A desk of another sprint moves; one that is left out
//! is in none.

use super::order::{listed, sequenced};
use super::{DEPENDENCY_VIOLATION, DESK_NOT_FOUND, DESK_SEQUENCED_TWICE, PLAN_TOO_LARGE};
use super::{Plan, demand_kept, parts::Sprint};
use hecate_desk::lifecycle::Pass;
use hecate_desk::prelude::*;

/// Sequence desks.
#[derive(Deserialize, JsonSchema)]
pub(super) struct SequenceDesks {
    /// Which sprint, counted from 0.
    sprint_number: u32,
    /// All of its desks in order, each by its name or id.
    #[schemars(length(min = 1, max = 1000))]
    desk_ids: Vec<Text<200>>,
}

#[derive(Serialize, Deserialize, JsonSchema)]
pub(crate) struct DesksSequenced {
    #[serde(flatten)]
    pub(crate) pass: Pass,
    #[serde(flatten)]
    pub(crate) sprint: Sprint,
    pub(crate) moved_from: Vec<Moved>,
    pub(crate) sequenced_by: String,
    pub(crate) sequenced_at: i64,
}

/// A desk that was in another sprint before.
#[derive(Serialize, Deserialize, JsonSchema)]
pub(crate) struct Moved {
    pub(crate) desk_id: String,
    pub(crate) sprint_number: u32,
}

impl Desk<Plan> for SequenceDesks {
    const SPEC: DeskSpec = DeskSpec {
        name: "sequence_desks",
        path: "sequence",
        aliases: &[],
        says: "Say which desks a sprint has, in order",
        allowed_in: StateMask::ACTIVE,
        refuses: &[DESK_NOT_FOUND, DESK_SEQUENCED_TWICE, DEPENDENCY_VIOLATION, PLAN_TOO_LARGE],
    };
    const RECORDS: &'static [EventEntry<Plan>] = &[event::<_, DesksSequenced>()];

    fn decide(self, plan: &Plan, at: &Moment) -> Result<Decision<Plan>, Refused> {
        let desk_ids = plan.desks_once(&self.desk_ids)?;
        let (sprint_number, moved_from) = (self.sprint_number, plan.moved(self.sprint_number, &desk_ids));
        let sprints = sequenced(plan.sprints.clone(), sprint_number, desk_ids.clone());
        demand_kept(&sprints, "desk_ids", plan.dependencies.values())?;
        plan.planned_with(|planned| planned.sprints = listed(&sprints))?;
        let (pass, sprint) = (plan.dossier.pass(), Sprint { sprint_number, desk_ids });
        let (sequenced_by, sequenced_at) = (at.actor.clone(), at.at_us);
        Ok(DesksSequenced { pass, sprint, moved_from, sequenced_by, sequenced_at }.into())
    }
}

impl Event<Plan> for DesksSequenced {
    const TYPE: &'static str = "desks_sequenced_v1";
    const EMITS: Emits = Emits::GroupAndMesh;

    fn evolve(self, plan: &mut Plan) {
        let Sprint { sprint_number, desk_ids } = self.sprint;
        plan.sprints = sequenced(std::mem::take(&mut plan.sprints), sprint_number, desk_ids);
    }
}

#[cfg(test)]
#[test]
fn desks_are_sequenced_by_name_or_id_once_and_after_what_they_require() {
    use super::{kit::*, plan_dependency::PlanDependency};
    use serde_json::json;
    let plan = a_plan_of(&["a", "b"]).asked::<PlanDependency>(json!({"from_desk": "b", "to_desk": "a"}));
    let refused = |desks: &[&str]| plan.when::<SequenceDesks>(sprint(1, desks)).unwrap_err();
    assert!(refused(&["a", "x"]).is(DESK_NOT_FOUND));
    assert!(refused(&["a", &id_of("a")]).is(DESK_SEQUENCED_TWICE));
    assert!(refused(&["b", "a"]).is(DEPENDENCY_VIOLATION));
    let plan = plan.asked::<SequenceDesks>(sprint(1, &["a", &id_of("b")]));
    let moved = plan.when::<SequenceDesks>(sprint(0, &["a"])).unwrap()[0].1.clone();
    assert_eq!(moved["moved_from"], json!([{"desk_id": id_of("a"), "sprint_number": 1}]));
    assert!(plan.when::<SequenceDesks>(sprint(0, &["b"])).unwrap_err().is(DEPENDENCY_VIOLATION));
}
