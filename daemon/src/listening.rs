//! Where processes and facts meet: a listener lets its process react, and learns what to make of the answer.

use hecate_desk::{NoReaction, Process, React, Reacted, Refusal, Refused};
use hecate_event_store::BoxFuture;
use hecate_facts::{Fact, Reaction, Reacts};
use std::sync::Arc;

/// A process as its listener sees it.
pub(crate) struct Listening(pub(crate) Arc<dyn Process>);

impl Reacts for Listening {
    fn process(&self) -> &'static str {
        self.0.spec().name
    }

    fn hears(&self) -> Vec<&'static str> {
        let mut types: Vec<_> = self.0.hears().iter().map(|hears| hears.event_type).collect();
        types.sort_unstable();
        types.dedup();
        types
    }

    fn listeners(&self, event_type: &str) -> Vec<&'static str> {
        let hears = self.0.hears().iter().filter(|hears| hears.event_type == event_type);
        hears.map(|hears| hears.listener).collect()
    }

    fn react<'a>(&'a self, listener: &'static str, fact: &'a Fact) -> BoxFuture<'a, Reaction> {
        Box::pin(async move {
            match self.nth(listener) {
                Ok(nth) => reaction(self.0.react(nth, fact).await),
                Err(why) => Reaction::Dead { why },
            }
        })
    }

    fn forgo<'a>(
        &'a self,
        listener: &'static str,
        fact: &'a Fact,
        why: &'a str,
    ) -> BoxFuture<'a, Result<(), String>> {
        Box::pin(async move {
            let kept = self.0.forgo(self.nth(listener)?, fact, why).await;
            kept.map_err(|refused| explained(&refused))
        })
    }
}

impl Listening {
    fn nth(&self, listener: &str) -> Result<usize, String> {
        let nth = self.0.hears().iter().position(|hears| hears.listener == listener);
        nth.ok_or_else(|| format!("there is no listener {listener}"))
    }
}

fn reaction(reacted: React) -> Reaction {
    match reacted {
        Ok(Reacted::Asked(answers)) => {
            let recorded = answers.iter().rev().find(|told| told.answer.recorded);
            Reaction::Done { recorded: recorded.map(|told| told.answer.position) }
        }
        Ok(Reacted::Passed(why)) => Reaction::Passed { why: why.to_owned() },
        Err(NoReaction::Unheard(error)) => Reaction::Dead { why: error.to_string() },
        Err(NoReaction::Refused(refused)) => refusal(refused),
    }
}

/// An answer settles the fact. What is out of order now is waited for; what may be the fact's fault is counted;
/// a broken rule will be broken again.
fn refusal(refused: Refused) -> Reaction {
    const NOT_NOW: [Refusal; 4] =
        [Refusal::STORE_UNAVAILABLE, Refusal::MAILBOX_FULL, Refusal::STARTING, Refusal::TIMEOUT];
    const GOES_WRONG: [Refusal; 2] = [Refusal::INTERNAL, Refusal::WRONG_EXPECTED_VERSION];
    let among = |refusals: &[Refusal]| refusals.iter().any(|refusal| refused.is(*refusal));
    let why = || explained(&refused);
    match () {
        () if among(&NOT_NOW) => Reaction::Later { why: why() },
        () if among(&GOES_WRONG) => Reaction::Failed { why: why() },
        () if refused.is_an_answer() => {
            Reaction::Refused { code: refused.code.to_string(), says: refused.says.to_string() }
        }
        () => Reaction::Dead { why: why() },
    }
}

fn explained(refused: &Refused) -> String {
    format!("{}: {} {}", refused.code, refused.says, serde_json::Value::from((*refused.details).clone()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_refusal_is_settled_awaited_counted_or_given_up() {
        let made_of = |refusal: Refusal| match self::refusal(refusal.into()) {
            Reaction::Refused { .. } => "settled",
            Reaction::Later { .. } => "awaited",
            Reaction::Failed { .. } => "counted",
            _ => "given up",
        };
        for (refusal, becomes) in [
            (Refusal::new(409, "design_archived", ""), "settled"),
            (Refusal::new(404, "division_not_found", ""), "settled"),
            (Refusal::STORE_UNAVAILABLE, "awaited"),
            (Refusal::MAILBOX_FULL, "awaited"),
            (Refusal::STARTING, "awaited"),
            (Refusal::TIMEOUT, "awaited"),
            (Refusal::INTERNAL, "counted"),
            (Refusal::WRONG_EXPECTED_VERSION, "counted"),
            (Refusal::VALIDATION, "given up"),
            (Refusal::TOO_LARGE, "given up"),
            (Refusal::BELONGS_ELSEWHERE, "settled"),
        ] {
            assert_eq!(made_of(refusal), becomes, "{}", refusal.code);
        }
    }
}
