//! What only a file can show: it is there again, it is private, it is refused when it is not ours.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::sync::Arc;

use hecate_disk::Disk;
use hecate_event_store::{
    Append, AppendError, ClosedReason, EventStore, Expected, Filter, Keep, OpenError, Options, ReadError,
    SqliteStore,
};
use rusqlite::{Connection, OpenFlags};
use tokio::task::JoinSet;

use crate::kit::{append, bounded, events, file, folder, positions, receipt, small, whole_log};

fn open(path: &Path) -> SqliteStore {
    SqliteStore::open(path, small()).unwrap()
}

#[tokio::test]
async fn a_store_dropped_without_close_opens_again_with_everything() {
    let folder = folder();
    let path = file(&folder);
    let store = open(&path);
    let (store_id, epoch) = (store.store_id(), store.epoch());
    let first = Append {
        receipt: Some(receipt("k", 0, Keep::Forever)),
        ..append("s", Expected::NoStream, events(3))
    };
    store.append(first.clone()).await.unwrap();
    drop(store);

    let store = open(&path);
    assert_eq!((store.store_id(), store.epoch(), store.head()), (store_id, epoch, 3));
    assert_eq!(*store.watch_head().borrow(), 3);
    let Err(AppendError::ReceiptExists(kept)) = store.append(first).await else {
        panic!("receipt is durable")
    };
    assert_eq!(kept.events.len(), 3);
    let refused = store.append(append("s", Expected::NoStream, events(1))).await;
    assert!(matches!(refused, Err(AppendError::WrongExpectedVersion { actual: Some(2), .. })));
    let next = store.append(append("s", Expected::Version(2), events(1))).await.unwrap();
    assert_eq!((next.first_position, next.last_version), (Some(4), Some(3)));
    assert_eq!(positions(&whole_log(&store).await), [1, 2, 3, 4]);
}

#[tokio::test]
async fn one_store_at_a_time_holds_the_file() {
    let folder = folder();
    let store = open(&file(&folder));
    assert!(matches!(SqliteStore::open(&file(&folder), small()), Err(OpenError::Locked { .. })));
    store.append(append("s", Expected::Any, events(1))).await.unwrap();
    store.close().await;
    assert_eq!(open(&file(&folder)).head(), 1, "a closed store lets go");
}

#[tokio::test]
async fn all_files_are_private() {
    let folder = folder();
    let store = open(&file(&folder));
    store.append(append("s", Expected::Any, events(1))).await.unwrap();
    let mut files = 0;
    for entry in fs::read_dir(folder.path()).unwrap() {
        let entry = entry.unwrap();
        assert_eq!(entry.metadata().unwrap().permissions().mode() & 0o777, 0o600, "{:?}", entry.path());
        files += 1;
    }
    assert_eq!(files, 5, "database, log, index of the log, lock, identity");
}

#[tokio::test]
async fn a_log_grown_with_zeros_recovers_after_a_power_cut() {
    let (here, there) = (folder(), folder());
    let store = open(&file(&here));
    for _ in 0..20 {
        store.append(append("s", Expected::Any, events(2))).await.unwrap();
    }
    // A power cut leaves the two files as they are and takes the shared index with it.
    for name in ["events.db", "events.db-wal"] {
        fs::copy(here.path().join(name), there.path().join(name)).unwrap();
    }
    let wal = fs::read(there.path().join("events.db-wal")).unwrap();
    assert!(wal.len() >= 1024 * 1024 && wal.ends_with(&[0; 4096]), "the end of the log is still zeros");
    let recovered = open(&file(&there));
    assert_eq!(positions(&whole_log(&recovered).await), (1..=40).collect::<Vec<_>>());
    recovered.append(append("s", Expected::Version(39), events(1))).await.unwrap();
}

#[tokio::test]
async fn a_log_of_nothing_but_zeros_is_an_empty_log() {
    let (here, there) = (folder(), folder());
    open(&file(&here)).append(append("s", Expected::Any, events(2))).await.unwrap();
    let conn = Connection::open(file(&here)).unwrap();
    conn.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(())).unwrap();
    drop(conn);
    fs::copy(file(&here), file(&there)).unwrap();
    fs::write(there.path().join("events.db-wal"), vec![0; 1024 * 1024]).unwrap();
    let store = open(&file(&there));
    assert_eq!(store.head(), 2);
    store.append(append("s", Expected::Version(1), events(1))).await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn the_log_is_recycled_and_not_cut_however_busy_the_writer_is() {
    let folder = folder();
    let store = Arc::new(open(&file(&folder)));
    let mut writers = JoinSet::new();
    // Many writers: the next batch always waits already, so the writer never pauses by itself.
    for writer in 0..16 {
        let store = store.clone();
        writers.spawn(async move {
            for _ in 0..60 {
                store.append(append(&format!("s-{writer}"), Expected::Any, events(20))).await.unwrap();
            }
        });
    }
    bounded(writers.join_all()).await;
    store.close().await;
    let length = |suffix| fs::metadata(folder.path().join(format!("events.db{suffix}"))).unwrap().len();
    assert!(length("-wal") >= 1024 * 1024, "never cut");
    assert!(length("-wal") < 4 * 1024 * 1024, "{} for {} of data", length("-wal"), length(""));
}

#[test]
fn a_file_of_a_newer_format_is_refused_and_left_alone() {
    let folder = folder();
    drop(open(&file(&folder)));
    let conn = Disk::real().connect(&file(&folder), OpenFlags::SQLITE_OPEN_READ_WRITE).unwrap();
    conn.pragma_update(None, "user_version", 99).unwrap();
    drop(conn);
    let before = fs::read(file(&folder)).unwrap();
    let refused = SqliteStore::open(&file(&folder), small()).map(drop);
    assert!(matches!(refused, Err(OpenError::OtherFormat { found: 99, known: 2, .. })), "{refused:?}");
    assert_eq!(fs::read(file(&folder)).unwrap(), before);
}

#[test]
fn what_is_not_an_event_store_is_refused() {
    let folder = folder();
    fs::write(file(&folder), "this is no database, but it is long enough to be read as one".repeat(20))
        .unwrap();
    assert!(matches!(SqliteStore::open(&file(&folder), small()), Err(OpenError::Damaged { .. })));
    let other = folder.path().join("other.db");
    Connection::open(&other).unwrap().execute_batch("CREATE TABLE recipes (name TEXT)").unwrap();
    assert!(matches!(SqliteStore::open(&other, small()), Err(OpenError::Damaged { .. })));
    let nowhere = folder.path().join("missing/events.db");
    assert!(matches!(SqliteStore::open(&nowhere, small()), Err(OpenError::Io { .. })));
}

#[tokio::test]
async fn a_missing_event_is_told_and_not_skipped() {
    let folder = folder();
    let store = open(&file(&folder));
    store.append(append("s", Expected::Any, events(100))).await.unwrap();
    Connection::open(file(&folder)).unwrap().execute("DELETE FROM events WHERE position = 20", []).unwrap();
    let read = store.read_all(10, &Filter::all(), 50).await;
    assert!(matches!(read, Err(ReadError::Damaged { position: 20, .. })), "{read:?}");
}

#[tokio::test]
async fn a_file_that_somebody_else_wrote_to_ends_the_writer() {
    let folder = folder();
    let store = open(&file(&folder));
    store.append(append("s", Expected::Any, events(1))).await.unwrap();
    let intruder = Connection::open(file(&folder)).unwrap();
    intruder
        .execute_batch(
            "INSERT INTO events SELECT position + 1, stream_id, version + 1, type_id, context_id, at_us, event_id, \
             correlation_id, causation_id, command_id, NULL, NULL, tag_ids, data, hash, crc FROM events",
        )
        .unwrap();
    let refused = store.append(append("s", Expected::Any, events(1))).await;
    assert!(matches!(refused, Err(AppendError::Unavailable { .. })), "{refused:?}");
    assert!(matches!(bounded(store.closed()).await, ClosedReason::Damaged(_)));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_full_queue_says_busy_and_what_was_accepted_is_recorded() {
    let by_requests = Options { queue_requests_max: 4, ..small() };
    let by_bytes = Options { queue_bytes_max: 4 * 300, ..small() };
    for options in [by_requests, by_bytes] {
        let folder = folder();
        let store = Arc::new(SqliteStore::open(&file(&folder), options).unwrap());
        let blocker = Connection::open(file(&folder)).unwrap();
        blocker.execute_batch("BEGIN IMMEDIATE").unwrap();
        let mut appends = JoinSet::new();
        for _ in 0..40 {
            let store = store.clone();
            appends.spawn(async move { store.append(append("s", Expected::Any, events(1))).await });
        }
        let mut outcomes = Vec::new();
        while outcomes.len() < 20 {
            outcomes.push(bounded(appends.join_next()).await.unwrap().unwrap());
        }
        assert!(
            outcomes.iter().all(|outcome| matches!(outcome, Err(AppendError::Busy { .. }))),
            "{outcomes:?}"
        );
        blocker.execute_batch("COMMIT").unwrap();
        outcomes.extend(bounded(appends.join_all()).await);
        let accepted = outcomes.iter().filter(|outcome| outcome.is_ok()).count() as u64;
        assert!(accepted > 0);
        assert_eq!(store.head(), accepted);
        store.append(append("s", Expected::Version(accepted - 1), events(1))).await.unwrap();
    }
}

#[tokio::test]
async fn expired_receipts_leave_in_small_steps() {
    let folder = folder();
    let store = open(&file(&folder));
    let with = |key: String, at_us, keep| Append {
        receipt: Some(receipt(&key, at_us, keep)),
        ..append("s", Expected::Any, events(1))
    };
    for number in 0..150 {
        store.append(with(format!("old-{number}"), 0, Keep::UntilUs(100))).await.unwrap();
    }
    let kept = || {
        let conn = Connection::open(file(&folder)).unwrap();
        conn.query_row("SELECT count(*) FROM receipts", [], |row| row.get::<_, i64>(0)).unwrap()
    };
    let mut before = kept();
    assert_eq!(before, 150);
    for step in 0..4 {
        store.append(with(format!("new-{step}"), 100, Keep::Forever)).await.unwrap();
        let after = kept();
        assert!(before - after < 64, "step {step}: {before} to {after}");
        before = after;
    }
    assert_eq!(before, 4, "only those that are kept for ever");
}
