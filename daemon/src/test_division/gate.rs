//! The quality gate: what testing has to show before its division may be deployed.

use super::runs::{Run, Runs, Tally};
use hecate_desk::prelude::*;

/// What the last run of each suite has to show, all suites together.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub(crate) struct QualityGate {
    pub(crate) min_coverage_pct: f64,
    pub(crate) required_suites: Vec<String>,
    pub(crate) max_failures: u32,
    pub(crate) acceptance_criteria: Vec<Criterion>,
}

/// What people will look at before they accept it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[schemars(inline)]
pub(crate) struct Criterion {
    /// How it is called for short.
    id: Text<64>,
    /// What has to be true.
    text: Text<1000>,
}

/// All suites together, each by its last run that was concluded.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub(crate) struct Totals {
    pub(crate) suites: u32,
    #[serde(flatten)]
    pub(crate) tally: Tally,
}

/// What a gate says of the runs of one pass.
pub(super) struct Verdict {
    /// What it still waits for; nothing where it is met.
    pub(super) missing: Vec<String>,
    pub(super) totals: Totals,
    pub(super) coverage_pct: Option<f64>,
}

impl QualityGate {
    pub(super) fn judge(&self, runs: &Runs) -> Verdict {
        let last: Vec<&Run> = runs.last_concluded().into_values().collect();
        let tally = last.iter().fold(Tally::default(), |all, run| all.and(run.tally));
        // What one suite covers, all of them cover together at least.
        let coverage_pct = last.iter().filter_map(|run| run.coverage_pct).max_by(f64::total_cmp);
        let mut missing = self.missing_suites(&last);
        // What a run has found so far counts for nothing yet, so a gate does not look past it.
        missing.extend(runs.open_suites().map(|suite| format!("the end of the open run of {suite}")));
        if tally.failures() > self.max_failures {
            missing.push(format!("at most {} failures; there are {}", self.max_failures, tally.failures()));
        }
        if coverage_pct.unwrap_or_default() < self.min_coverage_pct {
            missing.push(format!("a coverage of {} %", self.min_coverage_pct));
        }
        Verdict { missing, totals: Totals { suites: last.len() as u32, tally }, coverage_pct }
    }

    fn missing_suites(&self, last: &[&Run]) -> Vec<String> {
        let is_concluded = |suite: &&String| last.iter().any(|run| run.suite_name == **suite);
        let open = self.required_suites.iter().filter(|suite| !is_concluded(suite));
        open.map(|suite| format!("a concluded run of {suite}")).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::super::{QUALITY_GATE_NOT_MET, Testing, kit, record_test_result::RecordTestResult};
    use super::super::{
        conclude_test_suite::ConcludeTestSuite, run_test_suite::RunTestSuite,
        set_quality_gate::SetQualityGate,
    };
    use hecate_desk::kit::Given;
    use hecate_desk::lifecycle::{Complete, Initiate, Reopen};
    use serde_json::{Value, json};

    /// One more run of a suite with one test, concluded.
    fn ran(
        testing: Given<Testing>,
        suite: &str,
        letter: char,
        status: &str,
        coverage: u32,
    ) -> Given<Testing> {
        let conclude = json!({"suite_id": kit::suite_id(letter), "coverage_pct": coverage});
        testing
            .asked::<RunTestSuite>(kit::run(suite, letter))
            .asked::<RecordTestResult>(kit::result(letter, "sells", status))
            .asked::<ConcludeTestSuite>(conclude)
    }

    fn gated() -> Given<Testing> {
        let gate = json!({"min_coverage_pct": 80, "required_suites": ["unit", "e2e"]});
        kit::an_active_testing().asked::<SetQualityGate>(gate)
    }

    fn missing(testing: &Given<Testing>) -> Vec<Value> {
        let refused = testing.when::<Complete<Testing>>(json!({})).unwrap_err();
        assert!(refused.is(QUALITY_GATE_NOT_MET));
        refused.details["missing"].as_array().cloned().unwrap()
    }

    #[test]
    fn the_gate_says_all_that_it_waits_for_and_counts_the_last_run_of_each_suite() {
        assert_eq!(missing(&gated()).len(), 3, "two suites and the coverage");
        let failed = ran(ran(gated(), "unit", 'A', "error", 90), "e2e", 'B', "failed", 20);
        assert_eq!(missing(&failed), [json!("at most 0 failures; there are 2")]);
        let half = ran(failed, "unit", 'C', "passed", 85);
        assert_eq!(missing(&half), [json!("at most 0 failures; there are 1")]);
        let whole = ran(half, "e2e", 'D', "passed", 20);
        let told = whole.when::<Complete<Testing>>(json!({"override_reason": "Late"})).unwrap()[0].1.clone();
        assert_eq!((&told["gate_passed"], &told["override_reason"]), (&json!(true), &Value::Null));
        let totals = json!({"suites": 2, "passed": 2, "failed": 0, "skipped": 0, "errored": 0});
        assert_eq!((&told["totals"], &told["coverage_pct"]), (&totals, &json!(85.0)));
    }

    #[test]
    fn a_run_that_is_open_hides_no_failure() {
        let failed = ran(kit::an_active_testing(), "unit", 'A', "failed", 0);
        let again = failed.asked::<RunTestSuite>(kit::run("unit", 'B'));
        let open = json!("the end of the open run of unit");
        assert_eq!(missing(&again), [open.clone(), json!("at most 0 failures; there are 1")]);
        let failing =
            kit::a_run_of_unit_tests().asked::<RecordTestResult>(kit::result('A', "sells", "failed"));
        assert_eq!(missing(&failing), [open]);
    }

    #[test]
    fn what_was_tested_before_another_hand_off_does_not_count() {
        let gate = json!({"required_suites": ["unit", "e2e"]});
        let green = ran(kit::an_active_testing().asked::<SetQualityGate>(gate), "unit", 'A', "passed", 0);
        let green = green.asked::<RunTestSuite>(kit::run("e2e", 'B'));
        let again = green.asked::<Initiate<Testing>>(kit::handed_over(2));
        let conclude = json!({"suite_id": kit::suite_id('B')});
        let done = again.asked::<ConcludeTestSuite>(conclude);
        assert_eq!(missing(&done), [json!("a concluded run of unit"), json!("a concluded run of e2e")]);
        let renewed = ran(ran(done, "unit", 'C', "passed", 0), "e2e", 'D', "passed", 0);
        let told = renewed.when::<Complete<Testing>>(json!({})).unwrap()[0].1.clone();
        assert_eq!((&told["gate_passed"], &told["totals"]["suites"]), (&json!(true), &json!(2)));
    }

    #[test]
    fn who_overrides_the_gate_says_why_and_the_next_pass_begins_anew() {
        let over = json!({"override_reason": "The customer waits"});
        let told = gated().when::<Complete<Testing>>(over.clone()).unwrap()[0].1.clone();
        assert_eq!(
            (&told["gate_passed"], &told["override_reason"]),
            (&json!(false), &over["override_reason"])
        );
        let done = ran(kit::an_active_testing(), "unit", 'A', "passed", 0);
        let done = done.asked::<Complete<Testing>>(json!({}));
        assert_eq!(done.aggregate().dossier.status.0, 1 | 16 | 32);
        let again = done.asked::<Reopen<Testing>>(json!({"reason": "More"}));
        assert_eq!(again.aggregate().dossier.status.0, 1 | 4);
        let gate = json!({"required_suites": ["unit"]});
        assert_eq!(missing(&again.asked::<SetQualityGate>(gate)), [json!("a concluded run of unit")]);
    }
}
