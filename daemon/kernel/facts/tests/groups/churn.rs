//! Members come, leave and are killed at random while facts are told from several sides: nobody who stays
//! misses or doubles a fact, and in the end the groups are what a simple model says.

use super::hall::{Hall, Heard, SOLD, Word, facts, next};
use hecate_facts::{ALL, Fact};
use hecate_supervision::Me;
use std::collections::BTreeMap;
use std::sync::Arc;

const TELLERS: usize = 2;
const FACTS_PER_TELLER: usize = 300;
const STEPS: u64 = 400;
const GROUPS: [&str; 3] = [SOLD, "bought_v1", ALL];

/// Numbers from a seed.
struct Dice(u64);

impl Dice {
    fn below(&mut self, bound: usize) -> usize {
        // SplitMix64.
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut x = self.0;
        x = (x ^ (x >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        x = (x ^ (x >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((x ^ (x >> 31)) % bound as u64) as usize
    }
}

/// Who lives, and which groups it is in.
type Model = Vec<(Me<Word>, Vec<&'static str>)>;

async fn step(hall: &Hall, dice: &mut Dice, model: &mut Model) {
    let group = GROUPS[dice.below(GROUPS.len())];
    match (dice.below(8), model.len()) {
        (0 | 1, _) | (_, 0) => model.push((hall.guest().await.0, Vec::new())),
        (2, count) => model.swap_remove(dice.below(count)).0.addr().cell().kill(),
        (3..=5, count) => {
            let (me, joined) = &mut model[dice.below(count)];
            hall.groups.join(me, group, Word::Told);
            joined.retain(|known| *known != group);
            joined.push(group);
        }
        (_, count) => {
            let (me, joined) = &mut model[dice.below(count)];
            let was_in = joined.contains(&group);
            joined.retain(|known| *known != group);
            assert_eq!(hall.groups.leave(me, group), was_in);
        }
    }
}

/// What one teller told comes once each and in order, whatever the others say in between.
async fn hears_all(mut heard: Heard) {
    let mut last = BTreeMap::new();
    for _ in 0..TELLERS * FACTS_PER_TELLER {
        let fact = next(&mut heard).await;
        let last = last.entry(fact.metadata.correlation_id).or_insert(0);
        assert_eq!(fact.position, *last + 1);
        *last = fact.position;
    }
}

/// Facts that know who told them.
async fn facts_of_a_teller() -> Vec<Fact> {
    let teller = uuid::Uuid::now_v7();
    let mut facts = facts(SOLD, FACTS_PER_TELLER).await;
    for fact in &mut facts {
        Arc::get_mut(fact).expect("nobody has it yet").metadata.correlation_id = teller;
    }
    facts
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_stays_hears_everything_and_the_groups_are_as_the_model_says() {
    for seed in 1..=10 {
        let (hall, mut dice, mut model) = (Hall::open().await, Dice(seed), Model::new());
        let (stays, heard) = hall.member(SOLD).await;
        let hears = tokio::spawn(hears_all(heard));
        for _ in 0..TELLERS {
            let (facts, groups) = (facts_of_a_teller().await, hall.groups.clone());
            tokio::spawn(async move {
                for fact in &facts {
                    groups.tell(fact);
                    tokio::task::yield_now().await;
                }
            });
        }
        for _ in 0..STEPS {
            step(&hall, &mut dice, &mut model).await;
        }
        hears.await.unwrap_or_else(|why| panic!("seed {seed}: {why}"));
        for group in GROUPS {
            let members = model.iter().filter(|(_, joined)| joined.contains(&group)).map(|(me, _)| me);
            let always = (group == SOLD).then_some(&stays);
            hall.until_members(group, members.chain(always)).await;
        }
        assert_eq!(hall.groups.missed(), 0, "seed {seed}");
        hall.close().await;
    }
}
