//! Records that a read model could not draw an event. Projections alone ask here, as often as they like: an
//! event that is parked is not parked twice, and one that was skipped never again.

use super::{Fate, READ_MODEL_NOT_FOUND, TendedModel, model_of};
use hecate_desk::prelude::*;
use hecate_read_model::tending::EventParked;

/// Park an event that a read model cannot draw.
#[derive(Deserialize, JsonSchema)]
pub(super) struct ParkEvent {
    /// The event's position in the log.
    position: u64,
    /// Its stream.
    stream_id: String,
    /// Its type.
    event_type: String,
    /// Why it does not draw.
    error: String,
    /// How often it was tried.
    tries: u32,
}

impl Desk<TendedModel> for ParkEvent {
    const SPEC: DeskSpec = DeskSpec {
        name: "park_event",
        path: "",
        aliases: &[],
        says: "Park an event that a read model cannot draw",
        allowed_in: StateMask::ALWAYS,
        refuses: &[READ_MODEL_NOT_FOUND],
    };
    const RECORDS: &'static [EventEntry<TendedModel>] = &[event::<_, EventParked>()];

    fn decide(self, tended: &TendedModel, at: &Moment) -> Result<Decision<TendedModel>, Refused> {
        let model = model_of(at)?;
        let ParkEvent { position, stream_id, event_type, error, tries } = self;
        Ok(match tended.parked.get(&position) {
            Some(Fate::Parked | Fate::Skipped) => Decision::nothing(),
            Some(Fate::Retried) | None => {
                EventParked { model, position, stream_id, event_type, error, tries }.into()
            }
        })
    }
}

impl Event<TendedModel> for EventParked {
    const TYPE: &'static str = EventParked::TYPE;
    const EMITS: Emits = Emits::Group;

    fn evolve(self, tended: &mut TendedModel) {
        tended.settle(self.model, self.position, Fate::Parked);
    }
}

#[cfg(test)]
#[test]
fn an_event_is_parked_once_and_again_only_after_a_retry() {
    use super::kit::{a_model_with_a_parked_event, poison};
    let parked = a_model_with_a_parked_event();
    assert_eq!(parked.when::<ParkEvent>(poison(3)), Ok(vec![]));
    let retried = parked.asked::<super::retry_event::RetryEvent>(serde_json::json!({"position": 2}));
    assert_eq!(retried.when::<ParkEvent>(poison(4)).unwrap()[0].1["tries"], 4);
}
