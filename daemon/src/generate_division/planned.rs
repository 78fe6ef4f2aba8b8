//! The plan that a generation was handed, and the same as the blueprint that files are computed from.

use super::parts::DeskMade;
use hecate_desk::prelude::*;
use hecate_scaffold::{Blueprint, Department, DeskPlan, EventPlan, Field};

/// What planning hands over.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub(crate) struct PlanHandOff {
    pub(crate) desks: Vec<PlannedDesk>,
    pub(crate) sprints: Vec<PlannedSprint>,
    pub(crate) dependencies: Vec<PlannedDependency>,
}

/// One planned desk.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub(crate) struct PlannedDesk {
    pub(crate) desk_id: String,
    pub(crate) desk_name: String,
    pub(crate) department: Department,
    pub(crate) aggregate_name: Option<String>,
    pub(crate) priority: u32,
    pub(crate) description: Option<String>,
    pub(crate) inboxes: Vec<String>,
    pub(crate) policies: Vec<String>,
    pub(crate) emitters: Vec<String>,
    /// Those that it records.
    pub(crate) events: Vec<PlannedEvent>,
}

/// One event that a planned desk records.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub(crate) struct PlannedEvent {
    pub(crate) event_name: String,
    pub(crate) payload_fields: Vec<PlannedField>,
}

/// One field of such an event.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub(crate) struct PlannedField {
    pub(crate) name: String,
    #[serde(rename = "type")]
    pub(crate) of_type: String,
    pub(crate) required: bool,
}

/// Desks that are built in one go, in order.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub(crate) struct PlannedSprint {
    pub(crate) sprint_number: u32,
    pub(crate) desk_ids: Vec<String>,
}

/// A desk that leans on another.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub(crate) struct PlannedDependency {
    pub(crate) dependency_id: String,
    pub(crate) from_desk: String,
    pub(crate) to_desk: String,
    pub(crate) dependency_type: String,
}

impl PlanHandOff {
    /// The desks of this plan whose files are others by that plan, or none. Read models name the events of desks that
    /// decide, so that each of those changes all that record nothing themselves.
    pub(crate) fn outdated_by<'p>(&'p self, plan: &'p PlanHandOff) -> impl Iterator<Item = &'p PlannedDesk> {
        let deciding = |plan: &PlanHandOff| {
            let deciding = plan.desks.iter().filter(|desk| desk.department == Department::Cmd);
            deciding.map(PlannedDesk::plan).collect::<Vec<_>>()
        };
        let other_events = deciding(self) != deciding(plan);
        self.desks.iter().filter(move |desk| {
            let same = plan.desks.iter().find(|other| other.desk_id == desk.desk_id);
            let is_same = same.is_some_and(|same| same.plan() == desk.plan());
            !is_same || (other_events && desk.events.is_empty())
        })
    }

    /// What the files of this division are computed from.
    pub(super) fn blueprint(&self, division_name: &str) -> Blueprint {
        let desks = self.desks.iter().map(PlannedDesk::plan).collect();
        Blueprint { division_name: division_name.to_owned(), desks }
    }
}

impl PlannedDesk {
    /// As it is handed over once it is there.
    pub(super) fn made(&self) -> DeskMade {
        DeskMade { desk_id: self.desk_id.clone(), desk_name: self.desk_name.clone() }
    }

    pub(super) fn plan(&self) -> DeskPlan {
        let desk = self.clone();
        DeskPlan {
            desk_id: desk.desk_id,
            desk_name: desk.desk_name,
            department: desk.department,
            aggregate_name: desk.aggregate_name,
            description: desk.description,
            inboxes: desk.inboxes,
            policies: desk.policies,
            emitters: desk.emitters,
            events: desk.events.into_iter().map(PlannedEvent::plan).collect(),
        }
    }
}

impl PlannedEvent {
    fn plan(self) -> EventPlan {
        let field =
            |field: PlannedField| Field { name: field.name, r#type: field.of_type, required: field.required };
        let payload_fields = self.payload_fields.into_iter().map(field).collect();
        EventPlan { event_name: self.event_name, payload_fields }
    }
}
