//! What a flipped bit may do: be found, or change nothing. Each question is judged by itself, because one
//! refused answer excuses no wrong one.

use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};

use hecate_event_store::{EventStore, SqliteStore};

use crate::ground::{number, options};
use crate::model::Model;
use crate::questions::{self, Answer, Question};

/// The right answers of some states, worked out once.
pub(crate) struct Truth {
    clock_us: i64,
    answers: Vec<(Question, Vec<Answer>)>,
    states: usize,
}

/// What became of a store with a flipped bit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// It did not open.
    Refused,
    /// It opened, and did not answer everything.
    FoundByReading,
    /// Every answer was that of this state.
    Same(usize),
}

impl Truth {
    pub(crate) fn of(states: &[Model]) -> Self {
        let clock_us = states.iter().map(|state| state.clock_us).max().unwrap_or(0);
        let answers = questions::all().map(|question| {
            (question, states.iter().map(|state| question.answered_by(state, clock_us)).collect())
        });
        Self { clock_us, answers: answers.collect(), states: states.len() }
    }

    /// Asks the store at `path` everything. That no one state gave all the answers is an error; of the states
    /// that did, the first is told.
    pub(crate) async fn judge(&self, path: &Path) -> Result<Verdict, String> {
        let Ok(store) = SqliteStore::open(path, options()) else { return Ok(Verdict::Refused) };
        let mut possible: Vec<usize> = (0..self.states).collect();
        let mut refused = false;
        for (question, right) in &self.answers {
            match question.ask(&store, self.clock_us).await {
                Err(_) => refused = true,
                Ok(answer) => {
                    possible.retain(|state| right[*state].is(&answer));
                    if possible.is_empty() {
                        return Err(format!("a wrong answer to {question:?}: {}", answer.brief()));
                    }
                }
            }
        }
        store.close().await;
        Ok(if refused { Verdict::FoundByReading } else { Verdict::Same(possible[0]) })
    }
}

/// Every bit, or with a stride every so many, from the one that the seed says: seven runs with a stride of
/// seven are all of them, and each run meets every byte.
pub(crate) fn every_bit(bits: u64) -> Vec<u64> {
    let stride = number("HECATE_FAULT_STRIDE", 1);
    (number("HECATE_FAULT_SEED", 0) % stride..bits).step_by(stride as usize).collect()
}

/// What became of all of them.
#[derive(Debug, Default)]
pub(crate) struct Tally {
    pub(crate) refused: AtomicU64,
    pub(crate) found_by_reading: AtomicU64,
    pub(crate) harmless: AtomicU64,
    /// Shorter by a commit that cannot be told from one that was never finished.
    pub(crate) cut: AtomicU64,
}

impl Tally {
    pub(crate) fn count(&self, verdict: Verdict) {
        let counter = match verdict {
            Verdict::Refused => &self.refused,
            Verdict::FoundByReading => &self.found_by_reading,
            Verdict::Same(0) => &self.harmless,
            Verdict::Same(_) => &self.cut,
        };
        counter.fetch_add(1, Ordering::Relaxed);
    }
}
