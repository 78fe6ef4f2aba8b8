//! OTP's tables, event by event.

use super::backoff::Draw;
use super::children::Key;
use super::core::{Core, Effect, Ending, Event};
use super::rules::{ChildRules, ChildType, Rules};
use crate::ExitReason;
use crate::plan::{AutoShutdown, Restart, Restart::*, Strategy, Strategy::*};
use Effect::{AbortStart, Booted, End, Forget, GaveUp, RetryLater, Start, Stop};
use std::collections::BTreeSet;
use std::time::Duration;

const PERIOD_MS: u64 = 5_000;

pub(super) fn crash() -> ExitReason {
    ExitReason::error("boom")
}

fn core(strategy: Strategy, restarts_max: u32, children: &[Restart]) -> Core {
    with_auto_shutdown(
        AutoShutdown::Never,
        strategy,
        restarts_max,
        children.iter().copied().enumerate().map(child),
    )
}

/// The children have their keys as ids.
pub(super) fn child((key, restart): (usize, Restart)) -> ChildRules {
    let id = key.to_string().into();
    ChildRules { id, child_type: ChildType::Worker, restart, significant: false, backoff: None }
}

pub(super) fn with_auto_shutdown(
    auto_shutdown: AutoShutdown,
    strategy: Strategy,
    restarts_max: u32,
    children: impl Iterator<Item = ChildRules>,
) -> Core {
    Core::new(Rules { strategy, restarts_max, period_ms: PERIOD_MS, auto_shutdown }, children)
}

pub(super) fn failed(key: Key) -> Event {
    Event::StartFailed(key, crash(), Draw::default())
}

/// A world in which every start and every stop succeeds at once, unless a start is set to fail.
struct World {
    core: Core,
    now_ms: u64,
    trace: Vec<Effect>,
    failing: Vec<Key>,
    alive: BTreeSet<Key>,
}

impl World {
    fn booted(strategy: Strategy, restarts_max: u32, children: &[Restart]) -> Self {
        let mut world = Self {
            core: core(strategy, restarts_max, children),
            now_ms: 0,
            trace: Vec::new(),
            failing: Vec::new(),
            alive: BTreeSet::new(),
        };
        world.tell(Event::Boot);
        assert_eq!(world.trace.pop(), Some(Booted));
        world.trace.clear();
        world
    }

    /// Plays one event to its end; retries are left to the caller.
    fn tell(&mut self, event: Event) {
        let mut events = std::collections::VecDeque::from([event]);
        while let Some(event) = events.pop_front() {
            for effect in self.core.step(self.now_ms, event) {
                events.extend(self.obey(&effect));
                self.trace.push(effect);
            }
        }
    }

    fn obey(&mut self, effect: &Effect) -> Option<Event> {
        match effect {
            Start(index) if self.failing.contains(index) => Some(failed(*index)),
            Start(index) => {
                assert!(self.alive.insert(*index), "two instances of {index}");
                Some(Event::Started(*index))
            }
            Stop(index) => {
                assert!(self.alive.remove(index), "{index} does not run");
                Some(Event::Exited(*index, ExitReason::Shutdown))
            }
            _ => None,
        }
    }

    /// That it is tried again at once.
    fn retry_now(&self, index: Key) -> Effect {
        RetryLater(index, self.core.latest_turn(), Duration::ZERO)
    }

    fn exit(&mut self, index: Key, reason: ExitReason) -> Vec<Effect> {
        self.alive.remove(&index);
        self.tell(Event::Exited(index, reason));
        std::mem::take(&mut self.trace)
    }

    fn retry(&mut self, index: Key) -> Vec<Effect> {
        self.tell(Event::Retry(index, self.core.latest_turn()));
        std::mem::take(&mut self.trace)
    }
}

#[test]
fn children_start_one_after_the_other() {
    let mut core = core(OneForOne, 1, &[Permanent, Permanent]);
    assert_eq!(core.step(0, Event::Boot), [Start(0)]);
    assert_eq!(core.step(0, Event::Started(0)), [Start(1)]);
    assert_eq!(core.step(0, Event::Started(1)), [Booted]);
}

#[test]
fn a_failed_boot_stops_the_started_ones_in_reverse_and_names_the_culprit() {
    let mut core = core(OneForOne, 9, &[Permanent; 4]);
    core.step(0, Event::Boot);
    core.step(0, Event::Started(0));
    core.step(0, Event::Started(1));
    assert_eq!(core.step(0, failed(2)), [Stop(1)]);
    assert_eq!(core.step(0, Event::Exited(1, ExitReason::Shutdown)), [Stop(0)]);
    let end = End(Ending::BootFailed(2, crash()));
    assert_eq!(core.step(0, Event::Exited(0, ExitReason::Shutdown)), [end]);
}

#[test]
fn each_strategy_takes_along_whom_it_should_in_otp_order() {
    let table: [(Strategy, &[Effect]); 3] = [
        (OneForOne, &[Start(1)]),
        (RestForOne, &[Stop(3), Stop(2), Start(1), Start(2), Start(3)]),
        (OneForAll, &[Stop(3), Stop(2), Stop(0), Start(0), Start(1), Start(2), Start(3)]),
    ];
    for (strategy, expected) in table {
        let mut world = World::booted(strategy, 1, &[Permanent; 4]);
        assert_eq!(world.exit(1, crash()), expected, "{strategy:?}");
    }
}

#[test]
fn restart_types_follow_the_exit_reason() {
    use ExitReason::{Killed, Normal, Shutdown};
    let panicked = ExitReason::Panic("boom".into());
    let table = [
        (Permanent, Normal, true),
        (Permanent, Shutdown, true),
        (Permanent, crash(), true),
        (Transient, Normal, false),
        (Transient, Shutdown, false),
        (Transient, Killed, true),
        (Transient, panicked, true),
        (Temporary, Normal, false),
        (Temporary, crash(), false),
    ];
    for (restart, reason, restarted) in table {
        let mut world = World::booted(OneForOne, 1, &[restart]);
        let expected: &[Effect] = if restarted { &[Start(0)] } else { &[] };
        let effects: Vec<_> =
            world.exit(0, reason.clone()).into_iter().filter(|effect| *effect != Forget(0)).collect();
        assert_eq!(effects, expected, "{restart:?} {reason}");
    }
}

#[test]
fn a_temporary_sibling_hit_by_a_group_restart_is_dropped() {
    let mut world = World::booted(RestForOne, 1, &[Permanent, Permanent, Temporary]);
    assert_eq!(world.exit(0, crash()), [Stop(2), Forget(2), Stop(1), Start(0), Start(1)]);
    assert_eq!(world.core.state(2), None);
}

#[test]
fn a_transient_sibling_that_ended_normally_comes_back_with_its_group() {
    let mut world = World::booted(OneForAll, 1, &[Permanent, Transient]);
    assert_eq!(world.exit(1, ExitReason::Normal), []);
    assert_eq!(world.exit(0, crash()), [Start(0), Start(1)]);
}

#[test]
fn a_transient_sibling_before_the_crash_stays_down_under_rest_for_one() {
    let mut world = World::booted(RestForOne, 1, &[Transient, Permanent]);
    assert_eq!(world.exit(0, ExitReason::Normal), []);
    assert_eq!(world.exit(1, crash()), [Start(1)]);
}

#[test]
fn intensity_one_forgives_one_crash_and_intensity_zero_none() {
    let mut world = World::booted(OneForOne, 1, &[Permanent, Permanent]);
    assert_eq!(world.exit(0, crash()), [Start(0)]);
    assert_eq!(world.exit(0, crash()), [GaveUp(0, crash()), Stop(1), End(Ending::GaveUp)]);
    let mut world = World::booted(OneForOne, 0, &[Permanent]);
    assert_eq!(world.exit(0, crash()), [GaveUp(0, crash()), End(Ending::GaveUp)]);
}

#[test]
fn a_restart_exactly_one_period_ago_still_counts_and_a_millisecond_later_no_more() {
    for (gap_ms, survives) in [(PERIOD_MS, false), (PERIOD_MS + 1, true)] {
        let mut world = World::booted(OneForOne, 1, &[Permanent]);
        world.now_ms = 1_000;
        world.exit(0, crash());
        world.now_ms += gap_ms;
        let effects = world.exit(0, crash());
        assert_eq!(effects.contains(&Start(0)), survives, "{gap_ms} ms apart: {effects:?}");
    }
}

#[test]
fn every_failing_attempt_counts_so_intensity_three_means_three_more_inits() {
    let mut world = World::booted(OneForOne, 3, &[Permanent]);
    world.failing = vec![0];
    assert_eq!(world.exit(0, crash()), [Start(0), world.retry_now(0)]);
    assert_eq!(world.retry(0), [Start(0), world.retry_now(0)]);
    assert_eq!(world.retry(0), [Start(0), world.retry_now(0)]);
    let last = world.retry(0);
    assert!(matches!(last[..], [GaveUp(0, _), End(Ending::GaveUp)]), "{last:?}");
}

#[test]
fn a_sibling_that_fails_in_a_group_restart_is_the_one_to_be_retried() {
    let mut world = World::booted(RestForOne, 9, &[Permanent; 3]);
    world.failing = vec![2];
    assert_eq!(world.exit(0, crash()), [Stop(2), Stop(1), Start(0), Start(1), Start(2), world.retry_now(2)]);
    world.failing.clear();
    assert_eq!(world.retry(2), [Start(2)], "rest_for_one keeps the restarted prefix");

    let mut world = World::booted(OneForAll, 9, &[Permanent; 3]);
    world.failing = vec![2];
    world.exit(0, crash());
    world.failing.clear();
    let expected = [Stop(1), Stop(0), Start(0), Start(1), Start(2)];
    assert_eq!(world.retry(2), expected, "one_for_all starts over");
}

#[test]
fn the_rest_of_a_group_waits_for_the_one_that_failed() {
    for strategy in [RestForOne, OneForAll] {
        let mut world = World::booted(strategy, 9, &[Permanent; 3]);
        world.failing = vec![1];
        let effects = world.exit(0, crash());
        assert_eq!(effects, [Stop(2), Stop(1), Start(0), Start(1), world.retry_now(1)], "{strategy:?}");
    }
}

#[test]
fn a_group_restart_cancels_a_pending_retry() {
    let mut world = World::booted(OneForAll, 9, &[Permanent; 2]);
    world.failing = vec![1];
    world.exit(1, crash());
    world.failing.clear();
    world.exit(0, crash());
    assert_eq!(world.retry(1), []);
}

#[test]
fn a_retry_that_its_group_was_faster_than_does_not_cut_the_next_wait_short() {
    let mut world = World::booted(OneForAll, 9, &[Permanent; 2]);
    world.failing = vec![1];
    world.exit(1, crash());
    let before = world.core.latest_turn();
    world.failing.clear();
    world.exit(0, crash());
    world.failing = vec![1];
    let failed_again = world.exit(1, crash());
    assert_eq!(failed_again.last(), Some(&world.retry_now(1)));
    world.tell(Event::Retry(1, before));
    assert_eq!(world.trace, [], "its time has not come");
    world.failing.clear();
    assert_eq!(world.retry(1), [Stop(0), Start(0), Start(1)]);
}

#[test]
fn a_stop_goes_down_in_reverse_and_skips_who_died_meanwhile() {
    let mut core = World::booted(OneForOne, 9, &[Permanent; 3]).core;
    assert_eq!(core.step(0, Event::Stop), [Stop(2)]);
    assert_eq!(core.step(0, Event::Exited(1, crash())), []);
    assert_eq!(core.step(0, Event::Exited(2, ExitReason::Shutdown)), [Stop(0)]);
    assert_eq!(core.step(0, Event::Stop), [], "a second stop changes nothing");
    assert_eq!(core.step(0, Event::Exited(0, ExitReason::Shutdown)), [End(Ending::Stopped)]);
}

#[test]
fn a_stop_gives_up_a_start_under_way_and_a_start_that_made_it_is_stopped() {
    for made_it in [false, true] {
        let mut core = core(OneForOne, 1, &[Permanent, Permanent]);
        core.step(0, Event::Boot);
        core.step(0, Event::Started(0));
        assert_eq!(core.step(0, Event::Stop), [AbortStart(1)]);
        if made_it {
            assert_eq!(core.step(0, Event::Started(1)), [Stop(1)]);
            assert_eq!(core.step(0, Event::Exited(1, ExitReason::Shutdown)), [Stop(0)]);
        } else {
            assert_eq!(core.step(0, Event::StartFailed(1, ExitReason::Shutdown, Draw::default())), [Stop(0)]);
        }
    }
}

#[test]
fn a_start_that_made_it_during_a_stop_goes_down_in_its_turn() {
    let mut core = World::booted(OneForOne, 1, &[Permanent; 3]).core;
    assert_eq!(core.step(0, Event::Exited(0, crash())), [Start(0)]);
    assert_eq!(core.step(0, Event::Stop), [AbortStart(0)]);
    assert_eq!(core.step(0, Event::Started(0)), [Stop(2)]);
}

#[test]
fn a_child_that_died_before_its_group_was_stopped_costs_no_second_restart() {
    let mut core = World::booted(OneForAll, 1, &[Permanent; 3]).core;
    assert_eq!(core.step(0, Event::Exited(0, crash())), [Stop(2)]);
    assert_eq!(core.step(0, Event::Exited(1, crash())), []);
    assert_eq!(core.step(0, Event::Exited(2, ExitReason::Shutdown)), [Start(0)]);
    assert_eq!(core.step(0, Event::Started(0)), [Start(1)]);
    assert_eq!(core.step(0, Event::Started(1)), [Start(2)]);
    assert_eq!(core.step(0, Event::Started(2)), []);
}
