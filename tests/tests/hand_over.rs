//! A venture is handed over from process to process while the daemon is killed at every step, at moments that
//! follow from a printed seed. It ends as if nobody had killed anything.

use hecate_event_store::RecordedEvent;
use hecate_tests::daemon::{Daemon, Place};
use hecate_tests::dice::Dice;
use hecate_tests::divisions::{Cast, Step, assert_same, facts, of_division, settled, story, told, walk};
use hecate_tests::log;
use hecate_tests::patience::until;
use hecate_tests::ventures::{below, fresh_key, seen};
use serde_json::json;
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::thread;
use std::time::Duration;

/// Walks through the whole story; a dice that is given kills after every step.
const ROUNDS: usize = 3;

fn uninterrupted(folder: &Path, cast: &Cast) -> Daemon {
    let daemon = Daemon::start(folder);
    for step in story(cast) {
        walk(&daemon.client(), &step, &fresh_key());
    }
    daemon
}

/// After each acknowledged step the daemon lives for up to 4 ms, which is about as long as a hand-off takes. Answers
/// also what it had not done yet when it was killed: event types that were still owed.
fn interrupted(folder: &Path, cast: &Cast, dice: &mut Dice) -> (Daemon, Vec<&'static str>) {
    let place = Place::new(folder);
    let (mut daemon, mut owed) = (place.start(), Vec::new());
    for step in story(cast) {
        walk(&daemon.client(), &step, &fresh_key());
        thread::park_timeout(Duration::from_micros(dice.between(0, 4_000)));
        let place = daemon.kill();
        owed.extend(owed_by(&log::events(&place)));
        daemon = place.start();
    }
    (daemon, owed)
}

/// The effects that the facts of a log still wait for.
fn owed_by(log: &[Arc<RecordedEvent>]) -> Vec<&'static str> {
    let effect_of = |fact: &RecordedEvent| match &*fact.event_type {
        "venture_vision_submitted_v1" => Some("discovery_initiated_v1"),
        "division_discovered_v1" => Some("design_initiated_v1"),
        "division_dismissed_v1" => Some("design_archived_v1"),
        "venture_archived_v1" => Some("discovery_archived_v1"),
        _ => None,
    };
    let has_had = |fact: &RecordedEvent, effect: &str| {
        log.iter().any(|event| *event.event_type == *effect && event.metadata.causation_id == fact.event_id)
    };
    let owed = log.iter().filter_map(|fact| Some((fact, effect_of(fact)?)));
    owed.filter(|(fact, effect)| !has_had(fact, effect)).map(|(_, effect)| effect).collect()
}

#[test]
fn killed_at_every_hand_off_a_venture_ends_as_if_nobody_had() {
    let (cast, mut dice) = (Cast::default(), Dice::announced("hand over"));
    let folder = tempfile::tempdir().unwrap();
    let expected = told(&uninterrupted(folder.path(), &cast), &cast);
    let mut interruptions: BTreeMap<&str, u32> = BTreeMap::new();
    for round in 0..ROUNDS {
        let folder = tempfile::tempdir().unwrap();
        let (daemon, owed) = interrupted(folder.path(), &cast, &mut dice);
        owed.into_iter().for_each(|effect| *interruptions.entry(effect).or_default() += 1);
        assert_same(&expected, &told(&daemon, &cast), round);
    }
    eprintln!("hand-offs that a kill interrupted: {interruptions:?}");
    assert!(!interruptions.is_empty(), "every kill came too late to interrupt a hand-off");
}

#[test]
fn the_story_ends_with_one_design_completed_and_two_archived() {
    let (cast, folder) = (Cast::default(), tempfile::tempdir().unwrap());
    let daemon = uninterrupted(folder.path(), &cast);
    let (client, head) = (daemon.client(), settled(&daemon.client()));
    let [orders, billing, stock] = &cast.divisions;
    for (division, label, status) in
        [(orders, "Completed", 17), (billing, "Archived", 3), (stock, "Archived", 7)]
    {
        let design = client.ask(&seen(&of_division(division, "designs"), head)).expect(200).json();
        let shown = (&design["design"]["status_label"], &design["design"]["status"]);
        assert_eq!(shown, (&json!(label), &json!(status)), "{division}");
    }
    // Each division was handed over once, and what was completed carries all that was designed.
    let mut types: BTreeMap<String, usize> = BTreeMap::new();
    for fact in facts(&daemon, head) {
        *types.entry(fact.fact_type.clone()).or_default() += 1;
        if fact.fact_type == "design_completed_v1" {
            assert_eq!(fact.data["aggregates"][0]["aggregate_name"], "order");
            assert_eq!(fact.data["events"][0]["event_name"], "order_taken_v1");
        }
    }
    let count = |event_type: &str| types.get(event_type).copied().unwrap_or_default();
    assert_eq!((count("discovery_initiated_v1"), count("design_initiated_v1")), (1, 3));
    assert_eq!((count("division_dismissed_v1"), count("design_archived_v1")), (2, 2));
    // The stillborn venture left a tombstone, and nothing else.
    assert_eq!(count("discovery_archived_v1"), 1);
    let late = client.post(&below(&cast.stillborn, "discovery/start"), &json!({})).expect(409).json();
    assert_eq!(late["error"], "discovery_archived");
}

#[test]
fn who_discovers_and_starts_at_once_never_comes_too_early() {
    let (cast, folder) = (Cast::default(), tempfile::tempdir().unwrap());
    let daemon = Daemon::start(folder.path());
    let (client, steps) = (daemon.client(), story(&cast));
    steps[..3].iter().for_each(|step| walk(&client, step, &fresh_key()));
    for nth in 0..50 {
        let found: Step =
            (below(&cast.venture, "discovery/discover"), json!({"division_name": format!("division-{nth}")}));
        let answer = client.post(&found.0, &found.1).expect(200).json();
        let id = answer["division_id"].as_str().expect("the answer names what was minted");
        let started = client.post(&of_division(id, "design/start"), &json!({})).expect(200).json();
        assert_eq!((&started["status_label"], &started["division_id"]), (&json!("Active"), &json!(id)));
    }
}

/// What the listeners kept may be lost: they hear everything again, and nothing happens twice.
#[test]
fn listeners_that_lost_their_files_hear_everything_again_to_no_effect() {
    let (cast, folder) = (Cast::default(), tempfile::tempdir().unwrap());
    let daemon = uninterrupted(folder.path(), &cast);
    let before = told(&daemon, &cast);
    let place = daemon.kill();
    std::fs::remove_dir_all(place.data().join("listeners")).unwrap();
    let daemon = place.start();
    assert_same(&before, &told(&daemon, &cast), 0);
    let heard = until("totals", || {
        let listeners = daemon.client().get("/debug/listeners").expect(200).json();
        let totals = listeners["listeners"].as_array()?.iter();
        let total: u64 = totals.filter_map(|listener| listener["dispatched_total"].as_u64()).sum();
        (total > 0).then_some(total)
    });
    assert!(heard >= 5, "{heard} facts were heard again");
}

#[test]
fn guidance_after_a_restart_equals_guidance_before() {
    let (cast, folder) = (Cast::default(), tempfile::tempdir().unwrap());
    let daemon = uninterrupted(folder.path(), &cast);
    let guidance = |daemon: &Daemon| {
        let (client, head) = (daemon.client(), settled(&daemon.client()));
        ["status", "tasks", "timeline?limit=500"].map(|route| {
            let answer = client.ask(&seen(&below(&cast.venture, route), head)).expect(200);
            let mut answer = answer.json();
            answer.as_object_mut().unwrap().remove("correlation_id");
            answer
        })
    };
    let before = guidance(&daemon);
    assert!(before[2]["timeline"].as_array().unwrap().len() > 20, "{}", before[2]);
    assert_eq!(before, guidance(&daemon.kill_and_restart()));
}

#[test]
fn a_hand_off_about_the_division_of_another_venture_is_refused_and_nobody_has_to_tend_it() {
    let folder = tempfile::tempdir().unwrap();
    let daemon = Daemon::start(folder.path());
    let (client, cast) = (daemon.client(), Cast::default());
    let found = |venture: &str| {
        let body = json!({"division_name": "orders", "division_id": cast.divisions[0]});
        (below(venture, "discovery/discover"), body)
    };
    for venture in [&cast.venture, &cast.stillborn] {
        let birth = json!({"name": "Shop", "brief": "Sell", "venture_id": venture});
        for step in [
            ("/api/ventures".to_owned(), birth),
            (below(venture, "vision/submit"), json!({})),
            (below(venture, "discovery/start"), json!({})),
            found(venture),
        ] {
            walk(&client, &step, &fresh_key());
        }
    }
    let settled = until("the second hand-off is settled", || {
        let page = client.get("/debug/listeners/design_division/outcomes").expect(200).json();
        let outcomes = page["outcomes"].as_array().cloned().unwrap_or_default();
        (outcomes.len() == 2).then(|| outcomes[0].clone())
    });
    assert_eq!((&settled["state"], &settled["code"]), (&json!("refused"), &json!("belongs_elsewhere")));
    let health = client.get("/api/health").expect(200).json();
    assert_eq!(health["components"]["listeners"]["status"], "ok", "{health}");
}
