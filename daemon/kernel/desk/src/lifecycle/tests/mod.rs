//! A process with a lifecycle: bread is baked, division by division.

mod hand_overs;
mod rules;

use super::*;
use crate::kit::{Given, ULID, given};
use crate::prelude::*;
use crate::{DeskEntry, ListenerEntry, ProcessSpec, desk, lifecycle_names, listener};
use serde_json::{Value, json};

const RAW: Refusal = Refusal::new(422, "raw", "Nobody eats raw dough.");

#[derive(Default, Serialize, Deserialize)]
struct Bread {
    dossier: Dossier<Division, Flour>,
    baked: bool,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
struct Flour {
    grain: String,
}

#[derive(Serialize, Deserialize, JsonSchema)]
struct Loaf {
    grain: String,
}

/// The grain is ground: bread can be baked.
#[derive(Deserialize, JsonSchema)]
struct OnGrainGround {
    #[serde(flatten)]
    of: Division,
    grain: String,
}

impl Listener<Bread> for OnGrainGround {
    const NAME: &'static str = "on_grain_ground_initiate_bread";
    const HEARS: &'static str = "grain_ground_v1";
    type Asks = Initiate<Bread>;

    fn hear(self, source: &Source<'_>) -> Heard<Initiate<Bread>> {
        if self.grain == "stone" {
            return Heard::Passes("that is no grain");
        }
        let id = self.of.division_id.clone();
        Ask::of("division_id", &id, Initiate::because_of(source, self.of, Flour { grain: self.grain })).into()
    }
}

const NO_SUCH_GRAIN: Refusal =
    Refusal::new(422, "no_such_grain", "That grain was not handed over.").that_may_be_early();

/// Bakes.
#[derive(Deserialize, JsonSchema)]
struct BakeBread {
    /// Of this grain alone.
    grain: Option<String>,
}

#[derive(Serialize, Deserialize, JsonSchema)]
struct BreadBaked {}

impl Desk<Bread> for BakeBread {
    const SPEC: DeskSpec = DeskSpec {
        name: "bake_bread",
        path: "bake",
        aliases: &[],
        says: "Bake",
        allowed_in: StateMask::ACTIVE,
        refuses: &[NO_SUCH_GRAIN],
    };
    const RECORDS: &'static [EventEntry<Bread>] = &[event::<_, BreadBaked>()];

    fn decide(self, bread: &Bread, _: &Moment) -> Result<Decision<Bread>, Refused> {
        if self.grain.is_some_and(|grain| grain != bread.dossier.handoff.grain) {
            return Err(NO_SUCH_GRAIN.into());
        }
        Ok(BreadBaked {}.into())
    }
}

impl Event<Bread> for BreadBaked {
    const TYPE: &'static str = "bread_baked_v1";
    const EMITS: Emits = Emits::Group;

    fn evolve(self, bread: &mut Bread) {
        bread.baked = true;
    }
}

impl LongLived for Bread {
    const PROCESS: ProcessSpec = ProcessSpec {
        name: "bake_division",
        noun: "bread",
        says: "Bread.",
        base: "/api/divisions/{division_id}/bread",
        stream: "bread-{division_id}",
    };
    const NAMES: Names = lifecycle_names!("bread");
    const DESKS: &'static [DeskEntry<Self>] = &[
        desk::<_, Initiate<Self>>(),
        desk::<_, Start<Self>>(),
        desk::<_, BakeBread>(),
        desk::<_, Pause<Self>>(),
        desk::<_, Resume<Self>>(),
        desk::<_, Complete<Self>>(),
        desk::<_, Reopen<Self>>(),
        desk::<_, Archive<Self>>(),
        desk::<_, Bury<Self>>(),
    ];
    const LISTENERS: &'static [ListenerEntry<Self>] =
        &[listener::<_, OnGrainGround>(), listener::<_, OnDivisionDismissed>()];

    type Of = Division;
    type HandOff = Flour;
    type CompleteAsked = Nothing;
    type HandOver = Loaf;
    type ArchiveAsked = Nothing;

    const COMPLETE_REFUSES: &'static [Refusal] = &[RAW];
    const ARCHIVE_RECORDS: &'static [EventEntry<Self>] = &[event::<_, Archived<Self>>()];

    fn dossier(&self) -> &Dossier<Division, Flour> {
        &self.dossier
    }

    fn dossier_mut(&mut self) -> &mut Dossier<Division, Flour> {
        &mut self.dossier
    }

    fn complete(&self, _: Nothing, _: &Moment) -> Result<Loaf, Refused> {
        if self.baked { Ok(Loaf { grain: self.dossier.handoff.grain.clone() }) } else { Err(RAW.into()) }
    }

    fn begin_cycle(&mut self) {
        self.baked = false;
    }

    fn rebriefed(&mut self, before: Flour) {
        self.baked &= before == self.dossier.handoff;
    }
}

/// What is handed over by the nth source.
fn handing(grain: &str, nth: u8) -> Value {
    json!({
        "venture_id": format!("v-{ULID}"), "division_id": format!("d-{ULID}"), "division_name": "mill",
        "handoff": {"grain": grain}, "visibility": "public", "start": false,
        "source_event_id": format!("01890000-0000-7000-8000-0000000000{nth:02}"),
    })
}

fn a_bread() -> Given<Bread> {
    given().asked::<Initiate<Bread>>(handing("rye", 1))
}

fn a_baked_bread() -> Given<Bread> {
    a_bread().asked::<Start<Bread>>(json!({})).asked::<BakeBread>(json!({}))
}
