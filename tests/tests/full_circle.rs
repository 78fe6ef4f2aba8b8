//! The whole circle, twice around, with the daemon killed after every act at moments that follow from a printed seed.
//! It ends as if nobody had killed anything: the same facts, the same answers, and the same files on disk.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use hecate_tests::circle::{Circle, Storefront};
use hecate_tests::daemon::Place;
use hecate_tests::dice::Dice;
use hecate_tests::divisions::assert_same;
use hecate_tests::ventures::fresh_key;
use serde_json::Value;
use std::thread;
use std::time::Duration;

/// How often the circle is walked with kills.
const ROUNDS: usize = 2;

/// Its workspaces lie where an operator wants them; those of the others in their data folder.
fn uninterrupted(circle: &Circle) -> Value {
    let (folder, storefront) = (tempfile::tempdir().unwrap(), Storefront::open());
    let mut place = Place::new(folder.path());
    let root = folder.path().join("code").into_os_string().into_string().unwrap();
    place.environment.push(("HECATE_WORKSPACE_ROOT", root));
    let daemon = place.start();
    for act in circle.story(&storefront) {
        circle.play(&daemon.client(), &storefront, &act, &fresh_key());
    }
    circle.told(&daemon, &storefront)
}

/// After each act the daemon lives for up to 4 ms, which is about as long as a hand-off takes.
fn interrupted(circle: &Circle, dice: &mut Dice) -> Value {
    let (folder, storefront) = (tempfile::tempdir().unwrap(), Storefront::open());
    let place = Place::new(folder.path());
    let mut daemon = place.start();
    for act in circle.story(&storefront) {
        circle.play(&daemon.client(), &storefront, &act, &fresh_key());
        thread::park_timeout(Duration::from_micros(dice.between(0, 4_000)));
        daemon = daemon.kill().start();
    }
    circle.told(&daemon, &storefront)
}

#[test]
fn killed_at_every_hand_off_the_circle_closes_as_if_nobody_had() {
    let (circle, mut dice) = (Circle::default(), Dice::announced("full circle"));
    let expected = uninterrupted(&circle);
    let rescued = &expected["answers"][format!("/api/divisions/{}/designs", circle.division)]["design"];
    assert_eq!((&rescued["cycle"], &rescued["status_label"]), (&2.into(), &"Completed".into()));
    for round in 0..ROUNDS {
        assert_same(&expected, &interrupted(&circle, &mut dice), round);
    }
}
