//! What is kept beside the events, and what is known of them.

use std::sync::Arc;

use hecate_event_store::{Append, Expected, Snapshot};

use crate::kit::{Bench, append, event, events, raw};

fn snapshot(version: u64, code: u8, state: &str) -> Snapshot {
    Snapshot { version, position: version + 1, code: [code; 32], state: raw(state).into() }
}

pub(crate) async fn only_the_code_that_wrote_it_gets_it(bench: Bench) {
    let store = bench.store;
    store.append(append("s", Expected::NoStream, events(5))).await.unwrap();
    assert_eq!(store.snapshot("s", [1; 32]).await.unwrap(), None);
    let first = snapshot(2, 1, r#"{"three":3}"#);
    store.keep_snapshot("s".into(), first.clone()).await.unwrap();
    assert_eq!(store.snapshot("s", [1; 32]).await.unwrap(), Some(first));
    assert_eq!(store.snapshot("s", [2; 32]).await.unwrap(), None, "other code replays");
    let second = snapshot(4, 2, r#"{"five":5}"#);
    store.keep_snapshot("s".into(), second.clone()).await.unwrap();
    assert_eq!(store.snapshot("s", [2; 32]).await.unwrap(), Some(second), "the newer one took its place");
    assert_eq!(store.snapshot("s", [1; 32]).await.unwrap(), None);
    assert_eq!(store.head(), 5, "a snapshot is no event");
}

pub(crate) async fn stored_types_are_listed(bench: Bench) {
    let store = bench.store;
    assert!(store.event_types().await.unwrap().is_empty());
    let some = ["b_done_v1", "a_done_v1", "b_done_v1"].map(|name| event(name, 0)).to_vec();
    store.append(Append { events: some, ..append("s", Expected::Any, vec![]) }).await.unwrap();
    let wanted: Vec<Arc<str>> = vec!["b_done_v1".into(), "a_done_v1".into()];
    assert_eq!(store.event_types().await.unwrap(), wanted);
}
