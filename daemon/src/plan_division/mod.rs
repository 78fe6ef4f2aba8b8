//! Planning: the desks of a division, the order in which they are built, and what depends on what.
//!
//! It begins when a design is completed and hands over the desks with the events that they record. It lives on after
//! that: what is generated, tested, deployed, broken and rescued comes back to it.

mod acknowledge_deployment;
mod acknowledge_generation;
mod acknowledge_incident;
mod acknowledge_rescue;
mod acknowledge_testing;
mod feedback;
mod inventory_desk;
mod on_design_completed_initiate_plan;
mod on_desk_generated_acknowledge_generation;
mod on_incident_raised_acknowledge_incident;
mod on_release_deployed_acknowledge_deployment;
mod on_rescue_completed_acknowledge_rescue;
mod on_testing_completed_acknowledge_testing;
mod order;
mod parts;
mod plan_dependency;
mod sequence_desks;

use hecate_desk::lifecycle::{Division, Dossier, LongLived, Names, Nothing, OnDivisionDismissed};
use hecate_desk::prelude::*;
use hecate_desk::{DeskEntry, ListenerEntry, ProcessSpec, Rule, lifecycle_desks, lifecycle_names, listener};
use std::collections::{BTreeMap, BTreeSet};
use uuid::Uuid;

pub(crate) use acknowledge_deployment::{DeploymentAcknowledged, DeploymentNews};
pub(crate) use acknowledge_generation::{GenerationAcknowledged, GenerationNews};
pub(crate) use acknowledge_incident::{IncidentAcknowledged, IncidentNews};
pub(crate) use acknowledge_rescue::{RescueAcknowledged, RescueNews};
pub(crate) use acknowledge_testing::{TestingAcknowledged, TestingNews};
pub(crate) use feedback::Feedback;
pub(crate) use inventory_desk::DeskInventoried;
pub(crate) use parts::{Department, DeskEvent, DeskPlan, PlannedDependency, PlannedDesk, Sprint};
pub(crate) use plan_dependency::DependencyPlanned;
pub(crate) use sequence_desks::DesksSequenced;

const PLAN_INCOMPLETE: Refusal = Refusal::new(
    422,
    "plan_incomplete",
    "A plan is complete when it has a desk, and each desk of priority 0 its sprint.",
);
const PLAN_TOO_LARGE: Refusal =
    Refusal::new(422, "plan_too_large", "All that a plan hands over has to fit into 192 KiB.");
const AGGREGATE_NOT_FOUND: Refusal = Refusal::new(
    422,
    "aggregate_not_found",
    "The design that was handed over has no aggregate of this name.",
)
.that_may_be_early();
const DESK_ALREADY_INVENTORIED: Refusal =
    Refusal::new(409, "desk_already_inventoried", "The plan has a desk of this name.");
const DESK_NOT_FOUND: Refusal =
    Refusal::new(404, "desk_not_found", "The plan has no desk of this name or id.");
const DESK_SEQUENCED_TWICE: Refusal =
    Refusal::new(422, "desk_sequenced_twice", "A sprint has each of its desks once.");
const DEPENDENCY_CYCLE: Refusal =
    Refusal::new(422, "dependency_cycle", "A desk cannot come before itself, not even through others.");
const DEPENDENCY_VIOLATION: Refusal =
    Refusal::new(422, "dependency_violation", "A desk comes after those that have to be there first.");

/// All of it travels in one event when it is completed, whoever planned which part when.
const PLAN_BYTES_MAX: usize = 192 * 1024;

/// The plan of one division.
#[derive(Default, Serialize, Deserialize)]
pub(crate) struct Plan {
    dossier: Dossier<Division, DesignHandOff>,
    desks: BTreeMap<String, PlannedDesk>,
    sprints: order::Sprints,
    dependencies: BTreeMap<String, PlannedDependency>,
    /// The facts that came back to it.
    acknowledged: BTreeSet<Uuid>,
}

/// The design that is planned.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub(crate) struct DesignHandOff {
    pub(crate) aggregates: Vec<DesignedAggregate>,
    pub(crate) events: Vec<DesignedEvent>,
}

/// An aggregate of that design.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub(crate) struct DesignedAggregate {
    pub(crate) aggregate_name: String,
    pub(crate) description: Option<String>,
}

/// An event of that design.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub(crate) struct DesignedEvent {
    pub(crate) event_name: String,
    pub(crate) aggregate_name: String,
    pub(crate) payload_fields: Vec<PayloadField>,
    pub(crate) description: Option<String>,
}

/// One field of an event's payload.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub(crate) struct PayloadField {
    pub(crate) name: String,
    #[serde(rename = "type")]
    pub(crate) of_type: String,
    pub(crate) required: bool,
}

/// What a plan hands over.
#[derive(Serialize, Deserialize, JsonSchema)]
pub(crate) struct Planned {
    pub(crate) desks: Vec<DeskPlan>,
    pub(crate) sprints: Vec<Sprint>,
    pub(crate) dependencies: Vec<PlannedDependency>,
}

impl LongLived for Plan {
    const PROCESS: ProcessSpec = ProcessSpec {
        name: "plan_division",
        noun: "plan",
        says: "Planning: the desks of a division, their order, and what depends on what.",
        base: "/api/divisions/{division_id}/plan",
        stream: "plan-{division_id}",
    };
    const NAMES: Names = lifecycle_names!("plan");
    const DESKS: &'static [DeskEntry<Self>] = lifecycle_desks![
        inventory_desk::InventoryDesk,
        plan_dependency::PlanDependency,
        sequence_desks::SequenceDesks,
        feedback::Acknowledge<GenerationNews>,
        feedback::Acknowledge<TestingNews>,
        feedback::Acknowledge<DeploymentNews>,
        feedback::Acknowledge<IncidentNews>,
        feedback::Acknowledge<RescueNews>,
    ];
    const LISTENERS: &'static [ListenerEntry<Self>] = &[
        listener::<_, on_design_completed_initiate_plan::DesignCompleted>(),
        listener::<_, on_desk_generated_acknowledge_generation::DeskGenerated>(),
        listener::<_, on_testing_completed_acknowledge_testing::TestingCompleted>(),
        listener::<_, on_release_deployed_acknowledge_deployment::ReleaseDeployed>(),
        listener::<_, on_incident_raised_acknowledge_incident::IncidentRaised>(),
        listener::<_, on_rescue_completed_acknowledge_rescue::RescueCompleted>(),
        listener::<_, OnDivisionDismissed>(),
    ];

    type Of = Division;
    type HandOff = DesignHandOff;
    type CompleteAsked = Nothing;
    type HandOver = Planned;
    type ArchiveAsked = Nothing;

    const COMPLETE_REFUSES: &'static [Refusal] = &[PLAN_INCOMPLETE, PLAN_TOO_LARGE];

    fn dossier(&self) -> &Dossier<Division, DesignHandOff> {
        &self.dossier
    }

    fn dossier_mut(&mut self) -> &mut Dossier<Division, DesignHandOff> {
        &mut self.dossier
    }

    fn complete(&self, _: Nothing, _: &Moment) -> Result<Planned, Refused> {
        let missing = self.missing();
        if !missing.is_empty() {
            return Err(PLAN_INCOMPLETE.about("missing", missing));
        }
        // Its events may have grown since the desks were planned.
        self.planned_with(|_| ())
    }
}

impl Plan {
    /// All that is planned once this is changed, unless that is too large to be handed over.
    fn planned_with(&self, change: impl FnOnce(&mut Planned)) -> Result<Planned, Refused> {
        let mut planned = Planned {
            desks: self.desks.values().map(|desk| self.handed_over(desk)).collect(),
            sprints: order::listed(&self.sprints),
            dependencies: self.dependencies.values().cloned().collect(),
        };
        change(&mut planned);
        let bytes = serde_json::to_vec(&planned).map_or(usize::MAX, |text| text.len());
        if bytes > PLAN_BYTES_MAX {
            return Err(PLAN_TOO_LARGE.about("bytes", bytes).about("bytes_max", PLAN_BYTES_MAX));
        }
        Ok(planned)
    }

    /// A desk with the events of its aggregate that one of its emitters tells.
    fn handed_over(&self, desk: &PlannedDesk) -> DeskPlan {
        let is_told = |event: &&DesignedEvent| {
            desk.department == Department::Cmd
                && desk.aggregate_name.as_ref() == Some(&event.aggregate_name)
                && desk.emitters.iter().any(|emitter| parts::tells(emitter, &event.event_name))
        };
        let recorded = |event: &DesignedEvent| DeskEvent {
            event_name: event.event_name.clone(),
            payload_fields: event.payload_fields.clone(),
        };
        let events = self.dossier.handoff.events.iter().filter(is_told).map(recorded).collect();
        DeskPlan { desk: desk.clone(), events }
    }

    /// What completion still waits for.
    fn missing(&self) -> Vec<String> {
        if self.desks.is_empty() {
            return vec!["a desk".to_owned()];
        }
        let sequenced: BTreeSet<&String> = self.sprints.values().flatten().collect();
        let waits = |desk: &&PlannedDesk| desk.priority == 0 && !sequenced.contains(&desk.desk_id);
        self.desks.values().filter(waits).map(|desk| format!("a sprint for {}", desk.desk_name)).collect()
    }

    fn desk_id(&self, name: &str) -> String {
        format!("desk-{}-{name}", self.dossier.of.division_id)
    }

    /// The desk of this name or id.
    fn desk(&self, field: &str, named: &str) -> Result<&PlannedDesk, Refused> {
        let desk = self.desks.get(named).or_else(|| self.desks.get(&self.desk_id(named)));
        desk.ok_or_else(|| DESK_NOT_FOUND.about("field", field).about("desk", named))
    }

    /// Those of these desks that are in another sprint now.
    fn moved(&self, sprint_number: u32, desk_ids: &[String]) -> Vec<sequence_desks::Moved> {
        let others = self.sprints.iter().filter(|(number, _)| **number != sprint_number);
        let were_in = others.flat_map(|(number, desks)| desks.iter().map(|desk| (*number, desk)));
        let moved = were_in.filter(|(_, desk)| desk_ids.contains(desk));
        moved
            .map(|(sprint_number, desk)| sequence_desks::Moved { desk_id: desk.clone(), sprint_number })
            .collect()
    }

    /// Refuses a name that another desk has, and a desk for commands without an aggregate of the design.
    fn demand_new(&self, desk: &PlannedDesk) -> Result<(), Refused> {
        if self.desks.contains_key(&desk.desk_id) {
            return Err(DESK_ALREADY_INVENTORIED.about("field", "desk_name"));
        }
        if desk.department != Department::Cmd {
            return Ok(());
        }
        let says = "A desk for commands works on an aggregate.";
        let wanted = desk.aggregate_name.as_ref();
        let wanted = wanted.ok_or_else(|| Refusal::rule("aggregate_name", Rule::Required, says))?;
        let mut known = self.dossier.handoff.aggregates.iter().map(|aggregate| &aggregate.aggregate_name);
        if known.any(|name| name == wanted) {
            return Ok(());
        }
        Err(AGGREGATE_NOT_FOUND.about("field", "aggregate_name"))
    }

    /// Refuses a dependency that leads in a circle, and one that the sprints violate as they are.
    fn demand_order(&self, dependency: &PlannedDependency) -> Result<(), Refused> {
        let (before, after) = dependency.before_and_after();
        if order::leads_to(self.dependencies.values(), after, before) {
            return Err(DEPENDENCY_CYCLE.about("before", before).about("after", after));
        }
        demand_kept(&self.sprints, "from_desk", [dependency])
    }

    /// These desks by their ids, each once.
    fn desks_once(&self, named: &[Text<200>]) -> Result<Vec<String>, Refused> {
        let known = named.iter().map(|named| self.desk("desk_ids", named.as_str()));
        let desk_ids = known.map(|desk| Ok(desk?.desk_id.clone())).collect::<Result<Vec<_>, Refused>>()?;
        let mut once = BTreeSet::new();
        match desk_ids.iter().find(|desk| !once.insert(*desk)) {
            None => Ok(desk_ids),
            Some(twice) => {
                Err(DESK_SEQUENCED_TWICE.about("field", "desk_ids").about("desk_id", twice.as_str()))
            }
        }
    }
}

/// Refuses sprints that put a desk before one that has to be there first.
fn demand_kept<'d>(
    sprints: &order::Sprints,
    field: &str,
    dependencies: impl IntoIterator<Item = &'d PlannedDependency>,
) -> Result<(), Refused> {
    let Some(dependency) = order::violated(sprints, dependencies) else { return Ok(()) };
    let (before, after) = dependency.before_and_after();
    Err(DEPENDENCY_VIOLATION
        .about("field", field)
        .about("dependency_id", dependency.dependency_id.as_str())
        .about("hint", format!("Sequence {before} before {after}.")))
}

#[cfg(test)]
mod kit;
#[cfg(test)]
mod tests;
