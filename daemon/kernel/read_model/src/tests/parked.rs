//! Events that do not draw, on real files: they wait with their stream, other streams go on, and a file that
//! is drawn anew ends the same.

use super::scribe::{MODEL, rebuild, record, retry, say_in, skip};
use super::{Reading, Words, model, seen};
use crate::kit::{Dice, dump};
use crate::{Poison, ProjectionEntry, QueryEntry, ReadModel, projects};
use hecate_event_store::{EventStore, Filter, MemoryStore};
use serde_json::json;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

/// Seeds of the long comparison.
const SEEDS: u64 = 12;

fn file(folder: &Path) -> std::path::PathBuf {
    folder.join(format!("{MODEL}.sqlite"))
}

/// Waits until the log has an event of this type after a position.
async fn recorded(store: &MemoryStore, event_type: &str, after: u64) -> u64 {
    let looking = async {
        loop {
            let page = store.read_all(after, &Filter::types([event_type]), 1).await.unwrap();
            match page.events.first() {
                Some(event) => return event.position,
                None => tokio::time::sleep(Duration::from_millis(5)).await,
            }
        }
    };
    tokio::time::timeout(Duration::from_secs(30), looking).await.expect("it is recorded in the end")
}

/// What a file looks like that is drawn from the first event on.
async fn drawn_anew<M: ReadModel>(store: &Arc<MemoryStore>) -> String {
    let folder = tempfile::tempdir().unwrap();
    let reading = Reading::of::<M>(store, folder.path()).await;
    reading.side.drawn_up_to(store.head()).await;
    reading.close().await;
    dump(&file(folder.path()))
}

#[tokio::test]
async fn an_event_that_does_not_draw_waits_with_its_stream_and_others_go_on() {
    let (store, folder) = (Arc::new(MemoryStore::new()), tempfile::tempdir().unwrap());
    say_in(&*store, "a", json!("tea")).await;
    let bad = say_in(&*store, "a", json!(7)).await;
    say_in(&*store, "a", json!("milk")).await;
    let position = say_in(&*store, "b", json!("rum")).await;
    let reading = Reading::of::<Words<1>>(&store, folder.path()).await;
    assert_eq!(reading.words(position).await, seen(&[("tea", 1), ("rum", 1)]));
    let gauges = reading.side.gauges();
    assert_eq!((gauges.parked, gauges.parked_behind), (1, 1));

    let told = recorded(&store, "event_parked_v1", 0).await;
    let retried = retry(&*store, bad).await;
    let again = recorded(&store, "event_parked_v1", told).await;
    assert!(again > retried, "it does not draw the fourth time either");
    let event = store.read_all(again - 1, &Filter::all(), 1).await.unwrap().events.remove(0);
    let data: serde_json::Value = serde_json::from_str(event.data.get()).unwrap();
    assert_eq!((&data["position"], &data["tries"]), (&json!(bad), &json!(4)));
    assert!(data["error"].as_str().unwrap().contains("does not fit its type"), "{data}");

    let skipped = skip(&*store, bad).await;
    assert_eq!(reading.words(skipped).await, seen(&[("tea", 1), ("milk", 1), ("rum", 1)]));
    assert_eq!(reading.side.gauges().parked, 0);
    reading.close().await;
    assert_eq!(dump(&file(folder.path())), drawn_anew::<Words<1>>(&store).await);
}

#[tokio::test]
async fn a_projection_that_panics_is_a_poison_too() {
    let (store, folder) = (Arc::new(MemoryStore::new()), tempfile::tempdir().unwrap());
    say_in(&*store, "a", json!(super::PANICS)).await;
    let position = say_in(&*store, "b", json!("tea")).await;
    let reading = Reading::of::<Words<1>>(&store, folder.path()).await;
    assert_eq!(reading.words(position).await, seen(&[("tea", 1)]));
    assert_eq!(reading.side.gauges().parked, 1);
    reading.close().await;
}

struct Strict;

impl ReadModel for Strict {
    const NAME: &'static str = "query_words";
    const TABLES: &'static str = Words::<1>::TABLES;
    const REVISION: u32 = 1;
    const PROJECTIONS: &'static [ProjectionEntry] = &[projects::<Words<1>, super::Word, super::WordSaid>()];
    const QUERIES: &'static [QueryEntry] = &[];
    const ON_POISON: Poison = Poison::Halt;
}

#[tokio::test]
async fn a_model_that_halts_parks_nothing_and_takes_its_supervisor_down() {
    let (store, folder) = (Arc::new(MemoryStore::new()), tempfile::tempdir().unwrap());
    let reading = Reading::of::<Strict>(&store, folder.path()).await;
    say_in(&*store, "a", json!("tea")).await;
    reading.side.drawn_up_to(1).await;
    say_in(&*store, "a", json!(7)).await;
    let gave_up =
        tokio::time::timeout(Duration::from_secs(30), reading.tree.ended(Duration::from_secs(30))).await;
    assert!(gave_up.unwrap().to_string().contains("position 2"));
    assert!(model::<Strict>().design.on_poison == Poison::Halt);
}

/// The operator's story: an event is parked, the next build draws it, and nobody has to clean up.
#[tokio::test]
async fn what_a_later_build_draws_is_taken_off_the_list() {
    let (store, folder) = (Arc::new(MemoryStore::new()), tempfile::tempdir().unwrap());
    let position = say_in(&*store, "a", json!("tea")).await;
    // As an older build would have recorded it.
    let parked = json!({
        "model": MODEL, "position": position, "stream_id": "a", "event_type": "word_said_v1",
        "error": "a bug", "tries": 3,
    });
    record(&*store, "read_model-query_words", "event_parked_v1", &parked).await;
    let reading = Reading::of::<Words<1>>(&store, folder.path()).await;
    let retried = recorded(&store, "parked_event_retried_v1", 0).await;
    assert_eq!(reading.words(retried).await, seen(&[("tea", 1)]));
    reading.close().await;
}

/// Random streams, poison, retries, skips and rebuilds, in batches that follow from the seed: drawn as they
/// come, over restarts and kills, the file is the same as drawn anew.
#[tokio::test]
async fn drawing_as_it_comes_ends_like_drawing_anew() {
    for seed in 0..SEEDS {
        let mut dice = Dice::new(seed);
        let (store, folder) = (Arc::new(MemoryStore::new()), tempfile::tempdir().unwrap());
        let mut reading = Reading::of::<Words<1>>(&store, folder.path()).await;
        for step in 0..60 {
            random_event(&store, &mut dice, step).await;
            match dice.below(12) {
                0 => reading.side.drawn_up_to(store.head()).await,
                1 => {
                    // Without a drain, wherever it is.
                    reading.tree.stop(Duration::ZERO).await;
                    reading = Reading::of::<Words<1>>(&store, folder.path()).await;
                }
                _ => {}
            }
        }
        settled(&reading, &store).await;
        reading.close().await;
        let (came, anew) = (dump(&file(folder.path())), drawn_anew::<Words<1>>(&store).await);
        assert_eq!(came, anew, "seed {seed}");
    }
}

async fn random_event(store: &MemoryStore, dice: &mut Dice, step: u64) {
    let stream = format!("s{}", dice.below(3));
    let any = dice.below(step + 1) + 1;
    match dice.below(10) {
        0 | 1 => say_in(store, &stream, json!(step)).await,
        2 => retry(store, any).await,
        3 => skip(store, any).await,
        4 if dice.below(4) == 0 => rebuild(store).await,
        _ => say_in(store, &stream, json!(format!("w{}", dice.below(5)))).await,
    };
}

/// Waits until everything is drawn and everything parked is told.
async fn settled(reading: &Reading, store: &MemoryStore) {
    let settling = async {
        loop {
            let head = store.head();
            reading.side.drawn_up_to(head).await;
            let drawn = *reading.side.drawn.borrow();
            if !drawn.parking.untold && drawn.making.is_none() && store.head() == head {
                return;
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(60), settling).await.expect("it settles");
}
