//! A read model at work: drawn from the log, asked while it is drawn, thrown away and drawn again.

use crate::{AskedQuery, Found, Keyset, ModelWiring, Order, Paging, Project, ProjectionEntry, Query};
use crate::{QueryEntry, QueryError, QuerySpec, ReadModel, ReadSide, Recorded, model, projects, query};
use hecate_desk::prelude::*;
use hecate_desk::{Aggregate, DeskEntry, ProcessSpec};
use hecate_event_store::{Append, CurrentStore, EventStore, Expected, MemoryStore, Metadata, NewEvent};
use hecate_supervision::{Kinds, Plan, Tree};
use rusqlite::{Connection, Transaction};
use serde_json::{Map, Value, json, value::to_raw_value};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use uuid::Uuid;

#[derive(Default)]
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

    fn wrong_state(&self, _: &DeskSpec) -> Refusal {
        NO_WORD
    }
}

const NO_WORD: Refusal = Refusal::new(404, "word_not_found", "Nobody said that.");

struct Words<const REVISION: u32>;

impl<const REVISION: u32> ReadModel for Words<REVISION> {
    const NAME: &'static str = "query_words";
    const TABLES: &'static str =
        "CREATE TABLE words(word TEXT PRIMARY KEY, times INTEGER NOT NULL, first INTEGER NOT NULL) STRICT;";
    const REVISION: u32 = REVISION;
    const PROJECTIONS: &'static [ProjectionEntry] = &[projects::<Words<REVISION>, Word, WordSaid>()];
    const QUERIES: &'static [QueryEntry] = &[query::<GetWords>()];
}

impl<const REVISION: u32> Project<WordSaid> for Words<REVISION> {
    fn project(tx: &Transaction<'_>, recorded: &Recorded<WordSaid>) -> rusqlite::Result<()> {
        tx.execute(
            "INSERT INTO words VALUES (?1, ?3, ?2) ON CONFLICT DO UPDATE SET times = times + ?3",
            (&recorded.event.word, recorded.position, REVISION),
        )?;
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
        let keyset = Keyset::new("SELECT word, times FROM words", "first", "word", Order::Asc);
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

struct Reading {
    side: Arc<ReadSide>,
    tree: Tree,
}

impl Reading {
    async fn of<M: ReadModel>(store: &Arc<MemoryStore>, folder: &Path) -> Reading {
        let current = CurrentStore::default();
        let store: Arc<dyn EventStore> = Arc::clone(store) as _;
        current.set(Some(store));
        let side = model::<M>().open(ModelWiring { store: current, folder: folder.to_owned() });
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
    let event = |word: &&str| NewEvent {
        event_id: Uuid::now_v7(),
        event_type: WordSaid::TYPE.into(),
        data: to_raw_value(&json!({"word": word})).unwrap(),
        metadata: Metadata {
            correlation_id: Uuid::nil(),
            causation_id: Uuid::nil(),
            command_id: Uuid::nil(),
            actor: "a".into(),
            node_id: "n".into(),
            realm: "r".into(),
            idempotency_key: None,
            conversation_id: None,
            visibility: None,
        },
        tags: Vec::new(),
        at_us: 0,
    };
    let events = words.iter().map(event).collect();
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
    Reading::of::<Words<1>>(&store, folder.path()).await.close().await;
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
    let unknown = reading.side.ask(0, ask("colour", "red")).await.unwrap_err();
    assert_eq!(
        (&unknown.details["field"], &unknown.details["rule"]),
        (&json!("colour"), &json!("unknown_field"))
    );
    reading.close().await;
}
