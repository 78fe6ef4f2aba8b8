//! The actor of a listener: it joins the groups of what it hears, and passes on that something was told and
//! what operators decide. The log is followed beside it.

use super::{
    follow::Follower,
    hearing::{Hearing, HearingError},
    outcome::Outcome,
};
use crate::{Fact, Groups};
use hecate_event_store::CurrentStore;
use hecate_supervision::{Actor, ExitReason, Kinds, Me, Message, Reply};
use serde_json::Value;
use std::sync::Arc;
use tokio::sync::{mpsc, watch};

/// Decisions that may wait for the fact that is being heard.
const ORDERS_MAX: usize = 8;

/// What a listener is made of.
#[derive(Clone)]
pub struct Listener {
    /// What is told and asked about it.
    pub hearing: Hearing,
    /// The log.
    pub store: CurrentStore,
    /// Who tells it that there is something to hear.
    pub groups: Groups,
    /// Microseconds since the epoch, for the outcome rows.
    pub now_us: Arc<dyn Fn() -> i64 + Send + Sync>,
}

impl Listener {
    /// Registers its actor as kind `{process}.listener`.
    pub fn register(self, kinds: &mut Kinds) {
        let (kind, name) = (format!("{}.listener", self.hearing.process()), self.hearing.name());
        kinds.worker::<Listening>(kind, Some(name), move || self.clone());
    }
}

/// What the actor hears.
pub(crate) enum Word {
    /// Something was told to one of its groups.
    Told(Fact),
    /// An operator has decided about a dead letter.
    Ordered(Box<Order>),
}

impl Message for Word {
    fn variant(&self) -> &'static str {
        match self {
            Word::Told(_) => "told",
            Word::Ordered(_) => "ordered",
        }
    }
}

/// A decision about the dead letter of a fact.
pub(crate) struct Order {
    pub(crate) position: u64,
    pub(crate) listener: Option<String>,
    pub(crate) decision: Decision,
    pub(crate) reply: Reply<Result<Outcome, HearingError>>,
}

pub(crate) enum Decision {
    Replay,
    Dismiss { why: String },
}

struct Listening {
    hearing: Hearing,
    store: CurrentStore,
    /// Position of the last fact that was told.
    told: watch::Sender<u64>,
    orders: mpsc::Sender<Order>,
}

impl Actor for Listening {
    type Msg = Word;
    type Args = Listener;

    async fn init(listener: Listener, me: &Me<Word>) -> Result<Self, ExitReason> {
        let ((told, hears), (orders, obeys)) = (watch::channel(0), mpsc::channel(ORDERS_MAX));
        for event_type in listener.hearing.reacts().hears() {
            listener.groups.join(me, event_type, Word::Told);
        }
        let (turns, hearing, store) = (me.counts_turns(), listener.hearing.clone(), listener.store.clone());
        // Beside the actor, which starts at once: a store or a disk that keeps it waiting keeps nobody else.
        me.attach(async move { Follower::begin(listener, turns, hears, obeys).await?.follow().await });
        Ok(Listening { hearing, store, told, orders })
    }

    async fn handle(&mut self, word: Word, _: &Me<Word>) -> Result<(), ExitReason> {
        match word {
            Word::Told(fact) => {
                self.told.send_if_modified(|told| {
                    let news = fact.position > *told;
                    *told = fact.position.max(*told);
                    news
                });
            }
            Word::Ordered(order) => {
                let busy = |order: Order| {
                    let why = "too many decisions wait".to_owned();
                    order.reply.send(Err(HearingError::NoAnswer { why }));
                };
                // The follower ends only with the actor: an order that it does not take finds it full.
                self.orders.try_send(*order).unwrap_or_else(|refused| busy(refused.into_inner()));
            }
        }
        Ok(())
    }

    fn debug_state(&self) -> Option<Value> {
        let mut state = self.hearing.debug_state();
        state["head"] = self.store.get().map(|store| store.head()).into();
        state["told"] = (*self.told.borrow()).into();
        state["decisions_waiting"] = (ORDERS_MAX - self.orders.capacity()).into();
        Some(state)
    }
}
