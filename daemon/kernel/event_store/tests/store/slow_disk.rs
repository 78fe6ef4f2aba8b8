//! A disk that has become slow is felt at once by whoever comes, with a time to come again, and not by an
//! endless queue; what was accepted is still recorded.

use std::sync::Arc;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use hecate_disk::{Call, Fault, Watch};
use hecate_event_store::{AppendError, EventStore, Expected, Options, SqliteStore};

use crate::kit::{append, bounded, events, file, folder, small};

/// Lets a flush of the log go on when the test says so.
struct Gate {
    stopped: SyncSender<()>,
    go: Mutex<Option<Receiver<()>>>,
}

impl Watch for Gate {
    fn before(&self, call: &Call<'_>) -> Result<(), Fault> {
        let Call::Sync { path } = call else { return Ok(()) };
        let go = self.go.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(go) = go.filter(|_| path.to_string_lossy().ends_with("-wal")) {
            self.stopped.send(()).unwrap();
            go.recv().unwrap();
        }
        Ok(())
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_would_wait_for_too_long_is_turned_away_with_a_time() {
    let folder = folder();
    let ((stopped, stop), (let_go, go)) = (sync_channel(1), sync_channel(1));
    let gate = Arc::new(Gate { stopped, go: Mutex::new(None) });
    let wait_max = Duration::from_millis(50);
    let options = Options { wait_max, watch: Some(gate.clone()), ..small() };
    let store = Arc::new(SqliteStore::open(&file(&folder), options).unwrap());
    store.append(append("s", Expected::Any, events(1))).await.unwrap();

    *gate.go.lock().unwrap() = Some(go);
    let slow = tokio::spawn({
        let store = store.clone();
        async move { store.append(append("s", Expected::Any, events(1))).await }
    });
    tokio::task::spawn_blocking(move || stop.recv().unwrap()).await.unwrap();
    // The flush hangs: newcomers are accepted until it has lasted longer than they may wait.
    let mut accepted = Vec::new();
    let retry_after_us = loop {
        let one = tokio::spawn({
            let store = store.clone();
            async move { store.append(append("s", Expected::Any, events(1))).await }
        });
        let gauges = store.gauges();
        if gauges.refused_busy_total > 0 {
            let Err(AppendError::Busy { retry_after_us }) = bounded(one).await.unwrap() else {
                panic!("turned away at once")
            };
            break retry_after_us;
        }
        accepted.push(one);
        tokio::task::yield_now().await;
        if accepted.len() % 64 == 0 {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    };
    assert!(retry_after_us >= 50_000, "{retry_after_us}");
    let gauges = store.gauges();
    assert!(gauges.oldest_unacknowledged_us >= 50_000 && gauges.queued_requests > 0, "{gauges:?}");

    let_go.send(()).unwrap();
    bounded(slow).await.unwrap().unwrap();
    let (mut recorded, mut refused) = (0, 0);
    for one in accepted {
        match bounded(one).await.unwrap() {
            Ok(_) => recorded += 1,
            Err(AppendError::Busy { .. }) => refused += 1,
            other => panic!("{other:?}"),
        }
    }
    assert!(recorded > 0, "{refused}");
    assert_eq!(store.head(), 2 + recorded, "what was accepted is recorded, what was refused is not");
    let after = store.append(append("s", Expected::Any, events(1))).await;
    assert!(after.is_ok(), "it heals by itself: {after:?}");
}
