//! A disk that fails without a crash: each call of a scenario once, and for good, with an I/O error and for
//! want of space. Whatever was answered is what is there afterwards.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use hecate_disk::Fault;
use hecate_disk::simulation::{After, Model as DiskModel};
use hecate_event_store::{AppendError, EventStore, OpenError, Options, SqliteStore, UnavailableReason};

use crate::author::Author;
use crate::ground::{Bench, all_cores, file, folder, number, options};
use crate::judgement::{Complaint, goes_on, open, which};
use crate::model::{Model, Outcome, said};
use crate::recording::Recording;
use crate::steps::{Request, Step};
use crate::witness::Witness;

const COMMANDS: u64 = 50;
/// Steps that are refused before there is space again.
const REFUSED_STEPS: u32 = 2;
/// How many may follow: one until the writer has looked again.
const REFUSED_WHILE_HEALING_MAX: u32 = 1;
const KINDS: [(Fault, After); 4] = [
    (Fault::Io, After::Once),
    (Fault::Io, After::ForEver),
    (Fault::Full, After::Once),
    (Fault::Full, After::ForEver),
];

#[test]
fn a_disk_that_fails_at_a_sample_of_the_calls_is_told_and_survived() {
    fail_everywhere(number("HECATE_FAULT_FAILURES", 250));
}

#[test]
#[ignore = "minutes"]
fn a_disk_that_fails_at_any_call_is_told_and_survived() {
    fail_everywhere(u64::MAX);
}

fn fail_everywhere(trials_max: u64) {
    let seed = number("HECATE_FAULT_SEED", 1);
    let steps = Author::new(seed).life(COMMANDS);
    let home = folder();
    let recording = Bench::new().run(Recording::of(home.path(), options(), Model::default(), &steps));
    let pairs = recording.calls() * KINDS.len() as u64;
    let trials = pairs.min(trials_max);
    let took = all_cores(trials, Bench::new, |bench, trial| {
        let pair = trial * pairs / trials + trial % (pairs / trials);
        let (nth_call, (fault, then)) = (pair / 4 + 1, KINDS[(pair % 4) as usize]);
        let judged = bench.run(Trial::run(nth_call, fault, then, &steps));
        judged.unwrap_or_else(|complaint| {
            let call = recording.witness.recorder.describe(nth_call);
            panic!("scenario seed {seed}: {fault:?} {then:?} at {call}: {complaint}")
        });
    });
    println!(
        "failures: seed {seed}, {} steps, {} calls; {trials} of {pairs} pairs of a call and a failure in {took:?}",
        steps.len(),
        recording.calls()
    );
}

/// One run over a disk that fails once or for good.
struct Trial {
    witness: Arc<Witness>,
    path: PathBuf,
    nth_call: u64,
    fault: Fault,
    store: Arc<SqliteStore>,
    /// Calls that were made when this handle was opened.
    opened_at: u64,
    model: Model,
    /// What nobody can know: requests whose outcome is open, all or none of them recorded.
    unknown: Vec<Request>,
    handle_ended: bool,
    /// Steps of which something was refused for want of space.
    refused_steps: u32,
}

impl Trial {
    async fn run(nth_call: u64, fault: Fault, then: After, steps: &[Step]) -> Result<(), Complaint> {
        let (home, witness) = (folder(), Witness::new());
        let path = file(home.path());
        witness.recorder.fail_at(nth_call, fault, then);
        let store = open_in_spite(&path, &witness)?;
        let mut trial = Self {
            opened_at: witness.recorder.calls(),
            witness,
            path,
            nth_call,
            fault,
            store,
            model: Model::default(),
            unknown: Vec::new(),
            handle_ended: false,
            refused_steps: 0,
        };
        for (number, step) in steps.iter().enumerate() {
            trial.step(step).await.map_err(|complaint| format!("step {number}: {complaint}"))?;
        }
        trial.reopen().await?;
        let Self { store, path, model, .. } = trial;
        store.close().await;
        drop(store);
        goes_on(&path, open(&path)?, model).await
    }

    async fn step(&mut self, step: &Step) -> Result<(), Complaint> {
        if let Step::Reopen = step {
            return self.reopen().await;
        }
        let is_doomed = self.flush_failed();
        let outcomes = step.ask(&self.store, &self.witness).await;
        let asked = step.commits().into_iter().flatten().zip(outcomes.into_iter().flatten());
        let mut was_refused = false;
        for (request, outcome) in asked {
            if is_doomed && outcome.is_ok() {
                return Err(format!("acknowledged after a failed flush: {outcome:?}"));
            }
            was_refused |= self.take(request, outcome)?;
        }
        if was_refused {
            self.stand_full_disk().await?;
        }
        if self.handle_ended { self.outlive().await } else { Ok(()) }
    }

    /// The failed call was a flush, and this handle made it.
    fn flush_failed(&self) -> bool {
        let recorder = &self.witness.recorder;
        let was_ours = self.opened_at < self.nth_call && self.nth_call <= recorder.calls();
        was_ours && recorder.describe(self.nth_call).contains(" sync ")
    }

    /// Whether it was refused for want of space.
    fn take(&mut self, request: Request, outcome: Outcome) -> Result<bool, Complaint> {
        match outcome {
            Err(AppendError::Unavailable { reason: UnavailableReason::DiskFull }) => return Ok(true),
            Err(AppendError::Unavailable { reason: UnavailableReason::Io | UnavailableReason::Closed }) => {
                self.handle_ended = true;
            }
            Err(AppendError::Unknown) => {
                self.handle_ended = true;
                self.unknown.push(request);
            }
            decided => {
                let wanted = request.apply(&mut self.model);
                if said(&decided) != said(&wanted) || !self.unknown.is_empty() {
                    return Err(format!("{decided:?}, wanted {wanted:?}"));
                }
            }
        }
        Ok(false)
    }

    /// Reads go on, what was refused is not there even if the process is killed now, and when there is
    /// space again this handle writes again.
    async fn stand_full_disk(&mut self) -> Result<(), Complaint> {
        if self.fault != Fault::Full {
            return Err("disk_full on a disk that failed otherwise".to_owned());
        }
        self.refused_steps += 1;
        if self.refused_steps == 1 && !self.handle_ended {
            which(&self.store, [&self.model], self.model.clock_us).await?;
            self.is_kept_by(DiskModel::Kept).await?;
            self.is_kept_by(DiskModel::Torn).await?;
        }
        if self.refused_steps == REFUSED_STEPS {
            self.witness.recorder.heal();
        }
        let has_healed = self.refused_steps <= REFUSED_STEPS + REFUSED_WHILE_HEALING_MAX;
        if has_healed { Ok(()) } else { Err("it does not heal".to_owned()) }
    }

    /// Judges what is left if the process is killed, or the power goes, just now.
    async fn is_kept_by(&self, model: DiskModel) -> Result<(), Complaint> {
        let (there, recorder) = (folder(), &self.witness.recorder);
        recorder.survivors(recorder.calls() + 1, model, self.nth_call, there.path()).unwrap();
        let store = open(&file(there.path()))?;
        let with_unknown = self.with_unknown();
        let found = which(&store, [&self.model, &with_unknown], with_unknown.clock_us).await;
        found.map(drop).map_err(|complaint| format!("cut off after the answer ({model:?}): {complaint}"))
    }

    /// The other possible state.
    fn with_unknown(&self) -> Model {
        let mut model = self.model.clone();
        for request in &self.unknown {
            drop(request.apply(&mut model));
        }
        model
    }

    /// This handle writes no more: it says so, and what it leaves is what it said.
    async fn outlive(&mut self) -> Result<(), Complaint> {
        self.store.closed().await;
        let late = Request::Append(Author::new(1).plain()).ask(&self.store).await;
        if !matches!(late, Err(AppendError::Unavailable { .. })) {
            return Err(format!("an append to a store that ended: {late:?}"));
        }
        for model in DiskModel::ALL {
            self.is_kept_by(model).await?;
        }
        self.witness.recorder.heal();
        self.reopen().await
    }

    async fn reopen(&mut self) -> Result<(), Complaint> {
        self.store.close().await;
        let with_unknown = self.with_unknown();
        self.unknown.clear();
        self.store = open_in_spite(&self.path, &self.witness)?;
        self.opened_at = self.witness.recorder.calls();
        self.handle_ended = false;
        let found = which(&self.store, [&self.model, &with_unknown], with_unknown.clock_us).await?;
        self.model = found.at(with_unknown.clock_us);
        Ok(())
    }
}

/// A store whose disk fails while it opens says so, and opens when the disk is well again.
fn open_in_spite(path: &Path, witness: &Arc<Witness>) -> Result<Arc<SqliteStore>, Complaint> {
    let options = Options { watch: Some(witness.clone()), ..options() };
    let opened = SqliteStore::open(path, options.clone()).or_else(|error| {
        if !matches!(error, OpenError::Io { .. }) {
            return Err(format!("it does not open, and says {error:?}"));
        }
        witness.recorder.heal();
        SqliteStore::open(path, options).map_err(|error| format!("healed, and it does not open: {error}"))
    });
    opened.map(Arc::new)
}
