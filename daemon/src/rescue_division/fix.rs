//! What is done about an incident: it takes away the effect at once, or the cause once that is known.

use super::Rescue;
use hecate_desk::prelude::*;
use hecate_proto::id::DiagnosisId;

pub(super) const DIAGNOSIS_NOT_FOUND: Refusal =
    Refusal::new(422, "diagnosis_not_found", "A fix that is no mitigation follows from a known diagnosis.");
pub(super) const TOO_MANY_FIXES: Refusal =
    Refusal::new(422, "too_many_fixes", "One pass has at most 200 fixes.");
pub(super) const FIXES_MAX: usize = 200;

/// A fix, as it is kept and handed over.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub(crate) struct Fix {
    pub(crate) fix_id: String,
    pub(crate) fix_type: FixType,
    pub(crate) mitigation: bool,
}

/// What kind of fix.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(inline)]
pub(crate) enum FixType {
    Rollback,
    FeatureDisable,
    ScaleUp,
    Redirect,
    Hotfix,
    Config,
    DataRepair,
    Patch,
}

impl FixType {
    /// Whether it takes away the effect, not the cause.
    fn is_mitigation(self) -> bool {
        matches!(self, FixType::Rollback | FixType::FeatureDisable | FixType::ScaleUp | FixType::Redirect)
    }
}

impl Fix {
    pub(super) fn new(fix_id: String, fix_type: FixType) -> Fix {
        Fix { fix_id, fix_type, mitigation: fix_type.is_mitigation() }
    }
}

impl Rescue {
    /// Refuses a cure of something that nobody found, and more fixes than a pass may have.
    pub(super) fn demand_fit(&self, fix_type: FixType, follows: Option<&DiagnosisId>) -> Result<(), Refused> {
        let knows = |id: &DiagnosisId| self.diagnoses.iter().any(|known| known.diagnosis_id == id.as_str());
        if !follows.map_or(fix_type.is_mitigation(), knows) {
            return Err(DIAGNOSIS_NOT_FOUND.about("field", "diagnosis_id"));
        }
        if self.fixes.len() >= FIXES_MAX {
            return Err(TOO_MANY_FIXES.about("fixes_max", FIXES_MAX));
        }
        Ok(())
    }
}
