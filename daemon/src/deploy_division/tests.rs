//! What a deployment hands over, and when; what it makes of tests and of fixes.

use super::kit::*;
use super::on_rollback_fix_applied_roll_back_release::FixApplied;
use super::on_testing_completed_initiate_deployment::TestingCompleted;
use super::roll_back_release::RollBackRelease;
use super::stage_rollout::StageRollout;
use super::{Deployment, ROLLED_BACK, ROLLOUT_INCOMPLETE};
use hecate_desk::kit::{Given, ULID, hears};
use hecate_desk::lifecycle::{Complete, LongLived};
use hecate_desk::{AutoStart, Heard, Listener, Source};
use serde_json::{Value, json};

fn handed_over(deployment: &Given<Deployment>) -> Value {
    deployment.when::<Complete<Deployment>>(json!({})).unwrap()[0].1.clone()
}

fn missing(deployment: &Given<Deployment>) -> Value {
    let refused = deployment.when::<Complete<Deployment>>(json!({})).unwrap_err();
    assert!(refused.is(ROLLOUT_INCOMPLETE));
    refused.details["missing"][0].clone()
}

#[test]
fn a_deployment_is_complete_once_a_release_stands_that_has_reached_everybody() {
    let deployment = a_deployment_of(&[]);
    assert_eq!(missing(&deployment), "a release that stands");
    let deployment = a_deployment_of(&[('A', "1.0.0", "prod")]);
    assert_eq!(handed_over(&deployment)["rollout"], json!([]));
    let deployment = deployment.asked::<StageRollout>(stage('A', 99));
    assert_eq!(missing(&deployment), format!("a stage of 100 % of {}", id('A').as_str().unwrap()));
    let deployment = deployment.asked::<StageRollout>(stage('A', 100));
    let over = handed_over(&deployment);
    let stages = json!([{"stage_name": "canary", "stage_percentage": 99},
        {"stage_name": "canary", "stage_percentage": 100}]);
    assert_eq!((&over["release_id"], &over["rollout"]), (&id('A'), &stages));
    assert_eq!((&over["release_version"], &over["target_env"]), (&json!("1.0.0"), &json!("prod")));
    assert_eq!(over["endpoints"], json!([]));
    assert_eq!(missing(&deployment.asked::<RollBackRelease>(roll_back('A', None))), "a release that stands");
}

#[test]
fn what_stands_after_a_rollback_is_handed_over() {
    let three = [('A', "1.0.0", "prod"), ('B', "1.1.0", "prod"), ('C', "1.2.0", "prod")];
    for (asked, current) in
        [(roll_back('C', None), 'B'), (roll_back('C', Some('A')), 'A'), (roll_back('B', Some('A')), 'C')]
    {
        let deployment = a_deployment_of(&three).asked::<RollBackRelease>(asked);
        assert_eq!(handed_over(&deployment)["release_id"], id(current), "{current}");
    }
}

#[test]
fn the_release_that_most_people_see_is_handed_over() {
    let deployment =
        a_deployment_of(&[('A', "1.0.0", "prod"), ('B', "1.1.0", "staging"), ('C', "1.2.0", "test")]);
    let current = |deployment: &Given<Deployment>| {
        let over = handed_over(deployment);
        (over["release_id"].clone(), over["target_env"].clone())
    };
    assert_eq!(current(&deployment), (id('A'), json!("prod")));
    let deployment = deployment.asked::<RollBackRelease>(roll_back('A', None));
    assert_eq!(current(&deployment), (id('B'), json!("staging")));
    let deployment = deployment.asked::<StageRollout>(stage('B', 50));
    assert_eq!(missing(&deployment), format!("a stage of 100 % of {}", id('B').as_str().unwrap()));
    let deployment = deployment.asked::<RollBackRelease>(roll_back('B', None));
    assert_eq!(current(&deployment), (id('C'), json!("test")));
}

#[test]
fn a_rollback_says_what_stands_in_its_environment_from_now_on() {
    let three = [('A', "1.0.0", "prod"), ('B', "1.1.0", "prod"), ('C', "1.2.0", "test")];
    let deployment = a_deployment_of(&three);
    for (asked, stands) in [
        (roll_back('B', None), Some(('A', "1.0.0"))),
        // The other one goes on running.
        (roll_back('A', None), Some(('B', "1.1.0"))),
        (roll_back('C', None), None),
    ] {
        let told = deployment.when::<RollBackRelease>(asked).unwrap()[0].1.clone();
        let expected = stands.map(|(last, version)| {
            json!({"release_id": id(last), "release_version": version, "target_env": "prod", "endpoints": []})
        });
        assert_eq!(told["standing"], json!(expected));
    }
}

#[test]
fn a_deployment_is_rolled_back_until_something_is_deployed_again() {
    let rolled_back =
        |deployment: &Given<Deployment>| deployment.aggregate().dossier().status.has(ROLLED_BACK);
    let deployment = a_deployment_of(&[('A', "1.0.0", "prod")]);
    assert!(!rolled_back(&deployment));
    let deployment = deployment.asked::<RollBackRelease>(roll_back('A', None));
    assert!(rolled_back(&deployment));
    let deployment = deployment.asked::<super::deploy_release::DeployRelease>(release('B', "1.0.1", "prod"));
    assert!(!rolled_back(&deployment));
}

fn source() -> Source<'static> {
    Source { event_id: uuid::Uuid::nil(), at_us: 0, visibility: "realm", auto_start: AutoStart::Never }
}

#[test]
fn only_tests_that_passed_or_were_let_through_lead_to_a_deployment() {
    for (passed, reason, leads) in
        [(true, json!(null), true), (false, json!("Urgent"), true), (false, json!(null), false)]
    {
        let mut fact = testing();
        (fact["gate_passed"], fact["override_reason"]) = (passed.into(), reason.clone());
        (fact["venture_id"], fact["division_id"]) = ("v-1".into(), "d-1".into());
        fact["division_name"] = "orders".into();
        let heard = serde_json::from_value::<TestingCompleted>(fact).unwrap().hear(&source());
        assert_eq!(matches!(heard, Heard::Asks(_)), leads, "{passed} {reason}");
    }
}

#[test]
fn only_a_fix_that_is_a_rollback_of_a_known_release_leads_to_one() {
    for (fix_type, release_id, leads) in [
        ("rollback", id('A'), true),
        ("rollback", json!(null), false),
        ("rollback", json!("1.0.0"), false),
        ("hotfix", id('A'), false),
    ] {
        assert_eq!(asked(fix_type, release_id).len(), usize::from(leads), "{fix_type}");
    }
}

#[test]
fn a_rollback_names_the_fix_that_it_carries_out() {
    let ask = asked("rollback", id('A')).remove(0);
    let told = a_deployment_of(&[('A', "1.0.0", "prod")]).when::<RollBackRelease>(ask).unwrap();
    assert_eq!(told[0].1["fix_id"], format!("fix-{ULID}"));
}

/// What is asked because of this fix.
fn asked(fix_type: &str, release_id: Value) -> Vec<Value> {
    let fact = json!({"division_id": format!("d-{ULID}"), "incident_id": "inc-1",
        "fix_id": format!("fix-{ULID}"), "fix_type": fix_type, "release_id": release_id});
    hears::<Deployment, FixApplied>(fact, AutoStart::Never)
}
