//! What operators decide about facts that were given up, carried out between two facts.

use super::{
    actor::{Decision, Order},
    file::ListenerFile,
    follow::{Follower, row},
    hearing::HearingError,
    outcome::{Outcome, OutcomeState},
    verdict::settle,
};
use hecate_event_store::Filter;
use hecate_supervision::ExitReason;

impl Follower {
    pub(super) async fn obey(&self, order: Order) -> Result<(), ExitReason> {
        let Order { position, listener, decision, reply } = order;
        let dead = self.kept.with(move |file| file.dead_at(position)).await?;
        let decided = match only(dead, listener.as_deref()) {
            Err(error) => Err(error),
            Ok(dead) => match decision {
                Decision::Replay => self.replay(dead).await,
                Decision::Dismiss { why } => {
                    let (state, settled_at_us) = (OutcomeState::Dismissed, Some((self.now_us)()));
                    Ok(Outcome { state, dismissal: Some(why), settled_at_us, ..dead })
                }
            },
        };
        if let Ok(row) = &decided {
            self.keep(row.clone(), self.saved).await?;
            self.kept.with(ListenerFile::flush).await?;
        }
        reply.send(decided);
        Ok(())
    }

    /// Tries a dead letter once more.
    async fn replay(&self, dead: Outcome) -> Result<Outcome, HearingError> {
        let no_answer = |why: String| HearingError::NoAnswer { why };
        let page = self.store.read_all(dead.position - 1, &Filter::all(), 1).await;
        let facts = page.map_err(|error| no_answer(error.to_string()))?.events;
        let fact = facts.iter().find(|fact| fact.event_id == dead.event_id);
        let fact = fact.ok_or_else(|| no_answer("the fact is not in the log".to_owned()))?;
        let listeners = self.hearing.reacts().listeners(&fact.event_type);
        let Some(listener) = listeners.into_iter().find(|listener| *listener == dead.listener) else {
            return Err(HearingError::HeardNoMore { listener: dead.listener });
        };
        let verdict = settle(dead.attempts.saturating_add(1), self.react(listener, fact).await);
        Ok(row(fact, listener, verdict, (dead.first_at_us, Some((self.now_us)()))))
    }
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
