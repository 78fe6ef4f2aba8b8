//! A checkpoint lags behind where the log has nothing for the model, and nobody sees it.

use super::{Reading, Words, say, seen};
use hecate_event_store::{Append, EventStore, Expected, MemoryStore, kit};
use rusqlite::Connection;
use serde_json::json;
use std::path::Path;
use std::sync::Arc;

/// Records what no word is drawn from.
async fn hum(store: &MemoryStore, events: usize) -> u64 {
    let events = (0..events).map(|_| kit::event("tune_hummed_v1", &json!({}))).collect();
    let append = Append { stream_id: "tunes".into(), expected: Expected::Any, events, receipt: None };
    store.append(append).await.unwrap().last_position.unwrap()
}

fn checkpoint(folder: &Path) -> u64 {
    let db = Connection::open(folder.join("query_words.sqlite")).unwrap();
    db.query_row("SELECT position FROM _checkpoint", [], |row| row.get(0)).unwrap()
}

#[tokio::test]
async fn what_is_not_its_own_moves_a_model_on_and_is_written_down_later() {
    let (store, folder) = (Arc::new(MemoryStore::new()), tempfile::tempdir().unwrap());
    let reading = Reading::of::<Words<1>>(&store, folder.path()).await;
    let said = say(&store, &["tea"]).await;
    assert_eq!(reading.words(said).await, seen(&[("tea", 1)]));
    let hummed = hum(&store, 10).await;
    assert_eq!(reading.words(hummed).await, seen(&[("tea", 1)]), "whoever waits for it is answered");
    assert_eq!(checkpoint(folder.path()), said);
    let said = say(&store, &["rum"]).await;
    assert_eq!(reading.words(said).await, seen(&[("tea", 1), ("rum", 1)]));
    assert_eq!(checkpoint(folder.path()), said, "with the next that is drawn");
    let hummed = hum(&store, 1_000).await;
    reading.side.drawn_up_to(hummed).await;
    assert_eq!(checkpoint(folder.path()), hummed, "or after so many that were not");
    let hummed = hum(&store, 10).await;
    reading.side.drawn_up_to(hummed).await;
    reading.close().await;
    let reading = Reading::of::<Words<1>>(&store, folder.path()).await;
    assert_eq!(reading.words(hummed).await, seen(&[("tea", 1), ("rum", 1)]), "a restart reads it again");
    reading.close().await;
}
