//! Gives birth to a venture: it has a name, and perhaps already a vision.
//!
//! The name need not be unique: two people may call their idea the same, and the id tells them apart.

use super::Venture;
use super::vision::{VISION_TOO_LARGE, Vision, VisionAsked};
use hecate_desk::prelude::*;
use hecate_proto::id::VentureId;

/// Set up a venture.
#[derive(Deserialize, JsonSchema)]
pub(super) struct SetupVenture {
    /// What it is called.
    name: Name<100>,
    #[serde(flatten)]
    vision: VisionAsked,
    /// Its id, where the caller mints its own.
    venture_id: Option<VentureId>,
}

#[derive(Serialize, Deserialize, JsonSchema)]
pub(crate) struct VentureSetup {
    pub(crate) venture_id: String,
    pub(crate) name: String,
    #[serde(flatten)]
    pub(crate) vision: Vision,
    pub(crate) setup_by: String,
    pub(crate) setup_at: i64,
}

impl Desk<Venture> for SetupVenture {
    const SPEC: DeskSpec = DeskSpec {
        name: "setup_venture",
        path: "/api/ventures",
        aliases: &["/api/ventures/setup"],
        says: "Set up a venture",
        allowed_in: StateMask::UNBORN,
        refuses: &[VISION_TOO_LARGE],
    };
    const RECORDS: &'static [EventEntry<Venture>] = &[event::<_, VentureSetup>()];

    fn decide(self, _: &Venture, at: &Moment) -> Result<Decision<Venture>, Refused> {
        let mut vision = Vision::default();
        self.vision.against(&vision)?.write(&mut vision);
        Ok(Decision::from(VentureSetup {
            venture_id: self.venture_id.map_or(at.id("venture_id").to_owned(), |id| id.to_string()),
            name: self.name.into(),
            vision,
            setup_by: at.actor.clone(),
            setup_at: at.at_us,
        }))
    }
}

impl Event<Venture> for VentureSetup {
    const TYPE: &'static str = "venture_setup_v1";
    const EMITS: Emits = Emits::GroupAndMesh;

    fn evolve(self, venture: &mut Venture) {
        venture.status = Status::INITIATED;
        venture.venture_id = self.venture_id;
        venture.name = self.name;
        venture.vision = self.vision;
    }
}

#[cfg(test)]
#[test]
fn a_name_is_trimmed_and_never_blank() {
    let ask = |name: &str| hecate_desk::kit::given().when::<SetupVenture>(serde_json::json!({"name": name}));
    assert_eq!(ask(" Shop ").unwrap()[0].1["name"], "Shop");
    assert_eq!(ask(" ").unwrap_err().details["rule"], "blank");
}
