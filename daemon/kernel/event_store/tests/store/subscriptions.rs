//! What a subscriber sees, on every back end: everything, once, in order.

use std::sync::Arc;
use std::time::Duration;

use hecate_event_store::{EventStore, Expected, Filter, ReadError, Subscription, UnavailableReason};

use crate::kit::{Bench, Dice, append, event, events, positions};

pub(crate) async fn catch_up_turns_live(bench: Bench) {
    for seed in 0..60 {
        one_seam(bench.store.clone(), seed).await;
    }
}

/// Subscribers start at random places while writers are at work, and read in pages of random size.
async fn one_seam(store: Arc<dyn EventStore>, seed: u64) {
    let mut dice = Dice::new(seed);
    let (start, writers, rounds) = (store.head(), 1 + dice.below(3), 4 + dice.below(8));
    let end = start + writers * rounds * 3;
    let readers: Vec<_> = (0..3)
        .map(|reader| {
            let (after, store) = (dice.below(start + 1).max(start.saturating_sub(200)), store.clone());
            tokio::spawn(async move {
                (after, read_to(store, after, end, Dice::new(seed ^ (reader << 32))).await)
            })
        })
        .collect();
    let writing: Vec<_> = (0..writers)
        .map(|writer| {
            let store = store.clone();
            tokio::spawn(async move {
                for _ in 0..rounds {
                    store.append(append(&format!("w-{writer}"), Expected::Any, events(3))).await.unwrap();
                }
            })
        })
        .collect();
    for writer in writing {
        writer.await.unwrap();
    }
    for reader in readers {
        let (after, seen) = reader.await.unwrap();
        assert_eq!(seen, (after + 1..=end).collect::<Vec<_>>(), "seed {seed}, after {after}");
    }
}

async fn read_to(store: Arc<dyn EventStore>, after: u64, end: u64, mut dice: Dice) -> Vec<u64> {
    let mut subscription = Subscription::new(store, after, Filter::all());
    let mut seen = Vec::new();
    while subscription.caught_up_to() < end {
        let max = 1 + dice.below(40) as usize;
        let page = subscription.next_page(max).await.unwrap();
        assert!((1..=max).contains(&page.len()), "credit is kept");
        seen.extend(positions(&page));
    }
    seen
}

pub(crate) async fn a_slow_reader_rejoins(bench: Bench) {
    let store = bench.store;
    let mut slow = Subscription::new(store.clone(), 0, Filter::all());
    let mut seen = Vec::new();
    for _ in 0..6 {
        // More than the small window holds, between two reads.
        store.append(append("s", Expected::Any, events(50))).await.unwrap();
        seen.extend(positions(&slow.next_page(7).await.unwrap()));
    }
    while seen.len() < 300 {
        seen.extend(positions(&slow.next_page(100).await.unwrap()));
    }
    store.append(append("s", Expected::Any, events(1))).await.unwrap();
    seen.extend(positions(&slow.next_page(100).await.unwrap()));
    assert_eq!(seen, (1..=301).collect::<Vec<_>>());
    assert!(slow.try_page(10).await.unwrap().is_empty());
    assert!(slow.next_page(0).await.unwrap().is_empty(), "no credit, no wait");
}

/// Which of the numbered events a filter is to let through.
type Wanted = fn(u64) -> bool;

pub(crate) async fn filters_choose(bench: Bench) {
    let store = bench.store;
    for number in 0..120 {
        let mut new = event(if number % 3 == 0 { "third_v1" } else { "other_v1" }, number);
        new.tags = vec![format!("half:{}", number % 2), format!("fifth:{}", number % 5)];
        store.append(append(&format!("s-{}", number % 4), Expected::Any, vec![new])).await.unwrap();
    }
    let by_stream = Filter { stream_prefix: Some("s-3".into()), ..Filter::types(["third_v1"]) };
    let cases: [(Filter, Wanted); 6] = [
        (Filter::types(["third_v1"]), |n| n.is_multiple_of(3)),
        (Filter::types(["third_v1", "other_v1"]), |_| true),
        (Filter::types(["never_v1"]), |_| false),
        (Filter::tags(["half:1", "fifth:2"]), |n| n % 2 == 1 && n % 5 == 2),
        (Filter::tags(["half:7"]), |_| false),
        (by_stream, |n| n.is_multiple_of(3) && n % 4 == 3),
    ];
    for (filter, wanted) in cases {
        let expected: Vec<u64> = (0..120).filter(|n| wanted(*n)).map(|n| n + 1).collect();
        let mut subscription = Subscription::new(store.clone(), 0, filter.clone());
        let mut seen = Vec::new();
        while subscription.caught_up_to() < store.head() {
            seen.extend(positions(&subscription.try_page(4).await.unwrap()));
        }
        assert_eq!(seen, expected, "{filter:?}");
    }
}

pub(crate) async fn a_filter_moves_the_checkpoint(bench: Bench) {
    let store = bench.store;
    for _ in 0..5 {
        store.append(append("s", Expected::Any, events(700))).await.unwrap();
    }
    let mut rare = Subscription::new(store.clone(), 0, Filter::types(["rare_v1"]));
    let waiting = tokio::time::timeout(Duration::from_millis(500), rare.next_page(10)).await;
    assert!(waiting.is_err(), "nothing to return yet");
    store.append(append("s", Expected::Any, vec![event("rare_v1", 0)])).await.unwrap();
    assert_eq!(positions(&rare.next_page(10).await.unwrap()), [3_501]);
    store.append(append("s", Expected::Any, events(1))).await.unwrap();
    assert!(rare.try_page(10).await.unwrap().is_empty());
    assert_eq!(rare.caught_up_to(), 3_502);
}

pub(crate) async fn cancelling_loses_nothing(bench: Bench) {
    let store = bench.store;
    let writer = tokio::spawn({
        let store = store.clone();
        async move {
            for _ in 0..200 {
                store.append(append("s", Expected::Any, events(1))).await.unwrap();
            }
        }
    });
    let mut subscription = Subscription::new(store, 0, Filter::all());
    let mut seen = Vec::new();
    while seen.len() < 200 {
        let wait = Duration::from_micros(seen.len() as u64 % 7 * 100);
        if let Ok(page) = tokio::time::timeout(wait, subscription.next_page(3)).await {
            seen.extend(positions(&page.unwrap()));
        }
    }
    writer.await.unwrap();
    assert_eq!(seen, (1..=200).collect::<Vec<_>>());
}

pub(crate) async fn a_closed_store_gives_everything_first(bench: Bench) {
    let store = bench.store;
    store.append(append("s", Expected::Any, events(60))).await.unwrap();
    let mut subscription = Subscription::new(store.clone(), 0, Filter::all());
    let mut late = Subscription::new(store.clone(), 60, Filter::all());
    let waiting = tokio::spawn(async move { late.next_page(1).await });
    store.close().await;
    assert_eq!(subscription.next_page(40).await.unwrap().len(), 40);
    assert_eq!(subscription.next_page(40).await.unwrap().len(), 20);
    for ended in [subscription.next_page(40).await, waiting.await.unwrap()] {
        assert!(matches!(ended, Err(ReadError::Unavailable { reason: UnavailableReason::Closed })));
    }
}
