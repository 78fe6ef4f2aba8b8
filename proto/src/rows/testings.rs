//! Rows of testings, of the runs of their suites and of what these found.

use super::DossierColumns;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The testing of one division, as `GET /api/divisions/{division_id}/tests` shows it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct TestingRow {
    /// The division.
    pub division_id: String,
    /// What the division is called.
    pub division_name: String,
    /// The venture that it belongs to.
    pub venture_id: String,
    /// Where it stands.
    #[serde(flatten)]
    pub dossier: DossierColumns,
    /// Its quality gate; null until somebody sets it.
    pub gate: Option<QualityGateRow>,
    /// Whether the gate was met when it was completed; null while it is open.
    pub gate_passed: Option<bool>,
    /// Why it was completed although the gate was not met.
    pub override_reason: Option<String>,
    /// All suites together; null while it is open.
    pub totals: Option<TestTotalsRow>,
    /// Per cent of the code that was covered.
    pub coverage_pct: Option<f64>,
}

/// What has to be shown before a division may be deployed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct QualityGateRow {
    /// Per cent of the code that tests have to cover.
    pub min_coverage_pct: f64,
    /// The suites that have to be run.
    pub required_suites: Vec<String>,
    /// How many tests may fail.
    pub max_failures: u32,
    /// What people will look at.
    pub acceptance_criteria: Vec<CriterionRow>,
}

/// What people look at before they accept something.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct CriterionRow {
    /// How it is called for short.
    pub id: String,
    /// What has to be true.
    pub text: String,
}

/// What all suites found together.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct TestTotalsRow {
    /// Suites that were run to their end.
    pub suites: u32,
    /// Tests that ended as they should.
    pub passed: u32,
    /// Tests that did not.
    pub failed: u32,
    /// Tests that were not run.
    pub skipped: u32,
    /// Tests that could not be run to their end.
    pub errored: u32,
}

/// One run of a suite, as `GET /api/divisions/{division_id}/tests/suites` lists it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct TestSuiteRow {
    /// `suite-` and a ULID.
    pub suite_id: String,
    /// The division.
    pub division_id: String,
    /// The venture.
    pub venture_id: String,
    /// The pass that it belongs to.
    pub cycle: u32,
    /// What the suite is called.
    pub suite_name: String,
    /// Which run of the suite in this pass, from 1.
    pub run_number: u32,
    /// `unit`, `integration`, `e2e` or `acceptance`.
    pub suite_type: String,
    /// The module that it is about.
    pub target_module: Option<String>,
    /// The desk that it is about.
    pub desk_id: Option<String>,
    /// `open` or `concluded`.
    pub state: String,
    /// Tests that ended as they should, so far.
    pub passed: u32,
    /// Tests that did not.
    pub failed: u32,
    /// Tests that were not run.
    pub skipped: u32,
    /// Tests that could not be run to their end.
    pub errored: u32,
    /// Per cent of the code that it covered.
    pub coverage_pct: Option<f64>,
    /// How long it took.
    pub duration_ms: Option<u32>,
    /// Who began it.
    pub run_by: String,
    /// When.
    pub run_at: String,
    /// When it came to its end.
    pub concluded_at: Option<String>,
}

/// One result, as `GET /api/divisions/{division_id}/tests/results` lists it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct TestResultRow {
    /// The run and the test.
    pub result_id: String,
    /// The run.
    pub suite_id: String,
    /// The division.
    pub division_id: String,
    /// The venture.
    pub venture_id: String,
    /// The test.
    pub test_name: String,
    /// `passed`, `failed`, `skipped` or `error`.
    pub status: String,
    /// How long it took.
    pub duration_ms: Option<u32>,
    /// What it had to say.
    pub details: Option<String>,
    /// Who recorded it.
    pub recorded_by: String,
    /// When.
    pub recorded_at: String,
}
