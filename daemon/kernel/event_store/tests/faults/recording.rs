//! A scenario that ran once, on a disk that remembers: every state that was acknowledged, and since which
//! call to the disk.

use std::path::Path;
use std::sync::Arc;

use hecate_disk::simulation::Model as DiskModel;
use hecate_event_store::{EventStore, Options, SqliteStore};
use uuid::Uuid;

use crate::ground::file;
use crate::model::{Model, said};
use crate::steps::Step;
use crate::witness::Witness;

pub(crate) struct Recording {
    pub(crate) witness: Arc<Witness>,
    pub(crate) store_id: Uuid,
    /// Calls that were made when the first opening was done.
    opened_at: u64,
    /// The states in order, each with the call that made it last.
    states: Vec<(u64, Model)>,
    clock_us: i64,
}

/// What a power cut may leave.
pub(crate) struct Allowed<'a> {
    /// What was acknowledged, and perhaps what was under way.
    pub(crate) states: &'a [(u64, Model)],
    /// When to ask for receipts: no receipt that a later clock may have removed is asked for.
    pub(crate) clock_us: i64,
    /// The first opening had succeeded.
    pub(crate) was_open: bool,
}

impl Recording {
    /// Plays `steps` to the store in `folder`, which holds `start`; all must be answered as by the list.
    pub(crate) async fn of(folder: &Path, options: Options, start: Model, steps: &[Step]) -> Self {
        let witness = Witness::new();
        let options = Options { watch: Some(witness.clone()), ..options };
        let open = || Arc::new(SqliteStore::open(&file(folder), options.clone()).unwrap());
        let mut store = open();
        let mut recording = Self {
            store_id: store.store_id(),
            opened_at: witness.recorder.calls(),
            clock_us: start.clock_us,
            states: vec![(0, start)],
            witness,
        };
        recording.witness.take_commits();
        for step in steps {
            if let Step::Reopen = step {
                store.close().await;
                drop(store);
                store = open();
                recording.witness.take_commits();
            } else {
                recording.play(step, &store).await;
            }
        }
        store.close().await;
        recording
    }

    async fn play(&mut self, step: &Step, store: &Arc<SqliteStore>) {
        let outcomes = step.ask(store, &self.witness).await;
        let mut flushed = self.witness.take_commits().into_iter();
        for (requests, outcomes) in step.commits().iter().zip(outcomes) {
            let mut model = self.last().at(self.clock_us);
            for (request, outcome) in requests.iter().zip(outcomes) {
                assert_eq!(said(outcome), said(request.apply(&mut model)), "{request:?}");
            }
            self.clock_us = self.clock_us.max(model.clock_us);
            if model.revision > self.last().revision {
                let flushed = flushed.next().expect("nothing is acknowledged that was not flushed");
                self.states.push((flushed, model));
            }
        }
    }

    pub(crate) fn last(&self) -> &Model {
        &self.states[self.states.len() - 1].1
    }

    pub(crate) fn calls(&self) -> u64 {
        self.witness.recorder.calls()
    }

    /// What may be found when the power goes just before call `at`.
    pub(crate) fn allowed(&self, at: u64) -> Allowed<'_> {
        let acknowledged = self.states.partition_point(|(flushed, _)| *flushed < at);
        let end = self.states.len().min(acknowledged + 1);
        let clock_us = self.states.get(acknowledged).map_or(self.clock_us, |(_, model)| model.clock_us);
        let states = &self.states[acknowledged - 1..end];
        Allowed { states, clock_us, was_open: at > self.opened_at }
    }

    /// Makes the files that survive in `folder`, and says in a line what this is about.
    pub(crate) fn cut(&self, at: u64, model: DiskModel, seed: u64, folder: &Path) -> String {
        self.witness.recorder.survivors(at, model, seed, folder).unwrap();
        format!("{model:?}, seed {seed}, power cut before {}", self.witness.recorder.describe(at))
    }
}
