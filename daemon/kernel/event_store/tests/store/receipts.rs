//! What a receipt promises, on every back end.

use hecate_event_store::{Append, AppendError, Expected, Keep, Receipt};
use tokio::task::JoinSet;

use crate::kit::{Bench, append, events, receipt, whole_log};

fn with_receipt(stream: &str, expected: Expected, count: u64, key: &str, at_us: i64, keep: Keep) -> Append {
    Append { receipt: Some(receipt(key, at_us, keep)), ..append(stream, expected, events(count)) }
}

fn repeated<T: std::fmt::Debug>(outcome: Result<T, AppendError>) -> Receipt {
    match outcome {
        Err(AppendError::ReceiptExists(receipt)) => *receipt,
        other => panic!("expected the receipt, got {other:?}"),
    }
}

pub(crate) async fn a_repetition_gets_the_first_result(bench: Bench) {
    let store = bench.store;
    store.append(append("s", Expected::Any, events(3))).await.unwrap();
    let first = store.append(with_receipt("s", Expected::Any, 2, "k", 0, Keep::Forever)).await.unwrap();
    let mut again = with_receipt("s", Expected::Any, 2, "k", 1, Keep::Forever);
    again.receipt.as_mut().unwrap().body_hash = [9; 32];
    let refused = repeated(store.append(again).await);
    let asked = store.receipt("k", 1).await.unwrap().unwrap();
    for kept in [refused, asked] {
        assert_eq!(kept.body_hash, [7; 32], "the first body's hash shows that this one is another");
        assert_eq!((kept.note.get(), &*kept.stream_id), (r#"{"status":5}"#, "s"));
        assert_eq!((kept.first_position, kept.last_position, kept.last_version), (Some(4), Some(5), Some(4)));
        let ids: Vec<_> = kept.events.iter().map(|event| (event.event_id, event.version)).collect();
        let firsts: Vec<_> = first.events.iter().map(|event| (event.event_id, event.version)).collect();
        assert_eq!(ids, firsts);
        assert!(kept.events.iter().all(|event| &*event.event_type == "thing_done_v1"));
    }
    assert_eq!(store.head(), 5);
}

pub(crate) async fn a_receipt_wins_over_a_version(bench: Bench) {
    let store = bench.store;
    store.append(with_receipt("s", Expected::NoStream, 1, "k", 0, Keep::Forever)).await.unwrap();
    repeated(store.append(with_receipt("s", Expected::NoStream, 1, "k", 0, Keep::Forever)).await);
    let refused = store.append(with_receipt("s", Expected::NoStream, 1, "other", 0, Keep::Forever)).await;
    assert!(matches!(refused, Err(AppendError::WrongExpectedVersion { actual: Some(0), .. })));
    assert!(store.receipt("other", 0).await.unwrap().is_none(), "a refused append keeps no receipt");
}

pub(crate) async fn a_receipt_can_stand_alone(bench: Bench) {
    let store = bench.store;
    let done =
        store.append(with_receipt("unborn", Expected::NoStream, 0, "k", 0, Keep::Forever)).await.unwrap();
    assert_eq!((done.first_position, done.last_version, done.events.len()), (None, None, 0));
    let kept = store.receipt("k", 0).await.unwrap().unwrap();
    assert_eq!((kept.first_position, kept.last_version, kept.events.len()), (None, None, 0));
    repeated(store.append(with_receipt("unborn", Expected::Any, 1, "k", 0, Keep::Forever)).await);
    assert_eq!(store.head(), 0);
    store.append(append("unborn", Expected::NoStream, events(1))).await.unwrap();
    let later = store.append(with_receipt("unborn", Expected::Any, 0, "k2", 0, Keep::Forever)).await.unwrap();
    assert_eq!((later.first_position, later.last_version), (None, Some(0)));
}

pub(crate) async fn receipts_expire_by_the_callers_clock(bench: Bench) {
    let store = bench.store;
    let until = Keep::UntilUs(100);
    store.append(with_receipt("s", Expected::Any, 1, "k", 10, until)).await.unwrap();
    repeated(store.append(with_receipt("s", Expected::Any, 1, "k", 99, until)).await);
    assert!(store.receipt("k", 99).await.unwrap().is_some());
    assert!(store.receipt("k", 100).await.unwrap().is_none());
    let renewed =
        store.append(with_receipt("s", Expected::Any, 1, "k", 100, Keep::UntilUs(200))).await.unwrap();
    assert_eq!(renewed.last_version, Some(1));
    assert_eq!(store.receipt("k", 150).await.unwrap().unwrap().last_version, Some(1));
    store.append(with_receipt("s", Expected::Any, 1, "for ever", 10, Keep::Forever)).await.unwrap();
    store.append(with_receipt("s", Expected::Any, 1, "late", i64::MAX, Keep::Forever)).await.unwrap();
    assert!(store.receipt("for ever", i64::MAX).await.unwrap().is_some());
}

pub(crate) async fn one_birth_among_many(bench: Bench) {
    let store = bench.store;
    let mut births = JoinSet::new();
    for birth in 0..32 {
        let store = store.clone();
        let stream = format!("born-{birth}");
        births.spawn(async move {
            store.append(with_receipt(&stream, Expected::NoStream, 1, "birth", 0, Keep::Forever)).await
        });
    }
    let outcomes = births.join_all().await;
    let born = outcomes.iter().filter_map(|outcome| outcome.as_ref().ok()).collect::<Vec<_>>();
    assert_eq!(born.len(), 1);
    for outcome in &outcomes {
        if let Err(AppendError::ReceiptExists(receipt)) = outcome {
            assert_eq!(receipt.stream_id, born[0].events[0].stream_id, "everybody hears of the one");
        }
    }
    assert_eq!(whole_log(&*store).await.len(), 1);
}
