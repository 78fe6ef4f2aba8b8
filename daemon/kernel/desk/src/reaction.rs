//! What a process does because of a fact, from the fact to the desk's answer.

use crate::{
    aggregate::Aggregate,
    answer::Told,
    caller::{Because, Caller, Node},
    listener::{Heard, ListenerEntry},
    process::{Asked, Process, Wiring},
    receipt::{self, Note},
    refusal::{Refusal, Refused},
};
use hecate_event_store::{Append, AppendError, EventStore, Expected, RecordedEvent};
use std::sync::Arc;

/// One listener as the catalogue and the supervision tree see it.
pub struct Hears {
    /// `on_{fact}_{desk}`.
    pub listener: &'static str,
    /// The event type that it hears.
    pub event_type: &'static str,
    /// The desk that it asks.
    pub desk: &'static str,
    /// JSON Schema of what it uses of the fact.
    pub schema: fn() -> schemars::Schema,
}

/// What a listener did.
#[derive(Debug)]
pub enum Reacted {
    /// Its desk answered each of its requests, in order.
    Asked(Vec<Told>),
    /// It wants nothing of this fact.
    Passed(&'static str),
}

/// What became of a fact.
pub type React = Result<Reacted, NoReaction>;

/// Why a fact had no effect.
#[derive(Debug, thiserror::Error)]
pub enum NoReaction {
    /// The fact's data does not hold what the listener uses.
    #[error("the fact does not hold what the listener needs: {0}")]
    Unheard(#[from] serde_json::Error),
    /// The desk said no.
    #[error("{}: {}", .0.code, .0.says)]
    Refused(Refused),
}

impl From<Refused> for NoReaction {
    fn from(refused: Refused) -> Self {
        NoReaction::Refused(refused)
    }
}

pub(crate) fn hears<A: Aggregate>() -> Vec<Hears> {
    let shown = |entry: &ListenerEntry<A>| Hears {
        listener: entry.name,
        event_type: entry.hears,
        desk: entry.asks,
        schema: entry.schema,
    };
    A::LISTENERS.iter().map(shown).collect()
}

/// Asks the listener's desk, once for each request that it makes of the fact.
pub(crate) async fn react<A: Aggregate>(
    process: &dyn Process,
    listener: &ListenerEntry<A>,
    Wiring { node, policy, .. }: &Wiring,
    fact: &RecordedEvent,
) -> React {
    if policy.skips.contains(listener.name) {
        return Ok(Reacted::Passed("Operators have switched this listener off."));
    }
    let asks = match (listener.hear)(fact, policy.auto_start.unwrap_or(A::AUTO_START))? {
        Heard::Passes(why) => return Ok(Reacted::Passed(why)),
        Heard::Asks(asks) => asks,
    };
    let door = process.doors().iter().position(|door| door.spec.name == listener.asks);
    let door = door.ok_or(Refusal::INTERNAL).map_err(Refused::from)?;
    let (mut answers, mut refusals) = (Vec::new(), Vec::new());
    for (nth, ask) in asks.into_iter().enumerate() {
        let (path_ids, body) = ask.into_parts();
        let caller = caller(listener.name, nth, node, fact);
        match process.ask(Asked { door, path_ids, body: body.into(), caller }).await {
            Ok(told) => answers.push(told),
            Err(refused) if refused.is(DISMISSED) => return Err(refused.into()),
            // What is settled with a no keeps nobody from asking for the rest.
            Err(refused) if refused.is_an_answer() => refusals.push(refused),
            Err(refused) => return Err(refused.into()),
        }
    }
    match refusals.into_iter().next() {
        Some(refused) if answers.is_empty() => Err(refused.into()),
        _ => Ok(Reacted::Asked(answers)),
    }
}

/// A fact that shall have no effect: somebody decided so.
const DISMISSED: Refusal =
    Refusal::new(409, "fact_dismissed", "An operator decided that this fact has no effect.");

/// Whether a fact shall have no effect by this listener: for who reacts without asking a desk.
///
/// # Errors
/// [`Refusal::STORE_UNAVAILABLE`].
pub async fn was_forgone(
    store: &dyn EventStore,
    node: &Node,
    listener: &str,
    fact: &RecordedEvent,
) -> Result<bool, Refused> {
    let kept = store.receipt(&key(listener, 0, fact), node.clock.now_us()).await;
    let kept = kept.map_err(|error| Refusal::STORE_UNAVAILABLE.about("reason", error.to_string()))?;
    Ok(kept.is_some())
}

/// Keeps in the log that a fact shall have no effect, for whenever it is heard again. One that has had its effect
/// keeps it.
///
/// # Errors
/// [`Refusal::STORE_UNAVAILABLE`].
pub async fn forgo(
    store: &dyn EventStore,
    node: &Node,
    listener: &str,
    fact: &RecordedEvent,
    why: &str,
) -> Result<(), Refused> {
    let note = Note::Refused(DISMISSED.about("reason", why));
    let caller = caller(listener, 0, node, fact);
    let key = key(listener, 0, fact);
    let receipt = receipt::keep(key, receipt::known_by_its_key(), &note, node.clock.now_us(), &caller);
    let stream_id = Arc::clone(&fact.stream_id);
    let append = Append { stream_id, expected: Expected::Any, events: Vec::new(), receipt: Some(receipt) };
    match store.append(append).await {
        Ok(_) | Err(AppendError::ReceiptExists(_)) => Ok(()),
        Err(error) => Err(Refusal::STORE_UNAVAILABLE.about("reason", error.to_string())),
    }
}

/// The listener itself acts, in the flow that the fact belongs to.
fn caller(listener: &str, nth: usize, node: &Node, fact: &RecordedEvent) -> Caller {
    Caller {
        actor: format!("listener:{listener}@{}", node.node_id),
        correlation_id: fact.metadata.correlation_id,
        idempotency_key: Some(key(listener, nth, fact)),
        expected_version: None,
        because: Some(Because { event_id: fact.event_id, visibility: fact.metadata.visibility.clone() }),
    }
}

fn key(listener: &str, nth: usize, fact: &RecordedEvent) -> String {
    match nth {
        0 => format!("{listener}:{}", fact.event_id),
        _ => format!("{listener}:{}:{nth}", fact.event_id),
    }
}
