//! A run of a suite has come to its end: what it found is counted, and counts for the quality gate.

use super::Testing;
use super::runs::{SUITE_CONCLUDED, SUITE_NOT_FOUND, Tally};
use hecate_desk::lifecycle::Pass;
use hecate_desk::prelude::*;
use hecate_proto::id::SuiteId;

/// Conclude a run of a test suite.
#[derive(Deserialize, JsonSchema)]
pub(super) struct ConcludeTestSuite {
    /// The run.
    suite_id: SuiteId,
    /// Per cent of the code that it covered.
    #[schemars(range(min = 0.0, max = 100.0))]
    coverage_pct: Option<f64>,
    /// How long it took, milliseconds.
    duration_ms: Option<u32>,
}

#[derive(Serialize, Deserialize, JsonSchema)]
pub(crate) struct TestSuiteConcluded {
    #[serde(flatten)]
    pub(crate) pass: Pass,
    pub(crate) suite_id: String,
    pub(crate) suite_name: String,
    #[serde(flatten)]
    pub(crate) tally: Tally,
    pub(crate) coverage_pct: Option<f64>,
    pub(crate) duration_ms: Option<u32>,
    pub(crate) concluded_by: String,
    pub(crate) concluded_at: i64,
}

impl Desk<Testing> for ConcludeTestSuite {
    const SPEC: DeskSpec = DeskSpec {
        name: "conclude_test_suite",
        path: "suite/conclude",
        aliases: &[],
        says: "Conclude a run of a test suite",
        allowed_in: StateMask::ACTIVE,
        refuses: &[SUITE_NOT_FOUND, SUITE_CONCLUDED],
    };
    const RECORDS: &'static [EventEntry<Testing>] = &[event::<_, TestSuiteConcluded>()];

    fn decide(self, testing: &Testing, at: &Moment) -> Result<Decision<Testing>, Refused> {
        let run = testing.runs.open(self.suite_id.as_str())?;
        Ok(Decision::from(TestSuiteConcluded {
            pass: testing.dossier.pass(),
            suite_id: self.suite_id.to_string(),
            suite_name: run.suite_name.clone(),
            tally: run.tally,
            coverage_pct: self.coverage_pct,
            duration_ms: self.duration_ms,
            concluded_by: at.actor.clone(),
            concluded_at: at.at_us,
        }))
    }
}

impl Event<Testing> for TestSuiteConcluded {
    const TYPE: &'static str = "test_suite_concluded_v1";
    const EMITS: Emits = Emits::GroupAndMesh;

    fn evolve(self, testing: &mut Testing) {
        testing.runs.conclude(&self.suite_id, self.coverage_pct);
    }
}

#[cfg(test)]
#[test]
fn a_run_is_concluded_once_with_what_was_counted() {
    use super::{kit, record_test_result::RecordTestResult};
    use serde_json::json;
    let all = ["passed", "failed", "skipped", "error"].map(|status| kit::result('A', status, status));
    let testing = kit::a_run_of_unit_tests().asked::<RecordTestResult>(json!(all));
    let conclude = json!({"suite_id": kit::suite_id('A'), "coverage_pct": 81.5});
    let told = testing.when::<ConcludeTestSuite>(conclude.clone()).unwrap()[0].1.clone();
    for count in ["passed", "failed", "skipped", "errored"] {
        assert_eq!(told[count], 1, "{count}");
    }
    let done = testing.asked::<ConcludeTestSuite>(conclude.clone());
    assert!(done.when::<ConcludeTestSuite>(conclude).unwrap_err().is(SUITE_CONCLUDED));
    let late = kit::result('A', "late", "passed");
    assert!(done.when::<RecordTestResult>(late).unwrap_err().is(SUITE_CONCLUDED));
    let unknown = json!({"suite_id": kit::suite_id('B')});
    assert!(done.when::<ConcludeTestSuite>(unknown).unwrap_err().is(SUITE_NOT_FOUND));
}
