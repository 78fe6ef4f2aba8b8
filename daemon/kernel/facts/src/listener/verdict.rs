//! What follows from a reaction: settled, tried again after a rest, or dead. No clock and no dice in here.

use super::{outcome::OutcomeState, reacts::Reaction};
use std::time::Duration;

/// How often a fact may fail before it is given up.
pub(crate) const ATTEMPTS_MAX: u32 = 10;
/// The first rest; each further one is twice as long.
const REST_FIRST: Duration = Duration::from_millis(100);
/// The longest rest.
const REST_MAX: Duration = Duration::from_secs(10);
/// Characters kept of what a reaction says.
const WHY_CHARS_MAX: usize = 2_000;

/// How often one fact was tried without being settled.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Tries {
    /// Times that it failed.
    pub(crate) failed: u32,
    /// Times that it failed or was put off.
    pub(crate) rests: u32,
}

/// What the outcome row says of a reaction.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Verdict {
    pub(crate) state: OutcomeState,
    pub(crate) attempts: u32,
    pub(crate) code: Option<String>,
    pub(crate) why: Option<String>,
    pub(crate) recorded: Option<u64>,
}

/// What comes next for a fact.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Next {
    Settle(Verdict),
    Again { verdict: Verdict, tries: Tries, after: Duration },
}

/// Judges the latest reaction to a fact that was tried `tries` times before. `dice` is any number.
pub(crate) fn judge(tries: Tries, reaction: Reaction, dice: u32) -> Next {
    let asked = tries.failed + 1;
    let (failed, why) = match reaction {
        Reaction::Later { why } => (tries.failed, why),
        Reaction::Failed { why } if asked < ATTEMPTS_MAX => (asked, why),
        settled => return Next::Settle(settle(asked, settled)),
    };
    let verdict = Verdict { why: Some(clip(why)), ..verdict(OutcomeState::Retrying, failed) };
    let after = rest(tries.rests, dice);
    Next::Again { verdict, tries: Tries { failed, rests: tries.rests.saturating_add(1) }, after }
}

/// Judges the reaction to a fact that is tried once and no more; `asked` counts this time too.
pub(crate) fn settle(asked: u32, reaction: Reaction) -> Verdict {
    let said = |state, why| Verdict { why: Some(clip(why)), ..verdict(state, asked) };
    match reaction {
        Reaction::Done { recorded } => Verdict { recorded, ..verdict(OutcomeState::Dispatched, asked) },
        Reaction::Passed { why } => said(OutcomeState::Skipped, why),
        Reaction::Refused { code, says } => Verdict { code: Some(code), ..said(OutcomeState::Refused, says) },
        Reaction::Later { why } | Reaction::Failed { why } | Reaction::Dead { why } => {
            said(OutcomeState::Dead, why)
        }
    }
}

fn verdict(state: OutcomeState, attempts: u32) -> Verdict {
    Verdict { state, attempts, code: None, why: None, recorded: None }
}

/// Between half a rest and a whole one, so that many that wait do not come back at once.
fn rest(rests: u32, dice: u32) -> Duration {
    let whole = REST_FIRST.saturating_mul(1 << rests.min(16)).min(REST_MAX);
    whole / 2 + (whole / 2).mul_f64(f64::from(dice) / f64::from(u32::MAX))
}

fn clip(why: String) -> String {
    match why.char_indices().nth(WHY_CHARS_MAX) {
        Some((end, _)) => format!("{}…", &why[..end]),
        None => why,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn reaction() -> impl Strategy<Value = Reaction> {
        let why = || ".{0,9}".prop_map(String::from);
        prop_oneof![
            any::<Option<u64>>().prop_map(|recorded| Reaction::Done { recorded }),
            why().prop_map(|why| Reaction::Passed { why }),
            (why(), why()).prop_map(|(code, says)| Reaction::Refused { code, says }),
            why().prop_map(|why| Reaction::Later { why }),
            why().prop_map(|why| Reaction::Failed { why }),
            why().prop_map(|why| Reaction::Dead { why }),
        ]
    }

    proptest! {
        #[test]
        fn a_fact_is_given_up_by_its_tenth_failure_or_a_dead_reaction_and_by_nothing_else(
            reactions in prop::collection::vec(reaction(), 1..200), dice: u32
        ) {
            let (mut tries, mut failures) = (Tries::default(), 0);
            for reaction in reactions {
                failures += u32::from(matches!(reaction, Reaction::Failed { .. }));
                match judge(tries, reaction.clone(), dice) {
                    Next::Again { verdict, tries: next, .. } => {
                        let again = matches!(reaction, Reaction::Later { .. } | Reaction::Failed { .. });
                        prop_assert!(again);
                        prop_assert!(failures < ATTEMPTS_MAX);
                        prop_assert_eq!((verdict.state, verdict.attempts), (OutcomeState::Retrying, failures));
                        prop_assert_eq!((next.failed, next.rests), (failures, tries.rests + 1));
                        tries = next;
                    }
                    Next::Settle(verdict) => {
                        let dead = verdict.state == OutcomeState::Dead;
                        let given_up = matches!(reaction, Reaction::Dead { .. }) || failures == ATTEMPTS_MAX;
                        prop_assert_eq!(dead, given_up);
                        prop_assert_eq!(verdict.attempts, tries.failed + 1);
                        let later = matches!(reaction, Reaction::Later { .. });
                        prop_assert!(!later);
                        break;
                    }
                }
            }
        }

        #[test]
        fn rests_double_up_to_ten_seconds_and_the_dice_takes_at_most_half(rests: u32, dice: u32) {
            let whole_ms = 100_u64.saturating_mul(1 << rests.min(7)).min(10_000);
            let rest_us = rest(rests, dice).as_micros() as u64;
            prop_assert!((whole_ms * 500..=whole_ms * 1_000).contains(&rest_us), "{rest_us} of {whole_ms} ms");
            prop_assert!(rest(rests, u32::MAX) >= rest(rests, dice));
        }
    }

    #[test]
    fn a_long_story_is_cut_between_two_characters() {
        let verdict = settle(1, Reaction::Dead { why: "é".repeat(WHY_CHARS_MAX + 1) });
        assert_eq!(verdict.why, Some("é".repeat(WHY_CHARS_MAX) + "…"));
        let verdict = settle(1, Reaction::Dead { why: "é".repeat(WHY_CHARS_MAX) });
        assert_eq!(verdict.why.unwrap().chars().count(), WHY_CHARS_MAX);
    }
}
