//! Asks a read model to try a parked event once more: after a fix, or when its cause has gone.

use super::{Fate, NOTHING_PARKED, READ_MODEL_NOT_FOUND, TendedModel, model_of};
use hecate_desk::prelude::*;
use hecate_read_model::tending::ParkedEventRetried;

/// Try a parked event once more.
#[derive(Deserialize, JsonSchema)]
pub(super) struct RetryEvent {
    /// The event's position in the log.
    position: u64,
}

impl Desk<TendedModel> for RetryEvent {
    const SPEC: DeskSpec = DeskSpec {
        name: "retry_event",
        path: "parked/retry",
        aliases: &[],
        says: "Try a parked event once more",
        allowed_in: StateMask::ALWAYS,
        refuses: &[READ_MODEL_NOT_FOUND, NOTHING_PARKED],
    };
    const RECORDS: &'static [EventEntry<TendedModel>] = &[event::<_, ParkedEventRetried>()];

    fn decide(self, tended: &TendedModel, at: &Moment) -> Result<Decision<TendedModel>, Refused> {
        let model = model_of(at)?;
        tended.demand_parked(self.position)?;
        let (retried_by, retried_at) = (at.actor.clone(), at.at_us);
        Ok(ParkedEventRetried { model, position: self.position, retried_by, retried_at }.into())
    }
}

impl Event<TendedModel> for ParkedEventRetried {
    const TYPE: &'static str = ParkedEventRetried::TYPE;
    const EMITS: Emits = Emits::Group;

    fn evolve(self, tended: &mut TendedModel) {
        tended.settle(self.model, self.position, Fate::Retried);
    }
}

#[cfg(test)]
#[test]
fn only_what_is_parked_is_retried() {
    let ask = |position: u64| serde_json::json!({ "position": position });
    let parked = super::kit::a_model_with_a_parked_event();
    let refused = parked.when::<RetryEvent>(ask(3)).unwrap_err();
    assert!(refused.is(NOTHING_PARKED) && refused.details["field"] == "position");
    assert_eq!(refused.details["hint"], "Parked are the events at 2.");
    assert!(parked.asked::<RetryEvent>(ask(2)).when::<RetryEvent>(ask(2)).unwrap_err().is(NOTHING_PARKED));
}
