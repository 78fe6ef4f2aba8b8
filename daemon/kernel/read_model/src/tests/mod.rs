//! A read model at work: drawn from the log, asked while it is drawn, thrown away and drawn again.

mod checkpoints;
mod dossiers;
mod kills;
mod parked;
mod rebuilds;
mod rules;
mod scribe;
mod speed;

use crate::{AskedQuery, Found, Keyset, ModelWiring, Order, Paging, Project, ProjectionEntry, Query};
use crate::{
    QueryEntry, QueryError, QuerySpec, ReadModel, ReadSide, Recorded, Settle, model, projects, query,
};
use hecate_desk::prelude::*;
use hecate_desk::{Aggregate, DeskEntry, ProcessSpec};
use hecate_event_store::{Append, CurrentStore, EventStore, Expected, MemoryStore, Supervised, kit};
use hecate_supervision::{Kinds, Plan, Tree};
use rusqlite::{Connection, Transaction};
use serde_json::{Map, Value, json};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

#[derive(Default, Serialize, Deserialize)]
struct Word;

#[derive(Serialize, Deserialize, JsonSchema)]
struct WordSaid {
    word: String,
}

impl Event<Word> for WordSaid {
    const TYPE: &'static str = "word_said_v1";
    const EMITS: Emits = Emits::Group;

    fn evolve(self, _: &mut Word) {}
}

impl Aggregate for Word {
    const PROCESS: ProcessSpec =
        ProcessSpec { name: "say", noun: "word", says: "Says words", base: "/words", stream: "word-{word}" };
    const DESKS: &'static [DeskEntry<Self>] = &[];

    fn status(&self) -> Status {
        Status::UNBORN
    }

    fn about(&self) -> Map<String, Value> {
        Map::new()
    }

    fn visibility(&self) -> &str {
        "private"
    }

    fn wrong_state(_: Status, _: &DeskSpec) -> Refusal {
        NO_WORD
    }
}

/// A word that its projection stumbles over.
const PANICS: &str = "voldemort";

const NO_WORD: Refusal = Refusal::new(404, "word_not_found", "Nobody said that.");

struct Words<const REVISION: u32>;

impl<const REVISION: u32> ReadModel for Words<REVISION> {
    const NAME: &'static str = "query_words";
    const TABLES: &'static str =
        "CREATE TABLE words(word TEXT PRIMARY KEY, times INTEGER NOT NULL, first INTEGER NOT NULL) STRICT;
         CREATE TABLE vocabulary(words INTEGER NOT NULL) STRICT;
         INSERT INTO vocabulary VALUES (0);";
    const REVISION: u32 = REVISION;
    const SETTLE: Settle = count_words;
    const PROJECTIONS: &'static [ProjectionEntry] = &[projects::<Words<REVISION>, Word, WordSaid>()];
    const QUERIES: &'static [QueryEntry] = &[query::<GetWords>()];
}

/// Words are never taken away, so the last row is as many as there are.
fn count_words(tx: &Transaction<'_>) -> rusqlite::Result<()> {
    let sql = "UPDATE vocabulary SET words = (SELECT coalesce(max(rowid), 0) FROM words)";
    tx.prepare_cached(sql)?.execute([]).map(drop)
}

impl<const REVISION: u32> Project<WordSaid> for Words<REVISION> {
    fn project(tx: &Transaction<'_>, recorded: &Recorded<WordSaid>) -> rusqlite::Result<()> {
        assert_ne!(recorded.event.word, PANICS, "this word is not said");
        tx.prepare_cached(
            "INSERT INTO words VALUES (?1, ?3, ?2) ON CONFLICT DO UPDATE SET times = times + ?3",
        )?
        .execute((&recorded.event.word, recorded.position, REVISION))?;
        Ok(())
    }
}

#[derive(Deserialize, JsonSchema)]
struct GetWords {
    #[serde(flatten)]
    paging: Paging,
}

#[derive(Serialize, JsonSchema)]
struct WordRow {
    word: String,
    times: u32,
}

impl Query for GetWords {
    type Row = WordRow;
    const SPEC: QuerySpec = QuerySpec {
        name: "get_words_page",
        noun: "word",
        verb: "list",
        path: "/words",
        says: "List words",
        answers: "words",
        not_found: NO_WORD,
    };

    fn read(self, db: &Connection) -> Result<Found<WordRow>, QueryError> {
        let keyset = Keyset::new("word, times", "words", ("first", "word"), Order::Asc);
        let row = |row: &rusqlite::Row<'_>| Ok(WordRow { word: row.get("word")?, times: row.get("times")? });
        Ok(Found::Page(keyset.read(db, &self.paging, row)?))
    }
}

const TREE: &str = r#"
schema = 1
[[supervisor]]
path = "/t"
strategy = "one_for_one"
[[child]]
path = "/t/words"
kind = "query_words"
"#;

fn wiring(store: CurrentStore, folder: &Path) -> ModelWiring {
    let tending = scribe::Scribe::new(store.clone());
    ModelWiring { store, folder: folder.to_owned(), tending }
}

struct Reading {
    side: Arc<ReadSide>,
    tree: Tree,
}

impl Reading {
    async fn of<M: ReadModel>(store: &Arc<MemoryStore>, folder: &Path) -> Reading {
        Reading::on::<M>(Arc::clone(store) as _, folder).await
    }

    async fn on<M: ReadModel>(store: Arc<dyn EventStore>, folder: &Path) -> Reading {
        let current = CurrentStore::default();
        current.set(Some(Arc::clone(&store)));
        let side = model::<M>().open(wiring(current, folder));
        let mut kinds = Kinds::new();
        side.register(&mut kinds);
        let plan = Plan::parse(TREE, "t.toml", &kinds).unwrap();
        Reading { side, tree: Tree::boot(&plan, &kinds).await.unwrap() }
    }

    async fn words(&self, min_position: u64) -> Vec<(String, u64)> {
        let asked = AskedQuery { path_ids: Map::new(), params: Vec::new(), min_position: Some(min_position) };
        let answer = self.side.ask(0, asked).await.unwrap();
        assert!(answer.fields["as_of_position"].as_u64() >= Some(min_position));
        let rows = answer.fields["words"].as_array().cloned().unwrap_or_default();
        let read = |row: &Value| (row["word"].as_str().unwrap().to_owned(), row["times"].as_u64().unwrap());
        rows.iter().map(read).collect()
    }

    async fn close(self) {
        self.tree.stop(Duration::from_secs(5)).await;
    }
}

async fn say(store: &MemoryStore, words: &[&str]) -> u64 {
    let events = words.iter().map(|word| kit::event(WordSaid::TYPE, &json!({"word": word}))).collect();
    let append = Append { stream_id: "words".into(), expected: Expected::Any, events, receipt: None };
    store.append(append).await.unwrap().last_position.unwrap()
}

fn seen(words: &[(&str, u64)]) -> Vec<(String, u64)> {
    words.iter().map(|(word, times)| ((*word).to_owned(), *times)).collect()
}

#[tokio::test]
async fn a_reader_sees_its_own_write_and_a_restart_goes_on_where_it_was() {
    let (store, folder) = (Arc::new(MemoryStore::new()), tempfile::tempdir().unwrap());
    let reading = Reading::of::<Words<1>>(&store, folder.path()).await;
    let position = say(&store, &["tea", "milk", "tea"]).await;
    assert_eq!(reading.words(position).await, seen(&[("tea", 2), ("milk", 1)]));
    reading.close().await;
    let position = say(&store, &["tea"]).await;
    let reading = Reading::of::<Words<1>>(&store, folder.path()).await;
    assert_eq!(reading.words(position).await, seen(&[("tea", 3), ("milk", 1)]));
    reading.close().await;
}

#[tokio::test]
async fn a_lost_or_outdated_or_foreign_file_is_drawn_again_from_the_log() {
    let (store, folder) = (Arc::new(MemoryStore::new()), tempfile::tempdir().unwrap());
    let position = say(&store, &["tea", "milk", "tea"]).await;
    let reading = Reading::of::<Words<1>>(&store, folder.path()).await;
    reading.side.drawn_up_to(position).await;
    reading.close().await;
    // Lost.
    std::fs::remove_file(folder.path().join("query_words.sqlite")).unwrap();
    let reading = Reading::of::<Words<1>>(&store, folder.path()).await;
    assert_eq!(reading.words(position).await, seen(&[("tea", 2), ("milk", 1)]));
    reading.close().await;
    // Outdated: the projection now counts double.
    let reading = Reading::of::<Words<2>>(&store, folder.path()).await;
    assert_eq!(reading.words(position).await, seen(&[("tea", 4), ("milk", 2)]));
    reading.close().await;
    // Foreign: drawn from another log.
    let other = Arc::new(MemoryStore::new());
    let position = say(&other, &["rum"]).await;
    let reading = Reading::of::<Words<2>>(&other, folder.path()).await;
    assert_eq!(reading.words(position).await, seen(&[("rum", 2)]));
    reading.close().await;
    // Not a read model at all.
    std::fs::write(folder.path().join("query_words.sqlite"), "rubbish").unwrap();
    let reading = Reading::of::<Words<1>>(&other, folder.path()).await;
    assert_eq!(reading.words(position).await, seen(&[("rum", 1)]));
    reading.close().await;
}

#[tokio::test]
async fn a_file_that_cannot_be_written_says_why_until_it_can() {
    let (store, folder) = (Arc::new(MemoryStore::new()), tempfile::tempdir().unwrap());
    let reading = Reading::of::<Words<1>>(&store, folder.path()).await;
    reading.side.drawn_up_to(say(&store, &["tea"]).await).await;
    assert_eq!(reading.side.gauges().waiting, None);
    // Another writer, who does not let go, is as bad as a disk without room.
    let other = Connection::open(folder.path().join("query_words.sqlite")).unwrap();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    let position = say(&store, &["milk"]).await;
    let mut waiting = reading.side.waiting.subscribe();
    let waits = waiting.wait_for(Option::is_some);
    drop(tokio::time::timeout(Duration::from_secs(60), waits).await.expect("it waits in time").unwrap());
    let gauges = reading.side.gauges();
    assert!(gauges.waiting.unwrap().contains("locked"));
    assert!(gauges.position < Some(position));
    other.execute_batch("ROLLBACK").unwrap();
    reading.side.drawn_up_to(position).await;
    assert_eq!(reading.side.gauges().waiting, None);
    reading.close().await;
}

#[tokio::test(start_paused = true)]
async fn a_position_that_does_not_come_is_refused_after_the_wait() {
    let (store, folder) = (Arc::new(MemoryStore::new()), tempfile::tempdir().unwrap());
    let reading = Reading::of::<Words<1>>(&store, folder.path()).await;
    let ask = |name: &str, text: &str| AskedQuery {
        path_ids: Map::new(),
        params: vec![(name.to_owned(), text.to_owned())],
        min_position: None,
    };
    let refused = reading.side.ask(0, ask("min_position", "9")).await.unwrap_err();
    assert!(refused.is(Refusal::PROJECTION_LAGGING));
    let beyond = reading.side.ask(0, ask("min_position", "99999999999999999999")).await.unwrap_err();
    assert_eq!(beyond.details["rule"], "range");
    let unknown = reading.side.ask(0, ask("colour", "red")).await.unwrap_err();
    assert_eq!(
        (&unknown.details["field"], &unknown.details["rule"]),
        (&json!("colour"), &json!("unknown_field"))
    );
    reading.close().await;
}

/// A store that fails takes everything on it along and comes back, and nobody's patience is used up.
#[tokio::test]
async fn a_store_that_fails_is_opened_again_and_the_model_follows_it() {
    const STORE_AND_MODEL: &str = r#"
schema = 1
[[supervisor]]
path = "/t"
strategy = "rest_for_one"
intensity = 1
period = "60s"
[[supervisor]]
path = "/t/kernel"
strategy = "one_for_all"
intensity = 0
[[child]]
path = "/t/kernel/event_store"
kind = "event_store"
[[supervisor]]
path = "/t/apps"
strategy = "one_for_one"
intensity = 0
[[child]]
path = "/t/apps/words"
kind = "query_words"
"#;
    let folder = tempfile::tempdir().unwrap();
    let (first, second) = (Arc::new(MemoryStore::new()), Arc::new(MemoryStore::new()));
    say(&first, &["tea"]).await;
    let position = say(&second, &["tea", "rum"]).await;
    let current = CurrentStore::default();
    let (opened, again): (Arc<dyn EventStore>, _) = (Arc::clone(&first) as _, Arc::clone(&second));
    let store = Supervised::new(current.clone(), Some(opened), move || Ok(Arc::clone(&again) as _));
    let side = model::<Words<1>>().open(wiring(current, folder.path()));
    let mut kinds = Kinds::new();
    store.register(&mut kinds);
    side.register(&mut kinds);
    let plan = Plan::parse(STORE_AND_MODEL, "t.toml", &kinds).unwrap();
    let reading = Reading { side, tree: Tree::boot(&plan, &kinds).await.unwrap() };
    assert_eq!(reading.words(1).await, seen(&[("tea", 1)]));
    first.close().await;
    assert_eq!(reading.words(position).await, seen(&[("tea", 1), ("rum", 1)]));
    reading.close().await;
}

#[tokio::test]
async fn a_file_that_is_damaged_while_it_is_used_is_drawn_anew() {
    let (store, folder) = (Arc::new(MemoryStore::new()), tempfile::tempdir().unwrap());
    let words: Vec<String> = (0..2_000).map(|number| format!("word {number:0200}")).collect();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    say(&store, &words).await;
    let reading = Reading::of::<Words<1>>(&store, folder.path()).await;
    reading.words(2_000).await;
    reading.close().await;
    // The tables' own pages stay whole, so that the damage shows only when rows are written.
    let file = folder.path().join("query_words.sqlite");
    let db = Connection::open(&file).unwrap();
    db.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |row| row.get::<_, i64>(0)).unwrap();
    drop(db);
    let mut bytes = std::fs::read(&file).unwrap();
    let len = bytes.len();
    bytes[40_960..len].fill(0xaa);
    std::fs::write(&file, bytes).unwrap();
    let reading = Reading::of::<Words<1>>(&store, folder.path()).await;
    let position = say(&store, &words).await;
    reading.side.drawn_up_to(position).await;
    assert_eq!(reading.words(position).await.len(), 50);
    reading.close().await;
}

#[tokio::test]
async fn a_file_that_is_cut_short_under_its_readers_is_drawn_anew() {
    let (store, folder) = (Arc::new(MemoryStore::new()), tempfile::tempdir().unwrap());
    let position = say(&store, &["tea", "rum"]).await;
    let reading = Reading::of::<Words<1>>(&store, folder.path()).await;
    // No reader has come yet, so none answers from what it remembers.
    reading.side.drawn_up_to(position).await;
    for (name, bytes) in [("query_words.sqlite", 100), ("query_words.sqlite-wal", 0)] {
        let file = std::fs::OpenOptions::new().write(true).open(folder.path().join(name)).unwrap();
        file.set_len(bytes).unwrap();
    }
    let ask = || AskedQuery { path_ids: Map::new(), params: Vec::new(), min_position: Some(position) };
    let refused = reading.side.ask(0, ask()).await.unwrap_err();
    assert!(refused.is(Refusal::STARTING), "{refused:?}");
    let again = async {
        while reading.side.ask(0, ask()).await.is_err() {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(Duration::from_secs(30), again).await.unwrap();
    assert_eq!(reading.words(position).await, seen(&[("tea", 1), ("rum", 1)]));
    reading.close().await;
}
