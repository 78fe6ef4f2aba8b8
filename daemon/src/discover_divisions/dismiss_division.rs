//! A division turns out to be none: whatever works for it hears of it and is archived.

use super::Discovery;
use hecate_desk::prelude::*;
use hecate_proto::id::DivisionId;

/// Dismiss a division.
#[derive(Deserialize, JsonSchema)]
pub(super) struct DismissDivision {
    /// Which one.
    division_id: DivisionId,
    /// Why.
    reason: Text<1000>,
}

#[derive(Serialize, Deserialize, JsonSchema)]
pub(crate) struct DivisionDismissed {
    pub(crate) venture_id: String,
    pub(crate) division_id: String,
    pub(crate) division_name: String,
    pub(crate) reason: String,
    pub(crate) dismissed_by: String,
    pub(crate) dismissed_at: i64,
}

pub(crate) const DIVISION_NOT_FOUND: Refusal =
    Refusal::new(404, "division_not_found", "There is no division with this id.");
const DIVISION_ALREADY_DISMISSED: Refusal =
    Refusal::new(409, "division_already_dismissed", "The division is dismissed already.");

impl Desk<Discovery> for DismissDivision {
    const SPEC: DeskSpec = DeskSpec {
        name: "dismiss_division",
        path: "dismiss",
        aliases: &[],
        says: "Dismiss a division, and archive whatever works for it",
        allowed_in: StateMask::BEGUN,
        refuses: &[DIVISION_NOT_FOUND, DIVISION_ALREADY_DISMISSED],
    };
    const RECORDS: &'static [EventEntry<Discovery>] = &[event::<_, DivisionDismissed>()];

    fn decide(self, discovery: &Discovery, at: &Moment) -> Result<Decision<Discovery>, Refused> {
        let id = self.division_id.as_str();
        let found = discovery.divisions.get(id).ok_or(DIVISION_NOT_FOUND.about("field", "division_id"))?;
        if found.dismissed {
            return Err(DIVISION_ALREADY_DISMISSED.about("field", "division_id"));
        }
        Ok(discovery.dismissal(id, found, self.reason.as_str(), at).into())
    }
}

impl Event<Discovery> for DivisionDismissed {
    const TYPE: &'static str = "division_dismissed_v1";
    const EMITS: Emits = Emits::GroupAndMesh;

    fn evolve(self, discovery: &mut Discovery) {
        if let Some(found) = discovery.divisions.get_mut(&self.division_id) {
            found.dismissed = true;
        }
    }
}

#[cfg(test)]
#[test]
fn archiving_a_discovery_dismisses_what_is_left_unless_told_otherwise() {
    use super::{discover_division::DiscoverDivision, kit::an_active_discovery};
    use hecate_desk::lifecycle::{Archive, Bury};
    use serde_json::json;
    let id = format!("d-{}", hecate_desk::kit::ULID);
    let dismiss = json!({"division_id": id, "reason": "None"});
    let found = an_active_discovery();
    assert!(found.when::<DismissDivision>(dismiss.clone()).unwrap_err().is(DIVISION_NOT_FOUND));
    let found = found.asked::<DiscoverDivision>(json!({"division_name": "Orders"}));
    let types = |ask| {
        let recorded = found.when::<Archive<Discovery>>(ask).unwrap();
        recorded.into_iter().map(|(event_type, _)| event_type).collect::<Vec<_>>()
    };
    assert_eq!(types(json!({"reason": "Over"})), ["division_dismissed_v1", "discovery_archived_v1"]);
    assert_eq!(types(json!({"cascade": false})), ["discovery_archived_v1"]);
    // What was archived alone takes its divisions along when the venture goes.
    let venture = json!({"venture_id": format!("v-{}", hecate_desk::kit::ULID), "venture_name": "Shop"});
    let alone = an_active_discovery().asked::<DiscoverDivision>(json!({"division_name": "Orders"}));
    let alone = alone.asked::<Archive<Discovery>>(json!({"cascade": false}));
    let late = alone.when::<Bury<Discovery>>(venture.clone()).unwrap();
    assert_eq!(late[0].0, "division_dismissed_v1");
    let gone = alone.asked::<Bury<Discovery>>(venture.clone()).when::<Bury<Discovery>>(venture).unwrap_err();
    assert_eq!(gone.code, "discovery_archived");
    let dismissed = found.asked::<DismissDivision>(dismiss.clone());
    assert!(dismissed.when::<DismissDivision>(dismiss).unwrap_err().is(DIVISION_ALREADY_DISMISSED));
}
