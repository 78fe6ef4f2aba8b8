//! kill -9 in the middle of appends, again and again, with a ledger held by somebody who survives:
//! what was acknowledged is there, what was not asked for is not, and nothing is torn.

use std::collections::HashMap;
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;

use hecate_event_store::{Append, EventStore, Expected, Keep, SqliteStore};

use crate::kit::{Dice, append, bounded, events, file, folder, receipt, small, whole_log};

const FOLDER: &str = "HECATE_STORE_CRASH_FOLDER";
/// How many processes are killed; a full proof kills 1,000.
const CYCLES: &str = "HECATE_STORE_CRASH_CYCLES";
const CYCLES_USUAL: u64 = 100;
/// Each cycle looks at the whole store, so a new one is begun now and then.
const CYCLES_PER_STORE: u64 = 25;
const WRITERS: u64 = 4;
const EVENTS_EACH: u64 = 3;

/// Not a test by itself: the process that gets killed. It prints a line per acknowledgement.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "started and killed by the test below"]
async fn writer_to_be_killed() {
    let Ok(folder) = std::env::var(FOLDER) else { return };
    let store = Arc::new(SqliteStore::open(&Path::new(&folder).join("events.db"), small()).unwrap());
    let writers: Vec<_> =
        (0..WRITERS).map(|writer| tokio::spawn(write_for_ever(store.clone(), writer))).collect();
    for writer in writers {
        writer.await.unwrap();
    }
}

async fn write_for_ever(store: Arc<SqliteStore>, writer: u64) {
    let stream = format!("writer-{writer}");
    let log = whole_log(&*store).await;
    let mut rounds = log.iter().filter(|event| *event.stream_id == *stream).count() as u64 / EVENTS_EACH;
    loop {
        let expected = match rounds {
            0 => Expected::NoStream,
            rounds => Expected::Version(rounds * EVENTS_EACH - 1),
        };
        let kept = receipt(&format!("{stream}/{rounds}"), 0, Keep::Forever);
        let round = Append { receipt: Some(kept), ..append(&stream, expected, events(EVENTS_EACH)) };
        let done = store.append(round).await.unwrap();
        rounds += 1;
        let line = format!("ack {writer} {rounds} {}\n", done.last_position.unwrap());
        std::io::stdout().lock().write_all(line.as_bytes()).unwrap();
    }
}

/// What the survivor knows: per writer, how many rounds were acknowledged; per position, whose.
#[derive(Default)]
struct Acknowledged {
    rounds: HashMap<u64, u64>,
    positions: HashMap<u64, (u64, u64)>,
}

impl Acknowledged {
    fn note(&mut self, line: &str) -> bool {
        // The test harness prints before us on the same line.
        let Some((_, told)) = line.split_once("ack ") else { return false };
        let numbers: Vec<u64> = told.split(' ').map(|number| number.parse().unwrap()).collect();
        let [writer, rounds, position] = numbers[..] else { panic!("torn line {line:?}") };
        self.rounds.insert(writer, rounds);
        self.positions.insert(position, (writer, rounds));
        true
    }
}

fn start(folder: &Path) -> Child {
    Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "crash::writer_to_be_killed", "--ignored", "--nocapture"])
        .env(FOLDER, folder)
        .stdout(Stdio::piped())
        .spawn()
        .unwrap()
}

#[tokio::test]
async fn what_was_acknowledged_survives_kill_minus_nine() {
    let cycles = std::env::var(CYCLES).map_or(CYCLES_USUAL, |text| text.parse().unwrap());
    let (mut folder, mut known, mut acknowledged) = (folder(), Acknowledged::default(), 0);
    for cycle in 0..cycles {
        if cycle > 0 && cycle.is_multiple_of(CYCLES_PER_STORE) {
            (folder, known) = (crate::kit::folder(), Acknowledged::default());
        }
        let before = known.positions.len();
        write_and_kill(folder.path(), &mut known, cycle);
        acknowledged += known.positions.len() - before;
        bounded(judge(&file(&folder), &mut known, cycle)).await;
    }
    println!("kill -9: {cycles} cycles, {WRITERS} writers, {acknowledged} appends acknowledged");
}

/// Kills the process after some acknowledgements, and notes all that it printed.
fn write_and_kill(folder: &Path, known: &mut Acknowledged, cycle: u64) {
    let mut child = start(folder);
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let mut wanted = 5 + Dice::new(cycle + 1).below(60);
    while wanted > 0 {
        wanted -= u64::from(known.note(&lines.next().expect("the writer lives").unwrap()));
    }
    child.kill().unwrap();
    child.wait().unwrap();
    // A line that the kill cut through was no acknowledgement that anybody read.
    let rest: Vec<_> = lines.map_while(Result::ok).collect();
    for line in &rest {
        known.note(line);
    }
}

/// Compares what is on the disk with what is known; afterwards, what was found is known as well.
async fn judge(path: &Path, known: &mut Acknowledged, cycle: u64) {
    let store = SqliteStore::open(path, small()).unwrap();
    let log = whole_log(&store).await;
    assert_eq!(log.len() as u64, store.head(), "cycle {cycle}: no hole");
    for (position, (writer, rounds)) in &known.positions {
        let event = &log[usize::try_from(*position).unwrap() - 1];
        assert_eq!(*event.stream_id, format!("writer-{writer}"), "cycle {cycle}: acknowledged and lost");
        assert_eq!(event.version + 1, rounds * EVENTS_EACH, "cycle {cycle}");
    }
    for writer in 0..WRITERS {
        let stream = format!("writer-{writer}");
        let count = log.iter().filter(|event| *event.stream_id == *stream).count() as u64;
        let acknowledged = known.rounds.get(&writer).copied().unwrap_or(0);
        assert_eq!(count % EVENTS_EACH, 0, "cycle {cycle}: half an append");
        let rounds = count / EVENTS_EACH;
        assert!(
            (acknowledged..=acknowledged + 1).contains(&rounds),
            "cycle {cycle}: {acknowledged} {rounds}"
        );
        for round in 0..rounds + 2 {
            let kept = store.receipt(&format!("{stream}/{round}"), 0).await.unwrap();
            assert_eq!(kept.is_some(), round < rounds, "cycle {cycle}: a receipt goes with its events");
        }
        known.rounds.insert(writer, rounds);
    }
}
