//! A suite is run: its results follow, and then its conclusion.

use super::runs::{SUITE_CONCLUDED, SUITE_RUN_OPEN, TOO_MANY_RUNS};
use super::{SuiteType, Testing};
use hecate_desk::lifecycle::Pass;
use hecate_desk::prelude::*;
use hecate_proto::id::SuiteId;

/// Run a test suite.
#[derive(Deserialize, JsonSchema)]
pub(super) struct RunTestSuite {
    /// What it is called.
    suite_name: Name<200>,
    /// What it tests; units unless said otherwise.
    suite_type: Option<SuiteType>,
    /// The module that it is about.
    target_module: Option<Text<200>>,
    /// The desk that it is about.
    desk_id: Option<Text<200>>,
    /// The id of this run; minted where it is left out.
    suite_id: Option<SuiteId>,
}

#[derive(Serialize, Deserialize, JsonSchema)]
pub(crate) struct TestSuiteRun {
    #[serde(flatten)]
    pub(crate) pass: Pass,
    pub(crate) suite_id: String,
    pub(crate) suite_name: String,
    pub(crate) run_number: u32,
    pub(crate) suite_type: SuiteType,
    pub(crate) target_module: Option<String>,
    pub(crate) desk_id: Option<String>,
    pub(crate) run_by: String,
    pub(crate) run_at: i64,
}

impl Desk<Testing> for RunTestSuite {
    const SPEC: DeskSpec = DeskSpec {
        name: "run_test_suite",
        path: "suite",
        aliases: &[],
        says: "Run a test suite",
        allowed_in: StateMask::ACTIVE,
        refuses: &[SUITE_RUN_OPEN, SUITE_CONCLUDED, TOO_MANY_RUNS],
    };
    const RECORDS: &'static [EventEntry<Testing>] = &[event::<_, TestSuiteRun>()];

    fn decide(self, testing: &Testing, at: &Moment) -> Result<Decision<Testing>, Refused> {
        let suite_id = self.suite_id.map_or_else(|| at.mint(SuiteId::KIND), |id| id.to_string());
        Ok(Decision::from(TestSuiteRun {
            pass: testing.dossier.pass(),
            run_number: testing.runs.next(&suite_id, self.suite_name.as_str())?,
            suite_id,
            suite_name: self.suite_name.into(),
            suite_type: self.suite_type.unwrap_or_default(),
            target_module: self.target_module.map(String::from),
            desk_id: self.desk_id.map(String::from),
            run_by: at.actor.clone(),
            run_at: at.at_us,
        }))
    }
}

impl Event<Testing> for TestSuiteRun {
    const TYPE: &'static str = "test_suite_run_v1";
    const EMITS: Emits = Emits::GroupAndMesh;

    fn evolve(self, testing: &mut Testing) {
        testing.runs.begin(self.suite_id, self.suite_name, self.run_number);
    }
}

#[cfg(test)]
#[test]
fn a_suite_is_run_again_once_its_run_is_concluded_and_each_run_has_its_own_id() {
    use super::{conclude_test_suite::ConcludeTestSuite, kit};
    let testing = kit::a_run_of_unit_tests();
    let refusal = testing.when::<RunTestSuite>(kit::run("unit", 'B')).unwrap_err();
    assert!(refusal.is(SUITE_RUN_OPEN));
    assert!(testing.when::<RunTestSuite>(kit::run("e2e", 'A')).unwrap_err().is(SUITE_RUN_OPEN));
    let done = testing.asked::<ConcludeTestSuite>(serde_json::json!({"suite_id": kit::suite_id('A')}));
    assert!(done.when::<RunTestSuite>(kit::run("unit", 'A')).unwrap_err().is(SUITE_CONCLUDED));
    let again = done.when::<RunTestSuite>(kit::run("unit", 'B')).unwrap();
    assert_eq!(again[0].1["run_number"], 2);
}
