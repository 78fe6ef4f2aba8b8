//! Gives a venture another name.

use super::Venture;
use hecate_desk::prelude::*;

/// Rename a venture.
#[derive(Deserialize, JsonSchema)]
pub(super) struct RenameVenture {
    /// What it is called from now on.
    name: Text<100>,
}

#[derive(Serialize, Deserialize, JsonSchema)]
pub(crate) struct VentureRenamed {
    pub(crate) venture_id: String,
    pub(crate) name: String,
    pub(crate) renamed_by: String,
    pub(crate) renamed_at: i64,
}

const SAME_NAME: Refusal = Refusal::new(422, "same_name", "The venture has this name already.");

impl Desk<Venture> for RenameVenture {
    const SPEC: DeskSpec = DeskSpec {
        name: "rename_venture",
        path: "rename",
        aliases: &[],
        says: "Rename a venture",
        allowed_in: StateMask::LIVE,
        refuses: &[SAME_NAME],
    };
    const RECORDS: &'static [EventEntry<Venture>] = &[event::<_, VentureRenamed>()];

    fn decide(self, venture: &Venture, at: &Moment) -> Result<Decision<Venture>, Refused> {
        if self.name.as_str() == venture.name {
            return Err(SAME_NAME.about("field", "name"));
        }
        Ok(Decision::from(VentureRenamed {
            venture_id: venture.venture_id.clone(),
            name: self.name.into(),
            renamed_by: at.actor.clone(),
            renamed_at: at.at_us,
        }))
    }
}

impl Event<Venture> for VentureRenamed {
    const TYPE: &'static str = "venture_renamed_v1";
    const EMITS: Emits = Emits::Group;

    fn evolve(self, venture: &mut Venture) {
        venture.name = self.name;
    }
}

#[cfg(test)]
#[test]
fn the_same_name_again_is_refused() {
    let again = super::kit::a_venture().when::<RenameVenture>(serde_json::json!({"name": "Shop"}));
    assert!(again.unwrap_err().is(SAME_NAME));
}
