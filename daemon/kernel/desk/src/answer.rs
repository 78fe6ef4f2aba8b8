//! What a command answers once its events are on disk.

use crate::aggregate::{Aggregate, shown};
use crate::decision::Decided;
use crate::folded::Folded;
use hecate_proto::answer::{CommandAnswer, EventRef};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use std::collections::BTreeSet;
use uuid::Uuid;

/// A command's result: the answer, and whether a stream was born with it.
#[derive(Clone, Debug, PartialEq)]
pub struct Told {
    /// True when the first event of the stream was recorded: 201 rather than 200.
    pub born: bool,
    /// The answer's body.
    pub answer: CommandAnswer,
}

/// The part of an answer that is known before its events have their positions; a receipt keeps it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Outcome {
    pub(crate) born: bool,
    /// Where the stream stood, for a decision that recorded nothing.
    pub(crate) version: u64,
    pub(crate) position: u64,
    pub(crate) status: u32,
    pub(crate) status_label: String,
    pub(crate) available_actions: Vec<String>,
    pub(crate) about: Map<String, Value>,
}

impl Outcome {
    /// What is answered about an aggregate that has just folded these events.
    pub(crate) fn of<A: Aggregate>(
        folded: &Folded<A>,
        events: &[Decided],
        born: bool,
        position: u64,
    ) -> Outcome {
        let aggregate = folded.aggregate();
        let named = named_by_all(events).into_iter().map(|(field, id)| (field, Value::from(id)));
        let status = aggregate.status();
        let shown = shown::<A>(status);
        Outcome {
            born,
            version: folded.version().unwrap_or(0),
            position,
            status: status.0,
            status_label: shown.label.to_owned(),
            available_actions: shown.available_actions.into_iter().map(str::to_owned).collect(),
            about: named.chain(aggregate.about()).collect(),
        }
    }

    /// The whole answer, with what was recorded.
    pub(crate) fn told(self, events: Vec<EventRef>, position: Option<u64>, correlation_id: Uuid) -> Told {
        let version = events.last().map_or(self.version, |event| event.version);
        let answer = CommandAnswer {
            ok: true,
            version,
            position: position.unwrap_or(self.position),
            status: self.status,
            status_label: self.status_label,
            available_actions: self.available_actions,
            recorded: !events.is_empty(),
            events,
            correlation_id,
            about: self.about,
        };
        Told { born: self.born, answer }
    }
}

/// The ids on which all of the events agree: that of what was minted, not those of what goes along.
fn named_by_all(events: &[Decided]) -> BTreeSet<(String, String)> {
    let mut ids = events.iter().map(|event| event.ids().collect::<BTreeSet<_>>());
    let first = ids.next().unwrap_or_default();
    ids.fold(first, |all, more| &all & &more)
}
