//! A test of a run has ended. Results come one by one or up to a thousand at once; then all are recorded or none.

use super::runs::{RESULT_ALREADY_RECORDED, SUITE_CONCLUDED, SUITE_NOT_FOUND, TOO_MANY_RESULTS};
use super::{TestStatus, Testing};
use hecate_desk::lifecycle::Pass;
use hecate_desk::prelude::*;
use hecate_proto::id::SuiteId;

/// Record the result of a test.
#[derive(Deserialize, JsonSchema)]
pub(super) struct RecordTestResult {
    /// The run of the suite.
    suite_id: SuiteId,
    /// The test.
    test_name: Text<500>,
    /// How it ended.
    status: TestStatus,
    /// How long it took, milliseconds.
    duration_ms: Option<u32>,
    /// What it had to say.
    details: Option<Text<8192>>,
}

#[derive(Serialize, Deserialize, JsonSchema)]
pub(crate) struct TestResultRecorded {
    #[serde(flatten)]
    pub(crate) pass: Pass,
    pub(crate) suite_id: String,
    pub(crate) result_id: String,
    pub(crate) test_name: String,
    pub(crate) status: TestStatus,
    pub(crate) duration_ms: Option<u32>,
    pub(crate) details: Option<String>,
    pub(crate) recorded_by: String,
    pub(crate) recorded_at: i64,
}

impl Desk<Testing> for RecordTestResult {
    const SPEC: DeskSpec = DeskSpec {
        name: "record_test_result",
        path: "result",
        aliases: &[],
        says: "Record the result of a test",
        allowed_in: StateMask::ACTIVE,
        refuses: &[SUITE_NOT_FOUND, SUITE_CONCLUDED, RESULT_ALREADY_RECORDED, TOO_MANY_RESULTS],
    };
    const RECORDS: &'static [EventEntry<Testing>] = &[event::<_, TestResultRecorded>()];
    const AT_ONCE_MAX: usize = 1_000;

    fn decide(self, testing: &Testing, at: &Moment) -> Result<Decision<Testing>, Refused> {
        testing.runs.open(self.suite_id.as_str())?.demand_new(self.test_name.as_str())?;
        Ok(Decision::from(TestResultRecorded {
            pass: testing.dossier.pass(),
            result_id: format!("{}/{}", self.suite_id, self.test_name.as_str()),
            suite_id: self.suite_id.to_string(),
            test_name: self.test_name.into(),
            status: self.status,
            duration_ms: self.duration_ms,
            details: self.details.map(String::from),
            recorded_by: at.actor.clone(),
            recorded_at: at.at_us,
        }))
    }
}

impl Event<Testing> for TestResultRecorded {
    const TYPE: &'static str = "test_result_recorded_v1";
    const EMITS: Emits = Emits::Group;

    fn evolve(self, testing: &mut Testing) {
        testing.runs.count(&self.suite_id, self.test_name, self.status);
    }
}

#[cfg(test)]
#[test]
fn a_test_of_a_run_has_one_result_whether_results_come_alone_or_together() {
    use super::kit::{a_run_of_unit_tests, result};
    use serde_json::json;
    let testing = a_run_of_unit_tests();
    let many = json!([result('A', "sells", "passed"), result('A', "ships", "error")]);
    assert_eq!(testing.when::<RecordTestResult>(many.clone()).unwrap().len(), 2);
    let twice = json!([result('A', "sells", "passed"), result('A', "sells", "failed")]);
    let refused = testing.when::<RecordTestResult>(twice).unwrap_err();
    assert!(refused.is(RESULT_ALREADY_RECORDED) && refused.details["item"] == 1);
    assert!(testing.when::<RecordTestResult>(result('B', "x", "passed")).unwrap_err().is(SUITE_NOT_FOUND));
    let done = testing.asked::<RecordTestResult>(many);
    assert!(done.when::<RecordTestResult>(result('A', "ships", "passed")).is_err());
}
