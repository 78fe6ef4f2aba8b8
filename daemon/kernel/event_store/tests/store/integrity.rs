//! Damage is found and named, never served: a file that is gone, exchanged or altered, a log that is broken
//! in the middle.

use std::fs;
use std::path::{Path, PathBuf};

use hecate_disk::Disk;
use hecate_event_store::{
    AppendError, ClosedReason, EventStore, Expected, Filter, OpenError, ReadError, SqliteStore,
};
use rusqlite::{Connection, OpenFlags};
use tempfile::TempDir;

use crate::kit::{append, bounded, events, file, folder, positions, roomy, small, whole_log};

/// A closed store with `count` events in `s`.
async fn closed_store(count: u64) -> (TempDir, PathBuf) {
    let folder = folder();
    let path = file(&folder);
    let store = SqliteStore::open(&path, small()).unwrap();
    for _ in 0..count {
        store.append(append("s", Expected::Any, events(1))).await.unwrap();
    }
    store.close().await;
    (folder, path)
}

fn beside(path: &Path, suffix: &str) -> PathBuf {
    format!("{}{suffix}", path.display()).into()
}

fn says(refused: Result<SqliteStore, OpenError>) -> String {
    match refused.map(drop) {
        Err(OpenError::Damaged { detail, .. }) => detail,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn after_an_orderly_close_the_file_alone_is_the_store() {
    let (_folder, path) = closed_store(50).await;
    let elsewhere = folder();
    fs::copy(&path, file(&elsewhere)).unwrap();
    let store = SqliteStore::open(&file(&elsewhere), small()).unwrap();
    assert_eq!(positions(&whole_log(&store).await), (1..=50).collect::<Vec<_>>());
}

#[tokio::test]
async fn a_file_that_is_gone_or_emptied_is_no_new_store() {
    for empty in [false, true] {
        let (_folder, path) = closed_store(3).await;
        fs::remove_file(&path).unwrap();
        if empty {
            fs::write(&path, "").unwrap();
        }
        for _ in 0..2 {
            assert!(says(SqliteStore::open(&path, small())).contains("are gone"), "also the second time");
        }
    }
}

#[tokio::test]
async fn an_exchanged_file_is_refused() {
    let ((_here, path), (_there, other)) = (closed_store(3).await, closed_store(3).await);
    fs::copy(&other, &path).unwrap();
    assert!(says(SqliteStore::open(&path, small())).contains("it holds store"));
}

#[tokio::test]
async fn a_store_of_the_format_before_checksums_is_told_apart_from_damage() {
    let folder = folder();
    let plain = Connection::open(file(&folder)).unwrap();
    plain
        .execute_batch("PRAGMA application_id = 0x48656361; PRAGMA user_version = 1; CREATE TABLE t (x)")
        .unwrap();
    drop(plain);
    let refused = SqliteStore::open(&file(&folder), small()).map(drop);
    assert!(matches!(refused, Err(OpenError::OtherFormat { found: 1, known: 2, .. })), "{refused:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_altered_row_is_named_and_ends_the_writer() {
    for alter in [
        "UPDATE events SET data = '{\"number\": 8 }' WHERE position = 3",
        "UPDATE events SET at_us = at_us + 1 WHERE position = 3",
        "UPDATE streams SET name = 't'",
        "UPDATE types SET name = 'thing_undone_v1'",
        "UPDATE tags SET name = 'venture:v-2'",
        "UPDATE contexts SET name = replace(name, '1000', '1001')",
        "UPDATE events SET hash = zeroblob(32) WHERE position = 3",
    ] {
        let (_folder, path) = closed_store(5).await;
        let forger = Disk::real().connect(&path, OpenFlags::SQLITE_OPEN_READ_WRITE).unwrap();
        forger.execute_batch(alter).unwrap();
        drop(forger);
        let store = SqliteStore::open(&path, small()).unwrap();
        let read = store.read_all(2, &Filter::all(), 1).await;
        let Err(ReadError::Damaged { position: 3, stream_id: Some(stream), .. }) = &read else {
            panic!("{alter}: {read:?}")
        };
        assert!(["s", "t"].contains(&&**stream), "{read:?}");
        let ClosedReason::Damaged(told) = bounded(store.closed()).await else { panic!("{alter}") };
        assert!(told.contains("position 3 of stream"), "{told}");
        let refused = store.append(append("s", Expected::Any, events(1))).await;
        assert!(matches!(refused, Err(AppendError::Unavailable { .. })), "nothing is built upon damage");
    }
}

#[tokio::test]
async fn a_version_that_is_missing_from_the_index_is_told() {
    let (_folder, path) = closed_store(5).await;
    let forger = Disk::real().connect(&path, OpenFlags::SQLITE_OPEN_READ_WRITE).unwrap();
    forger.execute_batch("UPDATE events SET version = 9 WHERE position = 3").unwrap();
    drop(forger);
    let store = SqliteStore::open(&path, small()).unwrap();
    let read = store.read_stream("s", 0, 10).await;
    assert!(matches!(read, Err(ReadError::Damaged { .. })), "{read:?}");
}

#[tokio::test]
async fn a_log_that_is_broken_in_the_middle_is_damage_and_a_torn_tail_is_not() {
    let folder = folder();
    let path = file(&folder);
    let store = SqliteStore::open(&path, roomy()).unwrap();
    for _ in 0..20 {
        store.append(append("s", Expected::Any, events(1))).await.unwrap();
    }
    // As after a power cut: the files as they are now, without the orderly close.
    let cut = |flip_at: Option<u64>| {
        let there = crate::kit::folder();
        for suffix in ["", ".id"] {
            fs::copy(beside(&path, suffix), beside(&file(&there), suffix)).unwrap();
        }
        let mut log = fs::read(beside(&path, "-wal")).unwrap();
        if let Some(at) = flip_at {
            log[usize::try_from(at).unwrap()] ^= 8;
        }
        fs::write(beside(&file(&there), "-wal"), log).unwrap();
        there
    };
    let whole = cut(None);
    assert_eq!(SqliteStore::open(&file(&whole), small()).unwrap().head(), 20);
    let broken = cut(Some(32 + 4_120 * 20 + 500));
    assert!(says(SqliteStore::open(&file(&broken), small())).contains("frame 21"), "named");
}
