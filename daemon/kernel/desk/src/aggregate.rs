//! The aggregate: all that has happened to one thing in one process, folded into what decisions need.

use crate::{
    desk::DeskEntry, desk::DeskSpec, event::EventEntry, listener::ListenerEntry, policy::AutoStart,
    refusal::Refusal, status::Status,
};
use hecate_event_store::UpcastEntry;
use serde::{Serialize, de::DeserializeOwned};
use serde_json::{Map, Value};

/// What a process says of itself.
#[derive(Clone, Copy, Debug)]
pub struct ProcessSpec {
    /// Its folder, a verb and a noun: `setup_venture`.
    pub name: &'static str,
    /// What command-line verbs are about: `venture`.
    pub noun: &'static str,
    /// One sentence: what the process is for.
    pub says: &'static str,
    /// The path below which its desks lie: `/api/ventures/{venture_id}`.
    pub base: &'static str,
    /// The name of its streams: `setup-{venture_id}`.
    pub stream: &'static str,
}

/// The labels of the five flags that every process shares, highest precedence first.
pub(crate) const LABELS: &[(Status, &str)] = &[
    (Status::ARCHIVED, "Archived"),
    (Status::COMPLETED, "Completed"),
    (Status::PAUSED, "Paused"),
    (Status::ACTIVE, "Active"),
    (Status::INITIATED, "Pending"),
];

/// What a process folds its events into. Long streams are kept as snapshots of it, so that all that decisions
/// need survives being written and read.
pub trait Aggregate: Default + Serialize + DeserializeOwned + Send + Sync + 'static {
    /// The process it belongs to.
    const PROCESS: ProcessSpec;
    /// The desks, in the order in which the process walks through them.
    const DESKS: &'static [DeskEntry<Self>];
    /// What it hears of other processes, and what it asks of its own desks then.
    const LISTENERS: &'static [ListenerEntry<Self>] = &[];
    /// When what is handed to it starts by itself, unless operators say otherwise.
    const AUTO_START: AutoStart = AutoStart::Never;
    /// What operators may say of that; nothing where nothing is handed to it.
    const AUTO_START_MAY: &'static [AutoStart] = &[];
    /// How events of older versions become those that the desks record today, one step each.
    const UPCASTS: &'static [UpcastEntry] = &[];
    /// The word for each flag, highest precedence first.
    const LABELS: &'static [(Status, &'static str)] = LABELS;

    /// The flags now; zero before the first event.
    fn status(&self) -> Status;

    /// The ids, and whatever else stands beside the status in every answer: `venture_id`, `cycle`, ….
    fn about(&self) -> Map<String, Value>;

    /// How far its facts may travel: `private`, `realm` or `public`.
    fn visibility(&self) -> &str;

    /// True for a state that a fact of another process may end, so that a desk that is closed in it may open by
    /// itself.
    fn is_opened_by_hand_offs(_: Status) -> bool {
        false
    }

    /// The fact of another process that it begins with, where one gives birth to it.
    fn begins_with() -> Option<&'static str> {
        None
    }

    /// The refusal of a desk that is closed in this state. The catalogue asks too, to list what a desk may
    /// refuse.
    fn wrong_state(status: Status, desk: &DeskSpec) -> Refusal;
}

/// What people and front-ends see of a status.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shown {
    /// One word.
    pub label: &'static str,
    /// Names of the public desks that are open, in the order of the process.
    pub available_actions: Vec<&'static str>,
}

/// How a status is shown. Aggregates and read models both ask here, so they cannot disagree.
pub fn shown<A: Aggregate>(status: Status) -> Shown {
    let label = A::LABELS.iter().find(|(flag, _)| status.has(*flag)).map_or("Unborn", |(_, label)| label);
    // Before its birth nothing is there to act upon.
    let born = status != Status::UNBORN;
    let open = A::DESKS.iter().map(|desk| &desk.spec).filter(|desk| born && desk.is_public());
    Shown {
        label,
        available_actions: open.filter(|desk| desk.allowed_in.allows(status)).map(|desk| desk.name).collect(),
    }
}

/// The aggregate's fold table: every event type that one of its desks records.
pub(crate) fn event_entry<A: Aggregate>(event_type: &str) -> Option<&'static EventEntry<A>> {
    A::DESKS.iter().flat_map(|desk| desk.records).find(|event| event.event_type == event_type)
}
