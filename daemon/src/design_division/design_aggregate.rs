//! An aggregate of the division: what its streams are called, and the flags of its status.

use super::parts::{AggregateDesign, INVALID_STATUS_FLAGS, StatusFlag, StreamPattern, distinct};
use super::{DESIGN_TOO_LARGE, Design};
use hecate_desk::lifecycle::Pass;
use hecate_desk::prelude::*;

/// Design an aggregate.
#[derive(Deserialize, JsonSchema)]
pub(super) struct DesignAggregate {
    /// What it is called.
    aggregate_name: Snake,
    /// How its streams are called, with one hole for the id: `order-{order_id}`.
    stream_pattern: StreamPattern,
    /// The flags of its status.
    #[schemars(length(max = 32))]
    status_flags: Option<Vec<StatusFlag>>,
    /// What it is.
    description: Option<Text<4000>>,
}

#[derive(Serialize, Deserialize, JsonSchema)]
pub(crate) struct AggregateDesigned {
    #[serde(flatten)]
    pub(crate) pass: Pass,
    #[serde(flatten)]
    pub(crate) aggregate: AggregateDesign,
    pub(crate) designed_by: String,
    pub(crate) designed_at: i64,
}

const AGGREGATE_ALREADY_DESIGNED: Refusal =
    Refusal::new(409, "aggregate_already_designed", "The design has an aggregate of this name.");

impl Desk<Design> for DesignAggregate {
    const SPEC: DeskSpec = DeskSpec {
        name: "design_aggregate",
        path: "aggregate",
        aliases: &[],
        says: "Design an aggregate",
        allowed_in: StateMask::ACTIVE,
        refuses: &[AGGREGATE_ALREADY_DESIGNED, INVALID_STATUS_FLAGS, DESIGN_TOO_LARGE],
    };
    const RECORDS: &'static [EventEntry<Design>] = &[event::<_, AggregateDesigned>()];

    fn decide(self, design: &Design, at: &Moment) -> Result<Decision<Design>, Refused> {
        let name = self.aggregate_name.as_str();
        if design.aggregates.contains_key(name) {
            return Err(AGGREGATE_ALREADY_DESIGNED.about("field", "aggregate_name"));
        }
        let aggregate = AggregateDesign {
            aggregate_id: format!("agg-{}-{name}", design.dossier.of.division_id),
            aggregate_name: name.to_owned(),
            stream_pattern: self.stream_pattern.into(),
            status_flags: distinct(self.status_flags.unwrap_or_default())?,
            description: self.description.map(String::from),
            revision: 0,
        };
        design.demand_room_for(&aggregate, None)?;
        let (pass, designed_by) = (design.dossier.pass(), at.actor.clone());
        Ok(AggregateDesigned { pass, aggregate, designed_by, designed_at: at.at_us }.into())
    }
}

impl Event<Design> for AggregateDesigned {
    const TYPE: &'static str = "aggregate_designed_v1";
    const EMITS: Emits = Emits::GroupAndMesh;

    fn evolve(self, design: &mut Design) {
        design.keep_aggregate(self.aggregate);
    }
}

#[cfg(test)]
#[test]
fn a_name_is_designed_once_and_its_flags_are_powers_of_two() {
    use super::kit::{a_design_of_an_order, aggregate};
    let design = a_design_of_an_order();
    let taken = design.when::<DesignAggregate>(aggregate("order")).unwrap_err();
    assert!(taken.is(AGGREGATE_ALREADY_DESIGNED));
    let mut three = aggregate("stock");
    three["status_flags"] = serde_json::json!([{"name": "open", "bit": 3}]);
    assert!(design.when::<DesignAggregate>(three).unwrap_err().is(INVALID_STATUS_FLAGS));
    assert!(design.when::<DesignAggregate>(aggregate("stock")).is_ok());
}
