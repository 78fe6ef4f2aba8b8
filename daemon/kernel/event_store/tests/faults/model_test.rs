//! Three streams against a simple list: what is asked is random, what is answered is compared at every step,
//! and what fails is shrunk to the few steps that matter.

use std::fs;
use std::sync::Arc;

use hecate_event_store::{
    Append, EventStore, Expected, Filter, Keep, NewReceipt, RecordedEvent, Snapshot, SqliteStore,
};
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use proptest::test_runner::{Config, RngAlgorithm, TestError, TestRng, TestRunner};
use serde_json::value::RawValue;
use tempfile::TempDir;

use crate::author::{Author, CODE, KEYS, STREAMS, TAGS};
use crate::ground::{Bench, all_cores, beside, file, folder, number};
use crate::judgement::{open, which};
use crate::model::{Model, said};
use crate::questions::same_events;
use crate::steps::Request;

const STREAMS_USED: usize = 3;
const MOVES_MAX: usize = 60;
/// Cases that share a seed.
const CASES_PER_RUNNER: u64 = 50;
/// The clock moves in such steps, so that it often stands exactly where a receipt ends.
const TICK_US: i64 = 1;

#[derive(Debug, Clone)]
enum Move {
    Append {
        stream: usize,
        guess: Guess,
        events: u8,
        receipt: Option<(usize, u8, Option<i64>)>,
    },
    Snapshot {
        stream: usize,
        version: u64,
    },
    ReadStream {
        stream: usize,
        from: u64,
        limit: usize,
    },
    ReadAll {
        after: u64,
        tag: Option<usize>,
        limit: usize,
    },
    Later {
        us: i64,
    },
    /// An orderly close.
    Reopen,
    /// The files as they are now are all that is left.
    Kill,
}

#[derive(Debug, Clone, Copy)]
enum Guess {
    Any,
    NoStream,
    Right,
    Wrong(u64),
}

fn guess() -> impl Strategy<Value = Guess> {
    prop_oneof![
        1 => Just(Guess::Any),
        1 => Just(Guess::NoStream),
        4 => Just(Guess::Right),
        2 => (0..30_u64).prop_map(Guess::Wrong),
    ]
}

fn one_move() -> impl Strategy<Value = Move> {
    let stream = 0..STREAMS_USED;
    let receipt = (0..KEYS.len(), any::<u8>(), option::of((1..8_i64).prop_map(|ticks| ticks * TICK_US)));
    prop_oneof![
        8 => (stream.clone(), guess(), 0..5_u8, option::of(receipt))
            .prop_map(|(stream, guess, events, receipt)| Move::Append { stream, guess, events, receipt }),
        1 => (stream.clone(), 0..20_u64).prop_map(|(stream, version)| Move::Snapshot { stream, version }),
        2 => (stream, 0..40_u64, 0..20_usize)
            .prop_map(|(stream, from, limit)| Move::ReadStream { stream, from, limit }),
        2 => (0..60_u64, option::of(0..TAGS.len()), 0..30_usize)
            .prop_map(|(after, tag, limit)| Move::ReadAll { after, tag, limit }),
        2 => (1..5_i64).prop_map(|ticks| Move::Later { us: ticks * TICK_US }),
        1 => Just(Move::Reopen),
        1 => Just(Move::Kill),
    ]
}

#[test]
fn the_store_is_a_simple_list() {
    compare(number("HECATE_FAULT_CASES", 400));
}

#[test]
#[ignore = "minutes"]
fn the_store_is_a_simple_list_in_many_cases() {
    compare(number("HECATE_FAULT_CASES", 10_000));
}

fn compare(cases: u64) {
    let seed = number("HECATE_FAULT_SEED", 1);
    let took = all_cores(cases.div_ceil(CASES_PER_RUNNER), Bench::new, |bench, runner| {
        let seed = seed + runner;
        run_some(bench, seed).unwrap_or_else(|failure| panic!("HECATE_FAULT_SEED={seed}: {failure}"));
    });
    println!("model test: seed {seed}, {cases} cases of up to {MOVES_MAX} moves in {took:?}");
}

fn run_some(bench: &Bench, seed: u64) -> Result<(), TestError<Vec<Move>>> {
    let config = Config { cases: CASES_PER_RUNNER as u32, failure_persistence: None, ..Config::default() };
    let mut bytes = [0; 32];
    bytes[..8].copy_from_slice(&seed.to_be_bytes());
    let chance = TestRng::from_seed(RngAlgorithm::ChaCha, &bytes);
    TestRunner::new_with_rng(config, chance).run(&vec(one_move(), 1..=MOVES_MAX), |moves| {
        bench.run(async {
            let mut pair = Pair::new();
            for (number, one) in moves.iter().enumerate() {
                pair.play(one).await.map_err(|said| TestCaseError::fail(format!("move {number}: {said}")))?;
            }
            pair.is_the_same().await.map_err(TestCaseError::fail)
        })
    })
}

/// The store and the list, played the same.
struct Pair {
    home: TempDir,
    store: SqliteStore,
    model: Model,
    author: Author,
    clock_us: i64,
}

impl Pair {
    fn new() -> Self {
        let home = folder();
        let store = open(&file(home.path())).unwrap();
        Self { home, store, model: Model::default(), author: Author::new(3), clock_us: 1 }
    }

    async fn play(&mut self, one: &Move) -> Result<(), String> {
        match one {
            Move::Append { stream, guess, events, receipt } => {
                let append = self.append(STREAMS[*stream], *guess, *events, *receipt);
                self.ask(Request::Append(append)).await
            }
            Move::Snapshot { stream, version } => {
                let state = RawValue::from_string(format!(r#"{{"at":{version}}}"#)).unwrap().into();
                let snapshot = Snapshot { version: *version, position: version + 1, code: CODE, state };
                self.ask(Request::Snapshot(STREAMS[*stream].into(), snapshot)).await
            }
            Move::ReadStream { stream, from, limit } => {
                self.read_stream(STREAMS[*stream], *from, *limit).await
            }
            Move::ReadAll { after, tag, limit } => {
                self.read_all(*after, tag.map(|tag| TAGS[tag]), *limit).await
            }
            Move::Later { us } => {
                self.clock_us += us;
                Ok(())
            }
            Move::Reopen => self.reopen().await,
            Move::Kill => self.kill().await,
        }
    }

    fn append(
        &mut self,
        stream: &str,
        guess: Guess,
        events: u8,
        receipt: Option<(usize, u8, Option<i64>)>,
    ) -> Append {
        let expected = match (guess, self.model.version(stream)) {
            (Guess::Any, _) => Expected::Any,
            (Guess::NoStream, _) | (Guess::Right, None) => Expected::NoStream,
            (Guess::Right, Some(version)) => Expected::Version(version),
            (Guess::Wrong(version), _) => Expected::Version(version),
        };
        let at_us = self.clock_us;
        let receipt = receipt.map(|(key, body, keep_us)| NewReceipt {
            key: KEYS[key].to_owned(),
            body_hash: [body; 32],
            note: RawValue::from_string(body.to_string()).unwrap(),
            at_us,
            keep: keep_us.map_or(Keep::Forever, |keep_us| Keep::UntilUs(at_us + keep_us)),
        });
        let events = (0..events).map(|_| self.author.event()).collect();
        Append { stream_id: stream.into(), expected, events, receipt }
    }

    async fn ask(&mut self, request: Request) -> Result<(), String> {
        let wanted = request.apply(&mut self.model);
        let answer = request.ask(&self.store).await;
        same(&said(answer), &said(wanted))?;
        same(&self.store.head(), &self.model.head())
    }

    async fn read_stream(&self, stream: &str, from: u64, limit: usize) -> Result<(), String> {
        let read = self.store.read_stream(stream, from, limit).await.map_err(|error| error.to_string())?;
        let wanted: Vec<_> = self.model.stream(stream).skip(from as usize).take(limit).cloned().collect();
        if same_events(&read, &wanted) { Ok(()) } else { Err(format!("{read:?}, wanted {wanted:?}")) }
    }

    async fn read_all(&self, after: u64, tag: Option<&str>, limit: usize) -> Result<(), String> {
        let filter = tag.map_or_else(Filter::all, |tag| Filter::tags([tag]));
        let page = self.store.read_all(after, &filter, limit).await.map_err(|error| error.to_string())?;
        let behind = self.model.log.iter().filter(|event| event.position > after);
        let passes =
            |event: &&Arc<RecordedEvent>| tag.is_none_or(|tag| event.tags.iter().any(|worn| **worn == *tag));
        let passing: Vec<_> = behind.filter(passes).cloned().collect();
        let wanted = &passing[..passing.len().min(limit)];
        let skipped = passing.iter().filter(|event| event.position <= page.caught_up_to).count();
        if same_events(&page.events, wanted) && skipped == wanted.len() {
            return Ok(());
        }
        Err(format!("{page:?}, wanted {wanted:?}"))
    }

    async fn reopen(&mut self) -> Result<(), String> {
        self.store.close().await;
        self.store = open(&file(self.home.path()))?;
        self.is_the_same().await
    }

    async fn kill(&mut self) -> Result<(), String> {
        let left = folder();
        for suffix in ["", "-wal", ".id"] {
            let from = beside(&file(self.home.path()), suffix);
            fs::copy(from, beside(&file(left.path()), suffix)).unwrap();
        }
        self.store = open(&file(left.path()))?;
        self.home = left;
        self.is_the_same().await
    }

    async fn is_the_same(&self) -> Result<(), String> {
        which(&self.store, [&self.model], self.clock_us).await.map(drop)
    }
}

fn same<T: PartialEq + std::fmt::Debug>(answer: &T, wanted: &T) -> Result<(), String> {
    if answer == wanted { Ok(()) } else { Err(format!("{answer:?}, wanted {wanted:?}")) }
}
