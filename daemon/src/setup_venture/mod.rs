//! Inception: a venture is named, its vision refined and submitted.
//!
//! Short-lived: there is nothing to start or pause. A submitted vision is frozen, because discovery works
//! on what it says.

mod archive_venture;
mod refine_vision;
#[expect(clippy::module_inception, reason = "the desk that gives birth bears the name of its process")]
mod setup_venture;
mod submit_vision;
mod vision;

use hecate_desk::{Aggregate, DeskEntry, DeskSpec, ProcessSpec, Refusal, Status, desk};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use vision::Vision;

pub(crate) use archive_venture::VentureArchived;
pub(crate) use refine_vision::VentureVisionRefined;
pub(crate) use setup_venture::VentureSetup;
pub(crate) use submit_vision::VentureVisionSubmitted;

pub(crate) const VISION_REFINED: Status = Status(32);
pub(crate) const VISION_SUBMITTED: Status = Status(64);

pub(crate) const VENTURE_NOT_FOUND: Refusal =
    Refusal::new(404, "venture_not_found", "There is no venture with this id.");
const VENTURE_ALREADY_SETUP: Refusal =
    Refusal::new(409, "venture_already_setup", "There is a venture with this id.");
const VENTURE_ARCHIVED: Refusal = Refusal::new(409, "venture_archived", "The venture is archived.");
const VENTURE_ALREADY_ARCHIVED: Refusal =
    Refusal::new(409, "venture_already_archived", "The venture is archived already.");
const VISION_ALREADY_SUBMITTED: Refusal =
    Refusal::new(409, "vision_already_submitted", "The vision is submitted and can no longer change.");

/// One venture at its inception.
#[derive(Default, Serialize, Deserialize)]
pub(crate) struct Venture {
    status: Status,
    venture_id: String,
    name: String,
    vision: Vision,
    revision: u32,
}

impl Aggregate for Venture {
    const PROCESS: ProcessSpec = ProcessSpec {
        name: "setup_venture",
        noun: "venture",
        says: "Inception: a venture is named, its vision refined and submitted.",
        base: "/api/ventures/{venture_id}",
        stream: "setup-{venture_id}",
    };
    const DESKS: &'static [DeskEntry<Self>] = &[
        desk::<_, setup_venture::SetupVenture>(),
        desk::<_, refine_vision::RefineVision>(),
        desk::<_, submit_vision::SubmitVision>(),
        desk::<_, archive_venture::ArchiveVenture>(),
    ];
    const LABELS: &'static [(Status, &'static str)] = &[
        (Status::ARCHIVED, "Archived"),
        (VISION_SUBMITTED, "Submitted"),
        (VISION_REFINED, "Refined"),
        (Status::INITIATED, "Setup"),
    ];

    fn status(&self) -> Status {
        self.status
    }

    fn about(&self) -> Map<String, Value> {
        Map::from_iter([("venture_id".to_owned(), self.venture_id.as_str().into())])
    }

    fn visibility(&self) -> &str {
        self.vision.visibility.name()
    }

    fn wrong_state(status: Status, desk: &DeskSpec) -> Refusal {
        match status {
            Status::UNBORN => VENTURE_NOT_FOUND,
            _ if desk.allowed_in.births() => VENTURE_ALREADY_SETUP,
            _ if !status.has(Status::ARCHIVED) => VISION_ALREADY_SUBMITTED,
            _ if desk.refuses.contains(&VENTURE_ALREADY_ARCHIVED) => VENTURE_ALREADY_ARCHIVED,
            _ => VENTURE_ARCHIVED,
        }
    }
}

#[cfg(test)]
mod kit {
    //! Ventures for the desks' own tests.
    use super::{Venture, setup_venture::SetupVenture};
    use hecate_desk::kit::{Given, given};
    use serde_json::json;

    pub(super) fn a_venture() -> Given<Venture> {
        given().asked::<SetupVenture>(json!({"name": "Shop"}))
    }

    pub(super) fn a_venture_about(brief: &str) -> Given<Venture> {
        given().asked::<SetupVenture>(json!({"name": "Shop", "brief": brief}))
    }
}
