//! The invariants of a supervisor that no sequence of events may break: never two of one child, never two
//! things at once, down in reverse order, up to its intensity, every question answered once.

use super::calls::{Call, Token};
use super::children::Key;
use super::core::{Core, Effect, Ending, Event};
use super::core_tests::{child, crash, failed, with_auto_shutdown};
use super::retry::Turn;
use super::rules::ChildRules;
use crate::ExitReason;
use crate::plan::{AutoShutdown, Restart, Restart::*, Strategy::*};
use Effect::{End, GaveUp, RetryLater, Start, Stop};
use proptest::prelude::{
    Just, ProptestConfig, TestCaseError, any, prop, prop_assert, prop_assert_eq, prop_oneof, proptest,
};
use proptest::strategy::Strategy;
use std::collections::BTreeSet;

/// What chance may do to a supervisor.
#[derive(Clone, Debug)]
enum Chance {
    /// A running child ends by itself.
    Exit(usize, u8),
    /// The start or stop under way is answered, a start perhaps otherwise than hoped.
    Answer(Outcome),
    /// The oldest retry comes round.
    Retry,
    Wait(u64),
    Ask(u8, usize),
    Stop,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Outcome {
    Well,
    Ignored,
    Failed,
}

fn chance() -> impl Strategy<Value = Chance> {
    let answer =
        prop_oneof![8 => Just(Outcome::Well), 1 => Just(Outcome::Ignored), 2 => Just(Outcome::Failed)];
    prop_oneof![
        6 => (any::<usize>(), 0..4u8).prop_map(|(child, reason)| Chance::Exit(child, reason)),
        14 => answer.prop_map(Chance::Answer),
        3 => Just(Chance::Retry),
        3 => (0..4_000u64).prop_map(Chance::Wait),
        4 => (0..7u8, 0..8usize).prop_map(|(what, id)| Chance::Ask(what, id)),
        1 => Just(Chance::Stop),
    ]
}

/// Of the ids some are there from the beginning, others come and go.
fn call(what: u8, id: usize) -> Call {
    let name = id.to_string();
    match what {
        0 => Call::StartChild(child((id, [Permanent, Transient, Temporary][id % 3]))),
        1 | 2 => Call::TerminateChild(name),
        3 => Call::RestartChild(name),
        4 => Call::DeleteChild(name),
        5 => Call::GetChildspec(name),
        _ if id.is_multiple_of(2) => Call::WhichChildren,
        _ => Call::CountChildren,
    }
}

/// The children as they really are, apart from what the core believes.
#[derive(Default)]
struct Reality {
    alive: BTreeSet<Key>,
    under_way: Option<Effect>,
    retries: Vec<(Key, Turn)>,
    stopped: Vec<Key>,
    unanswered: BTreeSet<u64>,
    asked: u64,
    ending: bool,
    gave_up: bool,
    ended: Option<Ending>,
}

impl Reality {
    fn take(&mut self, effects: Vec<Effect>) -> Result<(), TestCaseError> {
        for effect in effects {
            prop_assert!(self.ended.is_none(), "{effect:?} after the end");
            match &effect {
                Start(index) => {
                    prop_assert!(!self.alive.contains(index), "a second instance of {index}");
                    prop_assert!(!self.ending, "a start while going down");
                    prop_assert!(self.under_way.is_none(), "two things at once");
                    self.under_way = Some(effect);
                }
                Stop(index) => {
                    prop_assert!(self.under_way.is_none(), "two things at once");
                    if self.ending {
                        prop_assert!(self.stopped.last().is_none_or(|last| index < last), "not in reverse");
                        self.stopped.push(*index);
                    }
                    self.under_way = Some(effect);
                }
                Effect::Reply(token, _) => {
                    prop_assert!(self.unanswered.remove(&token.0), "answered twice");
                }
                RetryLater(index, turn, _) => self.retries.push((*index, *turn)),
                GaveUp(..) => (self.gave_up, self.ending) = (true, true),
                End(ending) => {
                    prop_assert!(self.alive.is_empty(), "it left children behind");
                    prop_assert_eq!(self.gave_up, *ending == Ending::GaveUp);
                    self.ended = Some(ending.clone());
                }
                Effect::AbortStart(_)
                | Effect::Booted
                | Effect::Forget(_)
                | Effect::CancelRetry(_)
                | Effect::Adopt(..)
                | Effect::Revise(..) => {}
            }
        }
        let idle = self.under_way.is_none() && self.ended.is_none();
        prop_assert!(!idle || self.unanswered.is_empty(), "it rests and owes {:?}", self.unanswered);
        Ok(())
    }

    fn answer(&mut self, answer: Outcome) -> Option<Event> {
        match (self.under_way.take()?, answer) {
            (Start(index), Outcome::Well) => {
                self.alive.insert(index);
                Some(Event::Started(index))
            }
            (Start(index), Outcome::Ignored) => Some(Event::Ignored(index)),
            (Start(index), Outcome::Failed) => Some(failed(index)),
            (Stop(index), _) if self.alive.remove(&index) => Some(Event::Exited(index, ExitReason::Shutdown)),
            _ => None,
        }
    }

    fn exit(&mut self, child: usize, reason: u8) -> Option<Event> {
        let index = *self.alive.iter().nth(child % self.alive.len().max(1))?;
        self.alive.remove(&index);
        if self.under_way == Some(Stop(index)) {
            self.under_way = None;
        }
        let reasons = [ExitReason::Normal, ExitReason::Shutdown, ExitReason::Killed, crash()];
        Some(Event::Exited(index, reasons[reason as usize].clone()))
    }

    fn ask(&mut self, what: u8, id: usize) -> Event {
        self.asked += 1;
        self.unanswered.insert(self.asked);
        Event::Call(Token(self.asked), call(what, id))
    }

    fn happen(&mut self, now_ms: &mut u64, chance: Chance) -> Option<Event> {
        match chance {
            Chance::Exit(child, reason) => self.exit(child, reason),
            Chance::Answer(answer) => self.answer(answer),
            Chance::Retry if self.retries.is_empty() => None,
            Chance::Retry => {
                let (index, turn) = self.retries.remove(0);
                Some(Event::Retry(index, turn))
            }
            Chance::Wait(ms) => {
                *now_ms += ms;
                None
            }
            // Who has ended hears no questions.
            Chance::Ask(..) if self.ended.is_some() => None,
            Chance::Ask(what, id) => Some(self.ask(what, id)),
            Chance::Stop => {
                self.ending = true;
                Some(Event::Stop)
            }
        }
    }
}

/// Significant where a supervisor of that policy takes it.
fn rules(policy: AutoShutdown, (key, (restart, significant)): (usize, (Restart, bool))) -> ChildRules {
    let rules = ChildRules { significant, ..child((key, restart)) };
    match rules.check(policy) {
        Ok(()) => rules,
        Err(_) => child((key, restart)),
    }
}

fn children() -> impl Strategy<Value = Vec<(Restart, bool)>> {
    let restart = prop::sample::select(vec![Permanent, Transient, Temporary]);
    prop::collection::vec((restart, any::<bool>()), 0..6)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 800, ..ProptestConfig::default() })]

    #[test]
    fn no_sequence_of_events_breaks_the_rules(
        strategy in prop::sample::select(vec![OneForOne, RestForOne, OneForAll]),
        policy in prop::sample::select(
            vec![AutoShutdown::Never, AutoShutdown::AnySignificant, AutoShutdown::AllSignificant]
        ),
        restarts_max in 0..4u32,
        children in children(),
        chances in prop::collection::vec(chance(), 0..200),
    ) {
        let children: Vec<_> = children.into_iter().enumerate().map(|child| rules(policy, child)).collect();
        let some_are_significant = children.iter().any(|child| child.significant);
        let mut core: Core = with_auto_shutdown(policy, strategy, restarts_max, children.into_iter());
        let (mut reality, mut now_ms) = (Reality::default(), 0);
        reality.take(core.step(now_ms, Event::Boot))?;
        for chance in chances.into_iter().chain([Chance::Stop]) {
            if let Some(event) = reality.happen(&mut now_ms, chance) {
                if matches!(event, Event::StartFailed(..)) && core.is_booting() { reality.ending = true; }
                reality.take(core.step(now_ms, event))?;
            }
            // The count inside the window never passes the limit by more than the one that gives up.
            let used = core.window().at_ms().count();
            prop_assert_eq!(used > restarts_max as usize, reality.gave_up, "gives up exactly at the rule");
        }
        while reality.ended.is_none() {
            let Some(event) = reality.answer(Outcome::Well) else {
                return Err(TestCaseError::fail("it waits for nothing and never ends"));
            };
            reality.take(core.step(now_ms, event))?;
        }
        let auto = reality.ended == Some(Ending::AutoShutdown);
        let may_be = policy != AutoShutdown::Never && some_are_significant;
        prop_assert!(!auto || may_be, "nobody was significant");
    }
}
