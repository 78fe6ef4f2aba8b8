//! The emitter of one process: the only one who tells its facts, and only what the log has.

use crate::groups::Groups;
use hecate_event_store::{CurrentStore, EventStore, Filter, Subscription};
use hecate_supervision::{Actor, ExitReason, Kinds, Me, Unheard};
use std::sync::Arc;
use tokio::sync::watch;

/// Events of the log looked at in one go.
const PAGE_EVENTS: usize = 256;

/// How far a process's facts have been told; clones share it. It outlives a crash of the actor, so that
/// nothing is left out, and an emitter that stopped in silence shows here: the log goes on and this does not.
#[derive(Clone, Debug)]
pub struct Told(watch::Sender<Option<u64>>);

impl Default for Told {
    fn default() -> Self {
        Told(watch::Sender::new(None))
    }
}

impl Told {
    /// The last position told or passed over; none before the emitter's first start.
    pub fn position(&self) -> Option<u64> {
        *self.0.borrow()
    }

    /// Waits until everything up to this position was told.
    pub async fn reached(&self, position: u64) {
        let mut told = self.0.subscribe();
        // The sender lives in `self`, so the wait ends only when the position is reached.
        let _ = told.wait_for(|told| told.is_some_and(|told| told >= position)).await;
    }
}

/// What an emitter tells, and to whom.
#[derive(Clone)]
pub struct Emitter {
    /// The process whose facts it tells.
    pub process: &'static str,
    /// The event types that the process records.
    pub types: Vec<&'static str>,
    /// The log.
    pub store: CurrentStore,
    /// Who hears.
    pub groups: Groups,
    /// How far it has come.
    pub told: Told,
}

impl Emitter {
    /// Registers its actor as kind `{process}.emitters`.
    pub fn register(self, kinds: &mut Kinds) {
        kinds.worker::<Telling>(format!("{}.emitters", self.process), None, move || self.clone());
    }

    async fn follow(self, store: Arc<dyn EventStore>, after: u64) -> Result<(), ExitReason> {
        let mut log = Subscription::new(store, after, Filter::types(self.types.iter().copied()));
        loop {
            let facts = log.next_step(PAGE_EVENTS).await.map_err(ExitReason::error)?;
            facts.iter().for_each(|fact| self.groups.tell(fact));
            self.told.0.send_replace(Some(log.caught_up_to()));
        }
    }
}

struct Telling;

impl Actor for Telling {
    type Msg = Unheard;
    type Args = Emitter;

    async fn init(emitter: Emitter, me: &Me<Unheard>) -> Result<Self, ExitReason> {
        let store = emitter.store.opened().await;
        // The first start begins at the head: what was recorded before is nobody's news.
        // A restored log may end before what was told from the old one.
        let after = emitter.told.position().map_or(store.head(), |told| told.min(store.head()));
        emitter.told.0.send_replace(Some(after));
        me.attach(emitter.follow(store, after));
        Ok(Telling)
    }

    async fn handle(&mut self, msg: Unheard, _: &Me<Unheard>) -> Result<(), ExitReason> {
        match msg {}
    }
}
