//! What operators decide about dead letters.

use super::*;
use crate::{HearingError, OutcomeFilter, OutcomeState};
use std::sync::atomic::AtomicBool;

const BILL: &str = LISTENERS[0].1;
const GIFT: &str = LISTENERS[1].1;

/// Everybody gives up what is sold until the switch is on.
fn fussy() -> (Arc<Shop>, Arc<AtomicBool>) {
    let switch = Arc::new(AtomicBool::new(false));
    let on = Arc::clone(&switch);
    let shop = Shop::new(move |fact, _| {
        let gives_up = &*fact.event_type == "sold_v1" && !on.load(Ordering::Relaxed);
        if gives_up { Reaction::Dead { why: "not today".to_owned() } } else { done(fact) }
    });
    (shop, switch)
}

#[tokio::test]
async fn a_dead_letter_is_tried_once_more_on_request_and_stays_dead_or_not() {
    let (street, (shop, switch)) = (Street::new(), fussy());
    street.record("sold_v1").await;
    let open = street.open(&shop).await;
    open.reached(1).await;
    let hearing = &open.hearing;
    assert_eq!(hearing.gauges().dead, 2);
    let again = hearing.replay(1, Some(BILL)).await.unwrap();
    assert_eq!((again.state, again.attempts, hearing.gauges().dead), (OutcomeState::Dead, 2, 2));
    switch.store(true, Ordering::Relaxed);
    let again = hearing.replay(1, Some(BILL)).await.unwrap();
    assert_eq!((again.state, again.attempts, again.why), (OutcomeState::Dispatched, 3, None));
    assert_eq!((hearing.gauges().dead, shop.effects()), (1, vec![(1, BILL)]));
    assert_eq!(hearing.gauges().cursor, Some(1));
    assert_eq!(hearing.replay(1, Some(BILL)).await, Err(HearingError::NoDeadLetter));
    assert_eq!(hearing.replay(1, None).await.unwrap().listener, GIFT);
    open.close().await;
}

#[tokio::test]
async fn what_is_dismissed_stays_dismissed_even_when_the_log_is_heard_again() {
    let (street, (shop, switch)) = (Street::new(), fussy());
    street.record("sold_v1").await;
    street.record("returned_v1").await;
    let open = street.open(&shop).await;
    open.reached(2).await;
    let row = open.hearing.dismiss(1, Some(GIFT), "no paper").await.unwrap();
    assert_eq!((row.state, row.dismissal.as_deref()), (OutcomeState::Dismissed, Some("no paper")));
    assert_eq!(row.why.as_deref(), Some("not today"));
    assert_eq!(open.hearing.gauges().dead, 1);
    open.close().await;
    switch.store(true, Ordering::Relaxed);
    // The file is lost: everything is heard again, but for what the log knows to be dismissed.
    std::fs::remove_file(street.file()).unwrap();
    let open = street.open(&shop).await;
    open.reached(2).await;
    assert_eq!(shop.effects(), [(2, LISTENERS[2].1), (1, BILL)]);
    assert_eq!(open.hearing.gauges().refused_total, 1);
    open.close().await;
}

#[tokio::test]
async fn a_dismissal_that_the_log_does_not_take_is_not_kept_either() {
    let (street, (shop, _)) = (Street::new(), fussy());
    street.record("sold_v1").await;
    let open = street.open(&shop).await;
    open.reached(1).await;
    *shop.forgets.lock().unwrap() = Some("the log is full".to_owned());
    let refused = open.hearing.dismiss(1, Some(GIFT), "no paper").await;
    assert_eq!(refused, Err(HearingError::NoAnswer { why: "the log is full".to_owned() }));
    assert_eq!(open.hearing.gauges().dead, 2);
    *shop.forgets.lock().unwrap() = None;
    open.hearing.dismiss(1, Some(GIFT), "no paper").await.unwrap();
    let log = street.store.read_all(0, &hecate_event_store::Filter::all(), 1).await.unwrap().events;
    assert_eq!(shop.forgone(log[0].event_id, GIFT).as_deref(), Some("no paper"));
    assert_eq!((shop.forgone(log[0].event_id, BILL), open.hearing.gauges().dead), (None, 1));
    open.close().await;
}

#[tokio::test]
async fn a_position_that_no_log_can_have_is_no_dead_letter_and_harms_nothing() {
    let (street, (shop, _)) = (Street::new(), fussy());
    street.record("sold_v1").await;
    let open = street.open(&shop).await;
    open.reached(1).await;
    for position in [i64::MAX as u64, i64::MAX as u64 + 1, u64::MAX] {
        assert_eq!(open.hearing.dismiss(position, None, "?").await, Err(HearingError::NoDeadLetter));
        assert_eq!(open.hearing.replay(position, None).await, Err(HearingError::NoDeadLetter));
        let filter = OutcomeFilter { state: None, before: Some((position, String::new())), limit: 9 };
        assert_eq!(open.hearing.outcomes(filter).await.unwrap().outcomes.len(), 2);
    }
    assert_eq!((shop.asked(), open.hearing.gauges().dead), (2, 2), "the file is the one from before");
    open.close().await;
}

#[tokio::test(start_paused = true)]
async fn operators_are_heard_while_another_fact_is_tried_again() {
    let street = Street::new();
    let shop = Shop::new(|fact, nth| match (fact.position, nth) {
        (1, 0) => Reaction::Dead { why: "not yet".to_owned() },
        (2, 0..1_000) => Reaction::Later { why: "the shop is closed".to_owned() },
        _ => done(fact),
    });
    street.record("returned_v1").await;
    street.record("returned_v1").await;
    let open = street.open(&shop).await;
    open.shows(|gauges| gauges.retrying.is_some()).await;
    let replayed = open.hearing.replay(1, None).await.unwrap();
    assert_eq!(replayed.state, OutcomeState::Dispatched);
    let gauges = open.hearing.gauges();
    assert_eq!((gauges.cursor, gauges.retrying.map(|retrying| retrying.position)), (Some(1), Some(2)));
    open.close().await;
}

#[tokio::test]
async fn a_decision_must_name_a_dead_letter_and_somebody_who_hears_it() {
    let (street, (shop, _)) = (Street::new(), fussy());
    street.record("sold_v1").await;
    let open = street.open(&shop).await;
    open.reached(1).await;
    let several = HearingError::SeveralListeners { listeners: vec![BILL.to_owned(), GIFT.to_owned()] };
    assert_eq!(open.hearing.replay(1, None).await, Err(several.clone()));
    assert_eq!(open.hearing.dismiss(1, None, "").await, Err(several));
    assert_eq!(open.hearing.replay(2, None).await, Err(HearingError::NoDeadLetter));
    assert_eq!(open.hearing.dismiss(1, Some("nobody"), "").await, Err(HearingError::NoDeadLetter));
    assert_eq!(open.hearing.gauges().dead, 2);
    let hearing = open.hearing.clone();
    open.close().await;
    assert!(matches!(hearing.replay(1, Some(BILL)).await, Err(HearingError::NoAnswer { .. })));
    let fewer = Shop::with(&LISTENERS[..1], |fact, _| done(fact));
    let open = street.open(&fewer).await;
    let gone = HearingError::HeardNoMore { listener: GIFT.to_owned() };
    assert_eq!(open.hearing.replay(1, Some(GIFT)).await, Err(gone));
    assert_eq!(open.hearing.dismiss(1, Some(GIFT), "gone").await.unwrap().state, OutcomeState::Dismissed);
    open.close().await;
}
