//! What `hecate-daemon` does with its blobs beside running: looks at them, copies them with the store, and removes
//! what no event names.

use crate::boot::{self, ClaimedData};
use crate::chores::say;
use crate::exit::{Exit, Failure};
use crate::store_chores::{exit_of, store_file};
use hecate_blobs::{BlobError, Blobs, Seen, Sha256, names_in};
use hecate_event_store::{EventStore, Filter, Options, PAGE_EVENTS_MAX, ReadError, SqliteStore};
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

/// Looks at every blob; a damaged one is a line. Answers how many are.
pub(crate) fn verify_blobs(data_dir: &Path) -> Result<u64, Failure> {
    let seen = boot::blobs(data_dir).verify().map_err(refuse)?;
    seen.damaged.iter().try_for_each(|sha256| say(&format!("blob {sha256} is damaged")))?;
    Ok(seen.damaged.len() as u64)
}

/// Copies every blob beside the backup of the store, which was copied before: no event in it is without its blob.
pub(crate) fn back_up_blobs(data_dir: &Path, backup: &Path) -> Result<(), Failure> {
    copy(&boot::blobs(data_dir), &Blobs::new(&beside(backup)))
}

/// Puts the blobs of a backup beside those that are there.
pub(crate) fn restore_blobs(data: &ClaimedData, backup: &Path) -> Result<(), Failure> {
    copy(&Blobs::new(&beside(backup)), &data.blobs())
}

fn copy(from: &Blobs, to: &Blobs) -> Result<(), Failure> {
    let Seen { blobs, bytes, damaged } = from.copy_to(to).map_err(refuse)?;
    if blobs > 0 {
        say(&format!("{blobs} blobs were copied, {bytes} bytes"))?;
    }
    if damaged.is_empty() {
        return Ok(());
    }
    let says = format!("{} blobs are damaged and were not copied; `verify` names them", damaged.len());
    Err(Failure::new(Exit::DamagedStore, says))
}

fn refuse(error: BlobError) -> Failure {
    Failure::new(Exit::Refused, error)
}

/// The blobs of a backup lie in the folder `FILE.blobs`.
fn beside(backup: &Path) -> PathBuf {
    let mut name = backup.as_os_str().to_owned();
    name.push(".blobs");
    PathBuf::from(name)
}

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
    let collected = blobs.collect(&named).map_err(refuse)?;
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
    use crate::store_chores::{back_up, restore_store, verify_store};
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

    #[test]
    fn a_backup_has_its_blobs_beside_it_and_a_damaged_one_is_named_and_not_copied() {
        let (here, there) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let blobs = boot::blobs(here.path());
        let [tea, cake] = ["tea", "cake"].map(|content| blobs.put(content.as_bytes()).unwrap().sha256);
        drop(SqliteStore::open(&boot::store_file(here.path()), Options::default()).unwrap());
        assert_eq!(verify_store(here.path()).unwrap(), Exit::Clean);
        let backup = here.path().join("monday");
        assert_eq!(back_up(here.path(), &backup).unwrap(), Exit::Clean);

        std::fs::write(here.path().join("blobs").join(&cake.as_str()[..2]).join(cake.as_str()), "").unwrap();
        assert_eq!(verify_store(here.path()).unwrap_err().exit, Exit::DamagedStore);
        let late = here.path().join("tuesday");
        assert_eq!(back_up(here.path(), &late).unwrap_err().exit, Exit::DamagedStore);
        assert_eq!(Blobs::new(&beside(&late)).get(&tea).unwrap().unwrap(), b"tea");

        assert_eq!(restore_store(there.path(), &backup).unwrap(), Exit::Clean);
        assert_eq!(boot::blobs(there.path()).get(&cake).unwrap().unwrap(), b"cake");
    }
}
