//! An incident is diagnosed, fixed, or handed back to design.

use super::journal::because;
use super::tells::{Tells, tells};
use crate::rescue_division::{FixApplied, IncidentDiagnosed, RedesignEscalated, Rescue};

tells! {
    Rescue;
    IncidentDiagnosed, diagnosed_by: |fact, division|
        because(format!("Incident of {division} diagnosed"), Some(&fact.root_cause));
    FixApplied, applied_by: |fact, division|
        because(format!("Fix applied to {division}"), Some(&fact.fix_description));
}

impl Tells for RedesignEscalated {
    type Of = Rescue;

    fn ids(&self) -> (&str, &str) {
        (&self.of.division.venture_id, &self.of.division.division_id)
    }

    fn says(&self, division: &str) -> String {
        because(format!("Redesign of {division} asked for"), Some(&self.reason))
    }

    fn actor(&self) -> &str {
        &self.escalated_by
    }
}
