//! Rescue: what is done about one incident, from its diagnosis to what was learned of it.
//!
//! It begins when an incident is raised, one dossier for each, and hands over what it came to. Where a fix is not
//! enough it escalates, and the division is designed anew.

mod apply_fix;
mod diagnose_incident;
mod diagnosis;
mod escalate_to_redesign;
mod fix;
mod on_incident_raised_initiate_rescue;
mod on_monitoring_archived_archive_rescues;

use diagnosis::Diagnosed;
use fix::Fix;
use hecate_desk::lifecycle::{Dossier, Incident, LongLived, Names, Nothing};
use hecate_desk::prelude::*;
use hecate_desk::{
    AutoStart, DeskEntry, ListenerEntry, ProcessSpec, lifecycle_desks, lifecycle_names, listener,
};

pub(crate) use apply_fix::FixApplied;
pub(crate) use diagnose_incident::IncidentDiagnosed;
pub(crate) use escalate_to_redesign::RedesignEscalated;

const NOTHING_DONE: Refusal = Refusal::new(
    422,
    "nothing_done",
    "A rescue comes to what was done in it: a fix, an escalation, or nothing where it was a false alarm.",
);

/// The flag of a pass in which the effect was taken away.
pub(crate) const MITIGATED: Status = Status(32);
/// The flag of a pass that made the division be designed anew.
pub(crate) const ESCALATED: Status = Status(64);

/// The rescue of one incident.
#[derive(Default, Serialize, Deserialize)]
pub(crate) struct Rescue {
    dossier: Dossier<Incident, IncidentHandOff>,
    /// The last one is current.
    diagnoses: Vec<Diagnosed>,
    /// Those of this pass.
    fixes: Vec<Fix>,
}

/// What goes wrong.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub(crate) struct IncidentHandOff {
    pub(crate) incident_title: String,
    pub(crate) severity: String,
    pub(crate) description: Option<String>,
    pub(crate) check_id: Option<String>,
    pub(crate) release_id: Option<String>,
}

/// What a rescue came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(inline)]
pub(crate) enum Outcome {
    /// The cause is gone.
    Fixed,
    /// The effect is gone.
    Mitigated,
    /// Nothing was wrong.
    FalseAlarm,
    /// The division is designed anew.
    Escalated,
}

/// What is asked when a rescue is completed.
#[derive(Deserialize, JsonSchema)]
pub(crate) struct CompleteRescue {
    /// What it came to, in words.
    resolution: Text<4000>,
    /// What it came to; what was done says so where it is left out.
    outcome: Option<Outcome>,
    /// What is done otherwise from now on.
    #[schemars(length(max = 50))]
    lessons_learned: Option<Vec<Text<1000>>>,
    /// What is still to be done.
    #[schemars(length(max = 50))]
    action_items: Option<Vec<Text<1000>>>,
}

/// What a rescue hands over.
#[derive(Serialize, Deserialize, JsonSchema)]
pub(crate) struct Rescued {
    pub(crate) outcome: Outcome,
    pub(crate) resolution: String,
    pub(crate) lessons_learned: Vec<String>,
    pub(crate) action_items: Vec<String>,
    /// The diagnosis that was current.
    pub(crate) diagnosis_id: Option<String>,
    pub(crate) fixes: Vec<Fix>,
}

impl LongLived for Rescue {
    const PROCESS: ProcessSpec = ProcessSpec {
        name: "rescue_division",
        noun: "rescue",
        says: "Rescue: what is done about one incident of a division.",
        base: "/api/divisions/{division_id}/rescue",
        stream: "rescue-{division_id}-{incident_id}",
    };
    const NAMES: Names = lifecycle_names!("rescue");
    const DESKS: &'static [DeskEntry<Self>] = lifecycle_desks![
        diagnose_incident::DiagnoseIncident,
        apply_fix::ApplyFix,
        escalate_to_redesign::EscalateToRedesign,
    ];
    const LISTENERS: &'static [ListenerEntry<Self>] = &[
        listener::<_, on_incident_raised_initiate_rescue::IncidentRaised>(),
        listener::<_, on_monitoring_archived_archive_rescues::MonitoringArchived>(),
    ];
    const AUTO_START: AutoStart = AutoStart::OnSeverity;
    const AUTO_START_MAY: &'static [AutoStart] =
        &[AutoStart::Never, AutoStart::Always, AutoStart::OnSeverity];

    type Of = Incident;
    type HandOff = IncidentHandOff;
    type CompleteAsked = CompleteRescue;
    type HandOver = Rescued;
    type ArchiveAsked = Nothing;

    const COMPLETE_REFUSES: &'static [Refusal] = &[NOTHING_DONE];
    const PASS_FLAGS: Status = MITIGATED.and(ESCALATED);

    fn dossier(&self) -> &Dossier<Incident, IncidentHandOff> {
        &self.dossier
    }

    fn dossier_mut(&mut self) -> &mut Dossier<Incident, IncidentHandOff> {
        &mut self.dossier
    }

    fn complete(&self, asked: CompleteRescue, _: &Moment) -> Result<Rescued, Refused> {
        let outcome = self.came_to(asked.outcome)?;
        let texts = |said: Option<Vec<_>>| said.into_iter().flatten().map(String::from).collect();
        Ok(Rescued {
            outcome,
            resolution: asked.resolution.into(),
            lessons_learned: texts(asked.lessons_learned),
            action_items: texts(asked.action_items),
            diagnosis_id: self.diagnoses.last().map(|current| current.diagnosis_id.clone()),
            fixes: self.fixes.clone(),
        })
    }

    /// What was found stays found; what was done before did not help.
    fn begin_cycle(&mut self) {
        self.fixes.clear();
    }
}

impl Rescue {
    /// What it came to: what was done, or what is said where that was done.
    fn came_to(&self, said: Option<Outcome>) -> Result<Outcome, Refused> {
        let Some(outcome) = said.or(self.done()) else {
            let hint = "Apply a fix, escalate, or call it a false alarm.";
            return Err(NOTHING_DONE.about("hint", hint));
        };
        let is_escalated = self.dossier.status.has(ESCALATED);
        let (was_done, hint) = match outcome {
            Outcome::Fixed | Outcome::Mitigated => (!self.fixes.is_empty(), "Apply a fix first."),
            Outcome::FalseAlarm => (!is_escalated, "The division is designed anew: say `escalated`."),
            Outcome::Escalated => (is_escalated, "Escalate it first."),
        };
        if was_done { Ok(outcome) } else { Err(NOTHING_DONE.about("hint", hint)) }
    }

    /// What was done in this pass comes to this, if anything was done.
    fn done(&self) -> Option<Outcome> {
        let is_escalated = self.dossier.status.has(ESCALATED);
        let is_fixed = self.fixes.iter().any(|fix| !fix.mitigation);
        match () {
            () if is_escalated => Some(Outcome::Escalated),
            () if is_fixed => Some(Outcome::Fixed),
            () => self.fixes.first().map(|_| Outcome::Mitigated),
        }
    }
}

#[cfg(test)]
mod kit {
    //! Rescues for the desks' own tests.
    use super::{Rescue, diagnose_incident::DiagnoseIncident};
    use hecate_desk::kit::{Given, ULID, given};
    use hecate_desk::lifecycle::{Initiate, Start};
    use serde_json::{Value, json};

    /// The request, about the incident that all of these tests are about.
    pub(super) fn about(mut ask: Value) -> Value {
        ask["incident_id"] = format!("inc-{ULID}").into();
        ask
    }

    pub(super) fn fix(fix_type: &str) -> Value {
        about(json!({"fix_type": fix_type, "fix_description": "Turn it off and on"}))
    }

    pub(super) fn an_active_rescue() -> Given<Rescue> {
        let handoff =
            json!({"incident_title": "Down", "severity": "high", "release_id": format!("rel-{ULID}")});
        let initiate = about(json!({"venture_id": format!("v-{ULID}"), "division_id": format!("d-{ULID}"),
            "division_name": "orders", "handoff": handoff, "visibility": "realm",
            "source_event_id": "01890000-0000-7000-8000-000000000000", "start": false}));
        given().asked::<Initiate<Rescue>>(initiate).asked::<Start<Rescue>>(about(json!({})))
    }

    pub(super) fn a_diagnosed_rescue() -> Given<Rescue> {
        let diagnosis = about(json!({"diagnosis": "The disk is full", "root_cause": "Logs are kept"}));
        an_active_rescue().asked::<DiagnoseIncident>(diagnosis)
    }
}

#[cfg(test)]
mod tests {
    use super::{apply_fix::ApplyFix, escalate_to_redesign::EscalateToRedesign, kit, *};
    use hecate_desk::kit::{Given, ULID};
    use hecate_desk::lifecycle::{Complete, Pause, Reopen};
    use serde_json::{Value, json};

    fn completed(rescue: &Given<Rescue>, outcome: Option<&str>) -> Result<Value, Refused> {
        let ask =
            kit::about(json!({"resolution": "Done", "outcome": outcome, "lessons_learned": ["Rotate"]}));
        rescue.when::<Complete<Rescue>>(ask).map(|mut recorded| recorded.remove(0).1)
    }

    #[test]
    fn what_was_done_says_what_the_rescue_came_to() {
        let rescue = kit::a_diagnosed_rescue();
        assert!(completed(&rescue, None).unwrap_err().is(NOTHING_DONE));
        assert!(completed(&rescue, Some("fixed")).unwrap_err().is(NOTHING_DONE));
        assert_eq!(completed(&rescue, Some("false_alarm")).unwrap()["outcome"], "false_alarm");
        let mitigated = rescue.asked::<ApplyFix>(kit::fix("redirect"));
        assert_eq!(completed(&mitigated, None).unwrap()["outcome"], "mitigated");
        let mut patch = kit::fix("patch");
        patch["diagnosis_id"] = format!("diag-{ULID}").into();
        let fixed = mitigated.asked::<ApplyFix>(patch);
        let told = completed(&fixed, None).unwrap();
        assert_eq!(
            (&told["outcome"], &told["diagnosis_id"]),
            (&json!("fixed"), &json!(format!("diag-{ULID}")))
        );
        assert_eq!(
            (&told["fixes"][0]["mitigation"], &told["fixes"][1]["fix_type"]),
            (&json!(true), &json!("patch"))
        );
        assert_eq!((&told["lessons_learned"], &told["action_items"]), (&json!(["Rotate"]), &json!([])));
        let why = json!({"reason": "It comes back", "affected_aggregates": []});
        let escalated = fixed.asked::<EscalateToRedesign>(kit::about(why));
        assert_eq!(completed(&escalated, None).unwrap()["outcome"], "escalated");
        assert_eq!(completed(&escalated, Some("fixed")).unwrap()["outcome"], "fixed");
    }

    #[test]
    fn nobody_says_that_it_came_to_what_was_not_done() {
        let nothing = kit::a_diagnosed_rescue();
        let mitigated = kit::a_diagnosed_rescue().asked::<ApplyFix>(kit::fix("redirect"));
        let why = json!({"reason": "It comes back", "affected_aggregates": []});
        let escalated = kit::a_diagnosed_rescue().asked::<EscalateToRedesign>(kit::about(why));
        for (rescue, may_say) in [
            (nothing, vec!["false_alarm"]),
            (mitigated, vec!["fixed", "mitigated", "false_alarm"]),
            (escalated, vec!["escalated"]),
        ] {
            for outcome in ["fixed", "mitigated", "false_alarm", "escalated"] {
                let told = completed(&rescue, Some(outcome));
                assert_eq!(told.is_ok(), may_say.contains(&outcome), "{outcome}, {may_say:?}");
                if let Err(refused) = told {
                    assert!(refused.is(NOTHING_DONE) && refused.details["hint"].is_string());
                }
            }
        }
    }

    #[test]
    fn another_pass_begins_with_what_was_found_and_with_nothing_done() {
        let rescue = kit::a_diagnosed_rescue().asked::<ApplyFix>(kit::fix("rollback"));
        let done = rescue.asked::<Complete<Rescue>>(kit::about(json!({"resolution": "Back"})));
        assert_eq!(done.aggregate().dossier.status.0, 1 | 16 | 32);
        let again = done.asked::<Reopen<Rescue>>(kit::about(json!({"reason": "Down again"})));
        assert_eq!(again.aggregate().dossier.status.0, 1 | 4);
        assert!(completed(&again, None).unwrap_err().is(NOTHING_DONE));
        let mut patch = kit::fix("patch");
        patch["diagnosis_id"] = format!("diag-{ULID}").into();
        assert!(again.when::<ApplyFix>(patch).is_ok());
    }

    #[test]
    fn each_request_says_in_its_body_which_incident_it_is_about() {
        let refused = kit::an_active_rescue().when::<Pause<Rescue>>(json!({"reason": "Lunch"})).unwrap_err();
        assert_eq!(
            (&refused.details["field"], &refused.details["rule"]),
            (&json!("incident_id"), &json!("required"))
        );
        let mut wrong = kit::about(json!({"reason": "Lunch"}));
        wrong["incident_id"] = format!("d-{ULID}").into();
        let refused = kit::an_active_rescue().when::<Pause<Rescue>>(wrong).unwrap_err();
        assert_eq!(
            (&refused.details["field"], &refused.details["rule"]),
            (&json!("incident_id"), &json!("pattern"))
        );
    }
}
