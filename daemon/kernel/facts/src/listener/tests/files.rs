//! A file that is lost, damaged or another log's is begun again; nothing that was done is done twice.

use super::super::{file::ListenerFile, opening::Origin};
use super::*;
use crate::{Outcome, OutcomeFilter, OutcomeState};
use hecate_disk::{Call, Disk, Fault, Watch};
use rusqlite::OpenFlags;
use std::sync::atomic::AtomicU32;

async fn heard_again(street: &Street, shop: &Arc<Shop>) -> u32 {
    let before = shop.asked();
    let open = street.open(shop).await;
    open.reached(street.store.head()).await;
    open.close().await;
    assert_eq!(shop.effects(), [(1, LISTENERS[2].1), (2, LISTENERS[2].1)]);
    shop.asked() - before
}

#[tokio::test]
async fn a_lost_or_damaged_file_means_that_the_log_is_heard_again() {
    let (street, shop) = (Street::new(), Shop::obliging());
    street.record("returned_v1").await;
    street.record("returned_v1").await;
    assert_eq!(heard_again(&street, &shop).await, 2);
    assert_eq!(heard_again(&street, &shop).await, 0, "a whole file is gone on with");
    std::fs::remove_file(street.file()).unwrap();
    assert_eq!(heard_again(&street, &shop).await, 2);
    let bytes = std::fs::read(street.file()).unwrap();
    for length in [0, 1, 100, 4_096, 4_096 + 7, bytes.len() / 2, bytes.len() / 2 + 7] {
        std::fs::write(street.file(), &bytes[..length]).unwrap();
        assert_eq!(heard_again(&street, &shop).await, 2, "cut to {length} bytes");
    }
    let rubbish = b"not a file of this kind at all";
    std::fs::write(street.file(), rubbish).unwrap();
    assert_eq!(heard_again(&street, &shop).await, 2);
    let aside = street.folder.path().join("shop.sqlite.damaged");
    assert_eq!(std::fs::read(aside).unwrap(), rubbish, "the latest damaged file is set aside");
    assert_eq!(heard_again(&street, &shop).await, 0);
}

#[tokio::test]
async fn a_file_that_is_damaged_while_it_is_used_is_begun_again() {
    let (street, shop) = (Street::new(), Shop::obliging());
    street.record("returned_v1").await;
    let open = street.open(&shop).await;
    open.reached(1).await;
    rusqlite::Connection::open(street.file()).unwrap().execute_batch("DROP TABLE cursor").unwrap();
    let position = street.record("returned_v1").await;
    open.reached(position).await;
    assert_eq!((shop.effects().len(), shop.asked_about(1)), (2, 2));
    open.close().await;
}

#[tokio::test]
async fn a_file_of_another_store_is_of_no_use_not_even_its_decisions() {
    let (street, shop) = (Street::new(), Shop::new(|_, _| Reaction::Dead { why: "no".to_owned() }));
    street.record("returned_v1").await;
    let open = street.open(&shop).await;
    open.reached(1).await;
    open.close().await;
    let Street { folder, .. } = street;
    let other = Street { store: Arc::new(MemoryStore::new()), folder };
    other.record("returned_v1").await;
    let shop = Shop::obliging();
    let open = other.open(&shop).await;
    open.reached(1).await;
    assert_eq!((shop.effects().len(), open.hearing.gauges().dead), (1, 0));
    open.close().await;
}

fn origin(epoch: u64, head: u64) -> Origin {
    let pairs = [("sold_v1".to_owned(), "a".to_owned())].into();
    Origin { store_id: Uuid::nil(), epoch, head, pairs }
}

fn open(street: &Street, origin: &Origin) -> ListenerFile {
    ListenerFile::open(&street.file(), origin, pen()).unwrap()
}

fn pen() -> tokio::sync::OwnedMutexGuard<()> {
    Arc::new(tokio::sync::Mutex::new(())).try_lock_owned().unwrap()
}

fn cursor(file: &ListenerFile) -> u64 {
    file.standing().unwrap().cursor
}

fn outcome(position: u64, state: OutcomeState, event_at_us: i64) -> Outcome {
    Outcome {
        position,
        listener: "a".to_owned(),
        event_id: Uuid::from_u128(u128::from(position)),
        event_type: "sold_v1".to_owned(),
        stream_id: "s".to_owned(),
        event_at_us,
        state,
        code: None,
        why: None,
        dismissal: None,
        recorded: None,
        attempts: 1,
        first_at_us: 1,
        settled_at_us: Some(2),
    }
}

#[test]
fn only_what_people_decide_outlives_a_restored_log_as_far_as_it_goes() {
    let street = Street::new();
    let mut file = open(&street, &origin(1, 9));
    use OutcomeState::{Dead, Dismissed, Dispatched, Retrying};
    for (position, state) in (1..).zip([Dead, Dispatched, Dismissed, Retrying, Dead]) {
        file.keep(&outcome(position, state, 0), position).unwrap();
    }
    drop(file);
    assert_eq!(cursor(&open(&street, &origin(1, 9))), 5);
    let file = open(&street, &origin(2, 4));
    let mut kept: Vec<_> = file.known(0, 9).unwrap().into_keys().map(|(position, _)| position).collect();
    kept.sort_unstable();
    assert_eq!((cursor(&file), kept), (0, vec![1, 3]));
    drop(file);
    // Behind the head of its own log there is nothing that it could have heard.
    let mut file = open(&street, &origin(2, 4));
    file.pass(4).unwrap();
    drop(file);
    assert_eq!(cursor(&open(&street, &origin(2, 3))), 0);
}

#[test]
fn what_is_done_with_is_forgotten_after_thirty_days_of_the_events_own_time() {
    let street = Street::new();
    let mut file = open(&street, &origin(1, 9));
    let day_us = 24 * 3_600 * 1_000_000;
    for (position, state) in
        (1..).zip([OutcomeState::Dispatched, OutcomeState::Dead, OutcomeState::Dismissed])
    {
        file.keep(&outcome(position, state, 0), position).unwrap();
    }
    for position in 4..1_100 {
        file.keep(&outcome(position, OutcomeState::Skipped, 31 * day_us), position).unwrap();
    }
    let known = file.known(0, 5).unwrap();
    let mut kept: Vec<_> = known.into_keys().map(|(position, _)| position).collect();
    kept.sort_unstable();
    assert_eq!((kept, file.standing().unwrap().dead), (vec![2, 3, 4, 5], 1));
}

#[test]
fn pages_show_every_outcome_once_the_newest_first() {
    let street = Street::new();
    let mut file = open(&street, &origin(1, 9));
    for position in 1..=7 {
        let state = if position % 2 == 0 { OutcomeState::Dead } else { OutcomeState::Skipped };
        file.keep(&outcome(position, state, 0), position).unwrap();
    }
    for (state, whole) in [(None, vec![7, 6, 5, 4, 3, 2, 1]), (Some(OutcomeState::Dead), vec![6, 4, 2])] {
        for limit in 1..=8 {
            let (mut seen, mut before) = (Vec::new(), None);
            loop {
                let filter = OutcomeFilter { state, before, limit };
                let page = super::super::file::read_page(&street.file(), &filter).unwrap();
                seen.extend(page.outcomes.iter().map(|row| row.position));
                before = page.next;
                if before.is_none() {
                    break;
                }
            }
            assert_eq!(seen, whole, "{limit} at a time");
        }
    }
}

/// Counts the flushes of a file's log.
#[derive(Default)]
struct Flushes(AtomicU32);

impl Watch for Flushes {
    fn before(&self, call: &Call<'_>) -> Result<(), Fault> {
        if matches!(call, Call::Sync { path } if path.to_string_lossy().ends_with("-wal")) {
            self.0.fetch_add(1, Ordering::Relaxed);
        }
        Ok(())
    }
}

#[test]
fn a_decision_is_on_the_disk_when_it_is_kept_whoever_reads_meanwhile() {
    let (street, flushes) = (Street::new(), Arc::new(Flushes::default()));
    let disk = Disk::watched(Arc::clone(&flushes) as Arc<dyn Watch>);
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_CREATE;
    let db = disk.connect(&street.file(), flags).unwrap();
    let mut file = ListenerFile::begin(db, &origin(1, 9), pen()).unwrap();
    let reader = disk.connect(&street.file(), flags).unwrap();
    reader.execute_batch("BEGIN; SELECT * FROM outcomes").unwrap();
    let flushes = || flushes.0.load(Ordering::Relaxed);
    let before = flushes();
    file.keep(&outcome(1, OutcomeState::Dead, 0), 1).unwrap();
    assert_eq!(flushes(), before, "what can be heard again is not waited for");
    file.keep_decided(&outcome(1, OutcomeState::Dismissed, 0), 1).unwrap();
    assert_eq!(flushes(), before + 1);
    file.keep(&outcome(2, OutcomeState::Skipped, 0), 2).unwrap();
    assert_eq!(flushes(), before + 1);
}
