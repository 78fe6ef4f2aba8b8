//! What was recorded once is read for ever: one committed sample and one committed schema of every event type,
//! put into a real log, and read by the daemon of today.
//!
//! `UPDATE_GOLDENS=1` makes what is missing; what is there is never written anew. A type that changes becomes
//! a new version with an upcaster, and the sample of the old one stays.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod journey;
mod operation;
mod retelling;
mod sample;
mod schema;

use hecate_proto::{catalogue::Catalogue, route};
use hecate_tests::daemon::{Daemon, Place};
use hecate_tests::golden;
use sample::Sample;
use serde_json::Value;
use std::collections::BTreeMap;

/// Every type that a desk records today, with the schema of its data.
fn recorded_types() -> BTreeMap<String, Value> {
    let folder = tempfile::tempdir().unwrap();
    let catalogue: Catalogue = Daemon::start(folder.path()).client().get(route::DESKS).expect(200).read();
    let desks = catalogue.desks.into_iter().chain(catalogue.internal);
    let records = desks.flat_map(|desk| desk.records);
    records.map(|recorded| (recorded.event_type, recorded.data)).collect()
}

#[test]
fn every_event_type_has_a_sample_and_every_version_of_it_is_read_for_ever() {
    let recorded = recorded_types();
    sample::make_missing(recorded.keys());
    let samples = sample::every();
    for story in retelling::stories(&samples) {
        let told = retelling::tell(&story.events);
        for (event, fact) in story.events.iter().zip(told["facts"].as_array().unwrap()) {
            let shown = fact["fact_type"].as_str().unwrap();
            assert!(recorded.contains_key(shown), "{} is shown as {shown}", event.event_type);
        }
        golden::check(&format!("events_retold/{}.json", story.name), &sample::pretty(&told));
    }
}

#[test]
fn a_log_with_events_of_a_newer_program_is_refused_with_every_name() {
    let folder = tempfile::tempdir().unwrap();
    let place = Place::new(folder.path());
    let known = sample::every().remove(0);
    let newer = |event_type: &str| Sample { event_type: event_type.to_owned(), ..known.clone() };
    sample::write_log(&place, &[known.clone(), newer("venture_setup_v99"), newer("venture_sold_v1")]);
    let ended = place.program().run();
    assert_eq!(ended.code, Some(78), "{ended:?}");
    assert!(
        ended.stderr.contains("venture_setup_v99") && ended.stderr.contains("venture_sold_v1"),
        "{ended:?}"
    );
    assert!(!ended.stderr.contains(&known.event_type), "{ended:?}");
}

#[test]
fn a_recorded_type_keeps_its_schema_for_ever_and_its_samples_fit_it() {
    for (event_type, now) in recorded_types() {
        let kept = kept_schema(&event_type, || sample::pretty(&now));
        if let Some(difference) = schema::difference(&kept, &now) {
            panic!(
                "{event_type} is recorded with another schema than before. What was recorded stays: give the \
                 event a new version and raise the old one to it.\n{difference}"
            );
        }
    }
    for Sample { event_type, data, .. } in sample::every() {
        let schema = kept_schema(&event_type, || panic!("no desk ever recorded a {event_type}"));
        let broken = jsonschema::validate(&schema, &data).err();
        assert!(broken.is_none(), "{event_type}: {broken:?}");
    }
}

fn kept_schema(event_type: &str, make: impl FnOnce() -> String) -> Value {
    let kept = golden::kept_for_ever(&format!("event_schemas/{event_type}.json"), make);
    serde_json::from_str(&kept).unwrap()
}
