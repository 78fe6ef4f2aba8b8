//! An event that happens to an aggregate: what it is called, and what it carries.

use super::parts::{CRUD_EVENT_NAME, EventDesign, FieldAsked, INVALID_PAYLOAD_FIELDS, demand_business, kept};
use super::{AGGREGATE_NOT_FOUND, DESIGN_TOO_LARGE, Design};
use hecate_desk::lifecycle::Pass;
use hecate_desk::prelude::*;

/// Design an event.
#[derive(Deserialize, JsonSchema)]
pub(super) struct DesignEvent {
    /// What it is called: what happened, and its version, `order_taken_v1`.
    event_name: EventType,
    /// The aggregate that it happens to.
    aggregate_name: Snake,
    /// What it carries.
    #[schemars(length(max = 100))]
    payload_fields: Option<Vec<FieldAsked>>,
    /// What it says.
    description: Option<Text<4000>>,
}

#[derive(Serialize, Deserialize, JsonSchema)]
pub(crate) struct EventDesigned {
    #[serde(flatten)]
    pub(crate) pass: Pass,
    #[serde(flatten)]
    pub(crate) event: EventDesign,
    pub(crate) designed_by: String,
    pub(crate) designed_at: i64,
}

const EVENT_ALREADY_DESIGNED: Refusal =
    Refusal::new(409, "event_already_designed", "The design has an event of this name.");
impl Desk<Design> for DesignEvent {
    const SPEC: DeskSpec = DeskSpec {
        name: "design_event",
        path: "event",
        aliases: &[],
        says: "Design an event of an aggregate",
        allowed_in: StateMask::ACTIVE,
        refuses: &[
            AGGREGATE_NOT_FOUND,
            EVENT_ALREADY_DESIGNED,
            CRUD_EVENT_NAME,
            INVALID_PAYLOAD_FIELDS,
            DESIGN_TOO_LARGE,
        ],
    };
    const RECORDS: &'static [EventEntry<Design>] = &[event::<_, EventDesigned>()];

    fn decide(self, design: &Design, at: &Moment) -> Result<Decision<Design>, Refused> {
        let name = self.event_name.as_str();
        demand_business(name)?;
        design.aggregate(&self.aggregate_name)?;
        if design.events.contains_key(name) {
            return Err(EVENT_ALREADY_DESIGNED.about("field", "event_name"));
        }
        let event = EventDesign {
            designed_event_id: format!("evt-{}-{name}", design.dossier.of.division_id),
            event_name: name.to_owned(),
            aggregate_name: self.aggregate_name.into(),
            payload_fields: kept(self.payload_fields.unwrap_or_default())?,
            description: self.description.map(String::from),
            revision: 0,
        };
        design.demand_room_for(&event, None)?;
        let (pass, designed_by) = (design.dossier.pass(), at.actor.clone());
        Ok(EventDesigned { pass, event, designed_by, designed_at: at.at_us }.into())
    }
}

impl Event<Design> for EventDesigned {
    const TYPE: &'static str = "event_designed_v1";
    const EMITS: Emits = Emits::GroupAndMesh;

    fn evolve(self, design: &mut Design) {
        design.keep_event(self.event);
    }
}

#[cfg(test)]
#[test]
fn an_event_tells_of_the_business_and_happens_to_a_known_aggregate() {
    use super::kit::{a_design_of_an_order, an_active_design, event};
    let design = a_design_of_an_order();
    let refusal = |name: &str| design.when::<DesignEvent>(event(name)).unwrap_err();
    assert!(refusal("order_created_v1").is(CRUD_EVENT_NAME));
    assert_eq!(refusal("order_taken").details["rule"], "pattern");
    let ask = event("order_taken_v1");
    assert!(an_active_design().when::<DesignEvent>(ask.clone()).unwrap_err().is(AGGREGATE_NOT_FOUND));
    let designed = design.asked::<DesignEvent>(ask.clone());
    assert!(designed.when::<DesignEvent>(ask).unwrap_err().is(EVENT_ALREADY_DESIGNED));
}
