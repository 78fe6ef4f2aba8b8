//! What `hecate-daemon` does with its blobs beside running: what no event names goes away.

use crate::boot::ClaimedData;
use crate::chores::say;
use crate::exit::{Exit, Failure};
use crate::store_chores::{exit_of, store_file};
use hecate_blobs::{Sha256, names_in};
use hecate_event_store::{EventStore, Filter, Options, PAGE_EVENTS_MAX, ReadError, SqliteStore};
use std::collections::BTreeSet;
use std::path::Path;

/// Removes every blob that no recorded event names. The daemon must not run: it keeps a blob before the event that
/// names it.
pub(crate) fn collect_blobs(data_dir: &Path) -> Result<Exit, Failure> {
    let file = store_file(data_dir)?;
    let data = ClaimedData::claim(data_dir)?;
    let store =
        SqliteStore::open(&file, Options::default()).map_err(|error| Failure::new(exit_of(&error), error))?;
    let runtime = tokio::runtime::Builder::new_current_thread().build();
    let runtime = runtime.map_err(|error| Failure::new(Exit::GaveUp, error))?;
    let named = runtime.block_on(async {
        let named = names_in_log(&store).await;
        store.close().await;
        named
    });
    // A log that cannot be read to its end may name anything.
    let named = named.map_err(|error| Failure::new(Exit::DamagedStore, error))?;
    let blobs = data.blobs();
    let collected = blobs.collect(&named).map_err(|error| Failure::new(Exit::Refused, error))?;
    let (kept, removed) = (collected.kept, collected.removed);
    say(&format!("{kept} blobs stay; {removed} are gone, {} bytes", collected.removed_bytes))?;
    Ok(Exit::Clean)
}

/// The names of all blobs that some event names, as it was recorded.
async fn names_in_log(store: &dyn EventStore) -> Result<BTreeSet<Sha256>, ReadError> {
    let (mut named, mut after) = (BTreeSet::new(), 0);
    while after < store.head() {
        let page = store.read_all(after, &Filter::all(), PAGE_EVENTS_MAX).await?;
        named.extend(page.events.iter().flat_map(|event| names_in(event.data.get())));
        after = page.caught_up_to;
    }
    Ok(named)
}

#[cfg(test)]
mod tests {
    use super::*;
    use hecate_event_store::{Append, Expected, Metadata, NewEvent};
    use uuid::Uuid;

    fn event(data: &str) -> NewEvent {
        let metadata = Metadata {
            correlation_id: Uuid::now_v7(),
            causation_id: Uuid::now_v7(),
            command_id: Uuid::now_v7(),
            actor: "uid:1@n".into(),
            node_id: "n".into(),
            realm: "r".into(),
            idempotency_key: None,
            conversation_id: None,
            visibility: None,
        };
        let data = serde_json::value::RawValue::from_string(data.to_owned()).unwrap().into();
        NewEvent {
            event_id: Uuid::now_v7(),
            event_type: "tea_made_v1".into(),
            at_us: 1,
            metadata,
            tags: Vec::new(),
            data,
        }
    }

    #[test]
    fn what_an_event_names_stays_and_nobody_collects_while_a_daemon_runs() {
        let folder = tempfile::tempdir().unwrap();
        let data = ClaimedData::claim(folder.path()).unwrap();
        let blobs = data.blobs();
        let [tea, cake] = ["tea", "cake"].map(|content| blobs.put(content.as_bytes()).unwrap().sha256);
        let none = collect_blobs(folder.path()).unwrap_err();
        assert_eq!(none.exit, Exit::Configuration);
        let store = SqliteStore::open(&data.store_file(), Options::default()).unwrap();
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(async {
            let events = vec![event(&format!("{{\"files\":[{{\"sha256\":\"{tea}\"}}]}}"))];
            let append = Append { stream_id: "tea".into(), expected: Expected::Any, events, receipt: None };
            store.append(append).await.unwrap();
            store.close().await;
        });
        drop(store);
        assert_eq!(collect_blobs(folder.path()).unwrap_err().exit, Exit::AlreadyRunning);
        drop(data);
        assert_eq!(collect_blobs(folder.path()).unwrap(), Exit::Clean);
        assert_eq!(blobs.get(&tea).unwrap().unwrap(), b"tea");
        assert_eq!(blobs.get(&cake).unwrap(), None);
    }
}
