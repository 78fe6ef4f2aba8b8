//! A disk without space: writes are refused by name, reads go on, and writes come back by themselves.

use std::path::Path;
use std::process::Command;
use std::time::Duration;

use hecate_event_store::{AppendError, EventStore, Expected, Options, SqliteStore, UnavailableReason};
use tempfile::TempDir;

use crate::kit::{append, bounded, events, folder, positions, small, whole_log};

/// A file system of a few megabytes, gone when dropped.
struct SmallDisk(TempDir);

impl SmallDisk {
    /// `None`, with the reason printed, where mounting is not allowed.
    fn mount() -> Option<Self> {
        let folder = folder();
        let mount =
            Command::new("mount").args(["-t", "tmpfs", "-o", "size=8m", "tmpfs"]).arg(folder.path()).output();
        match mount {
            Ok(done) if done.status.success() => Some(Self(folder)),
            refused => {
                println!("skipped: a small file system cannot be mounted here: {refused:?}");
                None
            }
        }
    }

    fn path(&self) -> &Path {
        self.0.path()
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        let unmounted = Command::new("umount").arg("-l").arg(self.path()).status();
        assert!(unmounted.is_ok_and(|status| status.success()));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_full_disk_refuses_writes_serves_reads_and_heals() {
    for wal_bytes in [1024 * 1024, 64 * 1024] {
        let Some(disk) = SmallDisk::mount() else { return };
        let ballast = disk.path().join("ballast");
        std::fs::write(&ballast, vec![1; 3 * 1024 * 1024]).unwrap();
        let options = Options { wal_bytes, ..small() };
        let store = SqliteStore::open(&disk.path().join("events.db"), options.clone()).unwrap();

        let mut acknowledged = bounded(fill(&store)).await;
        assert_eq!(positions(&whole_log(&store).await), (1..=acknowledged).collect::<Vec<_>>());
        std::fs::remove_file(&ballast).unwrap();
        acknowledged = bounded(heal(&store, acknowledged)).await;
        assert_eq!(positions(&whole_log(&store).await), (1..=acknowledged).collect::<Vec<_>>());

        drop(store);
        let again = SqliteStore::open(&disk.path().join("events.db"), options).unwrap();
        assert_eq!(again.head(), acknowledged);
    }
}

/// Appends until the disk is full; the position of the last acknowledged event.
async fn fill(store: &SqliteStore) -> u64 {
    loop {
        match store.append(append("s", Expected::Any, events(20))).await {
            Ok(_) => {}
            Err(AppendError::Unavailable { reason: UnavailableReason::DiskFull }) => return store.head(),
            Err(other) => panic!("{other}"),
        }
    }
}

/// Tries again as a caller would, until an append goes through.
async fn heal(store: &SqliteStore, acknowledged: u64) -> u64 {
    loop {
        match store.append(append("s", Expected::Version(acknowledged - 1), events(1))).await {
            Ok(done) => return done.last_position.unwrap(),
            Err(AppendError::Unavailable { reason: UnavailableReason::DiskFull }) => {
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
            Err(other) => panic!("{other}"),
        }
    }
}
