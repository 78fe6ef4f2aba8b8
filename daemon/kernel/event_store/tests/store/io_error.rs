//! A disk that fails for real: a process may not write files over a length, so the kernel refuses a
//! write in the middle of a commit or a checkpoint. Nothing is acknowledged after that.

use std::path::Path;
use std::process::Command;

use hecate_event_store::{AppendError, ClosedReason, EventStore, Expected, SqliteStore};

use crate::kit::{append, bounded, events, file, folder, positions, small, whole_log};

const FOLDER: &str = "HECATE_STORE_IO_ERROR_FOLDER";
/// Over the length of the log and the empty database; in units of the shell, 512 bytes or more.
const FILE_BLOCKS_MAX: u32 = 4_000;

/// Not a test by itself: the process with the limit. It prints how many appends were acknowledged.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "started with a limit by the test below"]
async fn writer_that_meets_the_limit() {
    let Ok(folder) = std::env::var(FOLDER) else { return };
    let store = SqliteStore::open(&Path::new(&folder).join("events.db"), small()).unwrap();
    let (acknowledged, refused) = loop {
        match store.append(append("s", Expected::Any, events(20))).await {
            Ok(done) => assert_eq!(done.last_position, Some(store.head())),
            Err(refused) => break (store.head(), refused),
        }
    };
    assert!(matches!(refused, AppendError::Unknown | AppendError::Unavailable { .. }), "{refused}");
    assert!(matches!(bounded(store.closed()).await, ClosedReason::Io(_)));
    let later = store.append(append("s", Expected::Any, events(1))).await;
    assert!(matches!(later, Err(AppendError::Unavailable { .. })), "{later:?}");
    assert_eq!(positions(&whole_log(&store).await).len() as u64, acknowledged, "reads go on");
    println!("acknowledged {acknowledged}");
}

#[tokio::test]
async fn an_io_error_ends_the_writer_and_loses_nothing_acknowledged() {
    let folder = folder();
    let limited = format!(r#"trap '' XFSZ; ulimit -f {FILE_BLOCKS_MAX}; exec "$0" "$@""#);
    let done = Command::new("sh")
        .args(["-c", &limited])
        .arg(std::env::current_exe().unwrap())
        .args(["--exact", "io_error::writer_that_meets_the_limit", "--ignored", "--nocapture"])
        .env(FOLDER, folder.path())
        .output()
        .unwrap();
    let told = String::from_utf8_lossy(&done.stdout);
    assert!(done.status.success(), "{told}\n{}", String::from_utf8_lossy(&done.stderr));
    let line = told.lines().find_map(|line| line.split_once("acknowledged ")).unwrap().1;
    let acknowledged: u64 = line.trim().parse().unwrap();

    let store = SqliteStore::open(&file(&folder), small()).unwrap();
    assert!(store.head() >= acknowledged, "{} of {acknowledged}", store.head());
    assert_eq!(positions(&whole_log(&store).await), (1..=store.head()).collect::<Vec<_>>());
    store.append(append("s", Expected::Version(store.head() - 1), events(1))).await.unwrap();
}
