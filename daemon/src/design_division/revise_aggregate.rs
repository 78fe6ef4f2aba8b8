//! An aggregate is designed otherwise, for a reason; what is not said stays.

use super::parts::{AggregateDesign, INVALID_STATUS_FLAGS, StatusFlag, StreamPattern, distinct};
use super::{AGGREGATE_NOT_FOUND, DESIGN_TOO_LARGE, Design, NOTHING_TO_REVISE};
use hecate_desk::lifecycle::Pass;
use hecate_desk::prelude::*;

/// Revise an aggregate.
#[derive(Deserialize, JsonSchema)]
pub(super) struct ReviseAggregate {
    /// Which one.
    aggregate_name: Snake,
    /// How its streams are called, with one hole for the id.
    stream_pattern: Option<StreamPattern>,
    /// The flags of its status, all of them.
    #[schemars(length(max = 32))]
    status_flags: Option<Vec<StatusFlag>>,
    /// What it is.
    description: Option<Text<4000>>,
    /// Why.
    reason: Text<1000>,
}

#[derive(Serialize, Deserialize, JsonSchema)]
pub(crate) struct AggregateRevised {
    #[serde(flatten)]
    pub(crate) pass: Pass,
    #[serde(flatten)]
    pub(crate) aggregate: AggregateDesign,
    pub(crate) reason: String,
    pub(crate) revised_by: String,
    pub(crate) revised_at: i64,
}

impl Desk<Design> for ReviseAggregate {
    const SPEC: DeskSpec = DeskSpec {
        name: "revise_aggregate",
        path: "aggregate/revise",
        aliases: &[],
        says: "Revise an aggregate",
        allowed_in: StateMask::ACTIVE,
        refuses: &[AGGREGATE_NOT_FOUND, INVALID_STATUS_FLAGS, NOTHING_TO_REVISE, DESIGN_TOO_LARGE],
    };
    const RECORDS: &'static [EventEntry<Design>] = &[event::<_, AggregateRevised>()];

    fn decide(self, design: &Design, at: &Moment) -> Result<Decision<Design>, Refused> {
        let before = design.aggregate(&self.aggregate_name)?;
        let mut aggregate = before.clone();
        aggregate.stream_pattern = self.stream_pattern.map_or(aggregate.stream_pattern, String::from);
        aggregate.status_flags = distinct(self.status_flags.unwrap_or(aggregate.status_flags))?;
        aggregate.description = self.description.map(String::from).or(aggregate.description);
        if aggregate == *before {
            return Err(NOTHING_TO_REVISE.about("hint", "Give a field another value than it has."));
        }
        aggregate.revision += 1;
        design.demand_room_for(&aggregate, Some(before))?;
        Ok(Decision::from(AggregateRevised {
            pass: design.dossier.pass(),
            aggregate,
            reason: self.reason.into(),
            revised_by: at.actor.clone(),
            revised_at: at.at_us,
        }))
    }
}

impl Event<Design> for AggregateRevised {
    const TYPE: &'static str = "aggregate_revised_v1";
    const EMITS: Emits = Emits::GroupAndMesh;

    fn evolve(self, design: &mut Design) {
        design.keep_aggregate(self.aggregate);
    }
}

#[cfg(test)]
#[test]
fn what_is_not_said_stays_as_it_was() {
    use serde_json::json;
    let design = super::kit::a_design_of_an_order();
    let revise = |field: &str, value: &str| {
        let mut ask = json!({"aggregate_name": "order", "reason": "Clearer"});
        ask[field] = value.into();
        ask
    };
    let revised = design.when::<ReviseAggregate>(revise("description", "What is sold")).unwrap();
    let kept = ["stream_pattern", "revision", "description"].map(|field| revised[0].1[field].clone());
    assert_eq!(kept, [json!("order-{order_id}"), json!(1), json!("What is sold")]);
    let same = design.when::<ReviseAggregate>(revise("stream_pattern", "order-{order_id}")).unwrap_err();
    assert!(same.is(NOTHING_TO_REVISE));
    let unknown = design.when::<ReviseAggregate>(revise("aggregate_name", "stock")).unwrap_err();
    assert!(unknown.is(AGGREGATE_NOT_FOUND));
}
