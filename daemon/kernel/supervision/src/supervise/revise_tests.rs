//! Other specs for a core that runs: all or nothing, nobody touched, and in force from the next event on.

use super::calls::{Call, Refusal, Reply, Token};
use super::children::{ChildState, Key};
use super::core::{Core, Effect, Ending, Event};
use super::revise::RevisedRules;
use super::rules::{ChildRules, ChildType, InvalidSpec, Rules};
use crate::ExitReason;
use crate::plan::{AutoShutdown, Restart, Restart::*, Strategy};
use Effect::{End, Forget, GaveUp, Start, Stop};

fn rules(strategy: Strategy, restarts_max: u32) -> Rules {
    Rules { strategy, restarts_max, period_ms: 5_000, auto_shutdown: AutoShutdown::Never }
}

fn child(id: &str, restart: Restart) -> ChildRules {
    ChildRules { id: id.into(), child_type: ChildType::Worker, restart, significant: false, backoff: None }
}

fn kept(id: &str, restart: Restart) -> RevisedRules {
    RevisedRules { rules: child(id, restart), is_new: false }
}

fn new(id: &str) -> RevisedRules {
    RevisedRules { rules: child(id, Permanent), is_new: true }
}

/// Three permanent children that run, `a`, `b` and `c`, in the places 0, 1 and 2.
fn core(strategy: Strategy) -> Core {
    let children = ["a", "b", "c"].map(|id| child(id, Permanent));
    let mut core = Core::new(rules(strategy, 1), children);
    let mut effects = core.step(0, Event::Boot);
    while let [Start(key)] = effects[..] {
        effects = core.step(0, Event::Started(key));
    }
    core
}

fn revise(core: &mut Core, rules: Rules, children: Vec<RevisedRules>) -> Vec<Effect> {
    core.step(1, Event::Call(Token(7), Call::Revise(rules, children)))
}

fn done(keys: &[Option<Key>]) -> Vec<Effect> {
    vec![Effect::Revise(Token(7), keys.to_vec()), Effect::Reply(Token(7), Reply::Done)]
}

fn refused(refusal: Refusal) -> Vec<Effect> {
    vec![Effect::Reply(Token(7), Reply::Refused(refusal))]
}

fn crash(core: &mut Core, key: Key) -> Vec<Effect> {
    core.step(2, Event::Exited(key, ExitReason::error("boom")))
}

#[test]
fn who_is_new_has_a_place_and_does_not_run_and_who_is_left_out_stays_behind() {
    let mut core = core(Strategy::OneForOne);
    let wish = vec![new("z"), kept("c", Permanent), kept("a", Permanent)];
    assert_eq!(revise(&mut core, rules(Strategy::OneForOne, 1), wish), done(&[Some(3), Some(2), Some(0)]));
    assert_eq!(core.keys().collect::<Vec<_>>(), [3, 2, 0, 1]);
    assert_eq!(core.state(3), Some(ChildState::Down));
    assert_eq!(core.step(2, Event::Call(Token(8), Call::RestartChild("z".into()))), [Start(3)]);
}

#[test]
fn a_group_restart_goes_by_the_new_order() {
    let mut core = core(Strategy::RestForOne);
    let wish = vec![kept("c", Permanent), kept("b", Permanent), kept("a", Permanent)];
    revise(&mut core, rules(Strategy::RestForOne, 1), wish);
    assert_eq!(crash(&mut core, 1), [Stop(0)]);
    assert_eq!(core.step(3, Event::Exited(0, ExitReason::Shutdown)), [Start(1)]);
    assert_eq!(core.step(3, Event::Started(1)), [Start(0)]);
}

#[test]
fn what_happened_counts_for_another_patience_too() {
    let mut core = core(Strategy::OneForOne);
    assert_eq!(crash(&mut core, 0), [Start(0)]);
    core.step(2, Event::Started(0));
    let children = || ["a", "b", "c"].map(|id| kept(id, Permanent)).to_vec();
    revise(&mut core, rules(Strategy::OneForOne, 2), children());
    assert_eq!(crash(&mut core, 0), [Start(0)]);
    core.step(2, Event::Started(0));
    revise(&mut core, rules(Strategy::OneForOne, 1), children());
    assert_eq!(crash(&mut core, 1)[0], GaveUp(1, ExitReason::error("boom")));
}

#[test]
fn a_child_that_became_temporary_is_forgotten_when_it_ends() {
    let mut core = core(Strategy::OneForOne);
    let wish = vec![kept("a", Temporary), kept("b", Permanent), kept("c", Permanent)];
    revise(&mut core, rules(Strategy::OneForOne, 1), wish.clone());
    assert_eq!(crash(&mut core, 0), [Forget(0)]);
    assert_eq!(revise(&mut core, rules(Strategy::OneForOne, 1), wish), done(&[None, Some(1), Some(2)]));
}

#[test]
fn a_revision_that_is_not_valid_changes_nothing() {
    let mut core = core(Strategy::OneForOne);
    let significant = |restart| {
        let rules = ChildRules { significant: true, ..child("a", restart) };
        vec![RevisedRules { rules, is_new: false }]
    };
    let other = || rules(Strategy::OneForOne, 0);
    let cases = [
        (other(), significant(Transient), Refusal::Invalid(InvalidSpec::SignificantWithoutAutoShutdown)),
        (
            Rules { auto_shutdown: AutoShutdown::AnySignificant, ..other() },
            significant(Permanent),
            Refusal::Invalid(InvalidSpec::SignificantPermanent),
        ),
        (other(), vec![kept("a", Temporary), new("b")], Refusal::AlreadyPresent),
    ];
    for (rules, children, refusal) in cases {
        assert_eq!(revise(&mut core, rules, children), refused(refusal));
    }
    assert_eq!(crash(&mut core, 0), [Start(0)], "as permanent and as patient as before");
}

#[test]
fn a_supervisor_that_goes_down_takes_the_new_order_backwards() {
    let mut core = core(Strategy::OneForOne);
    revise(&mut core, rules(Strategy::OneForOne, 1), vec![kept("c", Permanent), new("z")]);
    let mut effects = core.step(3, Event::Stop);
    let mut stopped = Vec::new();
    while let [Stop(key)] = effects[..] {
        stopped.push(key);
        effects = core.step(3, Event::Exited(key, ExitReason::Shutdown));
    }
    assert_eq!((stopped, effects), (vec![1, 0, 2], vec![End(Ending::Stopped)]));
}
