//! The emitter of one process: the only one who tells its facts, and only what the log has.

use crate::groups::Groups;
use hecate_event_store::{CurrentStore, EventStore, Filter, Progress, Subscription};
use hecate_supervision::{Actor, ExitReason, Kinds, Me, Turns, Unheard};
use serde_json::{Value, json};
use std::sync::Arc;

/// Events of the log looked at in one go.
const PAGE_EVENTS: usize = 256;

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
    /// How far its facts have been told.
    pub told: Progress,
}

impl Emitter {
    /// Registers its actor as kind `{process}.emitters`.
    pub fn register(self, kinds: &mut Kinds) {
        kinds.worker::<Telling>(format!("{}.emitters", self.process), None, move || self.clone());
    }

    async fn follow(self, store: Arc<dyn EventStore>, after: u64, turns: Turns) -> Result<(), ExitReason> {
        let mut log = Subscription::new(store, after, Filter::types(self.types.iter().copied()));
        loop {
            let facts = log.next_step(PAGE_EVENTS).await.map_err(ExitReason::error)?;
            if !facts.is_empty() {
                turns.take("tell", async { facts.iter().for_each(|fact| self.groups.tell(fact)) }).await;
            }
            self.told.set(log.caught_up_to());
        }
    }
}

struct Telling(Emitter);

impl Actor for Telling {
    type Msg = Unheard;
    type Args = Emitter;

    async fn init(emitter: Emitter, me: &Me<Unheard>) -> Result<Self, ExitReason> {
        let store = emitter.store.opened().await;
        // The first start begins at the head: what was recorded before is nobody's news.
        // A restored log may end before what was told from the old one.
        let after = emitter.told.position().map_or(store.head(), |told| told.min(store.head()));
        emitter.told.set(after);
        emitter.groups.publish(me, &emitter.types);
        me.attach(emitter.clone().follow(store, after, me.counts_turns()));
        Ok(Telling(emitter))
    }

    async fn handle(&mut self, msg: Unheard, _: &Me<Unheard>) -> Result<(), ExitReason> {
        match msg {}
    }

    fn debug_state(&self) -> Option<Value> {
        let Emitter { process, types, store, told, .. } = &self.0;
        Some(json!({
            "process": process,
            "event_types": types.len(),
            "told": told.position(),
            "head": store.get().map(|store| store.head()),
        }))
    }
}
