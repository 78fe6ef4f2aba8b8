//! In order, each fact once, and none without being told of it.

use super::*;
use crate::{OutcomeFilter, OutcomeState, Retrying};

/// What came of the facts, the oldest first.
async fn outcomes(open: &Open) -> Vec<(u64, OutcomeState, u32)> {
    let filter = OutcomeFilter { state: None, before: None, limit: 1_000 };
    let page = open.hearing.outcomes(filter).await.unwrap();
    assert_eq!(page.next, None);
    page.outcomes.iter().rev().map(|row| (row.position, row.state, row.attempts)).collect()
}

#[tokio::test]
async fn every_listener_of_a_fact_hears_it_in_order_and_other_events_move_the_cursor() {
    let (street, shop) = (Street::new(), Shop::obliging());
    street.record("sold_v1").await;
    let open = street.open(&shop).await;
    for event_type in ["other_v1", "returned_v1", "other_v1", "sold_v1", "other_v1"] {
        street.record(event_type).await;
    }
    open.reached(6).await;
    let (bill, gift, pay) = (LISTENERS[0].1, LISTENERS[1].1, LISTENERS[2].1);
    assert_eq!(shop.effects(), [(1, bill), (1, gift), (3, pay), (5, bill), (5, gift)]);
    let gauges = open.hearing.gauges();
    assert_eq!((gauges.cursor, gauges.dispatched_total, gauges.dead), (Some(6), 5, 0));
    assert_eq!(outcomes(&open).await.len(), 5);
    let filter = OutcomeFilter { state: None, before: None, limit: 1 };
    let row = open.hearing.outcomes(filter).await.unwrap().outcomes.remove(0);
    assert_eq!((row.recorded, row.settled_at_us > Some(row.first_at_us)), (Some(1_005), true));
    assert_eq!((row.event_type.as_str(), row.stream_id.as_str()), ("sold_v1", "s"));
    assert_eq!(open.hearing.hears(), [("sold_v1", vec![bill, gift]), ("returned_v1", vec![pay])]);
    open.close().await;
}

#[tokio::test]
async fn without_anybody_telling_it_the_log_is_heard_all_the_same() {
    let (street, shop) = (Street::new(), Shop::obliging());
    let open = street.open_with(&shop, TREE).await;
    for _ in 0..5 {
        let position = street.record("returned_v1").await;
        open.reached(position).await;
    }
    assert_eq!(shop.effects().len(), 5);
    open.close().await;
}

#[tokio::test]
async fn what_a_full_mailbox_missed_is_heard_from_the_log() {
    let (street, shop) = (Street::new(), Shop::obliging());
    let open = street.open_with(&shop, TREE).await;
    let mut last = 0;
    for _ in 0..50 {
        last = street.record("returned_v1").await;
    }
    let page = street.store.read_all(0, &hecate_event_store::Filter::all(), 50).await.unwrap();
    page.events.iter().for_each(|fact| open.groups.tell(fact));
    open.reached(last).await;
    assert!(open.groups.missed() > 0);
    assert_eq!(shop.effects().len(), 50);
    open.close().await;
}

#[tokio::test(start_paused = true)]
async fn a_fact_that_fails_holds_up_those_behind_it_and_is_given_up_after_ten_attempts() {
    let street = Street::new();
    let behind = Arc::new(Mutex::new(None));
    let (shop, seen) =
        (Shop::new(|fact, _| if fact.position == 2 { failed() } else { done(fact) }), behind.clone());
    for _ in 0..3 {
        street.record("returned_v1").await;
    }
    let open = street.open(&shop).await;
    open.reached(1).await;
    let hearing = open.hearing.clone();
    let watching = tokio::spawn(async move {
        loop {
            tokio::time::sleep(Duration::from_millis(50)).await;
            let gauges = hearing.gauges();
            let Some(Retrying { position: 2, .. }) = gauges.retrying else { continue };
            *seen.lock().unwrap() = Some(gauges);
        }
    });
    open.reached(3).await;
    watching.abort();
    let gauges = behind.lock().unwrap().take().expect("it was seen while it was tried again");
    let retrying = gauges.retrying.unwrap();
    assert_eq!((gauges.cursor, retrying.attempts), (Some(1), 9));
    assert_eq!(
        (retrying.why.as_str(), retrying.listener.as_str()),
        ("the printer is on fire", LISTENERS[2].1)
    );
    let (dispatched, dead) = (OutcomeState::Dispatched, OutcomeState::Dead);
    assert_eq!(outcomes(&open).await, [(1, dispatched, 1), (2, dead, 10), (3, dispatched, 1)]);
    assert_eq!((shop.asked_about(2), open.hearing.gauges().dead), (10, 1));
    assert_eq!(open.hearing.gauges().retrying, None);
    open.close().await;
}

#[tokio::test(start_paused = true)]
async fn a_fact_that_is_put_off_is_never_given_up() {
    let street = Street::new();
    let shop = Shop::new(|fact, nth| match nth {
        0..60 => Reaction::Later { why: "the shop is closed".to_owned() },
        60..69 => failed(),
        _ => done(fact),
    });
    street.record("returned_v1").await;
    let open = street.open(&shop).await;
    open.reached(1).await;
    assert_eq!(outcomes(&open).await, [(1, OutcomeState::Dispatched, 10)]);
    assert_eq!(shop.asked_about(1), 70);
    open.close().await;
}

#[tokio::test]
async fn what_is_passed_over_refused_or_dead_at_once_is_asked_once_and_counted() {
    let street = Street::new();
    let shop = Shop::new(|fact, _| match fact.position {
        1 => Reaction::Passed { why: "no gift".to_owned() },
        2 => Reaction::Refused { code: "no_money".to_owned(), says: "There is no money.".to_owned() },
        _ => Reaction::Dead { why: "`price` is no number".to_owned() },
    });
    for _ in 0..3 {
        street.record("returned_v1").await;
    }
    let open = street.open(&shop).await;
    open.reached(3).await;
    use OutcomeState::{Dead, Refused, Skipped};
    assert_eq!(outcomes(&open).await, [(1, Skipped, 1), (2, Refused, 1), (3, Dead, 1)]);
    let gauges = open.hearing.gauges();
    assert_eq!((gauges.skipped_total, gauges.refused_total, gauges.dead), (1, 1, 1));
    let filter = OutcomeFilter { state: Some(Refused), before: None, limit: 9 };
    let refused = open.hearing.outcomes(filter).await.unwrap().outcomes;
    assert_eq!((refused.len(), refused[0].code.as_deref()), (1, Some("no_money")));
    open.close().await;
}

#[tokio::test(start_paused = true)]
async fn a_listener_that_panics_over_a_fact_gives_it_up_and_goes_on() {
    let street = Street::new();
    let shop = Shop::new(|fact, _| if fact.position == 1 { panic!("no such shelf") } else { done(fact) });
    street.record("returned_v1").await;
    street.record("returned_v1").await;
    let open = street.open(&shop).await;
    open.reached(2).await;
    let filter = OutcomeFilter { state: Some(OutcomeState::Dead), before: None, limit: 9 };
    let dead = open.hearing.outcomes(filter).await.unwrap().outcomes;
    assert_eq!((dead[0].position, dead[0].attempts), (1, 10));
    assert_eq!(dead[0].why.as_deref(), Some("the listener panicked: no such shelf"));
    open.close().await;
}

#[tokio::test(start_paused = true)]
async fn a_restart_goes_on_where_it_stopped_and_forgets_no_attempt() {
    let street = Street::new();
    let shop = Shop::new(|fact, _| if fact.position == 3 { failed() } else { done(fact) });
    for _ in 0..4 {
        street.record("returned_v1").await;
    }
    let open = street.open(&shop).await;
    open.shows(|gauges| gauges.retrying.as_ref().is_some_and(|retrying| retrying.attempts >= 5)).await;
    open.close().await;
    assert!(shop.asked_about(3) < 10);
    let open = street.open(&shop).await;
    open.begun().await;
    assert!(open.hearing.progress().position() >= Some(2), "the cursor shows from the start");
    open.reached(4).await;
    assert_eq!((shop.asked_about(1), shop.asked_about(2), shop.asked_about(3)), (1, 1, 10));
    open.close().await;
}

#[tokio::test(start_paused = true)]
async fn a_call_that_hangs_is_dropped_after_a_minute_and_made_again() {
    let street = Street::new();
    let shop = Shop::obliging();
    let hangs = AtomicI64::new(2);
    *shop.around.lock().unwrap() =
        Some(Box::new(move |after| !after && hangs.fetch_sub(1, Ordering::Relaxed) > 0));
    street.record("returned_v1").await;
    street.record("returned_v1").await;
    let open = street.open(&shop).await;
    open.shows(|gauges| gauges.at_hand.is_some()).await;
    let state = open.hearing.debug_state();
    let at_hand = serde_json::json!({"position": 1, "listener": "on_returned_pay_back"});
    assert_eq!((&state["phase"], &state["at_hand"]), (&"reacting".into(), &at_hand));
    tokio::time::sleep(Duration::from_secs(61)).await;
    let state = open.hearing.debug_state();
    assert_eq!((&state["phase"], &state["retrying"]["position"]), (&"retrying".into(), &1.into()));
    assert!(!state.to_string().contains("answered"), "its words are for people: {state}");
    let retrying = open.hearing.gauges().retrying.expect("it is dropped after a minute");
    assert_eq!((retrying.position, retrying.attempts), (1, 0));
    assert_eq!(retrying.why, "the listener has not answered for 60 s");
    open.reached(2).await;
    assert_eq!((shop.asked_about(1), shop.effects().len()), (3, 2));
    assert_eq!(open.hearing.gauges().at_hand, None);
    assert_eq!(outcomes(&open).await[0], (1, OutcomeState::Dispatched, 1));
    open.close().await;
}

#[tokio::test]
async fn a_log_full_of_others_events_is_not_read_again_from_the_start() {
    let (street, shop) = (Street::new(), Shop::obliging());
    street.record("returned_v1").await;
    let mut last = 0;
    for _ in 0..2_500 {
        last = street.record("other_v1").await;
    }
    let open = street.open(&shop).await;
    open.reached(last).await;
    open.close().await;
    let open = street.open(&shop).await;
    open.begun().await;
    let from = open.hearing.progress().position().unwrap();
    assert!(from + 1_000 > last, "{from} of {last}");
    open.reached(last).await;
    assert_eq!(shop.asked(), 1);
    open.close().await;
}
