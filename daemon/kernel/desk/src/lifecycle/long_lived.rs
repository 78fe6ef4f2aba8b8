//! What a process says to have a lifecycle.

use super::{
    archive::Archived,
    dossier::{Dossier, Key},
    names::{NOT_ACTIVE, NOT_COMPLETED, NOT_PAUSED, NOT_PENDING, Names},
    stage::Stage,
};
use crate::{
    aggregate::{Aggregate, LABELS, ProcessSpec},
    decision::Decision,
    desk::{DeskEntry, DeskSpec},
    event::{EventEntry, event},
    listener::ListenerEntry,
    moment::Moment,
    policy::AutoStart,
    refusal::{Refusal, Refused},
    status::Status,
};
use hecate_event_store::UpcastEntry;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use serde_json::{Map, Value};

/// The desks of a process that lasts: those of its lifecycle around its own, in the order in which they are offered.
#[macro_export]
macro_rules! lifecycle_desks {
    ($($own:ty),+ $(,)?) => {
        &[
            $crate::desk::<_, $crate::lifecycle::Initiate<Self>>(),
            $crate::desk::<_, $crate::lifecycle::Start<Self>>(),
            $($crate::desk::<_, $own>(),)+
            $crate::desk::<_, $crate::lifecycle::Pause<Self>>(),
            $crate::desk::<_, $crate::lifecycle::Resume<Self>>(),
            $crate::desk::<_, $crate::lifecycle::Complete<Self>>(),
            $crate::desk::<_, $crate::lifecycle::Reopen<Self>>(),
            $crate::desk::<_, $crate::lifecycle::Archive<Self>>(),
            $crate::desk::<_, $crate::lifecycle::Bury<Self>>(),
        ]
    };
}

/// A process whose dossiers last. It is an [`Aggregate`] by that; it supplies its names and two hooks: what
/// [`LongLived::complete`] demands and hands over, and what [`LongLived::archive`] takes along.
pub trait LongLived: Default + Serialize + DeserializeOwned + Send + Sync + 'static {
    /// See [`Aggregate::PROCESS`].
    const PROCESS: ProcessSpec;
    /// What its desks and events are called.
    const NAMES: Names;
    /// See [`Aggregate::DESKS`]. Made by [`lifecycle_desks!`](crate::lifecycle_desks).
    const DESKS: &'static [DeskEntry<Self>];
    /// See [`Aggregate::LISTENERS`].
    const LISTENERS: &'static [ListenerEntry<Self>];
    /// See [`Aggregate::AUTO_START`].
    const AUTO_START: AutoStart = AutoStart::Never;
    /// See [`Aggregate::AUTO_START_MAY`].
    const AUTO_START_MAY: &'static [AutoStart] = &[AutoStart::Never, AutoStart::Always];
    /// See [`Aggregate::UPCASTS`].
    const UPCASTS: &'static [UpcastEntry] = &[];
    /// See [`Aggregate::LABELS`].
    const LABELS: &'static [(Status, &'static str)] = LABELS;

    /// What a dossier is about.
    type Of: Key;
    /// What it is handed when it is initiated.
    type HandOff: Key;
    /// What somebody says who completes it, beside nothing.
    type CompleteAsked: DeserializeOwned + JsonSchema + 'static;
    /// What it hands over when it is completed: all that the next process needs.
    type HandOver: Serialize + DeserializeOwned + JsonSchema + 'static;
    /// What somebody says who archives it, beside a reason.
    type ArchiveAsked: Key;

    /// What its `complete` may refuse.
    const COMPLETE_REFUSES: &'static [Refusal];
    /// What its `archive` may record.
    const ARCHIVE_RECORDS: &'static [EventEntry<Self>] = &[event::<_, Archived<Self>>()];

    /// The flags of its own that last for one pass: reopened, it has none of them.
    const PASS_FLAGS: Status = Status(0);

    /// Its dossier.
    fn dossier(&self) -> &Dossier<Self::Of, Self::HandOff>;

    /// Its dossier, to be moved on.
    fn dossier_mut(&mut self) -> &mut Dossier<Self::Of, Self::HandOff>;

    /// The gate: what it hands over, or what is missing.
    fn complete(&self, asked: Self::CompleteAsked, at: &Moment) -> Result<Self::HandOver, Refused>;

    /// The flags of its own that what it hands over sets.
    fn flags_of(_: &Self::HandOver) -> Status {
        Status(0)
    }

    /// What is recorded before it is archived, in the same append.
    fn archive(&self, _: Self::ArchiveAsked, _: Option<&str>, _: &Moment) -> Decision<Self> {
        Decision::nothing()
    }

    /// It is archived, after what goes along; a process that tells more of it records an event of its own type.
    fn archived(&self, along: Decision<Self>, archived: Archived<Self>) -> Decision<Self> {
        along.and(archived)
    }

    /// Another pass begins.
    fn begin_cycle(&mut self) {}

    /// In the middle of a pass it was handed something else than this: what was made of it may no longer hold.
    fn rebriefed(&mut self, _before: Self::HandOff) {}
}

/// Nothing beside what the lifecycle asks for.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Nothing {}

impl<A: LongLived> Aggregate for A {
    const PROCESS: ProcessSpec = <A as LongLived>::PROCESS;
    const DESKS: &'static [DeskEntry<Self>] = <A as LongLived>::DESKS;
    const LISTENERS: &'static [ListenerEntry<Self>] = <A as LongLived>::LISTENERS;
    const AUTO_START: AutoStart = <A as LongLived>::AUTO_START;
    const AUTO_START_MAY: &'static [AutoStart] = <A as LongLived>::AUTO_START_MAY;
    const UPCASTS: &'static [UpcastEntry] = <A as LongLived>::UPCASTS;
    const LABELS: &'static [(Status, &'static str)] = <A as LongLived>::LABELS;

    fn status(&self) -> Status {
        self.dossier().status
    }

    fn about(&self) -> Map<String, Value> {
        self.dossier().about()
    }

    fn visibility(&self) -> &str {
        &self.dossier().visibility
    }

    /// A hand-off gives birth, or reopens what was completed; everything else it leaves where it stands.
    fn is_opened_by_hand_offs(status: Status) -> bool {
        matches!(Stage::of(status), Stage::Unborn | Stage::Completed)
    }

    /// What the first of its listeners hears that initiates it.
    fn begins_with() -> Option<&'static str> {
        let initiates = |listener: &&ListenerEntry<A>| listener.asks == A::NAMES.initiate;
        <A as LongLived>::LISTENERS.iter().find(initiates).map(|listener| listener.hears)
    }

    fn wrong_state(status: Status, desk: &DeskSpec) -> Refusal {
        let names = A::NAMES;
        match status {
            Status::UNBORN => names.is_not_initiated,
            _ if status.has(Status::ARCHIVED) => names.is_archived,
            _ if desk.name == names.start.name => NOT_PENDING,
            _ if desk.name == names.resume.name => NOT_PAUSED,
            _ if desk.name == names.reopen.name => NOT_COMPLETED,
            _ => NOT_ACTIVE,
        }
    }
}
