//! Writers append and a reader follows while the daemon is killed again and again, at moments that follow
//! from a printed seed. Nothing acknowledged is lost, nothing is recorded twice, nothing is missed or told
//! twice to a client that comes back with its last id.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use hecate_proto::answer::CommandAnswer;
use hecate_tests::daemon::{Daemon, Place};
use hecate_tests::dice::Dice;
use hecate_tests::http::{Client, Request};
use hecate_tests::patience::{a_moment, until};
use hecate_tests::sse::Frames;
use hecate_tests::ventures::{self, VENTURES, below, id_of, keyed};
use serde_json::json;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;
use uuid::Uuid;

const WRITERS: usize = 4;
const KILLS: usize = 20;
/// Every so many writes a writer sets up the next venture.
const WRITES_PER_VENTURE: usize = 5;

/// What was acknowledged, kept outside the daemon.
struct Acknowledged {
    told: CommandAnswer,
}

/// Repeats one write under one key until it is acknowledged, as a client does that gets no answer.
fn insist(client: &Client, request: &Request) -> CommandAnswer {
    until("an acknowledged write", || match client.try_ask(request) {
        Ok(answer) if matches!(answer.status, 200 | 201) => Some(answer.read()),
        Ok(answer) if matches!(answer.status, 429 | 503 | 504) => None,
        Ok(answer) => panic!("{request:?} was refused: {}", answer.text()),
        Err(_) => None,
    })
}

fn write(client: &Client, writer: usize, stop: &AtomicBool, acknowledged: &mpsc::Sender<Acknowledged>) {
    let mut venture_id = String::new();
    for turn in 0.. {
        if stop.load(Ordering::Acquire) {
            return;
        }
        let name = format!("writer {writer} turn {turn}");
        let request = if turn % WRITES_PER_VENTURE == 0 {
            keyed(VENTURES, &json!({ "name": name }), &Uuid::now_v7().to_string())
        } else {
            keyed(
                &below(&venture_id, "vision/refine"),
                &json!({ "brief": name }),
                &Uuid::now_v7().to_string(),
            )
        };
        let told = insist(client, &request);
        venture_id = id_of(&told);
        acknowledged.send(Acknowledged { told }).unwrap();
    }
}

/// Follows all facts until `end` is the last one, coming back after every break with the last id it saw.
fn follow(place: &Place, end: &AtomicU64) -> Vec<(u64, Uuid)> {
    let mut seen: Vec<(u64, Uuid)> = Vec::new();
    let mut last_id = "0".to_owned();
    while seen.last().is_none_or(|(position, _)| *position < end.load(Ordering::Acquire)) {
        let request = Request::get("/api/facts/stream").header("last-event-id", &last_id);
        let Ok(mut frames) = Frames::open(&place.socket(), &request) else {
            a_moment();
            continue;
        };
        while let Ok(frame) = frames.next_within(Duration::from_millis(500)) {
            let fact = frame.fact();
            seen.push((fact.position, fact.event_id));
            last_id = frame.id;
        }
    }
    seen
}

#[test]
fn nothing_acknowledged_is_lost_and_no_fact_is_missed_or_doubled() {
    let mut dice = Dice::announced("kill storm");
    let folder = tempfile::tempdir().unwrap();
    let daemon = Daemon::start(folder.path());
    let place = daemon.place().clone();
    let (stop, end) = (AtomicBool::new(false), AtomicU64::new(u64::MAX));
    let (tell, told) = mpsc::channel();
    let (daemon, acknowledged, seen) = thread::scope(|scope| {
        let reader = scope.spawn(|| follow(&place, &end));
        let (mut daemon, client) = (daemon, Client::new(&place.socket()));
        let writers: Vec<_> = (0..WRITERS)
            .map(|writer| {
                let (client, tell, stop) = (client.clone(), tell.clone(), &stop);
                scope.spawn(move || write(&client, writer, stop, &tell))
            })
            .collect();
        for _ in 0..KILLS {
            thread::park_timeout(Duration::from_millis(dice.between(20, 250)));
            daemon = daemon.kill_and_restart();
        }
        stop.store(true, Ordering::Release);
        writers.into_iter().for_each(|writer| writer.join().unwrap());
        end.store(ventures::head(&client), Ordering::Release);
        drop(tell);
        (daemon, told.iter().collect::<Vec<_>>(), reader.join().unwrap())
    });
    check_facts(&acknowledged, &seen);
    check_rows(&daemon.client(), &acknowledged);
    eprintln!("kill storm: {KILLS} kills, {} acknowledged writes", acknowledged.len());
}

/// Positions without a gap, and exactly the acknowledged events, each once.
fn check_facts(acknowledged: &[Acknowledged], seen: &[(u64, Uuid)]) {
    let positions: Vec<u64> = seen.iter().map(|(position, _)| *position).collect();
    assert_eq!(
        positions,
        (1..=seen.len() as u64).collect::<Vec<_>>(),
        "a fact was missed, doubled or out of order"
    );
    let heard: BTreeSet<Uuid> = seen.iter().map(|(_, event_id)| *event_id).collect();
    let told: BTreeSet<Uuid> =
        acknowledged.iter().flat_map(|write| &write.told.events).map(|event| event.event_id).collect();
    assert!(
        told.is_subset(&heard),
        "acknowledged, then lost: {:?}",
        told.difference(&heard).collect::<Vec<_>>()
    );
    assert_eq!(
        heard.len(),
        acknowledged.len(),
        "recorded, but never acknowledged, though every write was repeated"
    );
    for write in acknowledged {
        let [event] = write.told.events.as_slice() else { panic!("{:?}", write.told) };
        assert_eq!(
            seen[write.told.position as usize - 1].1,
            event.event_id,
            "an answer named another position"
        );
    }
}

/// One row a venture, at the version of its last acknowledged write.
fn check_rows(client: &Client, acknowledged: &[Acknowledged]) {
    let mut versions: BTreeMap<String, u64> = BTreeMap::new();
    for write in acknowledged {
        let version = versions.entry(id_of(&write.told)).or_default();
        *version = (*version).max(write.told.version);
    }
    let rows = ventures::every_row(client, ventures::head(client));
    let shown: BTreeMap<String, u64> = rows.iter().map(|row| (row.venture_id.clone(), row.version)).collect();
    assert_eq!(rows.len(), shown.len(), "a row twice");
    assert_eq!(shown, versions);
}
