//! The pool's decisions: one child per id, every asker answered.

use super::core::{Core, Effect, Farewell, Keep, Rules};
use crate::ExitReason;
use crate::plan::Restart;
use crate::supervise::admin::QUESTIONS_MAX;
use crate::supervise::backoff::{Backoff, Draw};
use crate::supervise::child::PoolFlags;
use crate::supervise::window::Window;
use std::time::Duration;

pub(super) const PERIOD_MS: u64 = 5_000;

pub(super) type Pool = Core<&'static str, u32>;
pub(super) type Told = Effect<&'static str, u32>;

fn tell(effects: impl IntoIterator<Item = Told>) -> Vec<String> {
    let line = |effect| match effect {
        Effect::Start(id, args) => format!("start {id} from {args}"),
        Effect::Found(id, replies) => format!("found {id} for {replies:?}"),
        Effect::Ignored(replies) => format!("ignored for {replies:?}"),
        Effect::RetryLater(id, _, wait) if wait.is_zero() => format!("retry {id}"),
        Effect::RetryLater(id, _, wait) => format!("retry {id} in {wait:?}"),
        Effect::EndChild(id) => format!("end {id}"),
        Effect::GaveUp(id, why) => format!("gave up for {id}: {why}"),
        Effect::Failed(replies, why) => format!("failed for {replies:?}: {why}"),
        Effect::EndIdlest(count) => format!("end {count} idlest"),
        Effect::Full(replies) => format!("full for {replies:?}"),
        Effect::Busy(reply) => format!("busy for {reply}"),
        Effect::Refuse(replies) => format!("refused {replies:?}"),
        Effect::StopAll => "stop all".into(),
        Effect::End => "end".into(),
    };
    effects.into_iter().map(line).collect()
}

fn ask(pool: &mut Pool, id: &str, args: &'static str, reply: u32, ending: bool) -> Vec<String> {
    tell(pool.ask(id.into(), args, reply, ending))
}

/// What the latest wait ends with.
fn retry(pool: &mut Pool, now_ms: u64, id: &str) -> Vec<String> {
    let turn = pool.latest_turn();
    tell(pool.retry(now_ms, id, turn))
}

fn pool_of(children_max: usize) -> Pool {
    restarting(Restart::Temporary, children_max)
}

pub(super) fn keep_of(restart: Restart) -> Keep<&'static str> {
    match restart {
        Restart::Temporary => |_| None,
        Restart::Permanent | Restart::Transient => |args| Some(*args),
    }
}

pub(super) fn restarting(restart: Restart, children_max: usize) -> Pool {
    let keep = keep_of(restart);
    let window = Window::new(1, PERIOD_MS);
    // Of those who ask, only the odd ones have patience.
    Core::new(Rules { children_max, restart, window, keep, backoff: None }, |asker| asker % 2 == 1)
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

/// In each state in which somebody may have to wait for a child.
#[test]
fn so_many_wait_for_one_child_and_no_more_until_some_go_away() {
    type Prepare = fn(&mut Pool);
    let states: [Prepare; 6] = [
        |pool| drop(ask(pool, "x", "one", 1, false)),
        |pool| {
            for (id, reply) in [("v", 1), ("w", 1)] {
                ask(pool, id, "one", reply, false);
                tell(pool.started(id));
            }
            ask(pool, "x", "one", 1, false);
            assert!(leave(pool, &["v"]).is_empty());
        },
        |pool| {
            ask(pool, "x", "one", 1, false);
            tell(pool.terminate("x").1);
            ask(pool, "x", "two", 1, false);
        },
        |pool| {
            ask(pool, "x", "one", 1, false);
            tell(pool.started("x"));
            ask(pool, "x", "two", 1, true);
        },
        |pool| {
            ask(pool, "x", "one", 1, false);
            tell(pool.started("x"));
            tell(pool.terminate("x").1);
            ask(pool, "x", "two", 1, true);
        },
        |pool| {
            ask(pool, "x", "one", 1, false);
            tell(pool.started("x"));
            tell(pool.exited(0, "x", &ExitReason::Killed));
            tell(pool.start_failed("x", ExitReason::Killed, Draw(0)));
            ask(pool, "x", "two", 1, false);
        },
    ];
    for (number, prepare) in states.into_iter().enumerate() {
        let mut pool = restarting(Restart::Permanent, 2);
        prepare(&mut pool);
        for _ in 1..QUESTIONS_MAX - 1 {
            assert!(ask(&mut pool, "x", "args", 1, true).is_empty(), "state {number}");
        }
        assert!(ask(&mut pool, "x", "args", 2, true).is_empty(), "the last one has no patience");
        assert!(ask(&mut pool, "x", "args", 3, true).is_empty(), "so another takes its place");
        assert_eq!(ask(&mut pool, "x", "args", 5, true), ["busy for 5"], "state {number}");
        assert_eq!(ask(&mut pool, "x", "args", 6, true), ["busy for 6"]);
    }
}

#[test]
fn all_who_ask_during_a_start_that_fails_are_told_why_and_the_next_starts_anew() {
    let mut pool = pool_of(1);
    ask(&mut pool, "x", "one", 1, false);
    ask(&mut pool, "x", "two", 2, false);
    assert_eq!(tell(pool.start_failed("x", ExitReason::Killed, Draw(0))), ["failed for [1, 2]: killed"]);
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
fn who_has_left_makes_room_once_and_the_next_newcomer_needs_another() {
    let mut pool = with_two_running_children();
    ask(&mut pool, "z", "one", 3, false);
    leave(&mut pool, &["x"]);
    tell(pool.exited(0, "x", &ExitReason::Normal));
    tell(pool.started("z"));
    assert_eq!(ask(&mut pool, "w", "one", 4, false), ["end 1 idlest"]);
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
    let told = tell(pool.start_failed("y", ExitReason::Killed, Draw(0)));
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
    assert!(!pool.is_stopping());
    assert_eq!(tell(pool.stop()), ["stop all"]);
    assert!(pool.is_stopping() && tell(pool.stop()).is_empty(), "a second stop changes nothing");
    assert_eq!(ask(&mut pool, "z", "one", 4, false), ["refused [4]"]);
    assert_eq!(tell(pool.exited(0, "x", &ExitReason::Normal)), ["refused [2]"]);
    assert_eq!(
        tell(pool.start_failed("y", ExitReason::Shutdown, Draw(0))),
        ["failed for [3]: shutdown", "end"]
    );
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
    assert!(!pool.is_restart("x"), "somebody wished for it");
    tell(pool.started("x"));
    ask(&mut pool, "x", "two", 2, false);
    assert_eq!(crash(&mut pool, 0, "x"), ["start x from one"]);
    assert!(pool.is_restart("x"));
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
    assert_eq!(tell(pool.start_failed("x", ExitReason::Killed, Draw(0))), ["retry x"]);
    assert_eq!(pool.members().collect::<Vec<_>>(), [("x", true)]);
    ask(&mut pool, "x", "two", 2, false);
    let gave_up = ["gave up for x: killed", "refused [2]", "stop all", "end"];
    assert_eq!(retry(&mut pool, 5_000, "x"), gave_up, "the window is one restart in five seconds");
}

#[test]
fn a_first_start_that_fails_is_not_tried_again() {
    let mut pool = restarting(Restart::Permanent, 1);
    ask(&mut pool, "x", "one", 1, false);
    assert_eq!(tell(pool.start_failed("x", ExitReason::Killed, Draw(0))), ["failed for [1]: killed"]);
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
        tell(pool.start_failed("x", ExitReason::Killed, Draw(0))),
        ["retry x"],
        "a permanent child is not lost"
    );
    assert_eq!(retry(&mut pool, 5_001, "x"), ["start x from one"]);
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
        tell(pool.start_failed("x", ExitReason::Killed, Draw(0))),
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
    let failed = tell(doomed().start_failed("x", ExitReason::Shutdown, Draw(0)));
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
    tell(pool.start_failed("x", ExitReason::Killed, Draw(0)));
    assert_eq!(retry(&mut pool, 5_001, "x"), ["start x from one"]);
    assert!(retry(&mut pool, 5_001, "x").is_empty());
    tell(pool.started("x"));
    assert!(retry(&mut pool, 5_001, "x").is_empty());
    assert!(pool.may_leave("x"), "it runs on");
    assert!(retry(&mut pool, 5_001, "y").is_empty());
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
    assert!(pool.is_member("x") && pool.knows("y") && !pool.is_member("y"), "it only waits");
    assert_eq!(crash(&mut pool, 0, "x"), ["start y from one"]);
    assert_eq!(pool.terminate("x").0, Farewell::Gone, "good also when it has ended");
}

#[test]
fn who_is_terminated_while_it_waits_for_a_place_never_starts() {
    let mut pool = with_two_running_children();
    for (id, reply, idlest) in [("v", 3, "x"), ("w", 4, "y")] {
        ask(&mut pool, id, "one", reply, false);
        assert!(leave(&mut pool, &[idlest]).is_empty());
    }
    let (farewell, effects) = pool.terminate("v");
    assert_eq!((farewell, tell(effects)), (Farewell::Gone, vec!["refused [3]".to_owned()]));
    assert!(!pool.knows("v"));
    assert_eq!(tell(pool.exited(0, "x", &ExitReason::Shutdown)), ["start w from one"], "the next in line");
    assert!(tell(pool.exited(0, "y", &ExitReason::Shutdown)).is_empty());
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
    assert_eq!(tell(pool.start_failed("y", ExitReason::Killed, Draw(0))), ["failed for []: killed"]);
    ask(&mut pool, "z", "one", 3, false);
    tell(pool.started("z"));
    crash(&mut pool, 9_000, "z");
    tell(pool.start_failed("z", ExitReason::Killed, Draw(0)));
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
fn a_restart_that_fails_during_a_stop_is_not_tried_again() {
    let mut pool = restarting(Restart::Permanent, 2);
    ask(&mut pool, "x", "one", 1, false);
    tell(pool.started("x"));
    crash(&mut pool, 0, "x");
    assert_eq!(tell(pool.stop()), ["stop all"]);
    let ended = ["failed for []: killed", "end"];
    assert_eq!(tell(pool.start_failed("x", ExitReason::Killed, Draw(0))), ended);
}

#[test]
fn a_stop_refuses_who_waits_for_a_retry() {
    let mut pool = restarting(Restart::Permanent, 2);
    ask(&mut pool, "x", "one", 1, false);
    tell(pool.started("x"));
    crash(&mut pool, 0, "x");
    tell(pool.start_failed("x", ExitReason::Killed, Draw(0)));
    ask(&mut pool, "x", "two", 2, false);
    assert_eq!(tell(pool.stop()), ["refused [2]", "stop all", "end"]);
}

#[test]
fn each_failure_in_a_row_waits_longer_and_a_child_that_ran_begins_anew() {
    let mut pool = restarting(Restart::Permanent, 2);
    let flags = PoolFlags {
        intensity: 9,
        restart: Restart::Permanent,
        backoff: Some(Backoff {
            min: Duration::from_secs(1),
            max: Duration::from_secs(3),
            jitter_permille: 500,
        }),
        ..PoolFlags::default()
    };
    tell(pool.take_limits(&flags, |args| Some(*args)));
    ask(&mut pool, "x", "one", 1, false);
    tell(pool.started("x"));
    tell(pool.exited(0, "x", &ExitReason::Killed));
    for waits in ["1s", "2s", "3s", "3s"] {
        let failed = tell(pool.start_failed("x", ExitReason::Killed, Draw(0)));
        assert_eq!(failed, [format!("retry x in {waits}")]);
        assert_eq!(retry(&mut pool, 1, "x"), ["start x from one"]);
    }
    tell(pool.started("x"));
    tell(pool.exited(2, "x", &ExitReason::Killed));
    let half = tell(pool.start_failed("x", ExitReason::Killed, Draw(u32::MAX)));
    assert_eq!(half, ["retry x in 500.001ms"], "chance has taken what it may");
}

#[test]
fn a_wait_that_was_for_an_earlier_child_of_the_id_is_void() {
    let mut pool = restarting(Restart::Permanent, 2);
    let crash_and_fail = |pool: &mut Pool| {
        ask(pool, "x", "one", 1, false);
        tell(pool.started("x"));
        tell(pool.exited(0, "x", &ExitReason::Killed));
        tell(pool.start_failed("x", ExitReason::Killed, Draw(0)));
        pool.latest_turn()
    };
    let before = crash_and_fail(&mut pool);
    tell(pool.terminate("x").1);
    tell(pool.take_limits(
        &PoolFlags { intensity: 9, restart: Restart::Permanent, ..PoolFlags::default() },
        |args| Some(*args),
    ));
    let now = crash_and_fail(&mut pool);
    assert!(tell(pool.retry(1, "x", before)).is_empty());
    assert_eq!(tell(pool.retry(1, "x", now)), ["start x from one"]);
}

#[test]
fn who_waits_for_a_place_gets_it_whatever_the_pool_is_told_meanwhile() {
    let limits = |children_max| PoolFlags { children_max, ..PoolFlags::default() };
    let mut pool = with_two_running_children();
    assert_eq!(ask(&mut pool, "z", "one", 3, false), ["end 1 idlest"]);
    assert!(leave(&mut pool, &["x"]).is_empty());
    assert!(tell(pool.take_limits(&limits(1), |_| None)).is_empty());
    let left = tell(pool.exited(1, "x", &ExitReason::Shutdown));
    assert_eq!(left, ["end 1 idlest"], "the place that was promised is gone, and another is made");
    assert!(leave(&mut pool, &["y"]).is_empty());
    assert_eq!(tell(pool.exited(1, "y", &ExitReason::Shutdown)), ["start z from one"]);
    assert_eq!(ask(&mut pool, "x", "two", 4, false), ["end 1 idlest"]);
    assert_eq!(leave(&mut pool, &[]), ["full for [4]"]);
    let mut pool = with_two_running_children();
    for (id, reply, idlest) in [("v", 3, "x"), ("w", 4, "y")] {
        assert_eq!(ask(&mut pool, id, "one", reply, false), ["end 1 idlest"]);
        assert!(leave(&mut pool, &[idlest]).is_empty());
    }
    let let_in = tell(pool.take_limits(&limits(4), |_| None));
    assert_eq!(let_in, ["start v from one", "start w from one"], "nobody need leave for them any more");
}
