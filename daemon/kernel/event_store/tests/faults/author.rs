//! Invents what is asked of a store, from a seed: few names, so that everything meets everything.

use std::sync::Arc;

use hecate_event_store::{Append, Expected, Keep, Metadata, NewEvent, NewReceipt, Snapshot};
use serde_json::value::RawValue;
use uuid::Uuid;

use crate::ground::Dice;
use crate::model::Model;
use crate::steps::{Request, Step};

pub(crate) const STREAMS: [&str; 4] = ["venture-a", "venture-b", "venture-c", "venture-d"];
pub(crate) const TAGS: [&str; 3] = ["half:1", "half:2", "person:käthe"];
pub(crate) const KEYS: [&str; 6] = ["k-1", "k-2", "k-3", "k-4", "k-5", "k-6"];
/// The program that makes the snapshots of these tests.
pub(crate) const CODE: [u8; 32] = [7; 32];

const TYPES: [&str; 4] = ["thing_begun_v1", "thing_done_v1", "thing_done_v2", "thing_dropped_v1"];
const ACTORS: [&str; 3] = ["uid:1000@here", "uid:1001@here", "uid:1000@there"];
/// Longer than two pages, so that it lies on overflow pages.
const LONG_TEXT_BYTES: u64 = 12_000;

/// Writes steps, one after the other. It keeps a list of its own, only to guess well.
pub(crate) struct Author {
    dice: Dice,
    guess: Model,
    clock_us: i64,
}

impl Author {
    pub(crate) fn new(seed: u64) -> Self {
        Self::after(seed, &Model::default())
    }

    /// Goes on where a store has come to.
    pub(crate) fn after(seed: u64, model: &Model) -> Self {
        Self { dice: Dice::new(seed), guess: model.clone(), clock_us: model.clock_us.max(1_000) }
    }

    /// A life of a store, with an orderly close and a second opening in the middle.
    pub(crate) fn life(&mut self, commands: u64) -> Vec<Step> {
        let mut steps: Vec<Step> = (0..commands).map(|_| self.step()).collect();
        steps.insert(steps.len() / 2, Step::Reopen);
        steps
    }

    pub(crate) fn step(&mut self) -> Step {
        self.clock_us += self.dice.below(40).cast_signed();
        match self.dice.below(20) {
            0 => {
                let (stream_id, version) = self.stream();
                let snapshot = self.snapshot(version.unwrap_or(0));
                Step::One(Request::Snapshot(stream_id, snapshot))
            }
            1..=3 => {
                let opener = self.plain();
                let together = (0..2 + self.dice.below(3)).map(|_| self.append()).collect();
                Step::Batch { opener, together }
            }
            _ => Step::One(Request::Append(self.append())),
        }
    }

    /// An append that no one can refuse.
    pub(crate) fn plain(&mut self) -> Append {
        let (stream_id, _) = self.stream();
        let append = Append { stream_id, expected: Expected::Any, events: self.events(1), receipt: None };
        self.note(append)
    }

    fn append(&mut self) -> Append {
        let (stream_id, version) = self.stream();
        let expected = self.expected(version);
        let count = self.dice.among(&[0, 1, 1, 1, 2, 3, 7]);
        let receipt = if count == 0 || self.dice.one_in(2) { Some(self.receipt()) } else { None };
        let events = self.events(count);
        self.note(Append { stream_id, expected, events, receipt })
    }

    fn note(&mut self, append: Append) -> Append {
        // A wrong guess is as good a step as a right one.
        drop(self.guess.append(&append));
        append
    }

    fn stream(&mut self) -> (Arc<str>, Option<u64>) {
        let name = self.dice.among(&STREAMS);
        (name.into(), self.guess.version(name))
    }

    fn expected(&mut self, version: Option<u64>) -> Expected {
        match (self.dice.below(8), version) {
            (0 | 1, _) => Expected::Any,
            (2, _) => Expected::NoStream,
            (3, _) => Expected::Version(self.dice.below(20)),
            (_, None) => Expected::NoStream,
            (_, Some(version)) => Expected::Version(version),
        }
    }

    fn events(&mut self, count: u64) -> Vec<NewEvent> {
        (0..count).map(|_| self.event()).collect()
    }

    pub(crate) fn event(&mut self) -> NewEvent {
        let long = if self.dice.one_in(25) { LONG_TEXT_BYTES } else { 300 };
        let text = "käse ".repeat((self.dice.below(long) / 6) as usize);
        let data = format!(r#"{{ "number": {}, "text":"{text}"}}"#, self.dice.below(1_000));
        let mut tags: Vec<String> =
            TAGS.iter().filter(|_| self.dice.one_in(2)).map(|tag| (*tag).into()).collect();
        tags.extend(tags.first().cloned());
        NewEvent {
            event_id: self.id(),
            event_type: self.dice.among(&TYPES).into(),
            data: RawValue::from_string(data).unwrap().into(),
            metadata: self.metadata(),
            tags,
            at_us: self.dice.draw().cast_signed(),
        }
    }

    fn metadata(&mut self) -> Metadata {
        Metadata {
            correlation_id: self.id(),
            causation_id: self.id(),
            command_id: self.id(),
            actor: self.dice.among(&ACTORS).into(),
            node_id: "node-1".into(),
            realm: "io.hecate.public".into(),
            idempotency_key: self.dice.one_in(3).then(|| "mine".to_owned()),
            conversation_id: self.dice.one_in(3).then(|| "talk".to_owned()),
            visibility: self.dice.one_in(2).then(|| "private".into()),
        }
    }

    fn id(&mut self) -> Uuid {
        Uuid::from_u64_pair(self.dice.draw(), self.dice.draw())
    }

    fn receipt(&mut self) -> NewReceipt {
        let note = RawValue::from_string(format!(r#"{{"answer": {}}}"#, self.dice.below(100))).unwrap();
        let keep = match self.dice.below(4) {
            0 => Keep::Forever,
            _ => Keep::UntilUs(self.clock_us + 1 + self.dice.below(600).cast_signed()),
        };
        let (key, body_hash) = (self.dice.among(&KEYS).to_owned(), [self.dice.draw() as u8; 32]);
        NewReceipt { key, body_hash, note, at_us: self.clock_us, keep }
    }

    fn snapshot(&mut self, version: u64) -> Snapshot {
        let state = format!(r#"{{"state": "{}"}}"#, "s".repeat(self.dice.below(3_000) as usize));
        Snapshot {
            version,
            position: version + 1,
            code: CODE,
            state: RawValue::from_string(state).unwrap().into(),
        }
    }
}
