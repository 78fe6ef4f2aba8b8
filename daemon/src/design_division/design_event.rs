//! An event that happens to an aggregate: what it is called, and what it carries.

use super::parts::{FieldAsked, INVALID_PAYLOAD_FIELDS, PayloadField, kept};
use super::{AGGREGATE_NOT_FOUND, DESIGN_TOO_LARGE, Design, EventDesign};
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
    pub(crate) division_id: String,
    pub(crate) venture_id: String,
    pub(crate) cycle: u32,
    pub(crate) designed_event_id: String,
    pub(crate) event_name: String,
    pub(crate) aggregate_name: String,
    pub(crate) payload_fields: Vec<PayloadField>,
    pub(crate) description: Option<String>,
    pub(crate) designed_by: String,
    pub(crate) designed_at: i64,
}

const EVENT_ALREADY_DESIGNED: Refusal =
    Refusal::new(409, "event_already_designed", "The design has an event of this name.");
const CRUD_EVENT_NAME: Refusal = Refusal::new(
    422,
    "crud_event_name",
    "An event says what happened in the business; created, updated and deleted say only that a row changed.",
);

/// Words that tell nothing of the business.
const CRUD_WORDS: [&str; 3] = ["created", "updated", "deleted"];

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
        let (name, of) = (self.event_name.as_str(), &design.dossier.of);
        if let Some(word) = name.split('_').find(|word| CRUD_WORDS.contains(word)) {
            return Err(CRUD_EVENT_NAME.about("field", "event_name").about("word", word));
        }
        design.aggregate(&self.aggregate_name)?;
        if design.events.contains_key(name) {
            return Err(EVENT_ALREADY_DESIGNED.about("field", "event_name"));
        }
        let designed = EventDesigned {
            division_id: of.division_id.clone(),
            venture_id: of.venture_id.clone(),
            cycle: design.dossier.cycle,
            designed_event_id: format!("evt-{}-{name}", of.division_id),
            event_name: name.to_owned(),
            aggregate_name: self.aggregate_name.into(),
            payload_fields: kept(self.payload_fields.unwrap_or_default())?,
            description: self.description.map(String::from),
            designed_by: at.actor.clone(),
            designed_at: at.at_us,
        };
        design.demand_room_for(&designed)?;
        Ok(designed.into())
    }
}

impl Event<Design> for EventDesigned {
    const TYPE: &'static str = "event_designed_v1";
    const EMITS: Emits = Emits::GroupAndMesh;

    fn evolve(self, design: &mut Design) {
        let event = EventDesign {
            designed_event_id: self.designed_event_id,
            event_name: self.event_name,
            aggregate_name: self.aggregate_name,
            payload_fields: self.payload_fields,
            description: self.description,
            revision: 0,
        };
        design.events.insert(event.event_name.clone(), event);
    }
}

#[cfg(test)]
#[test]
fn an_event_tells_of_the_business_and_happens_to_a_known_aggregate() {
    use super::kit::{a_design_of_an_order, an_active_design, event};
    let (design, ask) = (a_design_of_an_order(), |name: &str| event(name));
    let refusal = |name: &str| design.when::<DesignEvent>(ask(name)).unwrap_err();
    assert!(refusal("order_created_v1").is(CRUD_EVENT_NAME));
    assert_eq!(refusal("order_taken").details["rule"], "pattern");
    let nowhere = an_active_design().when::<DesignEvent>(ask("order_taken_v1")).unwrap_err();
    assert!(nowhere.is(AGGREGATE_NOT_FOUND));
    let designed = design.asked::<DesignEvent>(ask("order_taken_v1"));
    assert!(designed.when::<DesignEvent>(ask("order_taken_v1")).unwrap_err().is(EVENT_ALREADY_DESIGNED));
}
