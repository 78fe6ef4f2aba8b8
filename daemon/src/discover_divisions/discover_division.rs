//! A division is found: one bounded context, with a name that no other living one of the venture has.

use super::{DIVISION_ALREADY_DISCOVERED, Discovery, Found, TOO_MANY_DIVISIONS};
use hecate_desk::prelude::*;
use hecate_proto::id::DivisionId;

/// Discover a division.
#[derive(Deserialize, JsonSchema)]
pub(super) struct DiscoverDivision {
    /// What it is called; the case of letters makes no other name.
    division_name: Slug,
    /// What it does.
    description: Option<Text<4000>>,
    /// Why it stands on its own.
    rationale: Option<Text<4000>>,
    /// Its id, where the caller mints its own.
    division_id: Option<DivisionId>,
}

#[derive(Serialize, Deserialize, JsonSchema)]
pub(crate) struct DivisionDiscovered {
    pub(crate) venture_id: String,
    pub(crate) venture_name: String,
    pub(crate) division_id: String,
    pub(crate) division_name: String,
    pub(crate) description: Option<String>,
    pub(crate) rationale: Option<String>,
    pub(crate) discovered_by: String,
    pub(crate) discovered_at: i64,
}

impl Desk<Discovery> for DiscoverDivision {
    const SPEC: DeskSpec = DeskSpec {
        name: "discover_division",
        path: "discover",
        aliases: &[],
        says: "Discover a division",
        allowed_in: StateMask::ACTIVE,
        refuses: &[DIVISION_ALREADY_DISCOVERED, TOO_MANY_DIVISIONS],
    };
    const RECORDS: &'static [EventEntry<Discovery>] = &[event::<_, DivisionDiscovered>()];

    fn decide(self, discovery: &Discovery, at: &Moment) -> Result<Decision<Discovery>, Refused> {
        let division_id = self.division_id.map_or_else(|| at.mint(DivisionId::KIND), |id| id.to_string());
        discovery.demand_new(&division_id, self.division_name.as_str())?;
        Ok(Decision::from(DivisionDiscovered {
            venture_id: discovery.dossier.of.venture_id.clone(),
            venture_name: discovery.dossier.of.venture_name.clone(),
            division_id,
            division_name: self.division_name.into(),
            description: self.description.map(String::from),
            rationale: self.rationale.map(String::from),
            discovered_by: at.actor.clone(),
            discovered_at: at.at_us,
        }))
    }
}

impl Event<Discovery> for DivisionDiscovered {
    const TYPE: &'static str = "division_discovered_v1";
    const EMITS: Emits = Emits::GroupAndMesh;

    fn evolve(self, discovery: &mut Discovery) {
        let found = Found { name: self.division_name, dismissed: false };
        discovery.divisions.insert(self.division_id, found);
    }
}

#[cfg(test)]
#[test]
fn a_name_is_free_again_once_its_division_is_dismissed() {
    use super::{dismiss_division::DismissDivision, kit::an_active_discovery};
    use serde_json::json;
    let id = |last: char| format!("d-01ARZ3NDEKTSV4RRFFQ69G5FA{last}");
    let ask = |name: &str, last| json!({"division_name": name, "division_id": id(last)});
    let found = an_active_discovery().asked::<DiscoverDivision>(ask("Orders", 'A'));
    for taken in [ask("ORDERS", 'B'), ask("Stock", 'A')] {
        assert!(found.when::<DiscoverDivision>(taken).unwrap_err().is(DIVISION_ALREADY_DISCOVERED));
    }
    let dismissed = found.asked::<DismissDivision>(json!({"division_id": id('A'), "reason": "None"}));
    assert_eq!(dismissed.when::<DiscoverDivision>(ask("orders", 'B')).unwrap()[0].1["division_id"], id('B'));
}
