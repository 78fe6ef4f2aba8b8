//! The rules of parking on paper: without a file, over many random logs.

use crate::kit::Dice;
use crate::parking::{self, Canvas, DrawError, Parked, Poison, Sheet, Stored, TRIES_MAX, Verdict, Work, at};
use crate::projection::ProjectError;
use crate::tending::{self, Order, ParkedEventRetried, ParkedEventSkipped, ReadModelRebuildRequested};
use hecate_event_store::{Metadata, RecordedEvent};
use serde_json::{Value, json, value::to_raw_value};
use std::collections::BTreeMap;
use std::sync::Arc;
use uuid::Uuid;

const MODEL: &str = "paper";
const SEEDS: u64 = 500;

/// Everything that a file would hold.
#[derive(Clone, Debug, Default, PartialEq)]
struct Rows {
    position: u64,
    /// Positions in the order in which they were drawn, by stream.
    drawn: BTreeMap<Arc<str>, Vec<u64>>,
    parked: BTreeMap<u64, (Parked, bool)>,
    settled: BTreeMap<u64, u64>,
    rebuild_asked: u64,
}

#[derive(Default)]
struct Paper {
    rows: Rows,
    /// Transactions that failed, by the event that failed.
    failures: BTreeMap<u64, u32>,
}

impl Canvas for Paper {
    fn model(&self) -> &str {
        MODEL
    }

    fn position(&self) -> u64 {
        self.rows.position
    }

    fn transact(&mut self, work: &mut Work<'_>) -> Result<(), DrawError> {
        let mut rows = self.rows.clone();
        match work(&mut rows) {
            Ok(()) => self.rows = rows,
            Err(error) => {
                *self.failures.entry(error.position).or_default() += 1;
                return Err(error);
            }
        }
        Ok(())
    }
}

impl Sheet for Rows {
    fn advance(&mut self, to: u64) -> Result<(), ProjectError> {
        assert!(to > self.position, "the checkpoint moves forward");
        self.position = to;
        Ok(())
    }

    fn knows(&self, event_type: &str) -> bool {
        matches!(event_type, "good_v1" | "bad_v1" | "needs_v1")
    }

    /// A bad one never draws; one that needs another draws only behind an event that was drawn.
    fn draw(&mut self, event: &RecordedEvent) -> Result<(), ProjectError> {
        let drawn = self.drawn.entry(event.stream_id.clone()).or_default();
        assert!(drawn.iter().all(|before| *before < event.position), "twice, or out of order");
        let alone = event.version > 0 && drawn.len() % 2 == 1;
        if &*event.event_type == "bad_v1" || (&*event.event_type == "needs_v1" && alone) {
            return Err(ProjectError::Panicked("poison".to_owned()));
        }
        drawn.push(event.position);
        Ok(())
    }

    fn waits(&mut self, stream_id: &str) -> Result<bool, ProjectError> {
        Ok(self.parked.values().any(|(row, _)| &*row.stream_id == stream_id))
    }

    fn parked(&mut self, position: u64) -> Result<Option<Parked>, ProjectError> {
        Ok(self.parked.get(&position).map(|(row, _)| row.clone()))
    }

    fn park(&mut self, event: &RecordedEvent) -> Result<(), ProjectError> {
        let row = Parked {
            position: event.position,
            stream_id: event.stream_id.clone(),
            version: event.version,
            event_type: event.event_type.clone(),
            error: None,
            tries: 0,
            retried_by: 0,
        };
        assert!(self.parked.insert(event.position, (row, false)).is_none(), "parked twice");
        Ok(())
    }

    fn convict(&mut self, position: u64, verdict: &Verdict) -> Result<(), ProjectError> {
        let (row, told) = self.parked.get_mut(&position).expect("only what is parked is convicted");
        *told &= row.retried_by == verdict.retried_by;
        (row.error, row.tries) = (Some(verdict.error.clone()), verdict.tries);
        row.retried_by = verdict.retried_by;
        Ok(())
    }

    fn unpark(&mut self, position: u64) -> Result<(), ProjectError> {
        self.parked.remove(&position);
        self.settled.remove(&position);
        Ok(())
    }

    fn note_retry(&mut self, position: u64, by: u64) -> Result<(), ProjectError> {
        let (row, told) = self.parked.get_mut(&position).expect("it is parked");
        (row.retried_by, *told) = (by, false);
        Ok(())
    }

    fn note_told(&mut self, position: u64, by: u64) -> Result<(), ProjectError> {
        match self.parked.get_mut(&position) {
            Some((_, told)) => *told = true,
            None => drop(self.settled.insert(position, by)),
        }
        Ok(())
    }

    fn note_rebuild(&mut self, by: u64) -> Result<(), ProjectError> {
        self.rebuild_asked = by;
        Ok(())
    }
}

/// Draws a stretch as the drawer does; the log is read where a file would be.
fn draw(paper: &mut Paper, log: &[Stored], to: u64) {
    let rest = &log[usize::try_from(paper.rows.position).unwrap()..usize::try_from(to).unwrap()];
    for event in rest {
        let by = event.position;
        let (position, again) = match tending::order(MODEL, event) {
            Some(Order::Retry(position)) => (position, true),
            Some(Order::Skip(position)) => (position, false),
            _ => continue,
        };
        parking::draw(paper, upto(rest, by - 1), by - 1, Poison::Park).unwrap();
        match paper.rows.parked.contains_key(&position) && again {
            true => parking::retry(paper, &log[usize::try_from(position).unwrap() - 1], by).unwrap(),
            false => parking::skip(paper, position).unwrap(),
        }
        release(paper, log);
    }
    parking::draw(paper, rest, to, Poison::Park).unwrap();
}

fn upto(events: &[Stored], to: u64) -> &[Stored] {
    &events[..events.partition_point(|event| event.position <= to)]
}

fn release(paper: &mut Paper, log: &[Stored]) {
    while let Some(stream) = released(&paper.rows) {
        let waiting = paper.rows.parked.values().filter(|(row, _)| row.stream_id == stream);
        let positions: Vec<u64> = waiting.map(|(row, _)| row.position).collect();
        let events = positions.into_iter().map(|at| log[usize::try_from(at).unwrap() - 1].clone());
        parking::release(paper, &events.collect::<Vec<_>>()).unwrap();
    }
}

fn released(rows: &Rows) -> Option<Arc<str>> {
    let mut heads: BTreeMap<&Arc<str>, &Parked> = BTreeMap::new();
    for (row, _) in rows.parked.values() {
        heads.entry(&row.stream_id).or_insert(row);
    }
    heads.into_iter().find(|(_, head)| head.error.is_none()).map(|(stream, _)| stream.clone())
}

fn event(position: u64, stream: &str, version: u64, event_type: &str, data: &Value) -> Stored {
    Arc::new(RecordedEvent {
        event_id: Uuid::nil(),
        event_type: event_type.into(),
        stream_id: stream.into(),
        version,
        position,
        at_us: 0,
        data: to_raw_value(data).unwrap().into(),
        metadata: Metadata {
            correlation_id: Uuid::nil(),
            causation_id: Uuid::nil(),
            command_id: Uuid::nil(),
            actor: "kit".into(),
            node_id: "kit".into(),
            realm: "kit".into(),
            idempotency_key: None,
            conversation_id: None,
            visibility: None,
        },
        tags: Vec::new(),
    })
}

fn random_log(dice: &mut Dice) -> Vec<Stored> {
    let mut versions = [0; 4];
    let order = |event_type: &str, position: u64, about: u64| {
        event(position, "read_model-paper", position, event_type, &json!({"model": MODEL, "position": about}))
    };
    let random = |position: u64| {
        let about = dice.below(position) + 1;
        let event_type = match dice.below(14) {
            0..=1 => return order(ParkedEventRetried::TYPE, position, about),
            2..=3 => return order(ParkedEventSkipped::TYPE, position, about),
            4 => return order("event_parked_v1", position, about),
            5 => return order(ReadModelRebuildRequested::TYPE, position, 0),
            6..=7 => "bad_v1",
            8..=9 => "needs_v1",
            _ => "good_v1",
        };
        let stream = dice.below(4);
        let version = &mut versions[usize::try_from(stream).unwrap()];
        *version += 1;
        event(position, &format!("s{stream}"), *version - 1, event_type, &json!({}))
    };
    (1..=50).map(random).collect()
}

#[test]
fn batches_of_any_size_end_the_same_in_order_and_nothing_is_drawn_twice() {
    for seed in 0..SEEDS {
        let mut dice = Dice::new(seed);
        let log = random_log(&mut dice);
        let (mut whole, mut pieces, end) = (Paper::default(), Paper::default(), log.len() as u64);
        draw(&mut whole, &log, end);
        while pieces.rows.position < end {
            let to = (pieces.rows.position + 1 + dice.below(9)).min(end);
            draw(&mut pieces, &log, to);
        }
        assert_eq!(whole.rows, pieces.rows, "seed {seed}");
        nothing_is_lost(&whole.rows, &log, seed);
    }
}

/// Every event is drawn, parked or was skipped; whoever is parked has a culprit at the head of its stream.
fn nothing_is_lost(rows: &Rows, log: &[Stored], seed: u64) {
    let skips =
        |position: u64| log.iter().any(|event| tending::order(MODEL, event) == Some(Order::Skip(position)));
    for event in log.iter().filter(|event| rows.knows(&event.event_type)) {
        let drawn = rows.drawn.get(&event.stream_id).is_some_and(|drawn| drawn.contains(&event.position));
        let parked = rows.parked.contains_key(&event.position);
        let there = u32::from(drawn) + u32::from(parked);
        assert!(there == 1 || (there == 0 && skips(event.position)), "seed {seed}: {}", event.position);
    }
    assert_eq!(released(rows), None, "seed {seed}");
}

#[test]
fn a_culprit_in_a_large_batch_is_tried_three_times_alone_and_the_others_are_drawn() {
    let mut log: Vec<Stored> = (1..=1_000)
        .map(|position| {
            event(position, &format!("s{}", position % 100), position / 100, "good_v1", &json!({}))
        })
        .collect();
    log[499] = event(500, "s0", 5, "bad_v1", &json!({}));
    let mut paper = Paper::default();
    draw(&mut paper, &log, 1_000);
    let culprit = &paper.rows.parked[&500].0;
    assert_eq!(
        (culprit.tries, culprit.error.as_deref()),
        (TRIES_MAX, Some("the projection panicked: poison"))
    );
    assert_eq!(paper.rows.parked.len(), 6, "five of its stream wait behind it");
    assert_eq!(paper.rows.drawn.values().map(Vec::len).sum::<usize>(), 994);
    assert!(paper.failures[&500] <= 10 + TRIES_MAX, "halving, not one by one: {:?}", paper.failures);
}

#[test]
fn a_retry_that_is_met_again_after_a_crash_counts_once() {
    let log = [event(1, "s", 0, "bad_v1", &json!({}))];
    let mut paper = Paper::default();
    draw(&mut paper, &log, 1);
    for _ in 0..2 {
        parking::retry(&mut paper, &log[0], 2).unwrap();
    }
    assert_eq!(paper.rows.parked[&1].0.tries, TRIES_MAX + 1);
}

#[test]
fn a_fault_that_is_not_the_events_own_is_handed_up() {
    struct Full(Paper);
    impl Canvas for Full {
        fn model(&self) -> &str {
            MODEL
        }

        fn position(&self) -> u64 {
            self.0.position()
        }

        fn transact(&mut self, _: &mut Work<'_>) -> Result<(), DrawError> {
            Err(at("-", 1)(ProjectError::CheckpointMoved(0)))
        }
    }
    let mut full = Full(Paper::default());
    let log = [event(1, "s", 0, "good_v1", &json!({}))];
    let fault = parking::draw(&mut full, &log, 1, Poison::Park).unwrap_err();
    assert!(!fault.is_poison() && full.0.rows.parked.is_empty());
}
