//! An event is designed otherwise, for a reason; what is not said stays.

use super::parts::{EventDesign, FieldAsked, INVALID_PAYLOAD_FIELDS, kept};
use super::{DESIGN_TOO_LARGE, Design, NOTHING_TO_REVISE};
use hecate_desk::lifecycle::Pass;
use hecate_desk::prelude::*;

/// Revise an event.
#[derive(Deserialize, JsonSchema)]
pub(super) struct ReviseEvent {
    /// Which one.
    event_name: EventType,
    /// What it carries, all of it.
    #[schemars(length(max = 100))]
    payload_fields: Option<Vec<FieldAsked>>,
    /// What it says.
    description: Option<Text<4000>>,
    /// Why.
    reason: Text<1000>,
}

#[derive(Serialize, Deserialize, JsonSchema)]
pub(crate) struct EventRevised {
    #[serde(flatten)]
    pub(crate) pass: Pass,
    #[serde(flatten)]
    pub(crate) event: EventDesign,
    pub(crate) reason: String,
    pub(crate) revised_by: String,
    pub(crate) revised_at: i64,
}

const EVENT_NOT_FOUND: Refusal =
    Refusal::new(404, "event_not_found", "The design has no event of this name.");

impl Desk<Design> for ReviseEvent {
    const SPEC: DeskSpec = DeskSpec {
        name: "revise_event",
        path: "event/revise",
        aliases: &[],
        says: "Revise an event of an aggregate",
        allowed_in: StateMask::ACTIVE,
        refuses: &[EVENT_NOT_FOUND, INVALID_PAYLOAD_FIELDS, NOTHING_TO_REVISE, DESIGN_TOO_LARGE],
    };
    const RECORDS: &'static [EventEntry<Design>] = &[event::<_, EventRevised>()];

    fn decide(self, design: &Design, at: &Moment) -> Result<Decision<Design>, Refused> {
        let before = design.events.get(self.event_name.as_str());
        let before = before.ok_or(EVENT_NOT_FOUND.about("field", "event_name"))?;
        let mut event = before.clone();
        event.payload_fields = self.payload_fields.map_or(Ok(event.payload_fields), kept)?;
        event.description = self.description.map(String::from).or(event.description);
        if event == *before {
            return Err(NOTHING_TO_REVISE.about("hint", "Give a field another value than it has."));
        }
        event.revision += 1;
        design.demand_room_for(&event, Some(before))?;
        Ok(Decision::from(EventRevised {
            pass: design.dossier.pass(),
            event,
            reason: self.reason.into(),
            revised_by: at.actor.clone(),
            revised_at: at.at_us,
        }))
    }
}

impl Event<Design> for EventRevised {
    const TYPE: &'static str = "event_revised_v1";
    const EMITS: Emits = Emits::GroupAndMesh;

    fn evolve(self, design: &mut Design) {
        design.keep_event(self.event);
    }
}

#[cfg(test)]
#[test]
fn a_payload_has_each_field_once() {
    use super::{design_event::DesignEvent, kit};
    use serde_json::json;
    let design = kit::a_design_of_an_order();
    let field = json!({"name": "sku", "type": "string"});
    let revise = |fields: serde_json::Value| json!({"event_name": "order_taken_v1", "reason": "Clearer", "payload_fields": fields});
    let unknown = design.when::<ReviseEvent>(revise(json!([field]))).unwrap_err();
    assert!(unknown.is(EVENT_NOT_FOUND));
    let design = design.asked::<DesignEvent>(kit::event("order_taken_v1"));
    let twice = design.when::<ReviseEvent>(revise(json!([field, field]))).unwrap_err();
    assert!(twice.is(INVALID_PAYLOAD_FIELDS));
    let once = design.asked::<ReviseEvent>(revise(json!([field])));
    assert!(once.when::<ReviseEvent>(revise(json!([field]))).unwrap_err().is(NOTHING_TO_REVISE));
}
