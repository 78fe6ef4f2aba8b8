//! Freezes the vision and hands it over: discovery hears of it with all that it says.

use super::{VISION_SUBMITTED, Venture, vision::Vision};
use hecate_desk::prelude::*;

/// Submit the vision of a venture.
#[derive(Deserialize, JsonSchema)]
pub(super) struct SubmitVision {}

#[derive(Serialize, Deserialize, JsonSchema)]
pub(crate) struct VentureVisionSubmitted {
    pub(crate) venture_id: String,
    pub(crate) name: String,
    #[serde(flatten)]
    pub(crate) vision: Vision,
    pub(crate) revision: u32,
    pub(crate) submitted_by: String,
    pub(crate) submitted_at: i64,
}

const VISION_INCOMPLETE: Refusal =
    Refusal::new(422, "vision_incomplete", "A vision without a brief cannot be submitted.");

impl Desk<Venture> for SubmitVision {
    const SPEC: DeskSpec = DeskSpec {
        name: "submit_vision",
        path: "vision/submit",
        aliases: &[],
        says: "Submit the vision of a venture",
        allowed_in: StateMask::LIVE.without(VISION_SUBMITTED),
        refuses: &[VISION_INCOMPLETE],
    };
    const RECORDS: &'static [EventEntry<Venture>] = &[event::<_, VentureVisionSubmitted>()];

    fn decide(self, venture: &Venture, at: &Moment) -> Result<Decision<Venture>, Refused> {
        if venture.vision.brief.is_none() {
            return Err(VISION_INCOMPLETE.about("field", "brief").about("hint", "Refine the vision first."));
        }
        Ok(Decision::from(VentureVisionSubmitted {
            venture_id: venture.venture_id.clone(),
            name: venture.name.clone(),
            vision: venture.vision.clone(),
            revision: venture.revision,
            submitted_by: at.actor.clone(),
            submitted_at: at.at_us,
        }))
    }
}

impl Event<Venture> for VentureVisionSubmitted {
    const TYPE: &'static str = "venture_vision_submitted_v1";
    const EMITS: Emits = Emits::GroupAndMesh;

    fn evolve(self, venture: &mut Venture) {
        venture.status = venture.status.and(VISION_SUBMITTED);
    }
}

#[cfg(test)]
#[test]
fn a_vision_is_submitted_once_and_only_with_a_brief() {
    let (ask, venture) = (serde_json::json!({}), super::kit::a_venture());
    assert!(venture.when::<SubmitVision>(ask.clone()).unwrap_err().is(VISION_INCOMPLETE));
    let submitted = super::kit::a_venture_about("Sell").asked::<SubmitVision>(ask.clone());
    assert!(submitted.when::<SubmitVision>(ask).unwrap_err().is(super::VISION_ALREADY_SUBMITTED));
}
