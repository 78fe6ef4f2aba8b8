//! Killed at any moment, the listener leaves nothing out, changes no order and asks at most once too often.

use super::*;
use std::sync::atomic::AtomicU64;

const SEEDS: u64 = 12;
const FACTS: u64 = 60;

/// Numbers from a seed.
struct Dice(AtomicU64);

impl Dice {
    fn below(&self, bound: u64) -> u64 {
        // SplitMix64.
        let mut x = self.0.fetch_add(0x9e37_79b9_7f4a_7c15, Ordering::Relaxed);
        x = (x ^ (x >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        x = (x ^ (x >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (x ^ (x >> 31)) % bound
    }
}

fn kill(groups: &Groups) -> u64 {
    let members = groups.members("sold_v1");
    members.iter().for_each(|cell| cell.kill());
    members.len() as u64
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn killed_at_random_it_has_every_effect_once_and_in_order() {
    let mut killed = 0;
    for seed in 1..=SEEDS {
        killed += killed_with(seed).await;
    }
    assert!(killed > SEEDS * 5, "{killed} kills prove little");
}

/// Answers how often the listener was killed.
async fn killed_with(seed: u64) -> u64 {
    let (street, shop, dice) = (Street::new(), Shop::obliging(), Arc::new(Dice(AtomicU64::new(seed))));
    let open = street.open(&shop).await;
    let kills = Arc::new(AtomicU64::new(0));
    let (groups, rolled, counted) = (open.groups.clone(), Arc::clone(&dice), Arc::clone(&kills));
    *shop.around.lock().unwrap() = Some(Box::new(move |_| {
        let killed = if rolled.below(12) == 0 { kill(&groups) } else { 0 };
        counted.fetch_add(killed, Ordering::Relaxed);
        killed > 0
    }));
    for _ in 0..FACTS {
        street.record(["sold_v1", "returned_v1", "other_v1"][dice.below(3) as usize]).await;
        if dice.below(8) == 0 {
            tokio::time::sleep(Duration::from_micros(dice.below(3_000))).await;
            kills.fetch_add(kill(&open.groups), Ordering::Relaxed);
        }
    }
    *shop.around.lock().unwrap() = None;
    let (last, kills) = (street.store.head(), kills.load(Ordering::Relaxed));
    // One that hangs at its kill point after the last kill has been killed all the same.
    open.reached(last).await;
    let expected = wanted(&street, &shop).await;
    assert_eq!(shop.effects(), expected, "seed {seed}");
    let (asked, once) = (u64::from(shop.asked()), expected.len() as u64);
    assert!(asked <= once + kills, "seed {seed}: {asked} asks, {once} effects, {kills} kills");
    open.close().await;
    kills
}

/// Every fact of the log with each of its listeners.
async fn wanted(street: &Street, shop: &Shop) -> Vec<(u64, &'static str)> {
    let all = hecate_event_store::Filter::all();
    let log = street.store.read_all(0, &all, 1_000).await.unwrap().events;
    let effects = log.iter().flat_map(|fact| {
        shop.listeners(&fact.event_type).into_iter().map(|listener| (fact.position, listener))
    });
    effects.collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn killed_between_the_effect_and_its_row_it_asks_again_and_has_the_effect_once() {
    let (street, shop) = (Street::new(), Shop::obliging());
    let open = street.open(&shop).await;
    let (groups, left) = (open.groups.clone(), AtomicU64::new(5));
    *shop.around.lock().unwrap() = Some(Box::new(move |after| {
        let kills =
            after && left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |n| n.checked_sub(1)).is_ok();
        kills && kill(&groups) > 0
    }));
    let position = street.record("returned_v1").await;
    open.reached(position).await;
    assert_eq!((shop.effects().len(), shop.asked_about(position)), (1, 6));
    open.close().await;
}
