//! Discovery: the divisions of a venture are found, one bounded context each.
//!
//! It begins with a submitted vision and hands over the divisions that it found. A division that turns out to be
//! none is dismissed, and with it whatever was begun for it.

mod discover_division;
mod dismiss_division;
mod on_venture_archived_archive_discovery;
mod on_vision_submitted_initiate_discovery;
#[cfg(test)]
mod tests;

use hecate_desk::lifecycle::{Archived, Dossier, LongLived, Names, Nothing, Venture};
use hecate_desk::prelude::*;
use hecate_desk::{DeskEntry, ListenerEntry, ProcessSpec, lifecycle_desks, lifecycle_names, listener};
use serde_json::{Map, Value};
use std::collections::BTreeMap;

pub(crate) use discover_division::DivisionDiscovered;
pub(crate) use dismiss_division::{DIVISION_NOT_FOUND, DivisionDismissed};

const NO_DIVISIONS: Refusal =
    Refusal::new(422, "no_divisions", "A discovery without a division cannot be completed.");

const DIVISION_ALREADY_DISCOVERED: Refusal =
    Refusal::new(409, "division_already_discovered", "The venture has a division of this name or id.");
const TOO_MANY_DIVISIONS: Refusal = Refusal::new(
    422,
    "too_many_divisions",
    "A venture has at most 1,000 divisions, dismissed ones included.",
);

/// All divisions travel in one event when the discovery is completed.
const DIVISIONS_MAX: usize = 1_000;

/// The discovery of one venture.
#[derive(Default, Serialize, Deserialize)]
pub(crate) struct Discovery {
    dossier: Dossier<Venture, VisionHandOff>,
    divisions: BTreeMap<String, Found>,
}

/// One division that was found.
#[derive(Serialize, Deserialize)]
struct Found {
    name: String,
    dismissed: bool,
}

/// The vision that discovery works on.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub(crate) struct VisionHandOff {
    pub(crate) brief: Option<String>,
    pub(crate) repos: Vec<String>,
    pub(crate) skills: Vec<String>,
    pub(crate) context_map: Map<String, Value>,
}

/// What discovery hands over.
#[derive(Serialize, Deserialize, JsonSchema)]
pub(crate) struct Divisions {
    pub(crate) division_count: u32,
    pub(crate) divisions: Vec<DivisionRef>,
}

/// A division by its id and name.
#[derive(Serialize, Deserialize, JsonSchema)]
pub(crate) struct DivisionRef {
    pub(crate) id: String,
    pub(crate) name: String,
}

/// What is asked beside a reason when a discovery is archived.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub(crate) struct ArchiveDiscovery {
    /// Whether its divisions are dismissed with it; they are unless said otherwise.
    cascade: Option<bool>,
}

impl LongLived for Discovery {
    const PROCESS: ProcessSpec = ProcessSpec {
        name: "discover_divisions",
        noun: "discovery",
        says: "Discovery: the divisions of a venture are found.",
        base: "/api/ventures/{venture_id}/discovery",
        stream: "discovery-{venture_id}",
    };
    const NAMES: Names = lifecycle_names!("discovery");
    const DESKS: &'static [DeskEntry<Self>] =
        lifecycle_desks![discover_division::DiscoverDivision, dismiss_division::DismissDivision,];
    const LISTENERS: &'static [ListenerEntry<Self>] = &[
        listener::<_, on_vision_submitted_initiate_discovery::VisionSubmitted>(),
        listener::<_, on_venture_archived_archive_discovery::VentureArchived>(),
    ];

    type Of = Venture;
    type HandOff = VisionHandOff;
    type CompleteAsked = Nothing;
    type HandOver = Divisions;
    type ArchiveAsked = ArchiveDiscovery;

    const COMPLETE_REFUSES: &'static [Refusal] = &[NO_DIVISIONS];
    const ARCHIVE_RECORDS: &'static [EventEntry<Self>] =
        &[event::<_, DivisionDismissed>(), event::<_, Archived<Self>>()];

    fn dossier(&self) -> &Dossier<Venture, VisionHandOff> {
        &self.dossier
    }

    fn dossier_mut(&mut self) -> &mut Dossier<Venture, VisionHandOff> {
        &mut self.dossier
    }

    fn complete(&self, _: Nothing, _: &Moment) -> Result<Divisions, Refused> {
        let named = |(id, found): (&String, &Found)| DivisionRef { id: id.clone(), name: found.name.clone() };
        let divisions: Vec<_> = self.live().map(named).collect();
        if divisions.is_empty() {
            return Err(NO_DIVISIONS.about("hint", "Discover a division first."));
        }
        Ok(Divisions { division_count: divisions.len() as u32, divisions })
    }

    /// The divisions go first, so that whoever hears in order never sees one without its discovery.
    fn archive(&self, asked: ArchiveDiscovery, reason: Option<&str>, at: &Moment) -> Decision<Self> {
        let reason = reason.unwrap_or("The discovery was archived.");
        let goes_along = |_: &(_, _)| asked.cascade.unwrap_or(true);
        let dismissed =
            self.live().filter(goes_along).map(|(id, found)| self.dismissal(id, found, reason, at));
        dismissed.fold(Decision::nothing(), Decision::and)
    }
}

impl Discovery {
    /// The divisions that were not dismissed.
    fn live(&self) -> impl Iterator<Item = (&String, &Found)> {
        self.divisions.iter().filter(|(_, found)| !found.dismissed)
    }

    /// Refuses an id that was used before, and a name that a living division has.
    fn demand_new(&self, division_id: &str, name: &str) -> Result<(), Refused> {
        if self.divisions.contains_key(division_id) {
            return Err(DIVISION_ALREADY_DISCOVERED.about("field", "division_id"));
        }
        if let Some((id, _)) = self.live().find(|(_, found)| found.name.eq_ignore_ascii_case(name)) {
            let refused = DIVISION_ALREADY_DISCOVERED.about("field", "division_name");
            return Err(refused.about("division_id", id.as_str()));
        }
        if self.divisions.len() >= DIVISIONS_MAX {
            return Err(TOO_MANY_DIVISIONS.about("divisions_max", DIVISIONS_MAX));
        }
        Ok(())
    }

    fn dismissal(&self, id: &str, found: &Found, reason: &str, at: &Moment) -> DivisionDismissed {
        DivisionDismissed {
            venture_id: self.dossier.of.venture_id.clone(),
            division_id: id.to_owned(),
            division_name: found.name.clone(),
            reason: reason.to_owned(),
            dismissed_by: at.actor.clone(),
            dismissed_at: at.at_us,
        }
    }
}

#[cfg(test)]
mod kit {
    //! Discoveries for the desks' own tests.
    use super::Discovery;
    use hecate_desk::kit::{Given, ULID, given};
    use hecate_desk::lifecycle::{Initiate, Start};
    use serde_json::json;

    pub(super) fn an_active_discovery() -> Given<Discovery> {
        let handoff = json!({"brief": "Sell", "repos": [], "skills": [], "context_map": {}});
        let initiate = json!({"venture_id": format!("v-{ULID}"), "venture_name": "Shop", "handoff": handoff,
            "visibility": "realm", "source_event_id": "01890000-0000-7000-8000-000000000000", "start": false});
        given().asked::<Initiate<Discovery>>(initiate).asked::<Start<Discovery>>(json!({}))
    }
}
