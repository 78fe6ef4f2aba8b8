//! One stored event as it is committed: what the log knew of it, times as microseconds.

use crate::journey;
use hecate_event_store::{Append, EventStore, Expected, Metadata, NewEvent, RecordedEvent};
use hecate_tests::daemon::Place;
use hecate_tests::{golden, log};
use serde::{Deserialize, Serialize};
use serde_json::{Value, value::to_raw_value};
use std::collections::BTreeMap;
use uuid::Uuid;

const FOLDER: &str = "events";

/// See the file.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Sample {
    pub(crate) event_type: String,
    pub(crate) event_id: Uuid,
    pub(crate) stream_id: String,
    pub(crate) version: u64,
    pub(crate) position: u64,
    pub(crate) at_us: i64,
    pub(crate) data: Value,
    pub(crate) metadata: Metadata,
    pub(crate) tags: Vec<String>,
}

impl From<&RecordedEvent> for Sample {
    fn from(event: &RecordedEvent) -> Sample {
        Sample {
            event_type: event.event_type.to_string(),
            event_id: event.event_id,
            stream_id: event.stream_id.to_string(),
            version: event.version,
            position: event.position,
            at_us: event.at_us,
            data: serde_json::from_str(event.data.get()).unwrap(),
            metadata: event.metadata.clone(),
            tags: event.tags.iter().map(ToString::to_string).collect(),
        }
    }
}

impl Sample {
    /// What the type is called without its version, and which version it is.
    pub(crate) fn versioned(&self) -> (&str, u32) {
        let (stem, version) = self.event_type.rsplit_once("_v").unwrap();
        (stem, version.parse().unwrap())
    }

    fn append(&self) -> Append {
        let event = NewEvent {
            event_id: self.event_id,
            event_type: self.event_type.as_str().into(),
            data: to_raw_value(&self.data).unwrap().into(),
            metadata: self.metadata.clone(),
            tags: self.tags.clone(),
            at_us: self.at_us,
        };
        let stream_id = self.stream_id.as_str().into();
        Append { stream_id, expected: Expected::Any, events: vec![event], receipt: None }
    }
}

/// Commits a sample of each of these types that has none, as a real daemon records it.
pub(crate) fn make_missing<'a>(event_types: impl Iterator<Item = &'a String>) {
    let mut recorded: Option<BTreeMap<String, Sample>> = None;
    for event_type in event_types {
        golden::kept_for_ever(&format!("{FOLDER}/{event_type}.json"), || {
            let samples = recorded.get_or_insert_with(record);
            let sample = samples.get(event_type);
            pretty(sample.unwrap_or_else(|| panic!("let the journey record a {event_type}")))
        });
    }
}

/// Every committed sample, also of types that no desk records any more.
pub(crate) fn every() -> Vec<Sample> {
    let read = |name: &String| -> Sample {
        let text = golden::kept_for_ever(&format!("{FOLDER}/{name}"), || unreachable!("it was listed"));
        serde_json::from_str(&text).unwrap_or_else(|error| panic!("{name}: {error}"))
    };
    golden::names_in(FOLDER).iter().map(read).collect()
}

/// The first event of each type that a journey leaves in the log behind what it found there.
fn record() -> BTreeMap<String, Sample> {
    let folder = tempfile::tempdir().unwrap();
    let place = Place::new(folder.path());
    let found = [journey::poison()];
    write_log(&place, &found);
    let daemon = place.start();
    journey::walk(&daemon.client());
    assert_eq!(daemon.terminate().0, Some(0));
    let events = log::events(&place);
    let samples = events[found.len()..].iter().rev().map(|event| Sample::from(&**event));
    samples.map(|sample| (sample.event_type.clone(), sample)).collect()
}

/// Puts these events, in this order, into the log of a daemon that never ran.
pub(crate) fn write_log(place: &Place, events: &[Sample]) {
    log::with(place, async |log| {
        for event in events {
            log.append(event.append()).await.unwrap();
        }
    });
}

/// JSON with one field a line.
pub(crate) fn pretty(value: &impl Serialize) -> String {
    serde_json::to_string_pretty(value).unwrap() + "\n"
}
