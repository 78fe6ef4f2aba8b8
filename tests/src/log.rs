//! The log of a daemon that does not run, opened as it would open it.

use crate::daemon::Place;
use hecate_event_store::{EventStore, Filter, Options, RecordedEvent, SqliteStore};
use std::sync::Arc;

/// Lets `work` at the log of this place; makes an empty one where there is none.
pub fn with<T>(place: &Place, work: impl AsyncFnOnce(&SqliteStore) -> T) -> T {
    std::fs::create_dir_all(place.data()).unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    runtime.block_on(async {
        let log = SqliteStore::open(&place.data().join("events.sqlite"), Options::default()).unwrap();
        let done = work(&log).await;
        log.close().await;
        done
    })
}

/// Every event, in order.
pub fn events(place: &Place) -> Vec<Arc<RecordedEvent>> {
    with(place, async |log| {
        let (mut events, mut after) = (Vec::new(), 0);
        while after < log.head() {
            let page = log.read_all(after, &Filter::all(), 1_000).await.unwrap();
            after = page.caught_up_to;
            events.extend(page.events);
        }
        events
    })
}
