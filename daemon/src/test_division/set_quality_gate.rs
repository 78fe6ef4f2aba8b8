//! Somebody says what has to be shown before the division may be deployed; what was said last counts.

use super::{Testing, gate::Criterion, gate::QualityGate};
use hecate_desk::lifecycle::Pass;
use hecate_desk::prelude::*;

/// Set the quality gate.
#[derive(Deserialize, JsonSchema)]
pub(super) struct SetQualityGate {
    /// Per cent of the code that tests have to cover; 0 unless said otherwise.
    min_coverage_pct: Option<f64>,
    /// The names of the suites that have to be run.
    #[schemars(length(max = 100))]
    required_suites: Option<Vec<Text<200>>>,
    /// How many tests may fail; none unless said otherwise.
    max_failures: Option<i64>,
    /// What people will look at before they accept it.
    #[schemars(length(max = 100))]
    acceptance_criteria: Option<Vec<Criterion>>,
}

#[derive(Serialize, Deserialize, JsonSchema)]
pub(crate) struct QualityGateSet {
    #[serde(flatten)]
    pub(crate) pass: Pass,
    #[serde(flatten)]
    pub(crate) gate: QualityGate,
    pub(crate) set_by: String,
    pub(crate) set_at: i64,
}

const INVALID_QUALITY_GATE: Refusal = Refusal::new(
    422,
    "invalid_quality_gate",
    "A coverage is 0 to 100 per cent, and the failures allowed are 0 or more.",
);

impl Desk<Testing> for SetQualityGate {
    const SPEC: DeskSpec = DeskSpec {
        name: "set_quality_gate",
        path: "gate",
        aliases: &[],
        says: "Set the quality gate of the division",
        allowed_in: StateMask::LIVE.without(Status::PAUSED.and(Status::COMPLETED)),
        refuses: &[INVALID_QUALITY_GATE],
    };
    const RECORDS: &'static [EventEntry<Testing>] = &[event::<_, QualityGateSet>()];

    fn decide(self, testing: &Testing, at: &Moment) -> Result<Decision<Testing>, Refused> {
        let out_of_range = |field: &str| INVALID_QUALITY_GATE.about("field", field).about("rule", "range");
        let min_coverage_pct = self.min_coverage_pct.unwrap_or_default();
        if !(0.0..=100.0).contains(&min_coverage_pct) {
            return Err(out_of_range("min_coverage_pct"));
        }
        let max_failures = u32::try_from(self.max_failures.unwrap_or_default());
        let gate = QualityGate {
            min_coverage_pct,
            required_suites: self.required_suites.into_iter().flatten().map(String::from).collect(),
            max_failures: max_failures.map_err(|_| out_of_range("max_failures"))?,
            acceptance_criteria: self.acceptance_criteria.unwrap_or_default(),
        };
        let (pass, set_by) = (testing.dossier.pass(), at.actor.clone());
        Ok(QualityGateSet { pass, gate, set_by, set_at: at.at_us }.into())
    }
}

impl Event<Testing> for QualityGateSet {
    const TYPE: &'static str = "quality_gate_set_v1";
    const EMITS: Emits = Emits::Group;

    fn evolve(self, testing: &mut Testing) {
        testing.gate = self.gate;
    }
}

#[cfg(test)]
#[test]
fn a_gate_is_within_its_range_and_may_be_set_before_work_begins() {
    use serde_json::{Value, json};
    let testing = super::kit::a_pending_testing();
    let refusal = |gate: Value| testing.when::<SetQualityGate>(gate).unwrap_err();
    for wrong in
        [json!({"min_coverage_pct": 100.5}), json!({"min_coverage_pct": -1}), json!({"max_failures": -1})]
    {
        assert!(refusal(wrong.clone()).is(INVALID_QUALITY_GATE), "{wrong}");
    }
    let set = testing.when::<SetQualityGate>(json!({"min_coverage_pct": 80})).unwrap()[0].1.clone();
    assert_eq!((&set["min_coverage_pct"], &set["max_failures"]), (&json!(80.0), &json!(0)));
}
