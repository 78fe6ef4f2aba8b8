//! The runs of test suites in one pass, with what each has found so far.

use hecate_desk::prelude::*;
use std::collections::{BTreeMap, BTreeSet};

/// Runs of one pass.
const RUNS_MAX: usize = 1_000;
/// Tests of one run.
const RESULTS_MAX: usize = 10_000;

pub(super) const SUITE_NOT_FOUND: Refusal =
    Refusal::new(404, "suite_not_found", "No run in this pass has this suite id.");
pub(super) const SUITE_CONCLUDED: Refusal =
    Refusal::new(409, "suite_concluded", "This run of the suite is concluded.");
pub(super) const SUITE_RUN_OPEN: Refusal =
    Refusal::new(409, "suite_run_open", "A run of this suite is open; conclude it first.");
pub(super) const TOO_MANY_RUNS: Refusal =
    Refusal::new(422, "too_many_suite_runs", "One pass through testing has at most 1,000 runs.");
pub(super) const RESULT_ALREADY_RECORDED: Refusal =
    Refusal::new(409, "result_already_recorded", "This run has a result of this test.");
pub(super) const TOO_MANY_RESULTS: Refusal =
    Refusal::new(422, "too_many_results", "One run of a suite has at most 10,000 results.");

/// The runs of one pass, by suite id.
#[derive(Default, Serialize, Deserialize)]
pub(super) struct Runs {
    of_this_pass: BTreeMap<String, Run>,
    /// An id names one run for ever: 32 bytes each, a thousand a pass at most.
    before: BTreeSet<String>,
}

/// One run of a suite.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Run {
    pub(super) suite_name: String,
    pub(super) run_number: u32,
    pub(super) tally: Tally,
    pub(super) coverage_pct: Option<f64>,
    concluded: bool,
    /// It began before something else was handed over to be tested.
    outdated: bool,
    /// The tests that have a result; forgotten when the run is concluded.
    tested: BTreeSet<String>,
}

/// What a suite tests.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(inline)]
pub(crate) enum SuiteType {
    #[default]
    Unit,
    Integration,
    E2e,
    Acceptance,
}

/// How a test ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(inline)]
pub(crate) enum TestStatus {
    /// As it should.
    Passed,
    /// Otherwise than it should.
    Failed,
    /// It was not run.
    Skipped,
    /// It could not be run to its end.
    Error,
}

/// How many tests ended how.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub(crate) struct Tally {
    pub(crate) passed: u32,
    pub(crate) failed: u32,
    pub(crate) skipped: u32,
    pub(crate) errored: u32,
}

impl Tally {
    pub(super) fn and(self, other: Tally) -> Tally {
        Tally {
            passed: self.passed + other.passed,
            failed: self.failed + other.failed,
            skipped: self.skipped + other.skipped,
            errored: self.errored + other.errored,
        }
    }

    /// What a gate counts as failures.
    pub(super) fn failures(self) -> u32 {
        self.failed + self.errored
    }

    fn count(&mut self, status: TestStatus) {
        *match status {
            TestStatus::Passed => &mut self.passed,
            TestStatus::Failed => &mut self.failed,
            TestStatus::Skipped => &mut self.skipped,
            TestStatus::Error => &mut self.errored,
        } += 1;
    }
}

impl Runs {
    /// The number that the next run of this suite wears, if it may begin under this id.
    pub(super) fn next(&self, suite_id: &str, suite_name: &str) -> Result<u32, Refused> {
        if self.before.contains(suite_id) || self.of_this_pass.get(suite_id).is_some_and(|run| run.concluded)
        {
            return Err(SUITE_CONCLUDED.about("field", "suite_id"));
        }
        let open = self.of_this_pass.iter().filter(|(_, run)| !run.concluded);
        let same = |(id, run): &(&String, &Run)| *id == suite_id || run.suite_name == suite_name;
        if let Some((id, _)) = open.into_iter().find(same) {
            return Err(SUITE_RUN_OPEN.about("suite_id", id.as_str()));
        }
        if self.of_this_pass.len() >= RUNS_MAX {
            return Err(TOO_MANY_RUNS.about("runs_max", RUNS_MAX));
        }
        let of_suite = self.of_this_pass.values().filter(|run| run.suite_name == suite_name);
        Ok(of_suite.map(|run| run.run_number).max().unwrap_or_default() + 1)
    }

    /// The run that is open under this id.
    pub(super) fn open(&self, suite_id: &str) -> Result<&Run, Refused> {
        let run = self.of_this_pass.get(suite_id).ok_or(SUITE_NOT_FOUND.about("field", "suite_id"))?;
        if run.concluded { Err(SUITE_CONCLUDED.about("field", "suite_id")) } else { Ok(run) }
    }

    /// The last run of each suite that was concluded, by the suite's name; none that is outdated.
    pub(super) fn last_concluded(&self) -> BTreeMap<&str, &Run> {
        let mut last: BTreeMap<&str, &Run> = BTreeMap::new();
        for run in self.of_this_pass.values().filter(|run| run.concluded && !run.outdated) {
            let known = last.entry(&run.suite_name).or_insert(run);
            if known.run_number < run.run_number {
                *known = run;
            }
        }
        last
    }

    /// The suites of the runs that are not concluded; none that is outdated.
    pub(super) fn open_suites(&self) -> impl Iterator<Item = &str> {
        let open = self.of_this_pass.values().filter(|run| !run.concluded && !run.outdated);
        open.map(|run| run.suite_name.as_str())
    }

    pub(super) fn begin(&mut self, suite_id: String, suite_name: String, run_number: u32) {
        let (tally, tested) = (Tally::default(), BTreeSet::new());
        let (concluded, outdated) = (false, false);
        let run = Run { suite_name, run_number, tally, coverage_pct: None, concluded, outdated, tested };
        self.of_this_pass.insert(suite_id, run);
    }

    pub(super) fn count(&mut self, suite_id: &str, test_name: String, status: TestStatus) {
        if let Some(run) = self.of_this_pass.get_mut(suite_id) {
            run.tally.count(status);
            run.tested.insert(test_name);
        }
    }

    pub(super) fn conclude(&mut self, suite_id: &str, coverage_pct: Option<f64>) {
        if let Some(run) = self.of_this_pass.get_mut(suite_id) {
            (run.concluded, run.coverage_pct) = (true, coverage_pct);
            run.tested.clear();
        }
    }

    /// Something else is to be tested than what these runs began with, open ones too.
    pub(super) fn outdate(&mut self) {
        self.of_this_pass.values_mut().for_each(|run| run.outdated = true);
    }

    pub(super) fn begin_pass(&mut self) {
        let ended = std::mem::take(&mut self.of_this_pass);
        self.before.extend(ended.into_keys());
    }
}

impl Run {
    /// Refuses a test that has a result, and more tests than a run may have.
    pub(super) fn demand_new(&self, test_name: &str) -> Result<(), Refused> {
        if self.tested.contains(test_name) {
            return Err(RESULT_ALREADY_RECORDED.about("field", "test_name").about("test_name", test_name));
        }
        if self.tested.len() >= RESULTS_MAX {
            return Err(TOO_MANY_RESULTS.about("results_max", RESULTS_MAX));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pass_has_a_bound_and_so_has_a_run() {
        let mut runs = Runs::default();
        for nth in 0..RUNS_MAX {
            runs.begin(format!("suite-{nth}"), format!("s{nth}"), 1);
        }
        assert!(runs.next("suite-new", "new").unwrap_err().is(TOO_MANY_RUNS));
        for nth in 0..RESULTS_MAX {
            runs.count("suite-0", format!("t{nth}"), TestStatus::Skipped);
        }
        let run = runs.open("suite-0").unwrap();
        assert!(run.demand_new("t").unwrap_err().is(TOO_MANY_RESULTS));
        assert!(run.demand_new("t0").unwrap_err().is(RESULT_ALREADY_RECORDED));
    }
}
