//! What monitoring refuses: what is there already, what nobody knows, and more than it can carry.

use super::check::INVALID_ENDPOINT;
use super::incident::{ALREADY_OPEN, OPEN_INCIDENTS_MAX, TOO_MANY_INCIDENTS};
use super::kit::{a_watched_division, an_active_monitoring, check, check_id, withdrawal};
use super::raise_incident::{ALREADY_RAISED, IncidentRaised, RaiseIncident};
use super::register_health_check::{
    CHECKS_MAX, HealthCheckRegistered, RegisterHealthCheck, TOO_MANY_HEALTH_CHECKS,
};
use super::resolve_incident::{INCIDENT_ALREADY_RESOLVED, ResolveIncident};
use super::withdraw_release::WithdrawRelease;
use super::{CheckSpec, HEALTH_CHECK_NOT_FOUND, INCIDENT_NOT_FOUND, Monitoring};
use hecate_desk::kit::Given;
use serde_json::json;

#[test]
fn a_check_is_registered_with_an_endpoint_that_can_be_asked() {
    let watched = a_watched_division();
    let mut nowhere = check("cart");
    nowhere["endpoint"] = json!("nowhere");
    assert!(watched.when::<RegisterHealthCheck>(nowhere).unwrap_err().is(INVALID_ENDPOINT));
    let registered = watched.when::<RegisterHealthCheck>(check("cart")).unwrap();
    let unsaid = ["check_type", "interval_ms", "timeout_ms", "unhealthy_after", "expected_status"];
    let unsaid = unsaid.map(|field| registered[0].1[field].clone());
    assert_eq!(unsaid, [json!("http"), json!(30_000), json!(5_000), json!(3), json!(200)]);
    let registered: HealthCheckRegistered = serde_json::from_value(registered[0].1.clone()).unwrap();
    let full = (1..CHECKS_MAX).fold(watched, |so_far, nth| {
        let check = CheckSpec { check_id: format!("check-{nth}"), ..registered.check.clone() };
        so_far.event(HealthCheckRegistered { check, ..registered.clone() })
    });
    assert!(full.when::<RegisterHealthCheck>(check("cart")).unwrap_err().is(TOO_MANY_HEALTH_CHECKS));
}

#[test]
fn a_check_a_signal_and_a_release_have_one_open_incident_each() {
    for about in [
        json!({"check_id": check_id("shop")}),
        json!({"signal": "error_rate"}),
        json!({"release_id": "rel-01ARZ3NDEKTSV4RRFFQ69G5FAA"}),
    ] {
        let mut raise = json!({"incident_title": "Down"});
        raise.as_object_mut().unwrap().extend(about.as_object().cloned().unwrap());
        let open = a_watched_division().asked::<RaiseIncident>(raise.clone());
        assert_eq!(open.aggregate().dossier.status.0, 5 | 32);
        assert!(open.when::<RaiseIncident>(raise).unwrap_err().is(ALREADY_OPEN), "{about}");
    }
    let named = json!({"incident_title": "Slow", "incident_id": "inc-01ARZ3NDEKTSV4RRFFQ69G5FAA"});
    let open = a_watched_division().asked::<RaiseIncident>(named.clone());
    assert!(open.when::<RaiseIncident>(named).unwrap_err().is(ALREADY_RAISED));
    let unknown = json!({"incident_title": "Down", "check_id": check_id("cart")});
    assert!(a_watched_division().when::<RaiseIncident>(unknown).unwrap_err().is(HEALTH_CHECK_NOT_FOUND));
}

#[test]
fn an_incident_of_a_check_or_a_signal_is_none_of_the_release_that_was_current() {
    let release_id = format!("rel-{}", hecate_desk::kit::ULID);
    let standing =
        json!({"release_id": release_id, "release_version": "1", "target_env": "prod", "endpoints": []});
    let watched = a_watched_division().asked::<WithdrawRelease>(withdrawal("rel-1", standing));
    let about = |field: &str, value: &str| json!({"incident_title": "Down", field: value});
    let open = watched.asked::<RaiseIncident>(about("check_id", &check_id("shop")));
    let mut about_release = about("release_id", &release_id);
    about_release["incident_id"] = json!("inc-01ARZ3NDEKTSV4RRFFQ69G5FAA");
    let told = open.when::<RaiseIncident>(about_release).unwrap();
    assert_eq!(told[0].1["release_id"], release_id);
    let version = open.when::<RaiseIncident>(about("release_id", "1.0.0")).unwrap_err();
    assert_eq!(
        (&version.details["field"], &version.details["rule"]),
        (&json!("release_id"), &json!("pattern"))
    );
}

#[test]
fn the_release_that_stands_after_a_rollback_is_current() {
    let blamed = |monitoring: &Given<Monitoring>| {
        let told = monitoring.when::<RaiseIncident>(json!({"incident_title": "Slow"})).unwrap();
        told[0].1["release_id"].clone()
    };
    let monitoring = an_active_monitoring();
    assert_eq!(blamed(&monitoring), json!("rel-1"));
    let before = json!({"release_id": "rel-0", "release_version": "0.9.0", "target_env": "prod",
        "endpoints": ["http://shop"]});
    let monitoring = monitoring.asked::<WithdrawRelease>(withdrawal("rel-1", before));
    assert_eq!(blamed(&monitoring), json!("rel-0"));
    let monitoring = monitoring.asked::<WithdrawRelease>(withdrawal("rel-0", json!(null)));
    assert_eq!(blamed(&monitoring), json!(null));
}

#[test]
fn open_incidents_are_bounded() {
    let watched = a_watched_division();
    let raised = watched.when::<RaiseIncident>(json!({"incident_title": "Slow"})).unwrap();
    let raised: IncidentRaised = serde_json::from_value(raised[0].1.clone()).unwrap();
    let full = (0..OPEN_INCIDENTS_MAX).fold(watched, |so_far, nth| {
        so_far.event(IncidentRaised { incident_id: format!("inc-{nth}"), ..raised.clone() })
    });
    let more = full.when::<RaiseIncident>(json!({"incident_title": "Slow"})).unwrap_err();
    assert!(more.is(TOO_MANY_INCIDENTS));
}

#[test]
fn an_incident_is_resolved_once() {
    let resolve =
        json!({"incident_id": format!("inc-{}", hecate_desk::kit::ULID), "resolution": "Turned it on"});
    let watched = a_watched_division();
    assert!(watched.when::<ResolveIncident>(resolve.clone()).unwrap_err().is(INCIDENT_NOT_FOUND));
    let open = watched.asked::<RaiseIncident>(json!({"incident_title": "Down"}));
    let over = open.asked::<ResolveIncident>(resolve.clone());
    assert_eq!(over.aggregate().dossier.status.0, 5);
    assert!(over.when::<ResolveIncident>(resolve).unwrap_err().is(INCIDENT_ALREADY_RESOLVED));
}
