//! The pool's decisions: one child per id, every asker answered.

use super::core::{Core, Effect, Farewell, Rules};
use crate::ExitReason;
use crate::plan::Restart;
use crate::supervise::window::Window;
use proptest::prelude::*;
use proptest::test_runner::TestCaseError;
use std::collections::{BTreeMap, BTreeSet, VecDeque};

const PERIOD_MS: u64 = 5_000;

type Pool = Core<&'static str, u32>;
type Told = Effect<&'static str, u32>;

fn tell(effects: impl IntoIterator<Item = Told>) -> Vec<String> {
    let line = |effect| match effect {
        Effect::Start(id, args) => format!("start {id} from {args}"),
        Effect::Found(id, replies) => format!("found {id} for {replies:?}"),
        Effect::Ignored(replies) => format!("ignored for {replies:?}"),
        Effect::RetryLater(id) => format!("retry {id}"),
        Effect::EndChild(id) => format!("end {id}"),
        Effect::GaveUp(id, why) => format!("gave up for {id}: {why}"),
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

fn pool_of(children_max: usize) -> Pool {
    restarting(Restart::Temporary, children_max)
}

fn restarting(restart: Restart, children_max: usize) -> Pool {
    let keep = match restart {
        Restart::Temporary => |_: &&'static str| None,
        Restart::Permanent | Restart::Transient => |args: &&'static str| Some(*args),
    };
    Core::new(Rules { children_max, restart, window: Window::new(1, PERIOD_MS), keep })
}

fn with_running_child() -> Pool {
    let mut pool = pool_of(2);
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
    let mut pool = pool_of(2);
    assert_eq!(ask(&mut pool, "x", "one", 1, false), ["start x from one"]);
    assert!(ask(&mut pool, "x", "two", 2, false).is_empty());
    assert_eq!(tell(pool.started("x")), ["found x for [1, 2]"]);
    assert_eq!(ask(&mut pool, "x", "three", 3, false), ["found x for [3]"]);
}

#[test]
fn all_who_ask_during_a_start_that_fails_are_told_why_and_the_next_starts_anew() {
    let mut pool = pool_of(1);
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
    assert_eq!(tell(pool.exited(0, "x", &ExitReason::Normal)), ["start x from two"]);
    assert_eq!(tell(pool.started("x")), ["found x for [2, 3]"]);
}

#[test]
fn a_full_pool_refuses_a_new_id_but_still_finds_its_children() {
    let mut pool = with_running_child();
    ask(&mut pool, "y", "one", 2, false);
    assert_eq!(ask(&mut pool, "z", "one", 3, false), ["end 1 idlest"]);
    assert_eq!(leave(&mut pool, &[]), ["full for [3]"]);
    assert_eq!(ask(&mut pool, "x", "one", 4, false), ["found x for [4]"]);
    tell(pool.exited(0, "x", &ExitReason::Normal));
    assert_eq!(ask(&mut pool, "z", "one", 5, false), ["start z from one"]);
}

#[test]
fn who_finds_the_pool_full_waits_until_the_idlest_has_made_room() {
    let mut pool = with_two_running_children();
    assert_eq!(ask(&mut pool, "z", "one", 3, false), ["end 1 idlest"]);
    assert!(leave(&mut pool, &["x"]).is_empty());
    assert!(ask(&mut pool, "z", "two", 4, false).is_empty());
    assert_eq!(tell(pool.exited(0, "x", &ExitReason::Normal)), ["start z from one"]);
    assert_eq!(tell(pool.started("z")), ["found z for [3, 4]"]);
}

#[test]
fn every_newcomer_makes_room_for_itself_and_who_comes_too_late_is_refused() {
    let mut pool = with_two_running_children();
    ask(&mut pool, "z", "one", 3, false);
    leave(&mut pool, &["x"]);
    assert_eq!(ask(&mut pool, "w", "one", 4, false), ["end 1 idlest"]);
    assert_eq!(leave(&mut pool, &["x"]), ["full for [4]"], "x leaves for z already");
    assert_eq!(tell(pool.exited(0, "x", &ExitReason::Normal)), ["start z from one"]);
}

#[test]
fn a_place_that_comes_free_by_itself_goes_to_who_waits_longest() {
    let mut pool = with_two_running_children();
    ask(&mut pool, "z", "one", 3, false);
    leave(&mut pool, &["x"]);
    assert_eq!(tell(pool.exited(0, "y", &ExitReason::Normal)), ["start z from one"]);
    assert!(tell(pool.exited(0, "x", &ExitReason::Normal)).is_empty());
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
    assert_eq!(tell(pool.exited(0, "x", &ExitReason::Normal)), ["start x from two"]);
    assert_eq!(tell(pool.exited(0, "y", &ExitReason::Normal)), ["start z from one"]);
}

#[test]
fn a_large_pool_makes_room_for_many_at_once() {
    let mut pool = pool_of(32);
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
    assert!(tell(pool.exited(0, "x", &ExitReason::Normal)).is_empty());
    assert_eq!(tell(pool.exited(0, "y", &ExitReason::Normal)), ["end"]);
}

#[test]
fn a_stop_waits_for_all_and_leaves_no_asker_without_an_answer() {
    let mut pool = with_running_child();
    ask(&mut pool, "x", "two", 2, true);
    ask(&mut pool, "y", "one", 3, false);
    assert_eq!(tell(pool.stop()), ["stop all"]);
    assert!(tell(pool.stop()).is_empty(), "a second stop changes nothing");
    assert_eq!(ask(&mut pool, "z", "one", 4, false), ["refused [4]"]);
    assert_eq!(tell(pool.exited(0, "x", &ExitReason::Normal)), ["refused [2]"]);
    assert_eq!(tell(pool.start_failed("y", ExitReason::Shutdown)), ["failed for [3]: shutdown", "end"]);
}

#[test]
fn the_last_child_ends_the_pool_even_when_somebody_waits_for_its_successor() {
    let mut pool = with_running_child();
    ask(&mut pool, "x", "two", 2, true);
    tell(pool.stop());
    assert_eq!(tell(pool.exited(0, "x", &ExitReason::Normal)), ["refused [2]", "end"]);
    assert_eq!(tell(pool_of(1).stop()), ["stop all", "end"]);
}

fn crash(pool: &mut Pool, now_ms: u64, id: &str) -> Vec<String> {
    tell(pool.exited(now_ms, id, &ExitReason::Killed))
}

#[test]
fn a_child_that_is_restarted_is_made_from_what_it_was_made_from_first() {
    let mut pool = restarting(Restart::Permanent, 2);
    ask(&mut pool, "x", "one", 1, false);
    tell(pool.started("x"));
    ask(&mut pool, "x", "two", 2, false);
    assert_eq!(crash(&mut pool, 0, "x"), ["start x from one"]);
    assert!(ask(&mut pool, "x", "three", 3, false).is_empty(), "it waits for the restart");
    assert_eq!(tell(pool.started("x")), ["found x for [3]"]);
}

#[test]
fn restart_types_of_a_pool_follow_the_exit_reason() {
    let table = [
        (Restart::Permanent, ExitReason::Normal, true),
        (Restart::Permanent, ExitReason::Killed, true),
        (Restart::Transient, ExitReason::Shutdown, false),
        (Restart::Transient, ExitReason::Killed, true),
        (Restart::Temporary, ExitReason::Killed, false),
    ];
    for (restart, reason, restarted) in table {
        let mut pool = restarting(restart, 2);
        ask(&mut pool, "x", "one", 1, false);
        tell(pool.started("x"));
        let effects = tell(pool.exited(0, "x", &reason));
        assert_eq!(!effects.is_empty(), restarted, "{restart:?} {reason}: {effects:?}");
        assert_eq!(pool.knows("x"), restarted);
    }
}

#[test]
fn a_restart_that_fails_is_tried_again_and_every_attempt_counts() {
    let mut pool = restarting(Restart::Permanent, 2);
    ask(&mut pool, "x", "one", 1, false);
    tell(pool.started("x"));
    crash(&mut pool, 0, "x");
    assert_eq!(tell(pool.start_failed("x", ExitReason::Killed)), ["retry x"]);
    assert_eq!(pool.members().collect::<Vec<_>>(), [("x", true)]);
    ask(&mut pool, "x", "two", 2, false);
    let gave_up = ["gave up for x: killed", "refused [2]", "stop all", "end"];
    assert_eq!(tell(pool.retry(5_000, "x")), gave_up, "the window is one restart in five seconds");
}

#[test]
fn a_first_start_that_fails_is_not_tried_again() {
    let mut pool = restarting(Restart::Permanent, 1);
    ask(&mut pool, "x", "one", 1, false);
    assert_eq!(tell(pool.start_failed("x", ExitReason::Killed)), ["failed for [1]: killed"]);
}

#[test]
fn a_crash_is_counted_and_retried_though_somebody_asked_before_it_was_known() {
    let mut pool = restarting(Restart::Permanent, 1);
    ask(&mut pool, "x", "one", 1, false);
    tell(pool.started("x"));
    assert!(ask(&mut pool, "x", "two", 2, true).is_empty(), "how it ends decides");
    assert_eq!(crash(&mut pool, 0, "x"), ["start x from one"], "from what it was made from");
    assert_eq!(pool.window().at_ms().count(), 1);
    assert!(ask(&mut pool, "x", "three", 3, false).is_empty());
    assert_eq!(
        tell(pool.start_failed("x", ExitReason::Killed)),
        ["retry x"],
        "a permanent child is not lost"
    );
    assert_eq!(tell(pool.retry(5_001, "x")), ["start x from one"]);
    assert_eq!(tell(pool.started("x")), ["found x for [2, 3]"]);
    ask(&mut pool, "x", "four", 4, true);
    let gave_up = ["gave up for x: killed", "refused [4]", "stop all", "end"];
    assert_eq!(crash(&mut pool, 5_002, "x"), gave_up, "crashes under traffic do not go on for ever");
}

#[test]
fn who_asked_before_a_clean_end_was_known_gets_a_new_child() {
    let mut pool = restarting(Restart::Transient, 1);
    ask(&mut pool, "x", "one", 1, false);
    tell(pool.started("x"));
    ask(&mut pool, "x", "two", 2, true);
    assert!(!pool.may_leave("x") && !pool.is_leaving("x"), "it ends by itself");
    assert_eq!(tell(pool.exited(0, "x", &ExitReason::Normal)), ["start x from two"]);
    assert_eq!(
        tell(pool.start_failed("x", ExitReason::Killed)),
        ["failed for [2]: killed"],
        "it was asked for"
    );
    assert_eq!(pool.window().at_ms().count(), 0);
}

#[test]
fn a_child_that_is_terminated_while_it_crashes_is_not_restarted_and_who_asked_gets_a_new_one() {
    let mut pool = restarting(Restart::Permanent, 1);
    ask(&mut pool, "x", "one", 1, false);
    tell(pool.started("x"));
    ask(&mut pool, "x", "two", 2, true);
    assert_eq!(tell(pool.terminate("x").1), ["end x"]);
    assert_eq!(crash(&mut pool, 0, "x"), ["start x from two"]);
    assert_eq!(pool.window().at_ms().count(), 0);
}

#[test]
fn who_asks_for_a_child_that_is_doomed_gets_the_next_one() {
    let doomed = || {
        let mut pool = restarting(Restart::Permanent, 1);
        ask(&mut pool, "x", "one", 1, false);
        assert_eq!(tell(pool.terminate("x").1), ["end x"]);
        assert_eq!(pool.terminate("x").0, Farewell::Ending, "asked once, asked for all");
        assert!(ask(&mut pool, "x", "two", 2, false).is_empty());
        pool
    };
    let failed = tell(doomed().start_failed("x", ExitReason::Shutdown));
    assert_eq!(failed, ["failed for [1]: shutdown", "start x from two"]);
    assert_eq!(tell(doomed().ignored("x")), ["ignored for [1]", "start x from two"]);
    let mut pool = doomed();
    assert_eq!(tell(pool.started("x")), ["found x for [1]", "end x"]);
    assert!(pool.is_leaving("x"));
    assert_eq!(tell(pool.exited(0, "x", &ExitReason::Shutdown)), ["start x from two"]);
    let mut pool = doomed();
    assert_eq!(tell(pool.stop()), ["stop all"]);
    assert_eq!(tell(pool.ignored("x")), ["ignored for [1]", "refused [2]", "end"]);
}

#[test]
fn a_retry_outside_the_window_is_a_new_start_and_a_stale_one_is_void() {
    let mut pool = restarting(Restart::Permanent, 2);
    ask(&mut pool, "x", "one", 1, false);
    tell(pool.started("x"));
    crash(&mut pool, 0, "x");
    tell(pool.start_failed("x", ExitReason::Killed));
    assert_eq!(tell(pool.retry(5_001, "x")), ["start x from one"]);
    assert!(tell(pool.retry(5_001, "x")).is_empty());
    tell(pool.started("x"));
    assert!(tell(pool.retry(5_001, "x")).is_empty());
    assert!(pool.may_leave("x"), "it runs on");
    assert!(tell(pool.retry(5_001, "y")).is_empty());
    assert_eq!(pool.window().at_ms().count(), 1);
}

#[test]
fn a_terminated_child_is_not_restarted_and_gives_its_place_to_who_waits() {
    let mut pool = restarting(Restart::Permanent, 1);
    ask(&mut pool, "x", "one", 1, false);
    tell(pool.started("x"));
    let (farewell, effects) = pool.terminate("x");
    assert_eq!((farewell, tell(effects)), (Farewell::Ending, vec!["end x".to_owned()]));
    assert_eq!(pool.terminate("x").0, Farewell::Ending, "asked once, asked for all");
    assert!(ask(&mut pool, "y", "one", 2, false).is_empty(), "a place comes free");
    assert_eq!(pool.terminate("y").0, Farewell::Gone, "it only waits");
    assert!(pool.knows("y") && !pool.is_member("y"));
    assert_eq!(crash(&mut pool, 0, "x"), ["start y from one"]);
    assert_eq!(pool.terminate("x").0, Farewell::Gone, "good also when it has ended");
}

#[test]
fn a_start_or_a_retry_can_be_terminated_too() {
    let mut pool = restarting(Restart::Permanent, 2);
    ask(&mut pool, "x", "one", 1, false);
    assert_eq!(tell(pool.terminate("x").1), ["end x"]);
    assert_eq!(tell(pool.started("x")), ["found x for [1]", "end x"]);
    assert!(!pool.may_leave("x"));
    assert!(crash(&mut pool, 0, "x").is_empty());
    ask(&mut pool, "y", "one", 2, false);
    tell(pool.started("y"));
    crash(&mut pool, 0, "y");
    assert_eq!(tell(pool.terminate("y").1), ["end y"]);
    assert_eq!(tell(pool.start_failed("y", ExitReason::Killed)), ["failed for []: killed"]);
    ask(&mut pool, "z", "one", 3, false);
    tell(pool.started("z"));
    crash(&mut pool, 9_000, "z");
    tell(pool.start_failed("z", ExitReason::Killed));
    let (farewell, effects) = pool.terminate("z");
    assert_eq!((farewell, tell(effects)), (Farewell::Gone, vec!["refused []".to_owned()]));
    assert!(!pool.knows("z"));
}

#[test]
fn a_child_that_is_not_needed_is_not_kept_and_leaves_its_place() {
    let mut pool = restarting(Restart::Permanent, 1);
    ask(&mut pool, "x", "one", 1, false);
    ask(&mut pool, "y", "one", 2, false);
    assert_eq!(leave(&mut pool, &[]), ["full for [2]"]);
    assert_eq!(tell(pool.ignored("x")), ["ignored for [1]"]);
    assert!(pool.ignored("x").is_empty() && pool.members().next().is_none());
}

#[test]
fn news_of_a_child_that_does_not_start_changes_nothing() {
    let mut pool = with_running_child();
    assert!(tell(pool.started("nobody")).is_empty());
    assert!(tell(pool.started("x")).is_empty(), "it runs already");
    assert!(pool.may_leave("x"));
}

#[test]
fn a_stop_refuses_who_waits_for_a_retry() {
    let mut pool = restarting(Restart::Permanent, 2);
    ask(&mut pool, "x", "one", 1, false);
    tell(pool.started("x"));
    crash(&mut pool, 0, "x");
    tell(pool.start_failed("x", ExitReason::Killed));
    ask(&mut pool, "x", "two", 2, false);
    assert_eq!(tell(pool.stop()), ["refused [2]", "stop all", "end"]);
}

/// One thing that happens; the number chooses among those it can happen to.
#[derive(Clone, Copy, Debug)]
enum Chance {
    Ask(u8),
    StartEnds(usize, bool),
    /// The init says that it is not needed.
    StartIsIgnored(usize),
    /// By itself, with a crash or without.
    Exit(usize, bool),
    Terminate(usize),
    /// The oldest retry comes round, so much later, ms.
    Retry(u64),
    /// By its own account it takes no more messages.
    BeginsToEnd(usize),
    WorksOrRests(usize),
    Stop,
}

fn chance() -> impl Strategy<Value = Chance> {
    prop_oneof![
        8 => (0..9u8).prop_map(Chance::Ask),
        8 => (any::<usize>(), prop::bool::weighted(0.8))
            .prop_map(|(which, well)| Chance::StartEnds(which, well)),
        1 => any::<usize>().prop_map(Chance::StartIsIgnored),
        4 => (any::<usize>(), any::<bool>()).prop_map(|(which, crash)| Chance::Exit(which, crash)),
        1 => any::<usize>().prop_map(Chance::Terminate),
        3 => (0..8_000u64).prop_map(Chance::Retry),
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
    /// Those that were asked to end.
    asked_to_end: BTreeSet<String>,
    /// When a restart was due, ms.
    restarts_ms: Vec<u64>,
    stopping: bool,
    unanswered: BTreeSet<u32>,
    asked: u32,
    retries: Vec<String>,
    now_ms: u64,
    gave_up: bool,
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
                    self.ask_to_end(idlest.iter().cloned());
                    effects.extend(pool.leave(&idlest));
                }
                Effect::Failed(replies, _) | Effect::Full(replies) | Effect::Refuse(replies) => {
                    self.answered(replies)?;
                }
                Effect::Ignored(replies) => self.answered(replies)?,
                Effect::RetryLater(id) => self.retries.push(id),
                Effect::EndChild(id) => self.ask_to_end(self.running.contains_key(&id).then_some(id)),
                Effect::GaveUp(..) => (self.gave_up, self.stopping) = (true, true),
                Effect::StopAll => {
                    self.stopping = true;
                    self.ask_to_end(self.running.keys().cloned().collect::<Vec<_>>());
                }
                Effect::End => self.ended = true,
            }
        }
        Ok(())
    }

    fn ask_to_end(&mut self, ids: impl IntoIterator<Item = String>) {
        for id in ids {
            self.ending.insert(id.clone());
            self.asked_to_end.insert(id);
        }
    }

    /// Every restart is counted, and nothing else.
    fn check_window(&self, pool: &Pool) -> Result<(), TestCaseError> {
        let horizon_ms = self.restarts_ms.last().map_or(0, |last_ms| last_ms.saturating_sub(PERIOD_MS));
        let recent_ms = self.restarts_ms.iter().copied().filter(|at_ms| *at_ms >= horizon_ms);
        prop_assert_eq!(pool.window().at_ms().collect::<Vec<_>>(), recent_ms.collect::<Vec<_>>());
        Ok(())
    }

    fn answered(&mut self, replies: Vec<u32>) -> Result<(), TestCaseError> {
        for reply in replies {
            prop_assert!(self.unanswered.remove(&reply), "answered twice");
        }
        Ok(())
    }

    fn happen(&mut self, pool: &mut Pool, chance: Chance) -> Result<(), TestCaseError> {
        if self.ended {
            return Ok(());
        }
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
            Chance::StartIsIgnored(which) => {
                let Some(id) = nth(self.starting.iter().collect(), which) else { return Ok(()) };
                self.starting.remove(&id);
                let told = pool.ignored(&id);
                self.take(pool, told)
            }
            Chance::Exit(which, crash) => {
                let Some(id) = nth(self.running.keys().collect(), which) else { return Ok(()) };
                self.running.remove(&id);
                self.ending.remove(&id);
                let reason = if crash { ExitReason::Killed } else { ExitReason::Normal };
                let by_itself = !self.asked_to_end.remove(&id) && !self.stopping;
                if by_itself && pool.restarts(&reason) {
                    self.restarts_ms.push(self.now_ms);
                }
                let told = pool.exited(self.now_ms, &id, &reason);
                self.take(pool, told)
            }
            Chance::Terminate(which) => {
                let known: Vec<_> = pool.members().map(|(id, _)| id.to_owned()).collect();
                let Some(id) = nth(known.iter().collect(), which) else { return Ok(()) };
                let (farewell, told) = pool.terminate(&id);
                let runs = self.running.contains_key(&id) || self.starting.contains(&id);
                prop_assert_eq!(farewell == Farewell::Ending, runs, "{} is waited for", id);
                self.take(pool, told)
            }
            Chance::Retry(after_ms) => {
                self.now_ms += after_ms;
                if self.retries.is_empty() {
                    return Ok(());
                }
                let id = self.retries.remove(0);
                let restarting = pool.members().any(|(member, is_restarting)| member == id && is_restarting);
                let is_due = restarting && !self.starting.contains(&id);
                self.restarts_ms.extend(is_due.then_some(self.now_ms));
                let told = pool.retry(self.now_ms, &id);
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
        restart in prop::sample::select(vec![Restart::Temporary, Restart::Transient, Restart::Permanent]),
        chances in prop::collection::vec(chance(), 0..200),
    ) {
        let (mut pool, mut reality) = (restarting(restart, children_max), Reality::default());
        for chance in chances {
            reality.happen(&mut pool, chance)?;
            prop_assert!(reality.starting.len() + reality.running.len() <= children_max, "overfull");
            reality.check_window(&pool)?;
        }
        // Whoever waits now waits for a start or an end that is under way.
        let busy = |reality: &Reality| {
            !(reality.starting.is_empty() && reality.ending.is_empty() && reality.retries.is_empty())
        };
        while !reality.ended && busy(&reality) {
            reality.happen(&mut pool, Chance::Retry(9_000))?;
            reality.happen(&mut pool, Chance::StartEnds(0, true))?;
            let ending = reality.running.keys().position(|id| reality.ending.contains(id));
            if let Some(ending) = ending {
                reality.happen(&mut pool, Chance::Exit(ending, false))?;
            }
        }
        prop_assert!(reality.unanswered.is_empty(), "forgotten: {:?}", reality.unanswered);
        reality.happen(&mut pool, Chance::Stop)?;
        prop_assert!(!reality.gave_up || restart != Restart::Temporary, "a temporary child costs no restart");
        while !reality.running.is_empty() {
            reality.happen(&mut pool, Chance::Exit(0, false))?;
        }
        prop_assert!(reality.ended, "an empty pool that stops has ended");
    }
}
