//! An incident is diagnosed, fixed, or handed back to design.

use super::journal::because;
use super::tells::tells;
use crate::rescue_division::{FixApplied, IncidentDiagnosed, RedesignEscalated, Rescue};

tells! {
    Rescue;
    IncidentDiagnosed, of pass, by diagnosed_by: |fact, division|
        because(format!("Incident of {division} diagnosed"), Some(&fact.root_cause));
    FixApplied, of pass, by applied_by: |fact, division|
        because(format!("Fix applied to {division}"), Some(&fact.fix_description));
    RedesignEscalated, of of, by escalated_by: |fact, division|
        because(format!("Redesign of {division} asked for"), Some(&fact.reason));
}
