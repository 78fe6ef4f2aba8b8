//! A read model is thrown away under a daemon that holds a million events, and drawn again. The daemon itself
//! made the first events; the rest are copies of them, put straight into its store.

use super::{DAEMON, REBUILD};
use crate::book::{Book, Measure};
use crate::contestant::store::{Copied, append_copies, first_events};
use crate::daemon::connection::Connection;
use crate::daemon::{Daemon, load};
use crate::machine::load_average;
use hecate_event_store::RecordedEvent;
use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

const VENTURES: u64 = 1_000;
const WITHIN: Duration = Duration::from_secs(300);

pub(crate) fn run(book: &mut Book, program: &Path, folder: &Path, rounds: usize, events: u64) {
    let (venture_id, head) = fill(program, folder, events);
    for round in 0..rounds {
        eprintln!("rebuild, round {round}, load average {}", load_average());
        let empty = Daemon::start(program, &folder.join(format!("empty{round}"))).stop();
        throw_away(folder);
        let began = Instant::now();
        let daemon = Daemon::start(program, folder);
        wait_for(&daemon, &venture_id, head);
        let took = began.elapsed().saturating_sub(empty.spawned_to_ready);
        book.note(REBUILD, DAEMON, Measure::Seconds, round, took.as_secs_f64());
        book.note(REBUILD, DAEMON, Measure::PerSecond, round, head as f64 / took.as_secs_f64());
    }
}

/// One venture by way of the daemon, all others as copies of its events; answers its id and the head.
fn fill(program: &Path, folder: &Path, events: u64) -> (String, u64) {
    let daemon = Daemon::start(program, folder);
    let venture_id = load::venture_with_one_refinement(&daemon.socket);
    drop(daemon);
    let path = folder.join("data/events.sqlite");
    let [setup, refined] = <[_; 2]>::try_from(first_events(&path)).expect("a birth and a refinement");
    let births = (1..VENTURES).map(|number| (setup.clone(), copy(&setup, &venture_id, number, 0)));
    let left = events.saturating_sub(VENTURES + 1);
    let refinements = (0..left).map(|turn| {
        let (number, revision) = (1 + turn % (VENTURES - 1), 1 + turn / (VENTURES - 1));
        (refined.clone(), copy(&refined, &venture_id, number, revision))
    });
    let head = append_copies(&path, births.chain(refinements));
    (venture_id, head)
}

fn copy(event: &RecordedEvent, venture_id: &str, number: u64, revision: u64) -> Copied {
    let id = format!("{}{number:06}", &venture_id[..venture_id.len() - 6]);
    let data = event.data.get().replace(venture_id, &id);
    Copied {
        event_id: uuid::Uuid::now_v7(),
        stream_id: Arc::from(event.stream_id.replace(venture_id, &id)),
        tags: event.tags.iter().map(|tag| tag.replace(venture_id, &id)).collect(),
        data: data.replace(r#""revision":1,"#, &format!(r#""revision":{revision},"#)),
    }
}

fn throw_away(folder: &Path) {
    let found = find(folder, "query_ventures.sqlite");
    assert!(!found.is_empty(), "the daemon keeps its read models elsewhere");
    found.iter().for_each(|path| fs::remove_file(path).unwrap());
}

/// Files under `folder` whose name begins like this.
fn find(folder: &Path, name: &str) -> Vec<std::path::PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap().flatten() {
        let path = entry.path();
        if path.is_dir() {
            found.extend(find(&path, name));
        } else if entry.file_name().to_string_lossy().starts_with(name) {
            found.push(path);
        }
    }
    found
}

/// Until a query that asks for the whole log is answered.
fn wait_for(daemon: &Daemon, venture_id: &str, head: u64) {
    let (mut connection, began) = (Connection::open(&daemon.socket), Instant::now());
    let (path, header) = (format!("/api/ventures/{venture_id}"), format!("hecate-min-position: {head}\r\n"));
    while connection.get(&path, &header).0 != 200 {
        assert!(began.elapsed() < WITHIN, "the read model was not drawn in time");
    }
}
