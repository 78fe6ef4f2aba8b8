//! Asks a read model to draw itself anew from the log. The old file answers until the new one is whole.

use super::{READ_MODEL_NOT_FOUND, TendedModel, model_of};
use hecate_desk::prelude::*;
use hecate_read_model::tending::ReadModelRebuildRequested;

/// Draw a read model anew from the log.
#[derive(Deserialize, JsonSchema)]
pub(super) struct RebuildReadModel {
    /// Why.
    reason: Option<Text<1000>>,
}

impl Desk<TendedModel> for RebuildReadModel {
    const SPEC: DeskSpec = DeskSpec {
        name: "rebuild_read_model",
        path: "rebuild",
        aliases: &[],
        says: "Draw a read model anew from the log",
        allowed_in: StateMask::ALWAYS,
        refuses: &[READ_MODEL_NOT_FOUND],
    };
    const RECORDS: &'static [EventEntry<TendedModel>] = &[event::<_, ReadModelRebuildRequested>()];

    fn decide(self, _: &TendedModel, at: &Moment) -> Result<Decision<TendedModel>, Refused> {
        Ok(Decision::from(ReadModelRebuildRequested {
            model: model_of(at)?,
            reason: self.reason.map(String::from),
            requested_by: at.actor.clone(),
            requested_at: at.at_us,
        }))
    }
}

impl Event<TendedModel> for ReadModelRebuildRequested {
    const TYPE: &'static str = ReadModelRebuildRequested::TYPE;
    const EMITS: Emits = Emits::Group;

    fn evolve(self, tended: &mut TendedModel) {
        tended.model = self.model;
    }
}

#[cfg(test)]
#[test]
fn any_read_model_that_there_is_can_be_rebuilt_as_often_as_one_likes() {
    let ask = serde_json::json!({"reason": "To be sure"});
    let rebuilt = super::kit::a_model().asked::<RebuildReadModel>(ask.clone());
    assert_eq!(
        rebuilt.when::<RebuildReadModel>(serde_json::json!({})).unwrap()[0].1["model"],
        "query_ventures"
    );
    let refused = super::kit::a_model().called("model", "nobody").when::<RebuildReadModel>(ask).unwrap_err();
    assert!(refused.is(READ_MODEL_NOT_FOUND) && refused.details["field"] == "model");
    assert!(refused.details["hint"].as_str().is_some_and(|hint| hint.contains("query_ventures")));
}
