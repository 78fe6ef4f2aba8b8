//! Puts a venture away for good. Its events stay; with `cascade` its divisions follow when they hear of it.

use super::{VENTURE_ALREADY_ARCHIVED, Venture};
use hecate_desk::prelude::*;

/// Archive a venture.
#[derive(Deserialize, JsonSchema)]
pub(super) struct ArchiveVenture {
    /// Why.
    reason: Option<Text<1000>>,
    /// Whether its divisions follow; they do unless said otherwise.
    cascade: Option<bool>,
}

#[derive(Serialize, Deserialize, JsonSchema)]
pub(crate) struct VentureArchived {
    pub(crate) venture_id: String,
    pub(crate) name: String,
    pub(crate) reason: Option<String>,
    pub(crate) cascade: bool,
    pub(crate) archived_by: String,
    pub(crate) archived_at: i64,
}

impl Desk<Venture> for ArchiveVenture {
    const SPEC: DeskSpec = DeskSpec {
        name: "archive_venture",
        path: "archive",
        aliases: &[],
        says: "Archive a venture",
        allowed_in: StateMask::LIVE,
        refuses: &[VENTURE_ALREADY_ARCHIVED],
    };
    const RECORDS: &'static [EventEntry<Venture>] = &[event::<_, VentureArchived>()];

    fn decide(self, venture: &Venture, at: &Moment) -> Result<Decision<Venture>, Refused> {
        Ok(Decision::from(VentureArchived {
            venture_id: venture.venture_id.clone(),
            name: venture.name.clone(),
            reason: self.reason.map(String::from),
            cascade: self.cascade.unwrap_or(true),
            archived_by: at.actor.clone(),
            archived_at: at.at_us,
        }))
    }
}

impl Event<Venture> for VentureArchived {
    const TYPE: &'static str = "venture_archived_v1";
    const EMITS: Emits = Emits::GroupAndMesh;

    fn evolve(self, venture: &mut Venture) {
        venture.status = venture.status.and(Status::ARCHIVED);
    }
}

#[cfg(test)]
#[test]
fn a_venture_is_archived_once() {
    let archived = super::kit::a_venture().asked::<ArchiveVenture>(serde_json::json!({"reason": "Sold"}));
    let again = archived.when::<ArchiveVenture>(serde_json::json!({})).unwrap_err();
    assert!(again.is(VENTURE_ALREADY_ARCHIVED));
}
