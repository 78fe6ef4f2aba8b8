//! A file that cannot be opened now is waited for, and one that another set of listeners left is gone on with.

use super::*;
use crate::{HearingError, OutcomeFilter, OutcomeState};

const CRIES: (&str, &str) = ("returned_v1", "on_returned_cry");
const SMILES: (&str, &str) = ("praised_v1", "on_praised_smile");

/// Forgets what is done with, as pruning does in time.
fn prune(street: &Street) {
    let file = rusqlite::Connection::open(street.file()).unwrap();
    assert!(file.execute("DELETE FROM outcomes WHERE state = 'dispatched'", []).unwrap() > 0);
}

async fn waiting(open: &Open) -> String {
    let waits = async {
        loop {
            if let Some(why) = open.hearing.gauges().waiting {
                return why;
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(60), waits).await.expect("it waits")
}

#[tokio::test(start_paused = true)]
async fn a_file_that_cannot_be_opened_keeps_the_listener_waiting_and_nobody_else() {
    let (street, shop) = (Street::new(), Shop::obliging());
    street.record("returned_v1").await;
    std::fs::create_dir(street.file()).unwrap();
    std::fs::write(street.file().join("in_the_way"), "").unwrap();
    let open = street.open(&shop).await;
    let why = waiting(&open).await;
    assert!(why.starts_with("its file cannot be opened: "), "{why}");
    assert_eq!(open.hearing.replay(1, None).await, Err(HearingError::NoAnswer { why }));
    assert_eq!((open.hearing.gauges().cursor, shop.asked()), (None, 0));
    std::fs::remove_dir_all(street.file()).unwrap();
    open.reached(1).await;
    assert_eq!((shop.effects().len(), open.hearing.gauges().waiting), (1, None));
    open.close().await;
}

#[tokio::test(start_paused = true)]
async fn trouble_at_the_disk_costs_nothing_of_what_the_file_holds() {
    let (street, shop) = (Street::new(), Shop::new(|_, _| Reaction::Dead { why: "no".to_owned() }));
    street.record("returned_v1").await;
    let open = street.open(&shop).await;
    open.reached(1).await;
    open.close().await;
    // SQLite finds no place for its log.
    let in_the_way = street.folder.path().join("shop.sqlite-wal");
    std::fs::create_dir(&in_the_way).unwrap();
    let open = street.open(&shop).await;
    waiting(&open).await;
    std::fs::remove_dir(in_the_way).unwrap();
    open.begun().await;
    let position = street.record("returned_v1").await;
    open.reached(position).await;
    assert_eq!((shop.asked_about(1), open.hearing.gauges().dead), (1, 2));
    open.close().await;
}

#[tokio::test]
async fn a_listener_that_joins_hears_the_log_from_the_start_and_the_others_nothing_twice() {
    let (street, old) = (Street::new(), Shop::obliging());
    for event_type in ["returned_v1", "praised_v1", "sold_v1", "returned_v1"] {
        street.record(event_type).await;
    }
    let open = street.open(&old).await;
    open.reached(4).await;
    open.close().await;
    prune(&street);
    let (bill, gift, pay) = (LISTENERS[0].1, LISTENERS[1].1, LISTENERS[2].1);
    let larger = [LISTENERS.as_slice(), &[CRIES, SMILES]].concat();
    let new = Shop::with(&larger, |fact, _| done(fact));
    street.record("sold_v1").await;
    let open = street.open(&new).await;
    open.reached(5).await;
    let joined = [(1, CRIES.1), (2, SMILES.1), (4, CRIES.1)];
    assert_eq!(new.effects(), [joined.as_slice(), &[(5, bill), (5, gift)]].concat());
    // Everybody is level again.
    let position = street.record("returned_v1").await;
    open.reached(position).await;
    assert_eq!(new.effects()[5..], [(6, pay), (6, CRIES.1)]);
    open.close().await;
    // One that leaves, and another order, are no reason to ask anybody again.
    let fewer = Shop::with(&[CRIES, LISTENERS[2]], |fact, _| done(fact));
    let open = street.open(&fewer).await;
    open.reached(6).await;
    assert_eq!(fewer.asked(), 0);
    open.close().await;
}

#[tokio::test(start_paused = true)]
async fn the_set_may_change_again_before_the_newcomer_has_caught_up() {
    let (street, old) = (Street::new(), Shop::obliging());
    for _ in 0..4 {
        street.record("returned_v1").await;
    }
    let open = street.open(&old).await;
    open.reached(4).await;
    open.close().await;
    prune(&street);
    // The newcomer comes as far as the second fact.
    let later = || Reaction::Later { why: "tired".to_owned() };
    let two = [LISTENERS[2], CRIES];
    let second = Shop::with(&two, move |fact, _| if fact.position > 2 { later() } else { done(fact) });
    let open = street.open(&second).await;
    open.reached(2).await;
    open.close().await;
    assert_eq!(second.effects(), [(1, CRIES.1), (2, CRIES.1)]);
    prune(&street);
    let laughs = ("returned_v1", "on_returned_laugh");
    let third = Shop::with(&[LISTENERS[2], CRIES, laughs], |fact, _| done(fact));
    let open = street.open(&third).await;
    open.reached(4).await;
    let (cries, laughs) = (CRIES.1, laughs.1);
    let expected = [(1, laughs), (2, laughs), (3, cries), (3, laughs), (4, cries), (4, laughs)];
    assert_eq!(third.effects(), expected);
    let filter = OutcomeFilter { state: Some(OutcomeState::Retrying), before: None, limit: 9 };
    assert_eq!(open.hearing.outcomes(filter).await.unwrap().outcomes, []);
    open.close().await;
}
