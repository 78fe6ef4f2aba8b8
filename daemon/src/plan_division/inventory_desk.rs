//! A desk is put into the inventory: what it is called, what it works on, what it takes in and tells.

use super::parts::{Department, PartName, PlannedDesk};
use super::{AGGREGATE_NOT_FOUND, DESK_ALREADY_INVENTORIED, PLAN_TOO_LARGE, Plan};
use hecate_desk::lifecycle::Pass;
use hecate_desk::prelude::*;

/// Inventory a desk.
#[derive(Deserialize, JsonSchema)]
pub(super) struct InventoryDesk {
    /// What it is called.
    desk_name: Snake,
    /// Its department: commands, queries or projections.
    department: Department,
    /// The designed aggregate that it works on; a desk for commands has one.
    aggregate_name: Option<Snake>,
    /// How soon it is needed, from 0, the walking skeleton, to 3; 1 unless said otherwise.
    #[schemars(range(min = 0, max = 3))]
    priority: Option<u8>,
    /// What it does.
    description: Option<Text<4000>>,
    /// Where its requests come in.
    #[schemars(length(max = 32))]
    inboxes: Option<Vec<PartName>>,
    /// What it does by itself.
    #[schemars(length(max = 32))]
    policies: Option<Vec<PartName>>,
    /// What it tells, and to whom: `order_taken_v1_to_mesh`.
    #[schemars(length(max = 32))]
    emitters: Option<Vec<PartName>>,
}

#[derive(Serialize, Deserialize, JsonSchema)]
pub(crate) struct DeskInventoried {
    #[serde(flatten)]
    pub(crate) pass: Pass,
    #[serde(flatten)]
    pub(crate) desk: PlannedDesk,
    pub(crate) inventoried_by: String,
    pub(crate) inventoried_at: i64,
}

impl Desk<Plan> for InventoryDesk {
    const SPEC: DeskSpec = DeskSpec {
        name: "inventory_desk",
        path: "desk",
        aliases: &[],
        says: "Put a desk into the inventory",
        allowed_in: StateMask::ACTIVE,
        refuses: &[DESK_ALREADY_INVENTORIED, AGGREGATE_NOT_FOUND, PLAN_TOO_LARGE],
    };
    const RECORDS: &'static [EventEntry<Plan>] = &[event::<_, DeskInventoried>()];

    fn decide(self, plan: &Plan, at: &Moment) -> Result<Decision<Plan>, Refused> {
        let names = |parts: Option<Vec<PartName>>| parts.into_iter().flatten().map(String::from).collect();
        let desk = PlannedDesk {
            desk_id: plan.desk_id(self.desk_name.as_str()),
            desk_name: self.desk_name.into(),
            department: self.department,
            aggregate_name: self.aggregate_name.map(String::from),
            priority: self.priority.unwrap_or(1),
            description: self.description.map(String::from),
            inboxes: names(self.inboxes),
            policies: names(self.policies),
            emitters: names(self.emitters),
        };
        plan.demand_new(&desk)?;
        plan.planned_with(|planned| planned.desks.push(plan.handed_over(&desk)))?;
        let (pass, inventoried_by) = (plan.dossier.pass(), at.actor.clone());
        Ok(DeskInventoried { pass, desk, inventoried_by, inventoried_at: at.at_us }.into())
    }
}

impl Event<Plan> for DeskInventoried {
    const TYPE: &'static str = "desk_inventoried_v1";
    const EMITS: Emits = Emits::GroupAndMesh;

    fn evolve(self, plan: &mut Plan) {
        plan.desks.insert(self.desk.desk_id.clone(), self.desk);
    }
}

#[cfg(test)]
#[test]
fn a_desk_has_a_name_of_its_own_and_one_for_commands_an_aggregate_of_the_design() {
    use super::kit::{a_plan_of, an_active_plan, desk};
    use serde_json::json;
    let plan = an_active_plan();
    let without = json!({"desk_name": "take_order", "department": "cmd"});
    assert_eq!(plan.when::<InventoryDesk>(without).unwrap_err().details["rule"], "required");
    let mut stranger = json!({"desk_name": "a", "department": "cmd", "aggregate_name": "stock"});
    assert!(plan.when::<InventoryDesk>(stranger.clone()).unwrap_err().is(AGGREGATE_NOT_FOUND));
    for department in ["qry", "prj"] {
        (stranger["department"], stranger["priority"]) = (department.into(), 3.into());
        assert!(plan.when::<InventoryDesk>(stranger.clone()).is_ok());
    }
    let taken = a_plan_of(&["take_order"]).when::<InventoryDesk>(desk("take_order")).unwrap_err();
    assert!(taken.is(DESK_ALREADY_INVENTORIED));
}
