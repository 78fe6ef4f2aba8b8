//! A file that is lost, damaged or another log's is begun again; nothing that was done is done twice.

use super::super::file::{ListenerFile, Origin, remove};
use super::*;
use crate::{Outcome, OutcomeFilter, OutcomeState};

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
    remove(&street.file());
    assert_eq!(heard_again(&street, &shop).await, 2);
    let bytes = std::fs::read(street.file()).unwrap();
    std::fs::write(street.file(), &bytes[..bytes.len() / 2 + 7]).unwrap();
    assert_eq!(heard_again(&street, &shop).await, 2);
    std::fs::write(street.file(), b"not a file of this kind at all").unwrap();
    assert_eq!(heard_again(&street, &shop).await, 2);
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
    Origin { store_id: Uuid::nil(), epoch, head, listeners: "sold_v1: a".to_owned() }
}

fn open(street: &Street, origin: &Origin) -> ListenerFile {
    let pen = Arc::new(tokio::sync::Mutex::new(())).try_lock_owned().unwrap();
    ListenerFile::open(&street.file(), origin, pen).unwrap()
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
    assert_eq!(open(&street, &origin(1, 9)).cursor(), 5);
    let file = open(&street, &origin(2, 4));
    let mut kept: Vec<_> = file.known(0, 9).unwrap().into_keys().map(|(position, _)| position).collect();
    kept.sort_unstable();
    assert_eq!((file.cursor(), kept), (0, vec![1, 3]));
    drop(file);
    // Behind the head of its own log there is nothing that it could have heard.
    let mut file = open(&street, &origin(2, 4));
    file.pass(4).unwrap();
    drop(file);
    assert_eq!(open(&street, &origin(2, 3)).cursor(), 0);
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
    assert_eq!((kept, file.dead().unwrap()), (vec![2, 3, 4, 5], 1));
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
