//! A file is made beside the old one and takes its place when it is whole.

use super::scribe::{MODEL, rebuild, say_in};
use super::{AskedQuery, Reading, Words, say, seen};
use hecate_desk::Refusal;
use hecate_event_store::{EventStore, MemoryStore};
use rusqlite::Connection;
use serde_json::{Map, json};
use std::sync::Arc;
use std::time::Duration;

async fn begun_anew(reading: &Reading) {
    let mut drawn = reading.side.drawn.subscribe();
    let made = async {
        let _ = drawn.wait_for(|drawn| drawn.making.is_some()).await;
        let _ = drawn.wait_for(|drawn| drawn.making.is_none()).await;
    };
    tokio::time::timeout(Duration::from_secs(30), made).await.expect("a new file is made");
}

#[tokio::test]
async fn the_old_file_answers_and_moves_until_the_new_one_is_whole() {
    let (store, folder) = (Arc::new(MemoryStore::new()), tempfile::tempdir().unwrap());
    let words: Vec<String> = (0..30_000).map(|number| format!("word {}", number % 100)).collect();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    for some in words.chunks(5_000) {
        say(&store, some).await;
    }
    let reading = Reading::of::<Words<1>>(&store, folder.path()).await;
    reading.side.drawn_up_to(store.head()).await;
    // Somebody meddled with the rows; nobody but a rebuild notices.
    let file = folder.path().join(format!("{MODEL}.sqlite"));
    Connection::open(&file).unwrap().execute("UPDATE words SET times = 1", []).unwrap();
    let (mut least, mut answers) = (store.head(), 0);
    let asked = rebuild(&*store).await;
    let asking = async {
        loop {
            let asked = AskedQuery { path_ids: Map::new(), params: Vec::new(), min_position: None };
            let answer = reading.side.ask(0, asked).await.expect("somebody always answers");
            let position = answer.fields["as_of_position"].as_u64().unwrap();
            assert!(position >= least, "it went back from {least} to {position}");
            assert_eq!(answer.fields["words"].as_array().unwrap().len(), 50, "half drawn");
            (least, answers) = (position, answers + 1);
            say_in(&*store, "live", json!("word 0")).await;
        }
    };
    tokio::select! {
        () = asking => {}
        () = begun_anew(&reading) => {}
    }
    assert!(answers > 0);
    let rows = reading.words(asked).await;
    assert_eq!(rows[1], ("word 1".to_owned(), 300), "drawn anew");
    reading.side.drawn_up_to(store.head()).await;
    reading.close().await;
    // It was rebuilt once: the next start finds the order and a file that has followed it.
    let reading = Reading::of::<Words<1>>(&store, folder.path()).await;
    assert_eq!(reading.side.gauges().making, None);
    assert!(reading.side.position() >= Some(asked), "the file answers at once");
    reading.close().await;
}

#[tokio::test(start_paused = true)]
async fn nobody_is_answered_from_a_file_that_is_not_whole() {
    let (store, folder) = (Arc::new(MemoryStore::new()), tempfile::tempdir().unwrap());
    let side = super::model::<Words<1>>().open(super::wiring(super::CurrentStore::default(), folder.path()));
    say(&store, &["tea"]).await;
    let asked = AskedQuery { path_ids: Map::new(), params: Vec::new(), min_position: None };
    let refused = side.ask(0, asked).await.unwrap_err();
    assert!(refused.is(Refusal::STARTING), "{refused:?}");
}

#[tokio::test]
async fn a_log_left_beside_the_place_is_not_played_into_the_new_file() {
    let (store, folder) = (Arc::new(MemoryStore::new()), tempfile::tempdir().unwrap());
    let position = say(&store, &["tea", "rum"]).await;
    let reading = Reading::of::<Words<1>>(&store, folder.path()).await;
    reading.side.drawn_up_to(position).await;
    let file = folder.path().join(format!("{MODEL}.sqlite"));
    let aside = folder.path().join("aside");
    std::fs::copy(file.with_extension("sqlite-wal"), &aside).unwrap();
    reading.close().await;
    std::fs::remove_file(&file).unwrap();
    std::fs::rename(&aside, file.with_extension("sqlite-wal")).unwrap();
    let reading = Reading::of::<Words<2>>(&store, folder.path()).await;
    assert_eq!(reading.words(position).await, seen(&[("tea", 2), ("rum", 2)]));
    reading.close().await;
}

#[tokio::test]
async fn what_somebody_left_half_made_is_thrown_away() {
    let (store, folder) = (Arc::new(MemoryStore::new()), tempfile::tempdir().unwrap());
    let position = say(&store, &["tea", "rum", "tea"]).await;
    // It fits the log and the code, and its rows are wrong: its maker was killed between two pages.
    let reading = Reading::of::<Words<1>>(&store, folder.path()).await;
    reading.side.drawn_up_to(position).await;
    reading.close().await;
    let file = folder.path().join(format!("{MODEL}.sqlite"));
    Connection::open(&file).unwrap().execute("DELETE FROM words WHERE word = 'rum'", []).unwrap();
    std::fs::rename(&file, file.with_extension("sqlite.next")).unwrap();
    let reading = Reading::of::<Words<1>>(&store, folder.path()).await;
    assert_eq!(reading.words(position).await, seen(&[("tea", 2), ("rum", 1)]));
    reading.close().await;
}

#[tokio::test]
async fn what_follows_from_the_rows_is_drawn_with_every_batch() {
    let (store, folder) = (Arc::new(MemoryStore::new()), tempfile::tempdir().unwrap());
    let position = say(&store, &["tea", "rum", "tea"]).await;
    let reading = Reading::of::<Words<1>>(&store, folder.path()).await;
    reading.side.drawn_up_to(position).await;
    let db = Connection::open(folder.path().join(format!("{MODEL}.sqlite"))).unwrap();
    let number = |sql: &str| db.query_row(sql, [], |row| row.get::<_, u64>(0)).unwrap();
    assert_eq!(number("SELECT words FROM vocabulary"), 2, "while the file is made");
    let position = say(&store, &["tea", "gin"]).await;
    reading.side.drawn_up_to(position).await;
    assert_eq!(number("SELECT words FROM vocabulary"), 3, "while it answers");
    reading.close().await;
}
