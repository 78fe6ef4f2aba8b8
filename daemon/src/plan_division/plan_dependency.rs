//! A desk depends on another: it triggers it, requires it, or reads what it keeps.

use super::parts::{DependencyType, PlannedDependency};
use super::{DEPENDENCY_CYCLE, DEPENDENCY_VIOLATION, DESK_NOT_FOUND, PLAN_TOO_LARGE, Plan};
use hecate_desk::lifecycle::Pass;
use hecate_desk::prelude::*;

/// Plan a dependency.
#[derive(Deserialize, JsonSchema)]
pub(super) struct PlanDependency {
    /// The desk that triggers, requires or reads, by its name or id.
    from_desk: Text<200>,
    /// The desk that is triggered, required or read, by its name or id.
    to_desk: Text<200>,
    /// How the one depends on the other; `requires` unless said otherwise.
    dependency_type: Option<DependencyType>,
    /// Why.
    description: Option<Text<4000>>,
}

#[derive(Serialize, Deserialize, JsonSchema)]
pub(crate) struct DependencyPlanned {
    #[serde(flatten)]
    pub(crate) pass: Pass,
    #[serde(flatten)]
    pub(crate) dependency: PlannedDependency,
    pub(crate) description: Option<String>,
    pub(crate) planned_by: String,
    pub(crate) planned_at: i64,
}

const DEPENDENCY_ALREADY_PLANNED: Refusal =
    Refusal::new(409, "dependency_already_planned", "The plan has a dependency between these desks.");

impl Desk<Plan> for PlanDependency {
    const SPEC: DeskSpec = DeskSpec {
        name: "plan_dependency",
        path: "dependency",
        aliases: &[],
        says: "Plan a dependency between two desks",
        allowed_in: StateMask::ACTIVE,
        refuses: &[
            DESK_NOT_FOUND,
            DEPENDENCY_ALREADY_PLANNED,
            DEPENDENCY_CYCLE,
            DEPENDENCY_VIOLATION,
            PLAN_TOO_LARGE,
        ],
    };
    const RECORDS: &'static [EventEntry<Plan>] = &[event::<_, DependencyPlanned>()];

    fn decide(self, plan: &Plan, at: &Moment) -> Result<Decision<Plan>, Refused> {
        let from_desk = plan.desk("from_desk", self.from_desk.as_str())?.desk_id.clone();
        let to_desk = plan.desk("to_desk", self.to_desk.as_str())?.desk_id.clone();
        let dependency_id = format!("dep-{from_desk}-{to_desk}");
        if plan.dependencies.contains_key(&dependency_id) {
            return Err(DEPENDENCY_ALREADY_PLANNED.about("dependency_id", dependency_id));
        }
        let dependency_type = self.dependency_type.unwrap_or_default();
        let dependency = PlannedDependency { dependency_id, from_desk, to_desk, dependency_type };
        plan.demand_order(&dependency)?;
        plan.planned_with(|planned| planned.dependencies.push(dependency.clone()))?;
        let (pass, description) = (plan.dossier.pass(), self.description.map(String::from));
        let (planned_by, planned_at) = (at.actor.clone(), at.at_us);
        Ok(DependencyPlanned { pass, dependency, description, planned_by, planned_at }.into())
    }
}

impl Event<Plan> for DependencyPlanned {
    const TYPE: &'static str = "dependency_planned_v1";
    const EMITS: Emits = Emits::GroupAndMesh;

    fn evolve(self, plan: &mut Plan) {
        plan.dependencies.insert(self.dependency.dependency_id.clone(), self.dependency);
    }
}

#[cfg(test)]
#[test]
fn a_dependency_is_planned_once_between_known_desks_and_never_in_a_circle() {
    use super::{kit::*, sequence_desks::SequenceDesks};
    use serde_json::json;
    let ask =
        |from: &str, how: &str, to: &str| json!({"from_desk": from, "to_desk": to, "dependency_type": how});
    let plan = a_plan_of(&["a", "b", "c"]).asked::<PlanDependency>(ask("b", "requires", "a"));
    let plan = plan.asked::<PlanDependency>(ask("b", "triggers", "c"));
    let refused = |from, how, to| plan.when::<PlanDependency>(ask(from, how, to)).unwrap_err();
    assert!(refused("a", "requires", "x").is(DESK_NOT_FOUND));
    assert!(refused("b", "reads", "a").is(DEPENDENCY_ALREADY_PLANNED));
    for (from, how, to) in [("a", "reads", "a"), ("a", "requires", "c"), ("c", "triggers", "a")] {
        assert!(refused(from, how, to).is(DEPENDENCY_CYCLE), "{from} {how} {to}");
    }
    let sequenced = a_plan_of(&["a", "c"]).asked::<SequenceDesks>(sprint(0, &["a", "c"]));
    assert!(sequenced.when::<PlanDependency>(ask("a", "reads", "c")).unwrap_err().is(DEPENDENCY_VIOLATION));
}
