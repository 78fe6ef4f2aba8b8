//! What operators decide about facts that were given up, carried out between two facts.

use super::{
    actor::{Decision, Order},
    bounded::bounded,
    follow::{Follower, row},
    hearing::HearingError,
    outcome::{Outcome, OutcomeState},
    verdict::settle,
};
use crate::Fact;
use hecate_supervision::ExitReason;

impl Follower {
    pub(super) async fn obey(&self, order: Order) -> Result<(), ExitReason> {
        let Order { position, listener, decision, reply } = order;
        let dead = self.kept.with(move |file| file.dead_at(position)).await?;
        let decided = match only(dead, listener.as_deref()) {
            Err(error) => Err(error),
            Ok(dead) => match decision {
                Decision::Replay => self.replay(dead).await,
                Decision::Dismiss { why } => self.dismiss(dead, why).await,
            },
        };
        if let Ok(row) = &decided {
            let (kept, cursor) = (row.clone(), self.saved);
            let dead = self.kept.with(move |file| file.keep_decided(&kept, cursor)).await?;
            self.show(row, dead);
        }
        reply.send(decided);
        Ok(())
    }

    /// Tries a dead letter once more.
    async fn replay(&self, dead: Outcome) -> Result<Outcome, HearingError> {
        let fact = self.fact_in_log(&dead).await?;
        let Some(listener) = self.listener_of(&dead) else {
            return Err(HearingError::HeardNoMore { listener: dead.listener });
        };
        let verdict = settle(dead.attempts.saturating_add(1), self.react(listener, &fact).await);
        Ok(row(&fact, listener, verdict, (dead.first_at_us, Some((self.now_us)()))))
    }

    /// Has the dismissal recorded in the log. Nobody asks for a listener that is gone, so nothing needs to
    /// be refused to it.
    async fn dismiss(&self, dead: Outcome, why: String) -> Result<Outcome, HearingError> {
        if let Some(listener) = self.listener_of(&dead) {
            let fact = self.fact_in_log(&dead).await?;
            let forgoing = async { self.hearing.reacts().forgo(listener, &fact, &why).await };
            bounded(forgoing).await.map_err(no_answer)?.map_err(no_answer)?;
        }
        let (state, settled_at_us) = (OutcomeState::Dismissed, Some((self.now_us)()));
        Ok(Outcome { state, dismissal: Some(why), settled_at_us, ..dead })
    }

    async fn fact_in_log(&self, dead: &Outcome) -> Result<Fact, HearingError> {
        let fact = self.fact_of(dead).await.map_err(no_answer)?;
        fact.ok_or_else(|| no_answer("the fact is not in the log"))
    }

    /// Who gave the fact up, unless nobody of that name hears it any more.
    fn listener_of(&self, dead: &Outcome) -> Option<&'static str> {
        let listeners = self.hearing.reacts().listeners(&dead.event_type);
        listeners.into_iter().find(|listener| *listener == dead.listener)
    }
}

fn no_answer(why: impl ToString) -> HearingError {
    HearingError::NoAnswer { why: why.to_string() }
}

/// The one dead letter that is meant.
fn only(mut dead: Vec<Outcome>, listener: Option<&str>) -> Result<Outcome, HearingError> {
    dead.retain(|row| listener.is_none_or(|listener| row.listener == listener));
    let last = dead.pop().ok_or(HearingError::NoDeadLetter)?;
    if dead.is_empty() {
        return Ok(last);
    }
    let listeners = dead.into_iter().chain([last]).map(|row| row.listener).collect();
    Err(HearingError::SeveralListeners { listeners })
}
