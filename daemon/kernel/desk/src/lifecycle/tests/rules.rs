//! What the lifecycle decides, without a log.

use super::*;

fn types(recorded: Result<Vec<(String, Value)>, Refused>) -> Vec<String> {
    recorded.unwrap().into_iter().map(|(event_type, _)| event_type).collect()
}

#[test]
fn a_hand_off_gives_birth_once_and_briefs_again_when_another_comes() {
    let bread = a_bread();
    assert_eq!(types(bread.when::<Initiate<Bread>>(handing("rye", 1))), [""; 0]);
    assert_eq!(types(bread.when::<Initiate<Bread>>(handing("oats", 2))), ["bread_rebriefed_v1"]);
    let again = bread.asked::<Initiate<Bread>>(handing("oats", 2));
    let dossier = &again.aggregate().dossier;
    assert_eq!((dossier.handoff.grain.as_str(), dossier.cycle, dossier.status.0), ("oats", 1, 1));
    // Neither of the two is taken for news when it comes again.
    for old in [handing("rye", 1), handing("oats", 2)] {
        assert_eq!(types(again.when::<Initiate<Bread>>(old)), [""; 0]);
    }
}

#[test]
fn who_is_briefed_again_may_ask_what_was_made_of_the_hand_off_before() {
    let baked = a_baked_bread();
    for (grain, still) in [("rye", true), ("oats", false)] {
        let again = a_baked_bread().asked::<Initiate<Bread>>(handing(grain, 2));
        assert_eq!((baked.aggregate().baked, again.aggregate().baked), (true, still), "{grain}");
    }
}

#[test]
fn a_birth_may_start_in_the_same_append() {
    let mut handing = handing("rye", 1);
    handing["start"] = true.into();
    let recorded = given::<Bread>().when::<Initiate<Bread>>(handing);
    assert_eq!(types(recorded), ["bread_initiated_v1", "bread_started_v1"]);
}

#[test]
fn what_was_completed_is_reopened_by_hand_or_by_a_hand_off() {
    let done = a_baked_bread().asked::<Complete<Bread>>(json!({}));
    assert_eq!(done.aggregate().dossier.status.0, 17);
    let by_hand = done.when::<Reopen<Bread>>(json!({"reason": "Too dark"})).unwrap();
    assert_eq!((by_hand[0].1["cycle"].clone(), by_hand[0].1["handoff"].clone()), (json!(2), Value::Null));
    let reopened = done.asked::<Initiate<Bread>>(handing("oats", 2));
    let (dossier, baked) = (&reopened.aggregate().dossier, reopened.aggregate().baked);
    assert_eq!(
        (dossier.cycle, dossier.handoff.grain.as_str(), dossier.status.0, baked),
        (2, "oats", 5, false)
    );
}

#[test]
fn what_is_handed_over_passes_the_gate_first() {
    let raw = a_bread().asked::<Start<Bread>>(json!({}));
    assert!(raw.when::<Complete<Bread>>(json!({})).unwrap_err().is(RAW));
    let done = a_baked_bread().when::<Complete<Bread>>(json!({})).unwrap();
    assert_eq!((&done[0].1["grain"], &done[0].1["division_name"]), (&json!("rye"), &json!("mill")));
}

#[test]
fn a_pause_is_measured_and_never_negative() {
    let paused = a_baked_bread().at(5_000_000).asked::<Pause<Bread>>(json!({"reason": "Too hot"}));
    for (at_us, rested_ms) in [(7_500_000, 2_500), (1_000_000, 0)] {
        let resumed =
            a_baked_bread().at(5_000_000).asked::<Pause<Bread>>(json!({"reason": "Too hot"})).at(at_us);
        let resumed = resumed.when::<Resume<Bread>>(json!({})).unwrap();
        assert_eq!(resumed[0].1["paused_for_ms"], rested_ms);
    }
    assert_eq!(paused.aggregate().dossier.status.0, 9);
}

#[test]
fn a_tombstone_refuses_the_birth_that_comes_too_late() {
    let bury = json!({"venture_id": format!("v-{ULID}"), "division_id": format!("d-{ULID}"),
        "division_name": "mill", "reason": "Nobody is hungry"});
    let buried = given::<Bread>().when::<Bury<Bread>>(bury.clone()).unwrap();
    assert_eq!((buried[0].0.as_str(), &buried[0].1["cycle"]), ("bread_archived_v1", &json!(0)));
    let buried = given::<Bread>().asked::<Bury<Bread>>(bury.clone());
    assert_eq!(buried.aggregate().dossier.status, Status::ARCHIVED);
    assert!(buried.when::<Initiate<Bread>>(handing("rye", 1)).unwrap_err().is(Bread::NAMES.is_archived));
    assert!(buried.when::<Bury<Bread>>(bury.clone()).unwrap_err().is(Bread::NAMES.is_archived));
    // One that was born is archived as it stands.
    let born = a_baked_bread().asked::<Bury<Bread>>(bury);
    assert_eq!((born.aggregate().dossier.status.0, born.aggregate().dossier.cycle), (7, 1));
}

#[test]
fn nobody_touches_what_belongs_to_another_venture() {
    let mut stranger = handing("rye", 2);
    stranger["venture_id"] = "v-01ARZ3NDEKTSV4RRFFQ69G5FAA".into();
    let refused = a_bread().when::<Initiate<Bread>>(stranger.clone()).unwrap_err();
    assert_eq!(refused.code, "belongs_elsewhere");
    for field in ["handoff", "visibility", "start", "source_event_id"] {
        stranger.as_object_mut().unwrap().remove(field);
    }
    assert_eq!(a_bread().when::<Bury<Bread>>(stranger).unwrap_err().code, "belongs_elsewhere");
    // The same division under another name is the same division.
    let mut renamed = handing("rye", 2);
    renamed["division_name"] = "windmill".into();
    assert!(a_bread().when::<Initiate<Bread>>(renamed).is_ok());
}

#[test]
fn nothing_can_be_done_before_birth_and_the_refusal_names_the_fact_that_it_waits_for() {
    let refused = given::<Bread>().when::<Start<Bread>>(json!({})).unwrap_err();
    assert_eq!((refused.status, &refused.details["begins_with"]), (404, &json!("grain_ground_v1")));
}
