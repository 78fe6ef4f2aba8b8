//! Walks through a process at random: what a read model shows is held beside what the desks said, step by step.

use super::{Dice, Trial, survives_kills};
use crate::ReadModel;
use hecate_desk::{Aggregate, Refused};
use hecate_proto::answer::CommandAnswer;
use serde_json::Value;
use std::collections::BTreeSet;

const SEEDS: u64 = 4;
const STEPS: u64 = 250;
/// How often who draws the log of one walk is killed: 100 times a model.
const KILLS: u32 = 25;

/// One step: the ids of the dossier that was asked, and what its desk said.
pub type Step = (Value, Result<CommandAnswer, Refused>);

/// Walks a process at random, once for each of a few seeds. After every step that was allowed the row that `query`
/// shows says what the desk said, and in the end a file drawn anew holds the same rows, even when whoever draws it is
/// killed again and again.
///
/// Answers with every status that was met. Panics, naming seed and step, where something differs, and where the walks
/// did not lead through every state.
pub async fn stroll<A: Aggregate, M: ReadModel>(
    query: &str,
    any_step: impl AsyncFn(&Trial, &mut Dice, u64) -> Step,
) -> BTreeSet<u32> {
    let (mut labels, mut met) = (BTreeSet::new(), BTreeSet::new());
    for seed in 0..SEEDS {
        let folder = tempfile::tempdir().expect("a folder is made");
        let (trial, mut dice) = (Trial::of::<A, M>(folder.path()).await, Dice::new(seed));
        for step in 0..STEPS {
            let (ids, Ok(told)) = any_step(&trial, &mut dice, step).await else { continue };
            trial.agrees(query, ids, &told, &format!("at seed {seed}, step {step}")).await;
            met.insert(told.status);
            labels.insert(told.status_label);
        }
        assert_eq!(trial.rows().await, trial.rows_drawn_anew().await, "seed {seed}");
        survives_kills::<M>(&trial.store, &mut dice, KILLS).await;
        trial.close().await;
    }
    let all: BTreeSet<&str> = A::LABELS.iter().map(|(_, label)| *label).collect();
    assert!(labels.iter().eq(all), "the walks met only {labels:?}");
    met
}
