//! Suites are run and concluded against a gate. Single results are too many for a journal: the conclusion counts them.

use super::tells::tells;
use crate::test_division::{QualityGateSet, TestSuiteConcluded, TestSuiteRun, Testing};

tells! {
    Testing;
    QualityGateSet, of pass, by set_by: |fact, division|
        format!("Quality gate of {division} set: coverage of {} %, {} failures at most",
            fact.gate.min_coverage_pct, fact.gate.max_failures);
    TestSuiteRun, of pass, by run_by: |fact, division|
        format!("Suite {} of {division} run, number {}", fact.suite_name, fact.run_number);
    TestSuiteConcluded, of pass, by concluded_by: |fact, division| {
        let tally = &fact.tally;
        format!("Suite {} of {division} concluded: {} passed, {} failed, {} skipped, {} in error",
            fact.suite_name, tally.passed, tally.failed, tally.skipped, tally.errored)
    };
}
