//! Something is done about the incident: a mitigation at once, a cure once its cause is known.

use super::fix::{DIAGNOSIS_NOT_FOUND, Fix, FixType, TOO_MANY_FIXES};
use super::{MITIGATED, Rescue};
use hecate_desk::lifecycle::Pass;
use hecate_desk::prelude::*;
use hecate_proto::id::{DiagnosisId, FixId};

/// Apply a fix.
#[derive(Deserialize, JsonSchema)]
pub(super) struct ApplyFix {
    /// What is done.
    fix_description: Text<4000>,
    /// What kind of fix; all but the first four follow from a diagnosis.
    fix_type: FixType,
    /// The diagnosis that it follows from.
    diagnosis_id: Option<DiagnosisId>,
    /// The desks that it concerns.
    #[schemars(length(max = 100))]
    affected_desks: Option<Vec<Text<200>>>,
}

#[derive(Serialize, Deserialize, JsonSchema)]
pub(crate) struct FixApplied {
    #[serde(flatten)]
    pub(crate) pass: Pass,
    pub(crate) incident_id: String,
    #[serde(flatten)]
    pub(crate) fix: Fix,
    pub(crate) diagnosis_id: Option<String>,
    /// The release that was at work when the incident was raised.
    pub(crate) release_id: Option<String>,
    pub(crate) fix_description: String,
    pub(crate) affected_desks: Vec<String>,
    pub(crate) applied_by: String,
    pub(crate) applied_at: i64,
}

impl Desk<Rescue> for ApplyFix {
    const SPEC: DeskSpec = DeskSpec {
        name: "apply_fix",
        path: "fix",
        aliases: &[],
        says: "Apply a fix",
        allowed_in: StateMask::ACTIVE,
        refuses: &[DIAGNOSIS_NOT_FOUND, TOO_MANY_FIXES],
    };
    const RECORDS: &'static [EventEntry<Rescue>] = &[event::<_, FixApplied>()];

    fn decide(self, rescue: &Rescue, at: &Moment) -> Result<Decision<Rescue>, Refused> {
        rescue.demand_fit(self.fix_type, self.diagnosis_id.as_ref())?;
        Ok(Decision::from(FixApplied {
            pass: rescue.dossier.pass(),
            incident_id: rescue.dossier.of.incident_id.clone(),
            fix: Fix::new(at.mint(FixId::KIND), self.fix_type),
            diagnosis_id: self.diagnosis_id.map(|id| id.to_string()),
            release_id: rescue.dossier.handoff.release_id.clone(),
            fix_description: self.fix_description.into(),
            affected_desks: self.affected_desks.into_iter().flatten().map(String::from).collect(),
            applied_by: at.actor.clone(),
            applied_at: at.at_us,
        }))
    }
}

impl Event<Rescue> for FixApplied {
    const TYPE: &'static str = "fix_applied_v1";
    const EMITS: Emits = Emits::GroupAndMesh;

    fn evolve(self, rescue: &mut Rescue) {
        rescue.dossier.raise(if self.fix.mitigation { MITIGATED } else { Status::default() });
        rescue.fixes.push(self.fix);
    }
}

#[cfg(test)]
#[test]
fn a_cure_follows_from_a_diagnosis_and_a_mitigation_need_not() {
    use super::{fix::FIXES_MAX, kit::a_diagnosed_rescue, kit::fix};
    let rescue = a_diagnosed_rescue();
    assert!(rescue.when::<ApplyFix>(fix("hotfix")).unwrap_err().is(DIAGNOSIS_NOT_FOUND));
    let mut unknown = fix("rollback");
    unknown["diagnosis_id"] = "diag-01ARZ3NDEKTSV4RRFFQ69G5FAA".into();
    assert!(rescue.when::<ApplyFix>(unknown).unwrap_err().is(DIAGNOSIS_NOT_FOUND));
    let told = rescue.when::<ApplyFix>(fix("scale_up")).unwrap()[0].1.clone();
    assert_eq!((&told["mitigation"], told["release_id"].is_string()), (&true.into(), true));
    let many = (0..FIXES_MAX).fold(rescue, |rescue, _| rescue.asked::<ApplyFix>(fix("scale_up")));
    assert!(many.when::<ApplyFix>(fix("scale_up")).unwrap_err().is(TOO_MANY_FIXES));
}
