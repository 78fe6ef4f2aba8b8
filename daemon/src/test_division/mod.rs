//! Testing: suites are run against what was generated, and a quality gate says whether it may be deployed.
//!
//! It begins when generation is completed and hands over what the gate said, in numbers.

mod conclude_test_suite;
mod gate;
mod on_generation_completed_initiate_testing;
mod record_test_result;
mod run_test_suite;
mod runs;
mod set_quality_gate;

use gate::Verdict;
use hecate_desk::lifecycle::{Division, Dossier, LongLived, Names, Nothing, OnDivisionDismissed};
use hecate_desk::prelude::*;
use hecate_desk::{DeskEntry, ListenerEntry, ProcessSpec, lifecycle_desks, lifecycle_names, listener};
use runs::Runs;

pub(crate) use conclude_test_suite::TestSuiteConcluded;
pub(crate) use gate::{QualityGate, Totals};
pub(crate) use record_test_result::TestResultRecorded;
pub(crate) use run_test_suite::TestSuiteRun;
pub(crate) use runs::{SuiteType, TestStatus};
pub(crate) use set_quality_gate::QualityGateSet;

const QUALITY_GATE_NOT_MET: Refusal = Refusal::new(
    422,
    "quality_gate_not_met",
    "Testing is complete when its quality gate is met, or when somebody says why it need not be.",
);

/// The flag of a pass whose quality gate was met.
const GATE_PASSED: Status = Status(32);

/// The testing of one division.
#[derive(Default, Serialize, Deserialize)]
pub(crate) struct Testing {
    dossier: Dossier<Division, GenerationHandOff>,
    gate: QualityGate,
    runs: Runs,
}

/// What was generated, to be tested.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub(crate) struct GenerationHandOff {
    pub(crate) language: Option<String>,
    pub(crate) workspace_path: Option<String>,
    pub(crate) modules: Vec<GeneratedModule>,
    pub(crate) tests: Vec<GeneratedTest>,
}

/// A module that was generated.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub(crate) struct GeneratedModule {
    pub(crate) module_id: String,
    pub(crate) module_name: String,
    pub(crate) module_type: String,
    pub(crate) file_path: String,
}

/// A test that was generated.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub(crate) struct GeneratedTest {
    pub(crate) test_id: String,
    pub(crate) test_name: String,
    pub(crate) test_type: String,
    pub(crate) module_name: String,
    pub(crate) file_path: String,
}

/// What is asked when testing is completed.
#[derive(Deserialize, JsonSchema)]
pub(crate) struct CompleteTesting {
    /// Why what was tested is handed over although its quality gate is not met.
    override_reason: Option<Text<1000>>,
}

/// What testing hands over.
#[derive(Serialize, Deserialize, JsonSchema)]
pub(crate) struct Tested {
    pub(crate) gate_passed: bool,
    /// Why it is handed over although the gate is not met.
    pub(crate) override_reason: Option<String>,
    pub(crate) totals: Totals,
    pub(crate) coverage_pct: Option<f64>,
}

impl LongLived for Testing {
    const PROCESS: ProcessSpec = ProcessSpec {
        name: "test_division",
        noun: "testing",
        says: "Testing: suites are run against what was generated, and a quality gate judges.",
        base: "/api/divisions/{division_id}/test",
        stream: "testing-{division_id}",
    };
    const NAMES: Names = lifecycle_names!("testing");
    const DESKS: &'static [DeskEntry<Self>] = lifecycle_desks![
        set_quality_gate::SetQualityGate,
        run_test_suite::RunTestSuite,
        record_test_result::RecordTestResult,
        conclude_test_suite::ConcludeTestSuite,
    ];
    const LISTENERS: &'static [ListenerEntry<Self>] = &[
        listener::<_, on_generation_completed_initiate_testing::GenerationCompleted>(),
        listener::<_, OnDivisionDismissed>(),
    ];

    type Of = Division;
    type HandOff = GenerationHandOff;
    type CompleteAsked = CompleteTesting;
    type HandOver = Tested;
    type ArchiveAsked = Nothing;

    const COMPLETE_REFUSES: &'static [Refusal] = &[QUALITY_GATE_NOT_MET];
    const PASS_FLAGS: Status = GATE_PASSED;

    fn dossier(&self) -> &Dossier<Division, GenerationHandOff> {
        &self.dossier
    }

    fn dossier_mut(&mut self) -> &mut Dossier<Division, GenerationHandOff> {
        &mut self.dossier
    }

    fn complete(&self, asked: CompleteTesting, _: &Moment) -> Result<Tested, Refused> {
        let Verdict { missing, totals, coverage_pct } = self.gate.judge(&self.runs);
        let gate_passed = missing.is_empty();
        let override_reason = asked.override_reason.filter(|_| !gate_passed).map(String::from);
        if !gate_passed && override_reason.is_none() {
            return Err(QUALITY_GATE_NOT_MET.about("missing", missing));
        }
        Ok(Tested { gate_passed, override_reason, totals, coverage_pct })
    }

    fn flags_of(tested: &Tested) -> Status {
        if tested.gate_passed { GATE_PASSED } else { Status::default() }
    }

    /// What was tested before says nothing about what is there now.
    fn begin_cycle(&mut self) {
        self.runs.begin_pass();
    }

    /// Nor does it in the middle of a pass.
    fn rebriefed(&mut self, _before: GenerationHandOff) {
        self.runs.outdate();
    }
}

#[cfg(test)]
mod kit {
    //! Testings for the desks' own tests.
    use super::{Testing, run_test_suite::RunTestSuite};
    use hecate_desk::kit::{Given, ULID, given};
    use hecate_desk::lifecycle::{Initiate, Start};
    use serde_json::{Value, json};

    pub(super) fn suite_id(letter: char) -> String {
        format!("suite-{}{letter}", &ULID[..25])
    }

    pub(super) fn run(name: &str, letter: char) -> Value {
        json!({"suite_name": name, "suite_id": suite_id(letter)})
    }

    pub(super) fn result(letter: char, test_name: &str, status: &str) -> Value {
        json!({"suite_id": suite_id(letter), "test_name": test_name, "status": status})
    }

    /// What the nth completed generation hands over.
    pub(super) fn handed_over(nth: u8) -> Value {
        json!({"venture_id": format!("v-{ULID}"), "division_id": format!("d-{ULID}"),
            "division_name": "orders", "handoff": {"modules": [], "tests": []}, "visibility": "realm",
            "source_event_id": format!("01890000-0000-7000-8000-{nth:012}"), "start": false})
    }

    pub(super) fn a_pending_testing() -> Given<Testing> {
        given().asked::<Initiate<Testing>>(handed_over(0))
    }

    pub(super) fn an_active_testing() -> Given<Testing> {
        a_pending_testing().asked::<Start<Testing>>(json!({}))
    }

    /// A run of the suite `unit` is open, as `suite_id('A')`.
    pub(super) fn a_run_of_unit_tests() -> Given<Testing> {
        an_active_testing().asked::<RunTestSuite>(run("unit", 'A'))
    }
}
