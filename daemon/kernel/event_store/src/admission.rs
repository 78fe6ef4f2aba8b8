//! The rules of recording, pure and shared by all back ends: who is refused, and what a recorded
//! event looks like. A back end only brings the facts (the receipt, the stream's version) and a disk.

use std::sync::Arc;

use crate::append::{Append, Appended, Expected};
use crate::error::AppendError;
use crate::event::{NewEvent, RecordedEvent};
use crate::receipt::{EventRef, NewReceipt, Receipt};

/// Refuses an append whose receipt exists or whose stream is elsewhere, in this order.
pub(crate) fn admit(append: &Append, kept: Option<Receipt>, actual: Option<u64>) -> Result<(), AppendError> {
    if let Some(receipt) = kept {
        return Err(AppendError::ReceiptExists(Box::new(receipt)));
    }
    let fits = match append.expected {
        Expected::Any => true,
        Expected::NoStream => actual.is_none(),
        Expected::Version(version) => actual == Some(version),
    };
    if fits {
        return Ok(());
    }
    let (stream_id, expected) = (append.stream_id.clone(), append.expected);
    Err(AppendError::WrongExpectedVersion { stream_id, expected, actual })
}

/// Numbers the events of an admitted append: positions behind `head`, versions behind `actual`.
pub(crate) fn number(
    stream_id: &Arc<str>,
    events: Vec<NewEvent>,
    head: u64,
    actual: Option<u64>,
) -> Appended {
    let positions = head + 1..;
    let versions = actual.map_or(0, |version| version + 1)..;
    let events: Vec<_> = events
        .into_iter()
        .zip(positions.zip(versions))
        .map(|(event, (position, version))| Arc::new(record(stream_id, event, position, version)))
        .collect();
    Appended {
        first_position: events.first().map(|event| event.position),
        last_position: events.last().map(|event| event.position),
        last_version: events.last().map_or(actual, |event| Some(event.version)),
        events,
    }
}

fn record(stream_id: &Arc<str>, event: NewEvent, position: u64, version: u64) -> RecordedEvent {
    let mut tags: Vec<Arc<str>> = Vec::with_capacity(event.tags.len());
    for tag in event.tags {
        if !tags.iter().any(|known| **known == *tag) {
            tags.push(tag.into());
        }
    }
    RecordedEvent {
        event_id: event.event_id,
        event_type: event.event_type,
        stream_id: stream_id.clone(),
        version,
        position,
        at_us: event.at_us,
        data: event.data,
        metadata: event.metadata,
        tags,
    }
}

/// The receipt of an append that did what `appended` says.
pub(crate) fn receipt(new: NewReceipt, stream_id: &Arc<str>, appended: &Appended) -> Receipt {
    Receipt {
        key: new.key,
        body_hash: new.body_hash,
        note: new.note,
        stream_id: stream_id.clone(),
        first_position: appended.first_position,
        last_position: appended.last_position,
        last_version: appended.last_version,
        events: appended.events.iter().map(|event| EventRef::of(event)).collect(),
        keep: new.keep,
    }
}

impl EventRef {
    pub(crate) fn of(event: &RecordedEvent) -> Self {
        Self { event_id: event.event_id, event_type: event.event_type.clone(), version: event.version }
    }
}

#[cfg(test)]
pub(crate) use tests::{new_sample, sample};

#[cfg(test)]
mod tests {
    use serde_json::value::RawValue;
    use uuid::Uuid;

    use super::*;
    use crate::event::Metadata;

    pub(crate) fn new_sample() -> NewEvent {
        let metadata = Metadata {
            correlation_id: Uuid::nil(),
            causation_id: Uuid::nil(),
            command_id: Uuid::nil(),
            actor: "uid:1000@here".into(),
            node_id: "node-1".into(),
            realm: "io.hecate.public".into(),
            idempotency_key: None,
            conversation_id: None,
            visibility: None,
        };
        let data = RawValue::from_string("{}".to_owned()).unwrap().into();
        let event_type = "thing_done_v1".into();
        NewEvent { event_id: Uuid::nil(), event_type, data, metadata, tags: Vec::new(), at_us: 0 }
    }

    pub(crate) fn sample(position: u64) -> RecordedEvent {
        record(&"s".into(), new_sample(), position, position)
    }

    fn asked(expected: Expected, actual: Option<u64>) -> bool {
        let append = Append { stream_id: "s".into(), expected, events: Vec::new(), receipt: None };
        admit(&append, None, actual).is_ok()
    }

    #[test]
    fn the_table_of_expectations() {
        for (expected, unborn, at_0, at_1) in [
            (Expected::Any, true, true, true),
            (Expected::NoStream, true, false, false),
            (Expected::Version(0), false, true, false),
            (Expected::Version(1), false, false, true),
        ] {
            let admitted = (asked(expected, None), asked(expected, Some(0)), asked(expected, Some(1)));
            assert_eq!(admitted, (unborn, at_0, at_1), "{expected:?}");
        }
    }

    #[test]
    fn numbers_go_on_from_where_they_were() {
        let appended = number(&"s".into(), vec![new_sample(), new_sample()], 41, Some(6));
        assert_eq!(
            (appended.first_position, appended.last_position, appended.last_version),
            (Some(42), Some(43), Some(8))
        );
        let nothing = number(&"s".into(), Vec::new(), 41, Some(6));
        assert_eq!((nothing.first_position, nothing.last_version), (None, Some(6)));
    }
}
