//! All read models are thrown away under a daemon that holds a log of the circle, and drawn again. The daemon itself
//! recorded the way of one division; the rest are copies of it, put straight into its store.

use super::copies::Template;
use super::division::Walk;
use super::{DIVISIONS, Extent, REBUILD_ALL};
use crate::book::{Book, Measure};
use crate::contestant::store::{append_copies, first_events};
use crate::daemon::Daemon;
use crate::daemon::connection::Connection;
use crate::machine::load_average;
use crate::part::DAEMON;
use serde_json::Value;
use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

const WITHIN: Duration = Duration::from_secs(600);
const LOOK_EVERY: Duration = Duration::from_millis(20);

pub(super) fn run(book: &mut Book, program: &Path, folder: &Path, extent: &Extent) {
    let head = fill(program, folder, extent.events);
    for round in 0..extent.rounds {
        eprintln!("rebuild of all, round {round}, load average {}", load_average());
        let empty = Daemon::start(program, &folder.join(format!("empty{round}"))).stop();
        fs::remove_dir_all(folder.join("data/read_models")).unwrap();
        let began = Instant::now();
        let daemon = Daemon::start(program, folder);
        let reached = reached(&daemon, head, began);
        let own = |took: Duration| took.saturating_sub(empty.spawned_to_ready).as_secs_f64();
        let all = own(reached.values().max().copied().unwrap_or_default());
        for (model, took) in &reached {
            book.note(REBUILD_ALL, model, Measure::Seconds, round, own(*took));
        }
        book.note(REBUILD_ALL, DAEMON, Measure::Seconds, round, all);
        book.note(REBUILD_ALL, DAEMON, Measure::PerSecond, round, head as f64 / all);
        let cpu = daemon.cpu_time().as_secs_f64() * 1e6 / head as f64;
        book.note(REBUILD_ALL, DAEMON, Measure::CpuPerEvent, round, cpu);
        book.note(REBUILD_ALL, DAEMON, Measure::Megabytes, round, daemon.most_resident_mb());
    }
}

/// When each read model had come to the head.
fn reached(daemon: &Daemon, head: u64, began: Instant) -> BTreeMap<String, Duration> {
    let mut connection = Connection::open(&daemon.socket);
    let mut reached = BTreeMap::new();
    loop {
        let (_, answer) = connection.get("/debug/read_models", "");
        let told: Value = serde_json::from_slice(&answer).unwrap();
        let models = told["read_models"].as_array().unwrap();
        for model in models.iter().filter(|model| model["position"].as_u64() >= Some(head)) {
            assert_eq!(model["parked"], 0, "{model}");
            reached.entry(model["model"].as_str().unwrap().to_owned()).or_insert_with(|| began.elapsed());
        }
        if reached.len() == models.len() {
            return reached;
        }
        assert!(began.elapsed() < WITHIN, "the read models were not drawn in time: {told}");
        std::thread::sleep(LOOK_EVERY);
    }
}

/// One division by way of the daemon, all others as copies of its events; answers the head.
fn fill(program: &Path, folder: &Path, events: u64) -> u64 {
    let daemon = Daemon::start(program, folder);
    let (mut walk, mut connection) = (Walk::new(0), Connection::open(&daemon.socket));
    while walk.left() > 0 {
        walk.step(&mut connection);
    }
    drop(daemon);
    let path = folder.join("data/events.sqlite");
    let story: Vec<_> = first_events(&path).iter().filter_map(Template::of).collect();
    let began = Instant::now();
    let head = append_copies(&path, side_by_side(&story).take(events as usize));
    let took = began.elapsed().as_secs_f64();
    eprintln!("  {} events a division, {head} in all, recorded in {took:.0} s", story.len());
    heard_all(&folder.join("data/listeners"), head);
    head
}

/// Copies of the story without end, so many on their way at once, each at another place of it.
fn side_by_side(
    story: &[Template],
) -> impl Iterator<Item = (std::sync::Arc<hecate_event_store::RecordedEvent>, crate::contestant::store::Copied)>
{
    let mut lanes: Vec<(usize, usize)> = (0..DIVISIONS).map(|lane| (lane + 1, 0)).collect();
    let (mut tick, mut lane) = (0, 0);
    let begins = |lane: usize| lane * story.len() / DIVISIONS;
    std::iter::from_fn(move || {
        loop {
            let now = lane;
            lane += 1;
            if lane == DIVISIONS {
                (lane, tick) = (0, tick + 1);
            }
            if tick < begins(now) {
                continue;
            }
            let (copy, at) = &mut lanes[now];
            let (number, template) = (*copy, &story[*at]);
            *at += 1;
            if *at == story.len() {
                (*copy, *at) = (*copy + DIVISIONS, 0);
            }
            return Some((template.event.clone(), template.copy(number)));
        }
    })
}

/// What the listeners did about the copies is in the copies: they have heard it all.
fn heard_all(folder: &Path, head: u64) {
    for file in fs::read_dir(folder).unwrap().flatten() {
        if file.path().extension().is_some_and(|extension| extension == "sqlite") {
            let db = rusqlite::Connection::open(file.path()).unwrap();
            db.execute("UPDATE cursor SET position = ?1", [head]).unwrap();
        }
    }
}
