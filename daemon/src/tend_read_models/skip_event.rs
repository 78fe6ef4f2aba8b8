//! Gives a parked event up, with a reason: its stream goes on without it.

use super::{Fate, NOTHING_PARKED, READ_MODEL_NOT_FOUND, TendedModel, model_of};
use hecate_desk::prelude::*;
use hecate_read_model::tending::ParkedEventSkipped;

/// Leave a parked event out of a read model.
#[derive(Deserialize, JsonSchema)]
pub(super) struct SkipEvent {
    /// The event's position in the log.
    position: u64,
    /// Why it may be left out.
    reason: Text<1000>,
}

impl Desk<TendedModel> for SkipEvent {
    const SPEC: DeskSpec = DeskSpec {
        name: "skip_event",
        path: "parked/skip",
        aliases: &[],
        says: "Leave a parked event out of a read model",
        allowed_in: StateMask::ALWAYS,
        refuses: &[READ_MODEL_NOT_FOUND, NOTHING_PARKED],
    };
    const RECORDS: &'static [EventEntry<TendedModel>] = &[event::<_, ParkedEventSkipped>()];

    fn decide(self, tended: &TendedModel, at: &Moment) -> Result<Decision<TendedModel>, Refused> {
        let model = model_of(at)?;
        tended.demand_parked(self.position)?;
        Ok(Decision::from(ParkedEventSkipped {
            model,
            position: self.position,
            reason: self.reason.into(),
            skipped_by: at.actor.clone(),
            skipped_at: at.at_us,
        }))
    }
}

impl Event<TendedModel> for ParkedEventSkipped {
    const TYPE: &'static str = ParkedEventSkipped::TYPE;
    const EMITS: Emits = Emits::Group;

    fn evolve(self, tended: &mut TendedModel) {
        tended.settle(self.model, self.position, Fate::Skipped);
    }
}

#[cfg(test)]
#[test]
fn an_event_is_skipped_once_and_with_a_reason() {
    let ask = serde_json::json!({"position": 2, "reason": "A test wrote it"});
    let parked = super::kit::a_model_with_a_parked_event();
    let refused = parked.when::<SkipEvent>(serde_json::json!({"position": 2})).unwrap_err();
    assert_eq!((&refused.details["field"], &refused.details["rule"]), (&"reason".into(), &"required".into()));
    assert!(parked.asked::<SkipEvent>(ask.clone()).when::<SkipEvent>(ask).unwrap_err().is(NOTHING_PARKED));
}
