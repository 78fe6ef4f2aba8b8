//! The pool's decisions: one child per id, every asker answered.

use super::core::{Core, Effect};
use crate::ExitReason;
use proptest::prelude::*;
use proptest::test_runner::TestCaseError;
use std::collections::{BTreeMap, BTreeSet, VecDeque};

type Pool = Core<&'static str, u32>;
type Told = Effect<&'static str, u32>;

fn tell(effects: impl IntoIterator<Item = Told>) -> Vec<String> {
    let line = |effect| match effect {
        Effect::Start(id, args) => format!("start {id} from {args}"),
        Effect::Found(id, replies) => format!("found {id} for {replies:?}"),
        Effect::Failed(replies, why) => format!("failed for {replies:?}: {why}"),
        Effect::EndIdlest(count) => format!("end {count} idlest"),
        Effect::Full(replies) => format!("full for {replies:?}"),
        Effect::Refuse(replies) => format!("refused {replies:?}"),
        Effect::StopAll => "stop all".into(),
        Effect::End => "end".into(),
    };
    effects.into_iter().map(line).collect()
}

fn ask(pool: &mut Pool, id: &str, args: &'static str, reply: u32, ending: bool) -> Vec<String> {
    tell(pool.ask(id.into(), args, reply, ending))
}

fn with_running_child() -> Pool {
    let mut pool = Pool::new(2);
    ask(&mut pool, "x", "one", 1, false);
    tell(pool.started("x"));
    pool
}

fn with_two_running_children() -> Pool {
    let mut pool = with_running_child();
    ask(&mut pool, "y", "one", 2, false);
    tell(pool.started("y"));
    pool
}

fn leave(pool: &mut Pool, idlest: &[&str]) -> Vec<String> {
    let idlest: Vec<_> = idlest.iter().map(|id| (*id).to_owned()).collect();
    tell(pool.leave(&idlest))
}

#[test]
fn all_who_ask_during_a_start_get_the_one_child() {
    let mut pool = Pool::new(2);
    assert_eq!(ask(&mut pool, "x", "one", 1, false), ["start x from one"]);
    assert!(ask(&mut pool, "x", "two", 2, false).is_empty());
    assert_eq!(tell(pool.started("x")), ["found x for [1, 2]"]);
    assert_eq!(ask(&mut pool, "x", "three", 3, false), ["found x for [3]"]);
}

#[test]
fn all_who_ask_during_a_start_that_fails_are_told_why_and_the_next_starts_anew() {
    let mut pool = Pool::new(1);
    ask(&mut pool, "x", "one", 1, false);
    ask(&mut pool, "x", "two", 2, false);
    assert_eq!(tell(pool.start_failed("x", ExitReason::Killed)), ["failed for [1, 2]: killed"]);
    assert_eq!(ask(&mut pool, "x", "three", 3, false), ["start x from three"]);
}

#[test]
fn a_successor_waits_until_its_predecessor_is_gone() {
    let mut pool = with_running_child();
    assert!(ask(&mut pool, "x", "two", 2, true).is_empty());
    assert!(ask(&mut pool, "x", "three", 3, true).is_empty());
    assert_eq!(tell(pool.exited("x")), ["start x from two"]);
    assert_eq!(tell(pool.started("x")), ["found x for [2, 3]"]);
}

#[test]
fn a_full_pool_refuses_a_new_id_but_still_finds_its_children() {
    let mut pool = with_running_child();
    ask(&mut pool, "y", "one", 2, false);
    assert_eq!(ask(&mut pool, "z", "one", 3, false), ["end 1 idlest"]);
    assert_eq!(leave(&mut pool, &[]), ["full for [3]"]);
    assert_eq!(ask(&mut pool, "x", "one", 4, false), ["found x for [4]"]);
    tell(pool.exited("x"));
    assert_eq!(ask(&mut pool, "z", "one", 5, false), ["start z from one"]);
}

#[test]
fn who_finds_the_pool_full_waits_until_the_idlest_has_made_room() {
    let mut pool = with_two_running_children();
    assert_eq!(ask(&mut pool, "z", "one", 3, false), ["end 1 idlest"]);
    assert!(leave(&mut pool, &["x"]).is_empty());
    assert!(ask(&mut pool, "z", "two", 4, false).is_empty());
    assert_eq!(tell(pool.exited("x")), ["start z from one"]);
    assert_eq!(tell(pool.started("z")), ["found z for [3, 4]"]);
}

#[test]
fn every_newcomer_makes_room_for_itself_and_who_comes_too_late_is_refused() {
    let mut pool = with_two_running_children();
    ask(&mut pool, "z", "one", 3, false);
    leave(&mut pool, &["x"]);
    assert_eq!(ask(&mut pool, "w", "one", 4, false), ["end 1 idlest"]);
    assert_eq!(leave(&mut pool, &["x"]), ["full for [4]"], "x leaves for z already");
    assert_eq!(tell(pool.exited("x")), ["start z from one"]);
}

#[test]
fn a_place_that_comes_free_by_itself_goes_to_who_waits_longest() {
    let mut pool = with_two_running_children();
    ask(&mut pool, "z", "one", 3, false);
    leave(&mut pool, &["x"]);
    assert_eq!(tell(pool.exited("y")), ["start z from one"]);
    assert!(tell(pool.exited("x")).is_empty());
    assert_eq!(ask(&mut pool, "w", "one", 4, false), ["start w from one"]);
}

#[test]
fn a_place_that_could_not_be_used_goes_to_the_next() {
    let mut pool = with_running_child();
    ask(&mut pool, "y", "one", 2, false);
    ask(&mut pool, "z", "one", 3, false);
    leave(&mut pool, &["x"]);
    let told = tell(pool.start_failed("y", ExitReason::Killed));
    assert_eq!(told, ["failed for [2]: killed", "start z from one"]);
}

#[test]
fn a_child_that_leaves_and_is_wanted_again_keeps_its_place_and_another_has_to_go() {
    let mut pool = with_two_running_children();
    ask(&mut pool, "z", "one", 3, false);
    leave(&mut pool, &["x"]);
    assert_eq!(ask(&mut pool, "x", "two", 4, true), ["end 1 idlest"]);
    assert!(!pool.may_leave("x"), "it is wanted");
    assert!(leave(&mut pool, &["y"]).is_empty());
    assert_eq!(tell(pool.exited("x")), ["start x from two"]);
    assert_eq!(tell(pool.exited("y")), ["start z from one"]);
}

#[test]
fn a_large_pool_makes_room_for_many_at_once() {
    let mut pool = Pool::new(32);
    for reply in 0..32 {
        ask(&mut pool, &reply.to_string(), "one", reply, false);
        tell(pool.started(&reply.to_string()));
    }
    assert_eq!(ask(&mut pool, "a", "one", 32, false), ["end 2 idlest"]);
    leave(&mut pool, &["0", "1"]);
    assert!(ask(&mut pool, "b", "one", 33, false).is_empty(), "there is room for two");
    assert_eq!(ask(&mut pool, "c", "one", 34, false), ["end 2 idlest"]);
}

#[test]
fn who_waits_for_a_place_when_the_pool_stops_is_refused() {
    let mut pool = with_two_running_children();
    ask(&mut pool, "z", "one", 3, false);
    leave(&mut pool, &["x"]);
    assert_eq!(tell(pool.stop()), ["refused [3]", "stop all"]);
    assert!(tell(pool.exited("x")).is_empty());
    assert_eq!(tell(pool.exited("y")), ["end"]);
}

#[test]
fn a_stop_waits_for_all_and_leaves_no_asker_without_an_answer() {
    let mut pool = with_running_child();
    ask(&mut pool, "x", "two", 2, true);
    ask(&mut pool, "y", "one", 3, false);
    assert_eq!(tell(pool.stop()), ["stop all"]);
    assert!(tell(pool.stop()).is_empty(), "a second stop changes nothing");
    assert_eq!(ask(&mut pool, "z", "one", 4, false), ["refused [4]"]);
    assert_eq!(tell(pool.exited("x")), ["refused [2]"]);
    assert_eq!(tell(pool.start_failed("y", ExitReason::Shutdown)), ["failed for [3]: shutdown", "end"]);
}

#[test]
fn the_last_child_ends_the_pool_even_when_somebody_waits_for_its_successor() {
    let mut pool = with_running_child();
    ask(&mut pool, "x", "two", 2, true);
    tell(pool.stop());
    assert_eq!(tell(pool.exited("x")), ["refused [2]", "end"]);
    assert_eq!(tell(Pool::new(1).stop()), ["stop all", "end"]);
}

/// One thing that happens; the number chooses among those it can happen to.
#[derive(Clone, Copy, Debug)]
enum Chance {
    Ask(u8),
    StartEnds(usize, bool),
    Exit(usize),
    /// By its own account it takes no more messages.
    BeginsToEnd(usize),
    WorksOrRests(usize),
    Stop,
}

fn chance() -> impl Strategy<Value = Chance> {
    prop_oneof![
        8 => (0..9u8).prop_map(Chance::Ask),
        8 => (any::<usize>(), prop::bool::weighted(0.8)).prop_map(|(which, well)| Chance::StartEnds(which, well)),
        4 => any::<usize>().prop_map(Chance::Exit),
        1 => any::<usize>().prop_map(Chance::BeginsToEnd),
        4 => any::<usize>().prop_map(Chance::WorksOrRests),
    ]
}

/// The children as they really are, apart from what the core believes.
#[derive(Default)]
struct Reality {
    starting: BTreeSet<String>,
    /// Whether it is idle.
    running: BTreeMap<String, bool>,
    ending: BTreeSet<String>,
    unanswered: BTreeSet<u32>,
    asked: u32,
    ended: bool,
}

impl Reality {
    fn take(
        &mut self,
        pool: &mut Pool,
        effects: impl IntoIterator<Item = Told>,
    ) -> Result<(), TestCaseError> {
        let mut effects: VecDeque<_> = effects.into_iter().collect();
        while let Some(effect) = effects.pop_front() {
            prop_assert!(!self.ended, "something after the end");
            match effect {
                Effect::Start(id, _) => {
                    prop_assert!(!self.running.contains_key(&id), "two of one id");
                    prop_assert!(self.starting.insert(id), "two starts of one id");
                }
                Effect::Found(id, replies) => {
                    prop_assert!(self.running.contains_key(&id), "found and not there");
                    self.answered(replies)?;
                }
                Effect::EndIdlest(count) => {
                    let idle = self.running.iter().filter(|(id, idle)| **idle && pool.may_leave(id));
                    let idlest: Vec<_> = idle.map(|(id, _)| id.clone()).take(count).collect();
                    self.ending.extend(idlest.iter().cloned());
                    effects.extend(pool.leave(&idlest));
                }
                Effect::Failed(replies, _) | Effect::Full(replies) | Effect::Refuse(replies) => {
                    self.answered(replies)?;
                }
                Effect::StopAll => self.ending.extend(self.running.keys().cloned()),
                Effect::End => self.ended = true,
            }
        }
        Ok(())
    }

    fn answered(&mut self, replies: Vec<u32>) -> Result<(), TestCaseError> {
        for reply in replies {
            prop_assert!(self.unanswered.remove(&reply), "answered twice");
        }
        Ok(())
    }

    fn happen(&mut self, pool: &mut Pool, chance: Chance) -> Result<(), TestCaseError> {
        let nth = |ids: Vec<&String>, which: usize| -> Option<String> {
            (!ids.is_empty()).then(|| ids[which % ids.len()].clone())
        };
        match chance {
            Chance::Ask(id) => {
                let id = id.to_string();
                self.asked += 1;
                self.unanswered.insert(self.asked);
                let ending = self.ending.contains(&id);
                let told = pool.ask(id, "args", self.asked, ending);
                self.take(pool, told)
            }
            Chance::StartEnds(which, well) => {
                let Some(id) = nth(self.starting.iter().collect(), which) else { return Ok(()) };
                self.starting.remove(&id);
                if well {
                    self.running.insert(id.clone(), true);
                    let told = pool.started(&id);
                    return self.take(pool, told);
                }
                let told = pool.start_failed(&id, ExitReason::Killed);
                self.take(pool, told)
            }
            Chance::Exit(which) => {
                let Some(id) = nth(self.running.keys().collect(), which) else { return Ok(()) };
                self.running.remove(&id);
                self.ending.remove(&id);
                let told = pool.exited(&id);
                self.take(pool, told)
            }
            Chance::BeginsToEnd(which) => {
                self.ending.extend(nth(self.running.keys().collect(), which));
                Ok(())
            }
            Chance::WorksOrRests(which) => {
                let id = nth(self.running.keys().collect(), which);
                if let Some(idle) = id.and_then(|id| self.running.get_mut(&id)) {
                    *idle = !*idle;
                }
                Ok(())
            }
            Chance::Stop => {
                let told = pool.stop();
                self.take(pool, told)
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 600, ..ProptestConfig::default() })]

    #[test]
    fn no_sequence_of_events_overfills_the_pool_or_forgets_an_asker(
        children_max in 1..5usize,
        chances in prop::collection::vec(chance(), 0..200),
    ) {
        let (mut pool, mut reality) = (Pool::new(children_max), Reality::default());
        for chance in chances {
            reality.happen(&mut pool, chance)?;
            prop_assert!(reality.starting.len() + reality.running.len() <= children_max, "overfull");
        }
        // Whoever waits now waits for a start or an end that is under way.
        while !(reality.starting.is_empty() && reality.ending.is_empty()) {
            reality.happen(&mut pool, Chance::StartEnds(0, true))?;
            let ending = reality.running.keys().position(|id| reality.ending.contains(id));
            if let Some(ending) = ending {
                reality.happen(&mut pool, Chance::Exit(ending))?;
            }
        }
        prop_assert!(reality.unanswered.is_empty(), "forgotten: {:?}", reality.unanswered);
        reality.happen(&mut pool, Chance::Stop)?;
        while !reality.running.is_empty() {
            reality.happen(&mut pool, Chance::Exit(0))?;
        }
        prop_assert!(reality.ended, "an empty pool that stops has ended");
    }
}
