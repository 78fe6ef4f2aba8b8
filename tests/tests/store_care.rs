//! The event store as an operator cares for it: verified, backed up under load, restored, measured; and
//! what the daemon says when it finds damage.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use hecate_disk::Disk;
use hecate_proto::route;
use hecate_tests::daemon::{Daemon, Place};
use hecate_tests::http::Request;
use hecate_tests::program::Ended;
use hecate_tests::ventures::{self, VENTURES, at, head, id_of, row};
use rusqlite::OpenFlags;
use std::fs;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

fn run(place: &Place, args: &[&str]) -> Ended {
    place.program().args(args).run()
}

fn store(place: &Place) -> PathBuf {
    place.data().join("events.sqlite")
}

/// Changes rows as somebody does who knows the format: every page fits, the rows do not.
fn forge(place: &Place, sql: &str) {
    let forger = Disk::real().connect(&store(place), OpenFlags::SQLITE_OPEN_READ_WRITE).unwrap();
    forger.execute_batch(sql).unwrap();
}

#[test]
fn a_store_is_verified_backed_up_under_load_and_restored() {
    let folder = tempfile::tempdir().unwrap();
    let daemon = Daemon::start(folder.path());
    let (client, place) = (daemon.client(), daemon.place().clone());
    let early = ventures::set_up(&client, "Early");
    let stop = AtomicBool::new(false);
    let backup = folder.path().join("backup.sqlite");
    let backup = backup.to_str().unwrap();
    thread::scope(|scope| {
        scope.spawn(|| {
            for turn in 0.. {
                ventures::refine(&client, &id_of(&early), &format!("Turn {turn}")).expect(200);
                if stop.load(Ordering::Acquire) {
                    return;
                }
            }
        });
        let verified = run(&place, &["verify"]);
        assert_eq!(verified.code, Some(0), "{verified:?}");
        let copied = run(&place, &["backup", backup]);
        assert_eq!(copied.code, Some(0), "{copied:?}");
        stop.store(true, Ordering::Release);
    });
    let again = run(&place, &["backup", backup]);
    assert_eq!(again.code, Some(1), "nothing is written over: {again:?}");
    let late = ventures::set_up(&client, "Late");
    assert_eq!(row(&client, &id_of(&late), late.position).name, "Late");

    let refused = run(&place, &["restore", backup]);
    assert_eq!(refused.code, Some(75), "never under a daemon: {refused:?}");
    assert_eq!(daemon.terminate().0, Some(0));
    let restored = run(&place, &["restore", backup]);
    assert_eq!(restored.code, Some(0), "{restored:?}");
    assert!(restored.stdout.contains("epoch 2"), "{restored:?}");

    let daemon = place.start();
    let client = daemon.client();
    assert_eq!(row(&client, &id_of(&early), head(&client)).name, "Early");
    let answer = client.ask(&Request::get(&at(&id_of(&late))));
    assert_eq!(answer.status, 404, "the read model noticed the new epoch: {}", answer.text());
    let next = ventures::set_up(&client, "Next");
    assert_eq!(next.position, head(&client), "the log goes on from the backup");
}

#[test]
fn a_daemon_that_reads_a_damaged_event_names_it_and_ends_with_74() {
    let folder = tempfile::tempdir().unwrap();
    let daemon = Daemon::start(folder.path());
    let told: Vec<_> = ["One", "Two", "Three"].map(|name| ventures::set_up(&daemon.client(), name)).into();
    let place = daemon.place().clone();
    assert_eq!(daemon.terminate().0, Some(0));
    forge(&place, "UPDATE events SET data = json_set(data, '$.name', 'Tow') WHERE position = 2");

    // Nobody has to ask: the event is in nobody's way until somebody reads it.
    let daemon = place.start();
    let stream = format!("setup-{}", id_of(&told[1]));
    let refined = ventures::refine(&daemon.client(), &id_of(&told[1]), "More");
    assert!(refined.status >= 500, "nothing is built upon damage: {}", refined.text());
    assert_eq!(daemon.end(), Some(74));
    let log = place.log();
    assert!(log.contains(&format!("position 2 of stream {stream}")), "{log}");
    assert!(log.contains("hecate-daemon verify"), "{log}");

    let verified = run(&place, &["verify"]);
    assert_eq!(verified.code, Some(74), "{verified:?}");
    let line = format!("stream {stream} version 0, position 2: its checksum does not fit\n");
    assert_eq!(verified.stdout, line);
}

#[test]
fn a_store_that_is_gone_or_of_another_format_is_told_by_its_exit() {
    let folder = tempfile::tempdir().unwrap();
    let daemon = Daemon::start(folder.path());
    ventures::set_up(&daemon.client(), "Gone");
    let place = daemon.place().clone();
    assert_eq!(daemon.terminate().0, Some(0));
    let kept = fs::read(store(&place)).unwrap();
    fs::remove_file(store(&place)).unwrap();
    let gone = run(&place, &[]);
    assert_eq!(gone.code, Some(74), "no new store in silence: {gone:?}");
    assert!(gone.stderr.contains("are gone"), "{gone:?}");

    fs::write(store(&place), kept).unwrap();
    forge(&place, "PRAGMA user_version = 3");
    for args in [&[][..], &["verify"], &["backup", "copy.sqlite"]] {
        let newer = run(&place, args);
        assert_eq!(newer.code, Some(78), "{args:?}: {newer:?}");
        assert!(newer.stderr.contains("has format 3, this program knows format 2"), "{newer:?}");
    }
}

#[test]
fn a_probe_says_what_the_disk_can_do() {
    let folder = tempfile::tempdir().unwrap();
    let place = Place::new(folder.path());
    fs::create_dir_all(place.data()).unwrap();
    let probed = run(&place, &["store", "probe", "--seconds", "1"]);
    assert_eq!(probed.code, Some(0), "{probed:?}");
    assert!(probed.stdout.contains("flushes of 4096 bytes a second; p50 "), "{probed:?}");
    assert_eq!(fs::read_dir(place.data()).unwrap().count(), 0, "it leaves nothing");
    let nothing = run(&place, &["verify"]);
    assert_eq!(nothing.code, Some(78), "{nothing:?}");
    assert!(nothing.stderr.contains("there is no event store"), "{nothing:?}");
}

#[test]
fn an_operator_sees_how_the_writer_is_doing() {
    let folder = tempfile::tempdir().unwrap();
    let daemon = Daemon::start(folder.path());
    let client = daemon.client();
    for name in ["One", "Two"] {
        ventures::set_up(&client, name);
    }
    let shown = client.ask(&Request::get(route::DEBUG_STORE)).expect(200).json();
    assert_eq!((&shown["head"], &shown["epoch"]), (&2.into(), &1.into()), "{shown}");
    let writer = &shown["writer"];
    assert_eq!(writer["events_total"], 2, "{shown}");
    assert_eq!(writer["queued_requests"], 0, "{shown}");
    for spread in ["batch_us", "sync_us"] {
        assert!(writer[spread]["samples"].as_u64().unwrap() >= 2, "{shown}");
        assert!(writer[spread]["p99"].as_u64() >= writer[spread]["p50"].as_u64(), "{shown}");
    }
    assert_eq!(client.ask(&Request::get(VENTURES)).status, 200);
}
