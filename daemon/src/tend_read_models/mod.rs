//! Keeps read models drawn: what does not draw is parked, retried or skipped, and a model is rebuilt on
//! demand. Each decision is an event that the projections follow themselves, so that a read model that is
//! drawn anew takes the same decisions again.

mod door;
mod park_event;
mod rebuild_read_model;
mod retry_event;
mod skip_event;

use hecate_desk::{Aggregate, DeskEntry, DeskSpec, Moment, ProcessSpec, Refusal, Refused, Status, desk};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use std::collections::BTreeMap;

pub(crate) use door::TendingDoor;

pub(crate) const READ_MODEL_NOT_FOUND: Refusal =
    Refusal::new(404, "read_model_not_found", "There is no read model of this name.");
const NOTHING_PARKED: Refusal =
    Refusal::new(404, "nothing_parked", "No event is parked there in this read model.");

/// One read model as those see it who keep it drawn.
#[derive(Default, Serialize, Deserialize)]
pub(crate) struct TendedModel {
    model: String,
    parked: BTreeMap<u64, Fate>,
}

/// What became of an event that did not draw.
#[derive(Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
enum Fate {
    Parked,
    /// Tried once more; the projection parks it again if it still does not draw.
    Retried,
    Skipped,
}

impl Aggregate for TendedModel {
    const PROCESS: ProcessSpec = ProcessSpec {
        name: "tend_read_models",
        noun: "read_model",
        says: "Keeps read models drawn: events that do not draw, and rebuilds.",
        base: "/api/read-models/{model}",
        stream: "read_model-{model}",
    };
    const DESKS: &'static [DeskEntry<Self>] = &[
        desk::<_, park_event::ParkEvent>(),
        desk::<_, retry_event::RetryEvent>(),
        desk::<_, skip_event::SkipEvent>(),
        desk::<_, rebuild_read_model::RebuildReadModel>(),
    ];
    const LABELS: &'static [(Status, &'static str)] = &[(Status::INITIATED, "Tended")];

    fn status(&self) -> Status {
        if self.model.is_empty() { Status::UNBORN } else { Status::INITIATED }
    }

    fn about(&self) -> Map<String, Value> {
        Map::from_iter([("model".to_owned(), self.model.as_str().into())])
    }

    fn visibility(&self) -> &str {
        "private"
    }

    /// Never asked: every desk is always open.
    fn wrong_state(_: Status, _: &DeskSpec) -> Refusal {
        READ_MODEL_NOT_FOUND
    }
}

impl TendedModel {
    fn settle(&mut self, model: String, position: u64, fate: Fate) {
        self.model = model;
        self.parked.insert(position, fate);
    }

    /// Refuses unless the event at this position is parked.
    fn demand_parked(&self, position: u64) -> Result<(), Refused> {
        if self.parked.get(&position) == Some(&Fate::Parked) {
            return Ok(());
        }
        let parked = self.parked.iter().filter(|(_, fate)| **fate == Fate::Parked);
        let positions: Vec<String> = parked.map(|(position, _)| position.to_string()).take(10).collect();
        let hint = match positions.is_empty() {
            true => "Nothing is parked in this read model.".to_owned(),
            false => format!("Parked are the events at {}.", positions.join(", ")),
        };
        Err(NOTHING_PARKED.about("field", "position").about("hint", hint))
    }
}

/// The read model that is asked about, if this daemon has it.
fn model_of(at: &Moment) -> Result<String, Refused> {
    let model = at.id("model");
    demand_model(model).map(|()| model.to_owned())
}

/// Refuses the name of a read model that is not compiled in, with the names that are.
pub(crate) fn demand_model(model: &str) -> Result<(), Refused> {
    let names: Vec<&str> = crate::MODELS.iter().map(|known| known.name).collect();
    if names.contains(&model) {
        return Ok(());
    }
    let hint = format!("There are {}.", names.join(", "));
    Err(READ_MODEL_NOT_FOUND.about("field", "model").about("hint", hint))
}

#[cfg(test)]
mod kit {
    //! Read models for the desks' own tests.
    use super::{TendedModel, park_event::ParkEvent};
    use hecate_desk::kit::{Given, given};
    use serde_json::{Value, json};

    /// The second event of the log, as a projection brings it.
    pub(super) fn poison(tries: u32) -> Value {
        json!({"position": 2, "stream_id": "s", "event_type": "e_v1", "error": "no", "tries": tries})
    }

    pub(super) fn a_model() -> Given<TendedModel> {
        given().called("model", "query_ventures")
    }

    pub(super) fn a_model_with_a_parked_event() -> Given<TendedModel> {
        a_model().asked::<ParkEvent>(poison(3))
    }
}
