//! Changes what a venture is about, until the vision is submitted.
//!
//! The event carries the changed fields alone; the read model keeps every revision.

use super::vision::{VISION_TOO_LARGE, VisionAsked, VisionChange};
use super::{VISION_REFINED, VISION_SUBMITTED, Venture};
use hecate_desk::prelude::*;

/// Refine the vision of a venture.
#[derive(Deserialize, JsonSchema)]
pub(super) struct RefineVision {
    #[serde(flatten)]
    vision: VisionAsked,
}

#[derive(Serialize, Deserialize, JsonSchema)]
pub(crate) struct VentureVisionRefined {
    pub(crate) venture_id: String,
    pub(crate) revision: u32,
    #[serde(flatten)]
    pub(crate) change: VisionChange,
    pub(crate) refined_by: String,
    pub(crate) refined_at: i64,
}

const NOTHING_TO_REFINE: Refusal =
    Refusal::new(422, "nothing_to_refine", "The request changes nothing of the vision.");

impl Desk<Venture> for RefineVision {
    const SPEC: DeskSpec = DeskSpec {
        name: "refine_vision",
        path: "vision/refine",
        aliases: &[],
        says: "Refine the vision of a venture",
        allowed_in: StateMask::LIVE.without(VISION_SUBMITTED),
        refuses: &[NOTHING_TO_REFINE, VISION_TOO_LARGE],
    };
    const RECORDS: &'static [EventEntry<Venture>] = &[event::<_, VentureVisionRefined>()];

    fn decide(self, venture: &Venture, at: &Moment) -> Result<Decision<Venture>, Refused> {
        let change = self.vision.against(&venture.vision)?;
        if change.is_empty() {
            return Err(NOTHING_TO_REFINE.about("hint", "Give a field another value than it has."));
        }
        Ok(Decision::from(VentureVisionRefined {
            venture_id: venture.venture_id.clone(),
            revision: venture.revision + 1,
            change,
            refined_by: at.actor.clone(),
            refined_at: at.at_us,
        }))
    }
}

impl Event<Venture> for VentureVisionRefined {
    const TYPE: &'static str = "venture_vision_refined_v1";
    const EMITS: Emits = Emits::Group;

    fn evolve(self, venture: &mut Venture) {
        venture.status = venture.status.and(VISION_REFINED);
        venture.revision = self.revision;
        self.change.write(&mut venture.vision);
    }
}

#[cfg(test)]
#[test]
fn saying_the_same_again_is_refused() {
    let ask = serde_json::json!({"brief": "Sell"});
    let refined = super::kit::a_venture().asked::<RefineVision>(ask.clone());
    assert!(refined.when::<RefineVision>(ask).unwrap_err().is(NOTHING_TO_REFINE));
}
