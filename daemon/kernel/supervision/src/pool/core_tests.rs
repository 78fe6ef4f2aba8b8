//! The pool's decisions: one child per id, every asker answered.

use super::core::{Core, Effect};
use crate::ExitReason;

type Pool = Core<&'static str, u32>;
type Told = Effect<&'static str, u32>;

fn tell(effects: impl IntoIterator<Item = Told>) -> Vec<String> {
    let line = |effect| match effect {
        Effect::Start(id, args) => format!("start {id} from {args}"),
        Effect::Found(id, replies) => format!("found {id} for {replies:?}"),
        Effect::Failed(replies, why) => format!("failed for {replies:?}: {why}"),
        Effect::Full(reply) => format!("full for {reply}"),
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
    assert_eq!(ask(&mut pool, "z", "one", 3, false), ["full for 3"]);
    assert_eq!(ask(&mut pool, "x", "one", 4, false), ["found x for [4]"]);
    tell(pool.exited("x"));
    assert_eq!(ask(&mut pool, "z", "one", 5, false), ["start z from one"]);
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
