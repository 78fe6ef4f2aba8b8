//! Design: the aggregates of a division and the events that happen to them.
//!
//! It begins when a division is discovered and hands over all that it designed, so that planning needs to look
//! nowhere else.

mod design_aggregate;
mod design_event;
mod on_division_discovered_initiate_design;
mod on_redesign_escalated_initiate_design;
mod parts;
mod revise_aggregate;
mod revise_event;
#[cfg(test)]
mod tests;

use hecate_desk::lifecycle::{Division, Dossier, LongLived, Names, Nothing, OnDivisionDismissed};
use hecate_desk::prelude::*;
use hecate_desk::{DeskEntry, ListenerEntry, ProcessSpec, lifecycle_desks, lifecycle_names, listener};
use std::collections::BTreeMap;

pub(crate) use design_aggregate::AggregateDesigned;
pub(crate) use design_event::EventDesigned;
pub(crate) use parts::{AggregateDesign, EventDesign};
pub(crate) use revise_aggregate::AggregateRevised;
pub(crate) use revise_event::EventRevised;

const DESIGN_INCOMPLETE: Refusal = Refusal::new(
    422,
    "design_incomplete",
    "A design is complete when it has an aggregate, and each aggregate an event.",
);
const DESIGN_TOO_LARGE: Refusal =
    Refusal::new(422, "design_too_large", "All that a design says has to fit into 192 KiB.");
const AGGREGATE_NOT_FOUND: Refusal =
    Refusal::new(404, "aggregate_not_found", "The design has no aggregate of this name.");
const NOTHING_TO_REVISE: Refusal =
    Refusal::new(422, "nothing_to_revise", "The request changes nothing of what was designed.");

/// All of it travels in one event when it is completed, whoever designed which part when.
const DESIGN_BYTES_MAX: usize = 192 * 1024;

/// The design of one division.
#[derive(Default, Serialize, Deserialize)]
pub(crate) struct Design {
    dossier: Dossier<Division, DivisionHandOff>,
    aggregates: BTreeMap<String, AggregateDesign>,
    events: BTreeMap<String, EventDesign>,
}

/// The division to be designed; when it comes back from operation, why, and what has to change.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub(crate) struct DivisionHandOff {
    pub(crate) description: Option<String>,
    pub(crate) rationale: Option<String>,
    pub(crate) reason: Option<String>,
    pub(crate) affected_aggregates: Vec<String>,
}

/// What design hands over.
#[derive(Serialize, Deserialize, JsonSchema)]
pub(crate) struct Designed {
    pub(crate) aggregates: Vec<AggregateDesign>,
    pub(crate) events: Vec<EventDesign>,
}

impl LongLived for Design {
    const PROCESS: ProcessSpec = ProcessSpec {
        name: "design_division",
        noun: "design",
        says: "Design: the aggregates of a division and the events that happen to them.",
        base: "/api/divisions/{division_id}/design",
        stream: "design-{division_id}",
    };
    const NAMES: Names = lifecycle_names!("design");
    const DESKS: &'static [DeskEntry<Self>] = lifecycle_desks![
        design_aggregate::DesignAggregate,
        design_event::DesignEvent,
        revise_aggregate::ReviseAggregate,
        revise_event::ReviseEvent,
    ];
    const LISTENERS: &'static [ListenerEntry<Self>] = &[
        listener::<_, on_division_discovered_initiate_design::DivisionDiscovered>(),
        listener::<_, on_redesign_escalated_initiate_design::RedesignEscalated>(),
        listener::<_, OnDivisionDismissed>(),
    ];

    type Of = Division;
    type HandOff = DivisionHandOff;
    type CompleteAsked = Nothing;
    type HandOver = Designed;
    type ArchiveAsked = Nothing;

    const COMPLETE_REFUSES: &'static [Refusal] = &[DESIGN_INCOMPLETE];

    fn dossier(&self) -> &Dossier<Division, DivisionHandOff> {
        &self.dossier
    }

    fn dossier_mut(&mut self) -> &mut Dossier<Division, DivisionHandOff> {
        &mut self.dossier
    }

    fn complete(&self, _: Nothing, _: &Moment) -> Result<Designed, Refused> {
        let missing = self.missing();
        if !missing.is_empty() {
            return Err(DESIGN_INCOMPLETE.about("missing", missing));
        }
        Ok(self.designed())
    }
}

impl Design {
    /// All that was designed, as it stands now.
    fn designed(&self) -> Designed {
        Designed {
            aggregates: self.aggregates.values().cloned().collect(),
            events: self.events.values().cloned().collect(),
        }
    }

    /// What completion still waits for.
    fn missing(&self) -> Vec<String> {
        if self.aggregates.is_empty() {
            return vec!["an aggregate".to_owned()];
        }
        let has_event = |name: &&String| self.events.values().any(|event| event.aggregate_name == **name);
        let without = self.aggregates.keys().filter(|name| !has_event(name));
        without.map(|name| format!("an event of {name}")).collect()
    }

    fn keep_aggregate(&mut self, aggregate: AggregateDesign) {
        self.aggregates.insert(aggregate.aggregate_name.clone(), aggregate);
    }

    fn keep_event(&mut self, event: EventDesign) {
        self.events.insert(event.event_name.clone(), event);
    }

    fn aggregate(&self, name: &Snake) -> Result<&AggregateDesign, Refused> {
        let refused =
            || AGGREGATE_NOT_FOUND.about("field", "aggregate_name").choose_from(self.aggregates.keys());
        self.aggregates.get(name.as_str()).ok_or_else(refused)
    }

    /// Refuses a part, new or in place of another, that would make the design too large to be handed over.
    fn demand_room_for<P: Serialize>(&self, part: &P, instead_of: Option<&P>) -> Result<(), Refused> {
        let bytes = (bytes_of(&self.designed()) + bytes_of(part)) - instead_of.map_or(0, bytes_of);
        if bytes > DESIGN_BYTES_MAX {
            return Err(DESIGN_TOO_LARGE.about("bytes", bytes).about("bytes_max", DESIGN_BYTES_MAX));
        }
        Ok(())
    }
}

fn bytes_of(part: &impl Serialize) -> usize {
    serde_json::to_vec(part).map_or(DESIGN_BYTES_MAX, |text| text.len())
}

#[cfg(test)]
mod kit {
    //! Designs for the desks' own tests.
    use super::{Design, design_aggregate::DesignAggregate};
    use hecate_desk::kit::{Given, ULID, given};
    use hecate_desk::lifecycle::{Initiate, Start};
    use serde_json::{Value, json};

    pub(super) fn aggregate(name: &str) -> Value {
        json!({"aggregate_name": name, "stream_pattern": "order-{order_id}"})
    }

    pub(super) fn event(name: &str) -> Value {
        json!({"event_name": name, "aggregate_name": "order"})
    }

    pub(super) fn an_active_design() -> Given<Design> {
        let initiate = json!({"venture_id": format!("v-{ULID}"), "division_id": format!("d-{ULID}"),
            "division_name": "orders", "handoff": {"affected_aggregates": []}, "visibility": "realm",
            "source_event_id": "01890000-0000-7000-8000-000000000000", "start": false});
        given().asked::<Initiate<Design>>(initiate).asked::<Start<Design>>(json!({}))
    }

    pub(super) fn a_design_of_an_order() -> Given<Design> {
        an_active_design().asked::<DesignAggregate>(aggregate("order"))
    }
}
