//! What an append promises, on every back end.

use hecate_event_store::{AppendError, ClosedReason, EVENT_BYTES_MAX, Expected, Filter, UnavailableReason};
use tokio::task::JoinSet;

use crate::kit::{Bench, append, event, events, positions, raw, whole_log};

pub(crate) async fn versions_are_checked(bench: Bench) {
    let store = bench.store;
    let at = |expected, count| store.append(append("s", expected, events(count)));

    assert_refused(at(Expected::Version(0), 1).await, None);
    assert_eq!(at(Expected::NoStream, 1).await.unwrap().last_version, Some(0));
    assert_refused(at(Expected::NoStream, 1).await, Some(0));
    assert_refused(at(Expected::Version(1), 1).await, Some(0));
    assert_eq!(at(Expected::Version(0), 2).await.unwrap().last_version, Some(2));
    assert_refused(at(Expected::Version(0), 1).await, Some(2));
    assert_eq!(at(Expected::Any, 1).await.unwrap().last_version, Some(3));
    assert_eq!(at(Expected::Version(3), 0).await.unwrap().last_version, Some(3), "an empty append asks");
    assert_refused(at(Expected::Version(9), 0).await, Some(3));
    assert_eq!(store.head(), 4);
}

fn assert_refused<T: std::fmt::Debug>(outcome: Result<T, AppendError>, at: Option<u64>) {
    match outcome {
        Err(AppendError::WrongExpectedVersion { actual, .. }) => assert_eq!(actual, at),
        other => panic!("expected a wrong version, got {other:?}"),
    }
}

pub(crate) async fn several_events_are_one_append(bench: Bench) {
    let store = bench.store;
    store.append(append("other", Expected::Any, events(2))).await.unwrap();
    let done = store.append(append("s", Expected::NoStream, events(3))).await.unwrap();
    assert_eq!((done.first_position, done.last_position, done.last_version), (Some(3), Some(5), Some(2)));
    assert_eq!(positions(&done.events), [3, 4, 5]);
    let read = store.read_stream("s", 1, 10).await.unwrap();
    assert_eq!(read.iter().map(|event| event.version).collect::<Vec<_>>(), [1, 2]);
    assert_eq!(positions(&read), [4, 5]);
    assert!(store.read_stream("unknown", 0, 10).await.unwrap().is_empty());
    assert!(store.read_stream("s", u64::MAX, 10).await.unwrap().is_empty());
}

pub(crate) async fn a_refused_append_leaves_nothing(bench: Bench) {
    let store = bench.store;
    let mut appends = JoinSet::new();
    for _ in 0..32 {
        let store = store.clone();
        appends.spawn(async move { store.append(append("s", Expected::NoStream, events(5))).await });
    }
    let outcomes = appends.join_all().await;
    assert_eq!(outcomes.iter().filter(|outcome| outcome.is_ok()).count(), 1, "one birth");
    assert_eq!(positions(&whole_log(&*store).await), [1, 2, 3, 4, 5]);
    assert_eq!(store.read_stream("s", 0, 100).await.unwrap().len(), 5);
}

pub(crate) async fn what_was_recorded_reads_back_the_same(bench: Bench) {
    let store = bench.store;
    let mut new = event("thing_done_v1", 1);
    new.data = raw("{ \"text\":\"käse \\u0000\", \"big\": 123456789012345678901234567890.10 }").into();
    new.tags = vec!["b:2".into(), "a:1".into(), "b:2".into()];
    new.metadata.conversation_id = Some("c".into());
    new.at_us = -1;
    store.append(append("s", Expected::Any, vec![new.clone()])).await.unwrap();
    // Push it out of every window, so that it is read from where it rests.
    store.append(append("filler", Expected::Any, events(100))).await.unwrap();
    let from_log = store.read_all(0, &Filter::all(), 1).await.unwrap().events.remove(0);
    let from_stream = store.read_stream("s", 0, 1).await.unwrap().remove(0);
    for read in [from_log, from_stream] {
        assert_eq!((read.event_id, read.at_us, read.version, read.position), (new.event_id, -1, 0, 1));
        assert_eq!((&*read.event_type, &*read.stream_id), ("thing_done_v1", "s"));
        assert_eq!(read.data.get(), new.data.get(), "byte for byte");
        assert_eq!(read.metadata, new.metadata);
        assert_eq!(read.tags.iter().map(|tag| &**tag).collect::<Vec<_>>(), ["b:2", "a:1"]);
    }
}

pub(crate) async fn positions_have_no_gaps(bench: Bench) {
    let store = bench.store;
    let mut writers = JoinSet::new();
    for writer in 0..16_u64 {
        let store = store.clone();
        writers.spawn(async move {
            let mut recorded = 0;
            for round in 0..40_u64 {
                // Everybody guesses at a few shared streams, so that many guesses are wrong.
                let stream = format!("shared-{}", (writer + round) % 3);
                let expected = if round % 2 == 0 { Expected::Version(round / 2) } else { Expected::Any };
                let count = round % 4 + 1;
                match store.append(append(&stream, expected, events(count))).await {
                    Ok(_) => recorded += count,
                    Err(AppendError::WrongExpectedVersion { .. }) => {}
                    Err(other) => panic!("{other}"),
                }
            }
            recorded
        });
    }
    let recorded: u64 = writers.join_all().await.into_iter().sum();
    let log = whole_log(&*store).await;
    assert_eq!(positions(&log), (1..=recorded).collect::<Vec<_>>());
    assert_eq!(store.head(), recorded);
    for stream in ["shared-0", "shared-1", "shared-2"] {
        let versions = log.iter().filter(|event| &*event.stream_id == stream).map(|event| event.version);
        assert!(versions.enumerate().all(|(place, version)| place as u64 == version), "{stream}");
    }
}

pub(crate) async fn bad_form_is_refused(bench: Bench) {
    let store = bench.store;
    let mut list = event("thing_done_v1", 0);
    list.data = raw("[1]").into();
    let mut large = event("thing_done_v1", 0);
    large.data = raw(format!(r#"{{"text":"{}"}}"#, "x".repeat(EVENT_BYTES_MAX))).into();
    let mut nameless = event("", 0);
    nameless.event_type = "".into();

    for (bad, field) in [(list, "data"), (nameless, "event_type")] {
        let refused = store.append(append("s", Expected::Any, vec![event("fine_v1", 0), bad])).await;
        assert!(matches!(refused, Err(AppendError::Invalid { field: named, .. }) if named == field));
    }
    let refused = store.append(append("s", Expected::Any, vec![large])).await;
    assert!(matches!(refused, Err(AppendError::TooLarge { bytes_max: EVENT_BYTES_MAX, .. })));
    let refused = store.append(append("", Expected::Any, events(1))).await;
    assert!(matches!(refused, Err(AppendError::Invalid { field: "stream_id", .. })));
    assert_eq!(store.head(), 0);
}

pub(crate) async fn pages_are_bounded(bench: Bench) {
    let store = bench.store;
    for _ in 0..5 {
        store.append(append("s", Expected::Any, events(500))).await.unwrap();
    }
    assert_eq!(store.read_all(0, &Filter::all(), usize::MAX).await.unwrap().events.len(), 1_000);
    assert_eq!(store.read_stream("s", 0, usize::MAX).await.unwrap().len(), 1_000);
    let none = store.read_all(7, &Filter::all(), 0).await.unwrap();
    assert_eq!((none.events.len(), none.caught_up_to), (0, 7));
    let behind = store.read_all(9_999, &Filter::all(), 10).await.unwrap();
    assert_eq!((behind.events.len(), behind.caught_up_to), (0, 9_999));
    for (after, limit) in [(0, 1), (999, 7), (1_500, 1_000), (2_470, 30), (2_499, 5)] {
        let (mut found, mut caught_up_to) = (Vec::new(), after);
        // A page may be shorter than asked for, while there is more to read; never empty without a filter.
        while found.len() < limit && caught_up_to < store.head() {
            let page = store.read_all(caught_up_to, &Filter::all(), limit - found.len()).await.unwrap();
            assert!(!page.events.is_empty() && page.events.len() <= limit - found.len());
            found.extend(positions(&page.events));
            caught_up_to = page.caught_up_to;
        }
        let last = (after + limit as u64).min(2_500);
        assert_eq!((found, caught_up_to), ((after + 1..=last).collect::<Vec<_>>(), last));
    }
}

pub(crate) async fn a_closed_store_takes_nothing_more(bench: Bench) {
    let store = bench.store;
    let closed = store.closed();
    store.append(append("s", Expected::Any, events(1))).await.unwrap();
    store.close().await;
    store.close().await;
    assert_eq!(closed.await, ClosedReason::Requested);
    let refused = store.append(append("s", Expected::Any, events(1))).await;
    assert!(matches!(refused, Err(AppendError::Unavailable { reason: UnavailableReason::Closed })));
    assert_eq!(store.head(), 1);
}
