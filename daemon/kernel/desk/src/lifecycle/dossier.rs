//! What every long-lived aggregate keeps: what it is about, where it stands, what it was handed.

use super::long_lived::LongLived;
use super::stage::{Step, status_after};
use crate::refusal::{Refusal, Refused};
use crate::status::Status;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use serde_json::{Map, Value};
use uuid::Uuid;

/// What a dossier is about. Each of its events repeats it, so that a fact needs no look elsewhere.
pub trait Key:
    Clone + Default + PartialEq + Serialize + DeserializeOwned + JsonSchema + Send + Sync + 'static
{
}

impl<K> Key for K where
    K: Clone + Default + PartialEq + Serialize + DeserializeOwned + JsonSchema + Send + Sync + 'static
{
}

/// A dossier about a whole venture.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Venture {
    /// Its id.
    pub venture_id: String,
    /// Its name.
    pub venture_name: String,
}

/// A dossier about one division.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Division {
    /// The venture that it belongs to.
    pub venture_id: String,
    /// Its id.
    pub division_id: String,
    /// Its name.
    pub division_name: String,
}

/// One pass through the dossier of a division: what the facts about its parts begin with.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Pass {
    /// The venture.
    pub venture_id: String,
    /// The division.
    pub division_id: String,
    /// Which pass, from 1.
    pub cycle: u32,
}

/// A dossier about one incident of a division.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Incident {
    /// The division in which it happened.
    #[serde(flatten)]
    pub division: Division,
    /// Its id.
    pub incident_id: String,
}

/// The folded state that the lifecycle needs; a process keeps it beside its own.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(bound = "Of: Key, HandOff: Key")]
pub struct Dossier<Of: Key, HandOff: Key> {
    /// What it is about.
    pub of: Of,
    /// What it was initiated with, or handed last.
    pub handoff: HandOff,
    /// Passes through the dossier, from 1; 0 when it was archived before it was born.
    pub cycle: u32,
    /// Where it stands.
    pub status: Status,
    /// How far its facts travel.
    pub visibility: String,
    /// Since when it is on the shelf, microseconds.
    pub(super) paused_at: Option<i64>,
    /// The facts that handed it something: somebody completed or discovered something for each, so they stay few
    /// enough to be looked through.
    pub(super) sources: Vec<Uuid>,
}

impl<HandOff: Key> Dossier<Division, HandOff> {
    /// The pass that is at work.
    pub fn pass(&self) -> Pass {
        let Division { venture_id, division_id, .. } = self.of.clone();
        Pass { venture_id, division_id, cycle: self.cycle }
    }
}

impl<HandOff: Key> Dossier<Incident, HandOff> {
    /// The pass that is at work.
    pub fn pass(&self) -> Pass {
        let Division { venture_id, division_id, .. } = self.of.division.clone();
        Pass { venture_id, division_id, cycle: self.cycle }
    }
}

impl<Of: Key, HandOff: Key> Dossier<Of, HandOff> {
    /// Raises flags of the process's own.
    pub fn raise(&mut self, flags: Status) {
        self.status = self.status.and(flags);
    }

    /// Moves it one step on.
    pub(super) fn step<A: LongLived>(&mut self, step: Step) {
        self.step_with::<A>(step, Status(0));
    }

    /// Moves it one step on, which sets these flags of the process's own.
    pub(super) fn step_with<A: LongLived>(&mut self, step: Step, flags: Status) {
        self.status = status_after::<A>(self.status, step, flags);
    }

    /// Takes what it is handed; answers what it had before.
    pub(super) fn take(&mut self, handoff: HandOff, source: Uuid) -> HandOff {
        self.sources.push(source);
        std::mem::replace(&mut self.handoff, handoff)
    }

    /// Refuses who means another thing under the same id.
    pub(super) fn demand_about(&self, of: &Of) -> Result<(), Refused> {
        if self.status == Status::UNBORN || ids(&self.of) == ids(of) {
            return Ok(());
        }
        Err(Refusal::BELONGS_ELSEWHERE.into())
    }

    /// What stands beside the status in every answer.
    pub(super) fn about(&self) -> Map<String, Value> {
        let mut about = fields(&self.of);
        about.insert("cycle".to_owned(), self.cycle.into());
        about
    }
}

fn fields(of: &impl Key) -> Map<String, Value> {
    let of = serde_json::to_value(of).unwrap_or_default();
    if let Value::Object(fields) = of { fields } else { Map::new() }
}

/// What makes it that thing: names may change.
fn ids(of: &impl Key) -> Map<String, Value> {
    fields(of).into_iter().filter(|(field, _)| field.ends_with("_id")).collect()
}
