//! The answers of the core in every state of a child; auto-shutdown and back-off by the millisecond.

use super::backoff::{Backoff, Draw};
use super::calls::{Call, Refusal, Reply, Token};
use super::children::{ChildCounts, ChildState, Children, Key};
use super::core::{Core, Effect, Ending, Event};
use super::rules::{ChildRules, ChildType, InvalidSpec, Rules, check_period};
use crate::ExitReason;
use crate::plan::{AutoShutdown, Restart, Restart::*, Strategy};
use Effect::{Adopt, CancelRetry, End, Forget, GaveUp, RetryLater, Start, Stop};
use std::time::Duration;

const NOW_MS: u64 = 1_000;

fn child(id: &str, restart: Restart) -> ChildRules {
    ChildRules { id: id.into(), child_type: ChildType::Worker, restart, significant: false, backoff: None }
}

fn significant(id: &str, restart: Restart) -> ChildRules {
    ChildRules { significant: true, ..child(id, restart) }
}

fn crash() -> ExitReason {
    ExitReason::error("boom")
}

/// A core whose children all run.
fn booted(auto_shutdown: AutoShutdown, children: &[ChildRules]) -> Core {
    let rules = Rules { strategy: Strategy::OneForOne, restarts_max: 1, period_ms: 5_000, auto_shutdown };
    let mut core = Core::new(rules, children.iter().cloned());
    let mut effects = core.step(0, Event::Boot);
    while let [Start(key)] = effects[..] {
        effects = core.step(0, Event::Started(key));
    }
    assert_eq!(effects, [Effect::Booted]);
    core
}

fn plain(restarts: &[Restart]) -> Core {
    let ids = ["a", "b", "c"].into_iter();
    let children: Vec<_> = ids.zip(restarts).map(|(id, restart)| child(id, *restart)).collect();
    booted(AutoShutdown::Never, &children)
}

fn step(core: &mut Core, event: Event) -> Vec<Effect> {
    core.step(NOW_MS, event)
}

fn call(core: &mut Core, call: Call) -> Vec<Effect> {
    step(core, Event::Call(Token(7), call))
}

fn reply(reply: Reply) -> Effect {
    Effect::Reply(Token(7), reply)
}

fn refused(refusal: Refusal) -> Vec<Effect> {
    vec![reply(Reply::Refused(refusal))]
}

/// The latest retry comes round, of the first child.
fn retry(core: &mut Core, now_ms: u64) -> Vec<Effect> {
    let turn = core.latest_turn();
    core.step(now_ms, Event::Retry(0, turn))
}

fn later(core: &Core, wait_ms: u64) -> Effect {
    RetryLater(0, core.latest_turn(), Duration::from_millis(wait_ms))
}

fn fail(core: &mut Core, key: Key) -> Vec<Effect> {
    step(core, Event::StartFailed(key, crash(), Draw::default()))
}

/// The restart of `a` has failed once.
fn restarting_a() -> Core {
    let mut core = plain(&[Permanent, Permanent]);
    assert_eq!(step(&mut core, Event::Exited(0, crash())), [Start(0)]);
    assert_eq!(fail(&mut core, 0), [later(&core, 0)]);
    core
}

#[test]
fn a_new_child_gets_the_last_place_and_is_answered_when_it_runs() {
    let mut core = plain(&[Permanent]);
    assert_eq!(call(&mut core, Call::StartChild(child("z", Transient))), [Adopt(Token(7), 1), Start(1)]);
    assert_eq!(step(&mut core, Event::Started(1)), [reply(Reply::Started(1))]);
    let rows = vec![(1, ChildState::Running), (0, ChildState::Running)];
    assert_eq!(call(&mut core, Call::WhichChildren), [reply(Reply::Children(rows))]);
    assert_eq!(call(&mut core, Call::GetChildspec("z".into())), [reply(Reply::Spec(1))]);
}

#[test]
fn a_new_child_that_does_not_start_is_forgotten_and_one_that_is_not_needed_is_kept() {
    let mut core = plain(&[]);
    call(&mut core, Call::StartChild(child("z", Permanent)));
    let failed = reply(Reply::Refused(Refusal::StartFailed(crash())));
    assert_eq!(fail(&mut core, 0), [Forget(0), failed]);
    call(&mut core, Call::StartChild(child("z", Permanent)));
    assert_eq!(step(&mut core, Event::Ignored(1)), [reply(Reply::Ignored)]);
    assert_eq!(core.state(1), Some(ChildState::Down));
    call(&mut core, Call::StartChild(child("y", Temporary)));
    assert_eq!(step(&mut core, Event::Ignored(2)), [Forget(2), reply(Reply::Ignored)]);
}

#[test]
fn an_id_is_taken_as_long_as_its_spec_is_there() {
    let mut core = restarting_a();
    let again = |id| Call::StartChild(child(id, Permanent));
    assert_eq!(call(&mut core, again("b")), refused(Refusal::AlreadyStarted(1)));
    assert_eq!(call(&mut core, again("a")), refused(Refusal::AlreadyPresent));
    call(&mut core, Call::TerminateChild("a".into()));
    assert_eq!(call(&mut core, again("a")), refused(Refusal::AlreadyPresent));
    assert_eq!(call(&mut core, Call::DeleteChild("a".into())), [Forget(0), reply(Reply::Done)]);
    assert_eq!(call(&mut core, again("a")), [Adopt(Token(7), 2), Start(2)]);
}

#[test]
fn restart_and_delete_want_a_child_that_is_down() {
    let mut core = restarting_a();
    for (id, refusal) in [("a", Refusal::Restarting), ("b", Refusal::Running), ("z", Refusal::NotFound)] {
        assert_eq!(call(&mut core, Call::RestartChild(id.into())), refused(refusal.clone()));
        assert_eq!(call(&mut core, Call::DeleteChild(id.into())), refused(refusal));
    }
    assert_eq!(call(&mut core, Call::GetChildspec("z".into())), refused(Refusal::NotFound));
    assert_eq!(call(&mut core, Call::TerminateChild("z".into())), refused(Refusal::NotFound));
}

#[test]
fn a_restart_that_was_asked_for_is_answered_and_never_tried_again() {
    let mut core = plain(&[Transient]);
    assert_eq!(step(&mut core, Event::Exited(0, ExitReason::Normal)), []);
    assert_eq!(call(&mut core, Call::RestartChild("a".into())), [Start(0)]);
    assert_eq!(fail(&mut core, 0), [reply(Reply::Refused(Refusal::StartFailed(crash())))]);
    assert_eq!(core.state(0), Some(ChildState::Down));
    assert_eq!(call(&mut core, Call::RestartChild("a".into())), [Start(0)]);
    assert_eq!(step(&mut core, Event::Started(0)), [reply(Reply::Started(0))]);
    assert_eq!(core.window().at_ms().count(), 0, "it is no crash");
}

#[test]
fn a_terminated_child_is_answered_when_it_is_gone_and_a_temporary_one_is_forgotten() {
    let mut core = plain(&[Permanent, Temporary]);
    assert_eq!(call(&mut core, Call::TerminateChild("a".into())), [Stop(0)]);
    assert_eq!(core.state(0), Some(ChildState::Stopping));
    assert_eq!(step(&mut core, Event::Exited(0, ExitReason::Shutdown)), [reply(Reply::Done)]);
    assert_eq!(call(&mut core, Call::TerminateChild("a".into())), [reply(Reply::Done)]);
    assert_eq!(call(&mut core, Call::TerminateChild("b".into())), [Stop(1)]);
    assert_eq!(step(&mut core, Event::Exited(1, ExitReason::Killed)), [Forget(1), reply(Reply::Done)]);
}

#[test]
fn terminating_cancels_a_retry_and_the_retry_is_void() {
    let mut core = restarting_a();
    assert_eq!(call(&mut core, Call::TerminateChild("a".into())), [CancelRetry(0), reply(Reply::Done)]);
    assert_eq!(retry(&mut core, NOW_MS), []);
    call(&mut core, Call::DeleteChild("a".into()));
    assert_eq!(retry(&mut core, NOW_MS), [], "even when nobody knows the child any more");
    assert_eq!(step(&mut core, Event::Exited(0, crash())), []);
}

#[test]
fn who_died_before_it_was_terminated_is_gone_at_once_and_not_restarted() {
    let mut core = plain(&[Permanent, Permanent]);
    assert_eq!(call(&mut core, Call::TerminateChild("b".into())), [Stop(1)]);
    assert_eq!(step(&mut core, Event::Call(Token(8), Call::TerminateChild("a".into()))), []);
    assert_eq!(step(&mut core, Event::Exited(0, crash())), []);
    let done = |token| Effect::Reply(Token(token), Reply::Done);
    assert_eq!(step(&mut core, Event::Exited(1, ExitReason::Shutdown)), [done(7), done(8)]);
    assert_eq!(core.window().at_ms().count(), 0);
}

#[test]
fn what_happens_during_a_start_is_taken_up_in_its_order() {
    let mut core = plain(&[Temporary, Permanent]);
    call(&mut core, Call::StartChild(child("z", Permanent)));
    let count = |token| Event::Call(Token(token), Call::CountChildren);
    assert_eq!(step(&mut core, count(1)), []);
    assert_eq!(step(&mut core, Event::Exited(0, crash())), []);
    assert_eq!(step(&mut core, count(2)), []);
    // Whose end is in the queue is not active, also before it is taken up.
    let counts = |token, specs| {
        let counts = ChildCounts { specs, active: 2, supervisors: 0, workers: specs };
        Effect::Reply(Token(token), Reply::Counts(counts))
    };
    let expected = [reply(Reply::Started(2)), counts(1, 3), Forget(0), counts(2, 2)];
    assert_eq!(step(&mut core, Event::Started(2)), expected);
}

#[test]
fn counts_go_by_specs_and_by_what_runs() {
    let mut core = restarting_a();
    let supervisor = ChildRules { child_type: ChildType::Supervisor, ..child("s", Permanent) };
    call(&mut core, Call::StartChild(supervisor));
    step(&mut core, Event::Started(2));
    let counts = ChildCounts { specs: 3, active: 2, supervisors: 1, workers: 2 };
    assert_eq!(call(&mut core, Call::CountChildren), [reply(Reply::Counts(counts))]);
}

#[test]
fn bad_combinations_are_refused() {
    let mut core = plain(&[]);
    let without = refused(Refusal::Invalid(InvalidSpec::SignificantWithoutAutoShutdown));
    assert_eq!(call(&mut core, Call::StartChild(significant("a", Transient))), without);
    let mut core = booted(AutoShutdown::AllSignificant, &[]);
    let permanent = refused(Refusal::Invalid(InvalidSpec::SignificantPermanent));
    assert_eq!(call(&mut core, Call::StartChild(significant("a", Permanent))), permanent);
    assert_eq!(call(&mut core, Call::StartChild(significant("a", Transient)))[1], Start(0));
}

#[test]
fn the_first_or_the_last_significant_end_ends_the_supervisor() {
    let children = [significant("a", Transient), child("b", Transient), significant("c", Temporary)];
    let normal = |key| Event::Exited(key, ExitReason::Normal);
    let mut core = booted(AutoShutdown::AnySignificant, &children);
    assert_eq!(step(&mut core, normal(1)), [], "it is not significant");
    assert_eq!(step(&mut core, normal(0)), [Stop(2)]);
    let end = [Forget(2), End(Ending::AutoShutdown)];
    assert_eq!(step(&mut core, Event::Exited(2, ExitReason::Shutdown)), end);

    let mut core = booted(AutoShutdown::AllSignificant, &children);
    assert_eq!(step(&mut core, Event::Exited(2, crash())), [Forget(2)], "one is left");
    assert_eq!(step(&mut core, Event::Exited(0, crash())), [Start(0)], "a crash is no end");
    assert_eq!(fail(&mut core, 0), [later(&core, 0)]);
    assert_eq!(step(&mut core, normal(1)), [], "who is being restarted is not done");
    assert_eq!(retry(&mut core, NOW_MS + 6_000), [Start(0)]);
    step(&mut core, Event::Started(0));
    assert_eq!(step(&mut core, normal(0)), [End(Ending::AutoShutdown)]);

    let mut core = booted(AutoShutdown::Never, &children);
    assert_eq!(step(&mut core, normal(0)), []);
}

#[test]
fn a_terminated_significant_child_ends_nothing() {
    let mut core = booted(AutoShutdown::AnySignificant, &[significant("a", Transient)]);
    call(&mut core, Call::TerminateChild("a".into()));
    assert_eq!(step(&mut core, Event::Exited(0, ExitReason::Shutdown)), [reply(Reply::Done)]);
}

#[test]
fn a_stop_during_an_asked_start_answers_the_asker() {
    for is_new in [true, false] {
        let mut core = plain(&[Transient]);
        step(&mut core, Event::Exited(0, ExitReason::Normal));
        let (key, ask) = match is_new {
            true => (1, Call::StartChild(child("z", Permanent))),
            false => (0, Call::RestartChild("a".into())),
        };
        call(&mut core, ask);
        assert_eq!(step(&mut core, Event::Stop), [Effect::AbortStart(key)]);
        let mut expected = vec![reply(Reply::Refused(Refusal::StartFailed(crash()))), End(Ending::Stopped)];
        if is_new {
            expected.insert(0, Forget(1));
        }
        assert_eq!(fail(&mut core, key), expected);
    }
}

#[test]
fn a_stop_during_a_termination_waits_for_it_once() {
    let mut core = plain(&[Permanent]);
    call(&mut core, Call::TerminateChild("a".into()));
    assert_eq!(step(&mut core, Event::Stop), [], "nothing is aborted");
    let end = [reply(Reply::Done), End(Ending::Stopped)];
    assert_eq!(step(&mut core, Event::Exited(0, ExitReason::Shutdown)), end);
}

#[test]
fn giving_up_names_the_last_failure() {
    let mut core = restarting_a();
    assert_eq!(retry(&mut core, NOW_MS), [GaveUp(0, crash()), Stop(1)]);
}

#[test]
fn a_back_off_doubles_up_to_its_bound_and_starts_over_after_a_success() {
    let backoff =
        Backoff { min: Duration::from_millis(100), max: Duration::from_millis(350), jitter_permille: 0 };
    let backing_off = ChildRules { backoff: Some(backoff), ..child("a", Permanent) };
    let mut core = booted(AutoShutdown::Never, &[backing_off]);
    assert_eq!(step(&mut core, Event::Exited(0, crash())), [Start(0)], "the first restart is at once");
    let mut now_ms = NOW_MS;
    for wait_ms in [100, 200, 350, 350] {
        let failed = Event::StartFailed(0, crash(), Draw::default());
        assert_eq!(core.step(now_ms, failed), [later(&core, wait_ms)]);
        now_ms += 6_000;
        assert_eq!(retry(&mut core, now_ms), [Start(0)]);
    }
    core.step(now_ms, Event::Started(0));
    assert_eq!(core.step(now_ms + 6_000, Event::Exited(0, crash())), [Start(0)]);
    assert_eq!(fail(&mut core, 0), [later(&core, 100)]);
}

#[test]
fn jitter_takes_away_its_part_and_no_more() {
    let backoff = Backoff { min: Duration::from_secs(1), max: Duration::from_secs(60), jitter_permille: 200 };
    assert_eq!(backoff.wait(1, Draw(0)), Duration::from_secs(1));
    assert_eq!(backoff.wait(1, Draw(1 << 31)), Duration::from_millis(900));
    let least = backoff.wait(1, Draw(u32::MAX));
    assert!(least >= Duration::from_millis(800) && least < Duration::from_millis(801), "{least:?}");
    assert_eq!(backoff.wait(3, Draw(0)), Duration::from_secs(4));
    assert_eq!(backoff.wait(100, Draw(0)), Duration::from_secs(60), "no overflow");
    let all = Backoff { jitter_permille: 5_000, ..backoff };
    assert!(all.wait(1, Draw(u32::MAX)) < Duration::from_millis(1), "more than all is all");
}

#[test]
fn a_place_that_was_given_up_counts_no_more() {
    let mut children = Children::default();
    let key = children.add(child("a", Permanent));
    children.remove(key);
    children.set_state(key, ChildState::Running);
    assert_eq!((children.state(key), children.counts()), (None, ChildCounts::default()));
}

#[test]
fn chance_is_asked_only_where_somebody_waits() {
    let backoff = Backoff { min: Duration::from_secs(1), max: Duration::from_secs(60), jitter_permille: 200 };
    assert_eq!(Draw::for_wait(None), Draw::default());
    let draws: Vec<_> = (0..4).map(|_| Draw::for_wait(Some(backoff))).collect();
    assert!(draws.iter().any(|draw| *draw != draws[0]), "{draws:?}");
}

#[test]
fn questions_change_nothing_and_wishes_do() {
    let named = |call: fn(String) -> Call| call("a".into());
    let questions = [named(Call::GetChildspec), Call::WhichChildren, Call::CountChildren];
    assert!(questions.iter().all(Call::changes_nothing));
    let wishes = [Call::TerminateChild, Call::RestartChild, Call::DeleteChild].map(named);
    assert!(!wishes.iter().any(Call::changes_nothing));
}

#[test]
fn only_questions_of_those_who_went_away_are_withdrawn() {
    let mut core = plain(&[Permanent]);
    call(&mut core, Call::TerminateChild("a".into()));
    let waiting =
        [(1, Call::CountChildren), (2, Call::DeleteChild("a".into())), (3, Call::GetChildspec("a".into()))];
    for (token, ask) in waiting {
        assert_eq!(step(&mut core, Event::Call(Token(token), ask)), [], "its turn has not come");
    }
    core.withdraw(|token| token != Token(3));
    let told = step(&mut core, Event::Exited(0, ExitReason::Shutdown));
    let wish = [reply(Reply::Done), Forget(0), Effect::Reply(Token(2), Reply::Done)];
    let question = Effect::Reply(Token(3), Reply::Refused(Refusal::NotFound));
    assert_eq!(told, wish.into_iter().chain([question]).collect::<Vec<_>>());
}

#[test]
fn a_window_has_a_length() {
    assert_eq!(check_period(Duration::from_micros(999)), Err(InvalidSpec::Period));
    assert_eq!(check_period(Duration::from_millis(1)), Ok(()));
}
