//! The simple list that the store is compared with: what was recorded, what is remembered, nothing else.

use std::collections::BTreeMap;
use std::fmt::Debug;
use std::sync::Arc;

use hecate_event_store::{
    Append, AppendError, Appended, EventRef, Expected, Keep, NewEvent, NewReceipt, Receipt, RecordedEvent,
    Snapshot,
};

/// An answer as text, so that any two can be compared whole.
pub(crate) type Outcome = Result<String, AppendError>;

#[derive(Debug, Clone, Default)]
pub(crate) struct Model {
    pub(crate) log: Vec<Arc<RecordedEvent>>,
    receipts: BTreeMap<String, Receipt>,
    snapshots: BTreeMap<Arc<str>, Snapshot>,
    /// The latest clock that anybody came with.
    pub(crate) clock_us: i64,
    /// Grows with everything that is kept.
    pub(crate) revision: u64,
}

/// What the store would say of a success.
pub(crate) fn said(done: impl Debug) -> String {
    format!("{done:?}")
}

impl Model {
    /// The same state, seen by a later clock.
    pub(crate) fn at(&self, clock_us: i64) -> Self {
        Self { clock_us: self.clock_us.max(clock_us), ..self.clone() }
    }

    pub(crate) fn head(&self) -> u64 {
        self.log.len() as u64
    }

    pub(crate) fn version(&self, stream_id: &str) -> Option<u64> {
        self.stream(stream_id).count().checked_sub(1).map(|last| last as u64)
    }

    pub(crate) fn stream(&self, stream_id: &str) -> impl Iterator<Item = &Arc<RecordedEvent>> {
        self.log.iter().filter(move |event| *event.stream_id == *stream_id)
    }

    pub(crate) fn receipt(&self, key: &str, at_us: i64) -> Option<Receipt> {
        let holds = |keep| match keep {
            Keep::Forever => true,
            Keep::UntilUs(until_us) => at_us < until_us,
        };
        self.receipts.get(key).filter(|receipt| holds(receipt.keep)).cloned()
    }

    pub(crate) fn snapshot(&self, stream_id: &str, code: [u8; 32]) -> Option<Snapshot> {
        self.snapshots.get(stream_id).filter(|snapshot| snapshot.code == code).cloned()
    }

    /// Types in the order of first use.
    pub(crate) fn types(&self) -> Vec<Arc<str>> {
        let mut types: Vec<Arc<str>> = Vec::new();
        for event in &self.log {
            if !types.contains(&event.event_type) {
                types.push(event.event_type.clone());
            }
        }
        types
    }

    pub(crate) fn append(&mut self, append: &Append) -> Outcome {
        if let Some(receipt) = &append.receipt {
            self.clock_us = self.clock_us.max(receipt.at_us);
            if let Some(kept) = self.receipt(&receipt.key, receipt.at_us) {
                return Err(AppendError::ReceiptExists(Box::new(kept)));
            }
        }
        let (stream_id, expected) = (append.stream_id.clone(), append.expected);
        let actual = self.version(&stream_id);
        let fits = match expected {
            Expected::Any => true,
            Expected::NoStream => actual.is_none(),
            Expected::Version(version) => actual == Some(version),
        };
        if !fits {
            return Err(AppendError::WrongExpectedVersion { stream_id, expected, actual });
        }
        let appended = self.record(&stream_id, &append.events);
        self.revision += u64::from(!append.events.is_empty() || append.receipt.is_some());
        if let Some(new) = &append.receipt {
            self.receipts.insert(new.key.clone(), kept(new, stream_id, &appended));
        }
        Ok(said(appended))
    }

    /// A stream without events has nothing to save.
    pub(crate) fn keep_snapshot(&mut self, stream_id: &Arc<str>, snapshot: &Snapshot) -> Outcome {
        if self.version(stream_id).is_some() {
            self.snapshots.insert(stream_id.clone(), snapshot.clone());
            self.revision += 1;
        }
        Ok(said(()))
    }

    fn record(&mut self, stream_id: &Arc<str>, events: &[NewEvent]) -> Appended {
        let mut recorded = Vec::new();
        for event in events {
            let version = self.version(stream_id).map_or(0, |last| last + 1);
            let event = Arc::new(numbered(stream_id, event, version, self.head() + 1));
            self.log.push(event.clone());
            recorded.push(event);
        }
        Appended {
            first_position: recorded.first().map(|event| event.position),
            last_position: recorded.last().map(|event| event.position),
            last_version: self.version(stream_id),
            events: recorded,
        }
    }
}

fn numbered(stream_id: &Arc<str>, event: &NewEvent, version: u64, position: u64) -> RecordedEvent {
    let NewEvent { event_id, event_type, data, metadata, tags, at_us } = event.clone();
    let stream_id = stream_id.clone();
    let mut once: Vec<Arc<str>> = Vec::new();
    for tag in tags {
        if !once.iter().any(|known| **known == *tag) {
            once.push(tag.into());
        }
    }
    RecordedEvent { event_id, event_type, stream_id, version, position, at_us, data, metadata, tags: once }
}

fn kept(new: &NewReceipt, stream_id: Arc<str>, appended: &Appended) -> Receipt {
    let NewReceipt { key, body_hash, note, at_us: _, keep } = new.clone();
    let Appended { events, first_position, last_position, last_version } = appended.clone();
    let events = events.iter().map(|event| EventRef {
        event_id: event.event_id,
        event_type: event.event_type.clone(),
        version: event.version,
    });
    let events = events.collect();
    Receipt { key, body_hash, note, stream_id, first_position, last_position, last_version, events, keep }
}
