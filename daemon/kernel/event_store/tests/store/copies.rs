//! Verify, backup and restore on real files, also under a writer that does not stop.

use std::fs;
use std::os::unix::fs::{FileExt, PermissionsExt};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use hecate_disk::{Disk, PAGE_BYTES};
use hecate_event_store::{
    Append, CopyError, EventStore, Expected, Finding, Keep, OpenError, Options, Restored, SqliteStore,
    backup, restore, verify,
};
use rusqlite::OpenFlags;

use crate::kit::{append, bounded, events, file, folder, positions, receipt, roomy, small, whole_log};

async fn filled(path: &Path, count: u64) -> SqliteStore {
    filled_with(small(), path, count).await
}

async fn filled_with(options: Options, path: &Path, count: u64) -> SqliteStore {
    let store = SqliteStore::open(path, options).unwrap();
    for number in 0..count {
        let kept = receipt(&format!("key {number}"), 0, Keep::Forever);
        let one =
            Append { receipt: Some(kept), ..append(&format!("s-{}", number % 5), Expected::Any, events(1)) };
        store.append(one).await.unwrap();
    }
    store
}

/// A restore that nobody is in the way of. A process that another test starts holds every lock of this one from its
/// fork to its exec, so the lock of a store that was just closed may be held for a moment longer.
fn restored(from: &Path, path: &Path) -> Restored {
    let deadline = Instant::now() + Duration::from_secs(10);
    loop {
        match restore(from, path) {
            Err(CopyError::Open(OpenError::Locked { .. })) if Instant::now() < deadline => {
                std::thread::yield_now()
            }
            restored => return restored.unwrap(),
        }
    }
}

fn findings(path: &Path) -> Vec<String> {
    let mut told = Vec::new();
    let verified = verify(path, &mut |finding| told.push(finding.to_string())).unwrap();
    assert_eq!(verified.findings, told.len() as u64);
    told
}

#[tokio::test]
async fn a_whole_store_is_verified_open_or_closed() {
    let folder = folder();
    let store = filled(&file(&folder), 300).await;
    let mut told = Vec::new();
    let verified = verify(&file(&folder), &mut |finding| told.push(finding)).unwrap();
    assert_eq!((verified.head, verified.streams, told), (300, 5, vec![]));
    store.close().await;
    assert_eq!(findings(&file(&folder)), [""; 0]);
}

#[tokio::test]
async fn every_event_on_a_damaged_page_is_named_by_stream_and_position() {
    let folder = folder();
    let path = file(&folder);
    filled(&path, 300).await.close().await;
    // The row of position 150 is where its text is.
    let marked = Disk::real().connect(&path, OpenFlags::SQLITE_OPEN_READ_WRITE).unwrap();
    marked.execute("UPDATE events SET data = '{\"needle\":1}' WHERE position = 150", []).unwrap();
    marked.pragma_update(None, "journal_mode", "DELETE").unwrap();
    drop(marked);
    let bytes = fs::read(&path).unwrap();
    let at = bytes.windows(6).position(|window| window == b"needle").unwrap();
    let raw = fs::OpenOptions::new().write(true).open(&path).unwrap();
    raw.write_all_at(b"n\xffedle", at as u64).unwrap();
    let told = findings(&path);
    assert!(told[0].starts_with(&format!("page {}: ", at / PAGE_BYTES + 1)), "{told:?}");
    let named = told.iter().find(|line| line.contains("position 150:")).unwrap();
    assert!(named.starts_with("stream s-4 version 29, position 150"), "{named}");
    assert_eq!(told.len(), 2, "its neighbours are whole: {told:?}");
}

#[tokio::test]
async fn a_missing_event_and_a_broken_chain_are_named() {
    let folder = folder();
    let path = file(&folder);
    filled(&path, 20).await.close().await;
    let forger = Disk::real().connect(&path, OpenFlags::SQLITE_OPEN_READ_WRITE).unwrap();
    forger.execute_batch("DELETE FROM events WHERE position = 7").unwrap();
    drop(forger);
    let told = findings(&path);
    assert!(told.iter().any(|line| line.contains("position 7: it is missing")), "{told:?}");
    assert!(told.iter().any(|line| line.contains("version 1 is missing before it")), "{told:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_backup_under_a_writer_is_one_moment_of_the_store() {
    let (here, there) = (folder(), folder());
    let (path, to) = (file(&here), there.path().join("backup.sqlite"));
    let store = Arc::new(filled(&path, 100).await);
    let stop = Arc::new(AtomicBool::new(false));
    let writer = tokio::spawn({
        let (store, stop) = (store.clone(), stop.clone());
        async move {
            while !stop.load(Ordering::Acquire) {
                store.append(append("busy", Expected::Any, events(3))).await.unwrap();
            }
        }
    });
    let before = store.head();
    let copied = tokio::task::spawn_blocking({
        let (path, to) = (path.clone(), to.clone());
        move || backup(&path, &to)
    });
    let copied = bounded(copied).await.unwrap().unwrap();
    stop.store(true, Ordering::Release);
    writer.await.unwrap();
    assert!((before..=store.head()).contains(&copied.head), "{before} {copied:?} {}", store.head());
    assert!(matches!(backup(&path, &to), Err(CopyError::Exists(_))), "nothing is written over");
    assert_eq!(fs::read_dir(there.path()).unwrap().count(), 1, "the backup is one file");

    let elsewhere = folder();
    let restored = restored(&to, &file(&elsewhere));
    assert_eq!(restored.store.head, copied.head);
    let opened = SqliteStore::open(&file(&elsewhere), small()).unwrap();
    assert_eq!((opened.store_id(), opened.epoch()), (store.store_id(), 2));
    assert_eq!(positions(&whole_log(&opened).await), (1..=copied.head).collect::<Vec<_>>());
    assert!(opened.receipt("key 99", 0).await.unwrap().is_some(), "receipts come along");
}

#[tokio::test]
async fn a_restored_store_begins_a_new_epoch_and_the_old_one_is_kept() {
    let folder = folder();
    let (path, to) = (file(&folder), folder.path().join("backup.sqlite"));
    let store = filled(&path, 10).await;
    backup(&path, &to).unwrap();
    store.append(append("late", Expected::Any, events(5))).await.unwrap();
    assert!(
        matches!(restore(&to, &path), Err(CopyError::Open(OpenError::Locked { .. }))),
        "never under a daemon"
    );
    store.close().await;
    for epoch in [2, 3] {
        let restored = restored(&to, &path);
        let kept = restored.kept.unwrap();
        assert!(kept.exists(), "{kept:?}");
        let store = SqliteStore::open(&path, small()).unwrap();
        assert_eq!((store.head(), store.epoch()), (10, epoch));
        store.append(append("new", Expected::NoStream, events(1))).await.unwrap();
        store.close().await;
    }
    assert_eq!(findings(&path), [""; 0]);
}

#[tokio::test]
async fn a_damaged_backup_is_not_restored() {
    let (here, there) = (folder(), folder());
    let (path, to) = (file(&here), there.path().join("backup.sqlite"));
    let store = filled(&path, 100).await;
    backup(&path, &to).unwrap();
    store.close().await;
    let raw = fs::OpenOptions::new().write(true).open(&to).unwrap();
    raw.write_all_at(b"?", 5 * PAGE_BYTES as u64 + 99).unwrap();
    let refused = restore(&to, &path);
    let Err(CopyError::NotWhole(found)) = refused else { panic!("{refused:?}") };
    assert!(found.iter().any(|finding| matches!(finding, Finding::File { .. })), "{found:?}");
    assert_eq!(SqliteStore::open(&path, small()).unwrap().head(), 100, "the store in place is untouched");
}

/// A store as a crash leaves it: the last events are in its log alone.
async fn crashed(count: u64) -> (tempfile::TempDir, std::path::PathBuf) {
    let (here, there) = (folder(), folder());
    let store = filled_with(roomy(), &file(&here), count).await;
    for suffix in ["", "-wal", ".id"] {
        let beside = |path: &Path| format!("{}{suffix}", path.display());
        fs::copy(beside(&file(&here)), beside(&file(&there))).unwrap();
    }
    drop(store);
    let path = file(&there);
    (there, path)
}

#[tokio::test]
async fn what_is_only_in_the_log_of_a_backup_is_restored_too() {
    let (_there, from) = crashed(40).await;
    let here = folder();
    assert_eq!(restored(&from, &file(&here)).store.head, 40);
    // And back: what a restore set aside is a backup like any other.
    let (_old, path) = crashed(30).await;
    let kept = restored(&from, &path).kept.unwrap();
    let again = restored(&kept, &path);
    assert_eq!(again.store.head, 30, "the log went along with its file");
    assert_eq!(SqliteStore::open(&path, small()).unwrap().epoch(), 3);
}

#[tokio::test]
async fn a_store_whose_log_is_broken_is_neither_copied_nor_restored() {
    let (there, path) = crashed(40).await;
    let log = fs::OpenOptions::new().write(true).open(format!("{}-wal", path.display())).unwrap();
    log.write_all_at(b"?", 32 + 4_120 * 30 + 500).unwrap();
    let damaged = |refused: Result<(), CopyError>| {
        assert!(matches!(refused, Err(CopyError::Open(OpenError::Damaged { .. }))), "{refused:?}");
    };
    damaged(backup(&path, &there.path().join("backup.sqlite")).map(drop));
    damaged(restore(&path, &file(&folder())).map(drop));
}

#[tokio::test]
async fn a_restore_leaves_a_running_store_that_it_reads_from_alone() {
    let (here, there) = (folder(), folder());
    let store = filled(&file(&here), 10).await;
    let refused = restore(&file(&here), &file(&there)).map(drop);
    assert!(matches!(refused, Err(CopyError::Open(OpenError::Locked { .. }))), "{refused:?}");
    assert!(matches!(SqliteStore::open(&file(&here), small()), Err(OpenError::Locked { .. })), "still held");
    store.append(append("s", Expected::Any, events(1))).await.unwrap();
}

#[tokio::test]
async fn copies_are_for_their_owner_alone() {
    let (here, there) = (folder(), folder());
    let (path, to) = (file(&here), there.path().join("backup.sqlite"));
    filled(&path, 10).await.close().await;
    backup(&path, &to).unwrap();
    restored(&to, &path);
    for copy in [&to, &path] {
        assert_eq!(fs::metadata(copy).unwrap().permissions().mode() & 0o777, 0o600, "{copy:?}");
    }
}
