//! Somebody found what causes the incident. What was found last is current.

use super::Rescue;
use super::diagnosis::{Category, Diagnosed};
use hecate_desk::lifecycle::Pass;
use hecate_desk::prelude::*;
use hecate_proto::id::DiagnosisId;

/// Diagnose an incident.
#[derive(Deserialize, JsonSchema)]
pub(super) struct DiagnoseIncident {
    /// What was found.
    diagnosis: Text<4000>,
    /// What causes it.
    root_cause: Text<4000>,
    /// What kind of cause; `unknown` unless said otherwise.
    category: Option<Category>,
}

#[derive(Serialize, Deserialize, JsonSchema)]
pub(crate) struct IncidentDiagnosed {
    #[serde(flatten)]
    pub(crate) pass: Pass,
    pub(crate) incident_id: String,
    pub(crate) diagnosis_id: String,
    pub(crate) diagnosis: String,
    pub(crate) root_cause: String,
    pub(crate) category: Category,
    pub(crate) diagnosed_by: String,
    pub(crate) diagnosed_at: i64,
}

const TOO_MANY_DIAGNOSES: Refusal =
    Refusal::new(422, "too_many_diagnoses", "An incident has at most 200 diagnoses.");
const DIAGNOSES_MAX: usize = 200;

impl Desk<Rescue> for DiagnoseIncident {
    const SPEC: DeskSpec = DeskSpec {
        name: "diagnose_incident",
        path: "diagnose",
        aliases: &[],
        says: "Diagnose an incident",
        allowed_in: StateMask::ACTIVE,
        refuses: &[TOO_MANY_DIAGNOSES],
    };
    const RECORDS: &'static [EventEntry<Rescue>] = &[event::<_, IncidentDiagnosed>()];

    fn decide(self, rescue: &Rescue, at: &Moment) -> Result<Decision<Rescue>, Refused> {
        if rescue.diagnoses.len() >= DIAGNOSES_MAX {
            return Err(TOO_MANY_DIAGNOSES.about("diagnoses_max", DIAGNOSES_MAX));
        }
        Ok(Decision::from(IncidentDiagnosed {
            pass: rescue.dossier.pass(),
            incident_id: rescue.dossier.of.incident_id.clone(),
            diagnosis_id: at.mint(DiagnosisId::KIND),
            diagnosis: self.diagnosis.into(),
            root_cause: self.root_cause.into(),
            category: self.category.unwrap_or_default(),
            diagnosed_by: at.actor.clone(),
            diagnosed_at: at.at_us,
        }))
    }
}

impl Event<Rescue> for IncidentDiagnosed {
    const TYPE: &'static str = "incident_diagnosed_v1";
    const EMITS: Emits = Emits::GroupAndMesh;

    fn evolve(self, rescue: &mut Rescue) {
        let (diagnosis_id, root_cause) = (self.diagnosis_id, self.root_cause);
        rescue.diagnoses.push(Diagnosed { diagnosis_id, root_cause });
    }
}

#[cfg(test)]
#[test]
fn an_incident_has_several_diagnoses_but_not_any_number() {
    use serde_json::json;
    let ask = super::kit::about(json!({"diagnosis": "Full", "root_cause": "Logs"}));
    let rescue = super::kit::an_active_rescue();
    let told = rescue.when::<DiagnoseIncident>(ask.clone()).unwrap()[0].1.clone();
    assert_eq!((&told["category"], &told["incident_id"]), (&json!("unknown"), &ask["incident_id"]));
    let many = (0..DIAGNOSES_MAX).fold(rescue, |rescue, _| rescue.asked::<DiagnoseIncident>(ask.clone()));
    assert!(many.when::<DiagnoseIncident>(ask).unwrap_err().is(TOO_MANY_DIAGNOSES));
}
