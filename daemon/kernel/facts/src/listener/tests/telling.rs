//! A fact is heard because it is told, not because the log was looked at. The clock of these tests stands still
//! while anybody can go on, so that it shows who waited for it.

use super::super::follow::TELLING_MAX;
use super::*;
use tokio::time::Instant;

/// How long each of some facts took to be heard.
async fn waits(tree: &str) -> Vec<Duration> {
    let (street, shop) = (Street::new(), Shop::obliging());
    let open = street.open_with(&shop, tree).await;
    open.begun().await;
    let mut waits = Vec::new();
    for _ in 0..5 {
        let recorded = Instant::now();
        let position = street.record("returned_v1").await;
        open.reached(position).await;
        waits.push(recorded.elapsed());
    }
    assert_eq!(shop.effects().len(), 5);
    open.close().await;
    waits
}

#[tokio::test(start_paused = true)]
async fn what_is_told_is_heard_at_once() {
    assert_eq!(waits(&[TREE, EMITTERS].concat()).await, [Duration::ZERO; 5]);
}

#[tokio::test(start_paused = true)]
async fn what_nobody_tells_is_heard_when_the_listener_looks_by_itself() {
    let waits = waits(TREE).await;
    assert!(waits.iter().all(|wait| *wait >= TELLING_MAX), "{waits:?}");
}
