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
use crate::model::{Model, said};
use crate::recording::Recording;
use crate::steps::{Request, Step};
use crate::witness::Witness;

const COMMANDS: u64 = 50;
/// Refusals that are waited for before there is space again.
const FULL_REFUSALS: u32 = 2;
/// Refusals that may follow: one until the writer has looked again.
const HEALING_REFUSALS_MAX: u32 = 1;
const KINDS: [(Fault, After); 4] = [
    (Fault::Io, After::Once),
    (Fault::Io, After::ForEver),
    (Fault::Full, After::Once),
    (Fault::Full, After::ForEver),
];

#[test]
fn a_disk_that_fails_at_a_sample_of_the_calls_is_told_and_survived() {
    fail_everywhere(number("HECATE_FAULT_FAILURES", 300));
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
    refused_full: u32,
    refused_since_healed: u32,
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
            refused_full: 0,
            refused_since_healed: 0,
        };
        for step in steps {
            trial.step(step).await.map_err(|complaint| format!("{step:?}: {complaint}"))?;
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
        for (request, outcome) in asked {
            if is_doomed && outcome.is_ok() {
                return Err(format!("acknowledged after a failed flush: {outcome:?}"));
            }
            self.take(request, outcome).await?;
        }
        if self.handle_ended { self.outlive().await } else { Ok(()) }
    }

    /// The failed call was a flush, and this handle made it.
    fn flush_failed(&self) -> bool {
        let recorder = &self.witness.recorder;
        let was_ours = self.opened_at < self.nth_call && self.nth_call <= recorder.calls();
        was_ours && recorder.describe(self.nth_call).contains(" sync ")
    }

    async fn take(
        &mut self,
        request: Request,
        outcome: Result<String, AppendError>,
    ) -> Result<(), Complaint> {
        match outcome {
            Err(AppendError::Unavailable { reason: UnavailableReason::DiskFull }) => self.refused().await,
            Err(AppendError::Unavailable { reason: UnavailableReason::Io | UnavailableReason::Closed }) => {
                self.handle_ended = true;
                Ok(())
            }
            Err(AppendError::Unknown) => {
                self.handle_ended = true;
                self.unknown.push(request);
                Ok(())
            }
            decided => {
                let wanted = request.apply(&mut self.model);
                let fits = said(&decided) == said(&wanted) && self.unknown.is_empty();
                if fits { Ok(()) } else { Err(format!("{decided:?}, wanted {wanted:?}")) }
            }
        }
    }

    /// Refused for want of space: reads go on, what was refused is not there even if the process is
    /// killed now, and when there is space again this handle writes again.
    async fn refused(&mut self) -> Result<(), Complaint> {
        if self.fault != Fault::Full {
            return Err("disk_full on a disk that failed otherwise".to_owned());
        }
        self.refused_full += 1;
        if self.refused_full == 1 {
            which(&self.store, [&self.model], self.model.clock_us).await?;
            self.is_kept_by(DiskModel::Kept).await?;
            self.is_kept_by(DiskModel::Torn).await?;
        }
        if self.refused_full == FULL_REFUSALS {
            self.witness.recorder.heal();
        }
        self.refused_since_healed += u32::from(self.refused_full > FULL_REFUSALS);
        if self.refused_since_healed <= HEALING_REFUSALS_MAX {
            Ok(())
        } else {
            Err("it does not heal".to_owned())
        }
    }

    async fn is_kept_by(&self, model: DiskModel) -> Result<(), Complaint> {
        let (there, recorder) = (folder(), &self.witness.recorder);
        recorder.survivors(recorder.calls() + 1, model, self.nth_call, there.path()).unwrap();
        let store = open(&file(there.path()))?;
        let found = which(&store, [&self.model], self.model.clock_us).await;
        found.map(drop).map_err(|complaint| format!("killed after the refusal ({model:?}): {complaint}"))
    }

    /// This handle writes no more: it says so, and what it leaves is what it said.
    async fn outlive(&mut self) -> Result<(), Complaint> {
        self.store.closed().await;
        let late = Request::Append(Author::new(1).plain()).ask(&self.store).await;
        if !matches!(late, Err(AppendError::Unavailable { .. })) {
            return Err(format!("an append to a store that ended: {late:?}"));
        }
        self.witness.recorder.heal();
        self.reopen().await
    }

    async fn reopen(&mut self) -> Result<(), Complaint> {
        self.store.close().await;
        let mut with_unknown = self.model.clone();
        for request in std::mem::take(&mut self.unknown) {
            drop(request.apply(&mut with_unknown));
        }
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
