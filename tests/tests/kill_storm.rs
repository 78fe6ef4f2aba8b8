//! Writers append and a reader follows while the daemon is killed again and again, at moments that follow
//! from a printed seed. Nothing acknowledged is lost, nothing is recorded twice, nothing is missed or told
//! twice to a client that comes back with its last id.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use hecate_proto::{answer::CommandAnswer, route};
use hecate_tests::daemon::{Daemon, Place};
use hecate_tests::dice::Dice;
use hecate_tests::http::{Client, Request};
use hecate_tests::patience::{a_moment, until};
use hecate_tests::sse::Frames;
use hecate_tests::ventures::{self, VENTURES, below, id_of, keyed};
use serde_json::json;
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};
use uuid::Uuid;

const WRITERS: usize = 4;
const KILLS: usize = 20;
/// Every so many writes a writer sets up the next venture.
const WRITES_PER_VENTURE: usize = 5;
/// The whole storm. A reader whose writers have failed ends with it.
const STORM_MAX: Duration = Duration::from_secs(240);

/// Repeats one write under one key until it is acknowledged, as a client does that gets no answer.
fn insist(client: &Client, request: &Request) -> CommandAnswer {
    until("an acknowledged write", || match client.try_ask(request) {
        Ok(answer) if matches!(answer.status, 200 | 201) => Some(answer.read()),
        Ok(answer) if matches!(answer.status, 429 | 503 | 504) => None,
        Ok(answer) => panic!("{request:?} was refused: {}", answer.text()),
        Err(_) => None,
    })
}

fn write(client: &Client, writer: usize, stop: &AtomicBool, acknowledged: &mpsc::Sender<CommandAnswer>) {
    let mut venture_id = String::new();
    for turn in 0.. {
        if stop.load(Ordering::Acquire) {
            return;
        }
        let name = format!("writer {writer} turn {turn}");
        let key = ventures::fresh_key();
        let request = match turn % WRITES_PER_VENTURE {
            0 => keyed(VENTURES, &json!({ "name": name }), &key),
            _ => keyed(&below(&venture_id, "vision/refine"), &json!({ "brief": name }), &key),
        };
        let told = insist(client, &request);
        venture_id = id_of(&told);
        acknowledged.send(told).unwrap();
    }
}

/// Follows all facts until `end` is the last one, coming back after every break with the last id it saw.
fn follow(place: &Place, end: &AtomicU64) -> Vec<(u64, Uuid)> {
    let mut seen: Vec<(u64, Uuid)> = Vec::new();
    let mut last_id = "0".to_owned();
    let deadline = Instant::now() + STORM_MAX;
    while seen.last().is_none_or(|(position, _)| *position < end.load(Ordering::Acquire)) {
        assert!(Instant::now() < deadline, "the last fact never came; seen are {} facts", seen.len());
        let request = Request::get(route::FACTS_STREAM).header("last-event-id", &last_id);
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
    assert_eq!(fault(&acknowledged, &seen), None);
    check_rows(&daemon.client(), &acknowledged);
    eprintln!("kill storm: {KILLS} kills, {} acknowledged writes", acknowledged.len());
}

/// What is wrong: positions have no gap, and the facts are exactly the acknowledged events, each once.
fn fault(acknowledged: &[CommandAnswer], seen: &[(u64, Uuid)]) -> Option<String> {
    let positions: Vec<u64> = seen.iter().map(|(position, _)| *position).collect();
    if positions != (1..=seen.len() as u64).collect::<Vec<_>>() {
        return Some(format!("a fact was missed, doubled or out of order: {positions:?}"));
    }
    let heard: BTreeMap<Uuid, u64> = seen.iter().map(|(position, event_id)| (*event_id, *position)).collect();
    for told in acknowledged {
        let [event] = told.events.as_slice() else { return Some(format!("one event each: {told:?}")) };
        match heard.get(&event.event_id) {
            None => return Some(format!("acknowledged, then lost: {told:?}")),
            Some(position) if *position != told.position => return Some(format!("at {position}: {told:?}")),
            Some(_) => {}
        }
    }
    // Every write was repeated until it was acknowledged, so nothing else can have been recorded.
    (heard.len() != acknowledged.len())
        .then(|| format!("{} facts of {} acknowledged writes", heard.len(), acknowledged.len()))
}

/// One row a venture, at the version of its last acknowledged write.
fn check_rows(client: &Client, acknowledged: &[CommandAnswer]) {
    let mut versions: BTreeMap<String, u64> = BTreeMap::new();
    for told in acknowledged {
        let version = versions.entry(id_of(told)).or_default();
        *version = (*version).max(told.version);
    }
    let rows = ventures::every_row(client, ventures::head(client));
    let shown: BTreeMap<String, u64> = rows.iter().map(|row| (row.venture_id.clone(), row.version)).collect();
    assert_eq!(rows.len(), shown.len(), "a row twice");
    assert_eq!(shown, versions);
}

#[test]
fn what_is_lost_doubled_or_moved_is_found() {
    let told = |position: u64, event_id: Uuid| -> CommandAnswer {
        let event = json!({ "event_id": event_id, "event_type": "venture_setup_v1", "version": 0 });
        let answer = json!({
            "ok": true, "version": 0, "position": position, "status": 1, "status_label": "Setup",
            "available_actions": [], "recorded": true, "events": [event], "correlation_id": event_id,
        });
        serde_json::from_value(answer).unwrap()
    };
    let ids: Vec<Uuid> = (0..3).map(|_| Uuid::now_v7()).collect();
    let writes: Vec<CommandAnswer> = (1..).zip(&ids).map(|(position, id)| told(position, *id)).collect();
    let heard: Vec<(u64, Uuid)> = (1..).zip(ids.iter().copied()).collect();
    assert_eq!(fault(&writes, &heard), None);
    let with = |change: fn(&mut Vec<(u64, Uuid)>)| {
        let mut heard = heard.clone();
        change(&mut heard);
        fault(&writes, &heard).unwrap()
    };
    assert!(with(|heard| heard.truncate(2)).contains("lost"));
    assert!(with(|heard| heard.retain(|fact| fact.0 != 2)).contains("missed"));
    assert!(with(|heard| heard.insert(1, heard[0])).contains("doubled"));
    assert!(with(|heard| heard.push((4, Uuid::now_v7()))).contains("4 facts of 3"));
    assert!(with(|heard| (heard[0].1, heard[1].1) = (heard[1].1, heard[0].1)).contains("at 2"));
}
