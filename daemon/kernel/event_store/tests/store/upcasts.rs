//! Older events in today's types, over every back end: in every read, in one order, with nothing else changed.

use std::sync::Arc;

use hecate_event_store::{
    ClosedReason, EventStore, Expected, Filter, Json, ReadError, RecordedEvent, Subscription, UpcastEntry,
    Upcasters,
};
use serde_json::{Value, json, value::to_raw_value};

use crate::kit::{Bench, append, event, positions, raw};

/// Each step leaves its mark, so that a step that is missing or doubled shows.
fn step(from: &'static str, to: &'static str) -> UpcastEntry {
    UpcastEntry { from, to, raise }
}

fn raise(data: &str) -> serde_json::Result<Json> {
    let mut data: Value = serde_json::from_str(data)?;
    let number = data["number"].as_u64().ok_or_else(|| serde::de::Error::custom("no number"))?;
    data["number"] = json!(number + 100);
    Ok(to_raw_value(&data)?.into())
}

fn upcasters() -> Upcasters {
    let steps = [step("tea_made_v1", "tea_made_v2"), step("tea_made_v2", "tea_made_v3")];
    Upcasters::new(steps, ["tea_made_v3", "tea_drunk_v1"]).unwrap()
}

/// The same four events under the store and over it.
async fn tea(bench: &Bench) -> Arc<dyn EventStore> {
    let types = ["tea_made_v1", "tea_drunk_v1", "tea_made_v2", "tea_made_v3"];
    let events = types.iter().zip(0..).map(|(event_type, number)| event(event_type, number)).collect();
    bench.store.append(append("tea", Expected::NoStream, events)).await.unwrap();
    upcasters().over(Arc::clone(&bench.store))
}

fn seen(events: &[Arc<RecordedEvent>]) -> Vec<(String, u64)> {
    let number = |event: &RecordedEvent| {
        serde_json::from_str::<Value>(event.data.get()).unwrap()["number"].as_u64().unwrap()
    };
    events.iter().map(|event| (event.event_type.to_string(), number(event))).collect()
}

fn raised() -> Vec<(String, u64)> {
    let told = [("tea_made_v3", 200), ("tea_drunk_v1", 1), ("tea_made_v3", 102), ("tea_made_v3", 3)];
    told.map(|(event_type, number)| (event_type.to_owned(), number)).to_vec()
}

pub(crate) async fn every_read_is_raised(bench: Bench) {
    let store = tea(&bench).await;
    assert_eq!(seen(&store.read_stream("tea", 0, 10).await.unwrap()), raised());
    assert_eq!(seen(&store.read_stream("tea", 2, 1).await.unwrap()), raised()[2..3]);
    assert_eq!(seen(&store.read_all(0, &Filter::all(), 10).await.unwrap().events), raised());
    let mut log = Subscription::new(store, 0, Filter::all());
    assert_eq!(seen(&log.next_page(10).await.unwrap()), raised());
}

pub(crate) async fn what_is_stored_stays(bench: Bench) {
    let store = tea(&bench).await;
    let over = store.read_stream("tea", 0, 10).await.unwrap();
    let under = bench.store.read_stream("tea", 0, 10).await.unwrap();
    assert_eq!(seen(&under)[0], ("tea_made_v1".to_owned(), 0));
    for (over, under) in over.iter().zip(&under) {
        assert_eq!(
            (over.event_id, over.position, over.version),
            (under.event_id, under.position, under.version)
        );
        assert_eq!((&over.stream_id, over.at_us), (&under.stream_id, under.at_us));
        assert_eq!((&over.tags, &over.metadata), (&under.tags, &under.metadata));
    }
}

pub(crate) async fn who_asks_for_the_newest_gets_the_oldest(bench: Bench) {
    let store = tea(&bench).await;
    let cases: [(&[&str], &[u64]); 4] = [
        (&["tea_made_v3"], &[1, 3, 4]),
        (&["tea_drunk_v1"], &[2]),
        (&["tea_made_v3", "tea_drunk_v1"], &[1, 2, 3, 4]),
        (&["tea_made_v1", "tea_made_v2"], &[]),
    ];
    for (types, expected) in cases {
        let filter = Filter::types(types.iter().copied());
        let page = store.read_all(0, &filter, 10).await.unwrap();
        assert_eq!(positions(&page.events), expected, "{types:?}");
        assert_eq!(page.caught_up_to, 4, "what is left out still moves the checkpoint");
        assert!(page.events.iter().all(|event| filter.lets_through(event)), "{types:?}");
    }
}

pub(crate) async fn a_bad_event_is_damage(bench: Bench) {
    let store = tea(&bench).await;
    let mut bad = event("tea_made_v1", 0);
    bad.data = raw(r#"{"leaves":"many"}"#).into();
    store.append(append("spilt", Expected::NoStream, vec![bad])).await.unwrap();
    assert_eq!(store.read_stream("tea", 0, 10).await.unwrap().len(), 4);
    let closed = store.closed();
    for read in [
        store.read_stream("spilt", 0, 10).await,
        store.read_all(0, &Filter::all(), 10).await.map(|page| page.events),
    ] {
        let Err(ReadError::Damaged { stream_id, position, detail }) = read else { panic!("{read:?}") };
        assert_eq!((stream_id.as_deref(), position), (Some("spilt"), 5));
        assert!(detail.contains("tea_made_v1") && detail.contains("no number"), "{detail}");
    }
    let ClosedReason::Damaged(told) = closed.await else { panic!("it is damage") };
    assert!(told.contains("position 5 of stream spilt"), "{told}");
}
