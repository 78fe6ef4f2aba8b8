//! The emitter of one process: the only one who tells its facts, and only what the log has.

use crate::groups::Groups;
use hecate_event_store::{CurrentStore, EventStore, Filter, Subscription};
use hecate_supervision::{Actor, ExitReason, Kinds, Me, Message};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

/// Facts told in one go.
const PAGE_EVENTS: usize = 256;
/// No emitter has told anything yet: begin at the head of the log.
const NOWHERE: u64 = u64::MAX;

/// What an emitter tells, and to whom.
#[derive(Clone)]
pub struct Emitter {
    store: CurrentStore,
    groups: Groups,
    types: Vec<&'static str>,
    /// The last position told; it outlives a crash of the actor, so that nothing is left out.
    told: Arc<AtomicU64>,
}

impl Emitter {
    /// Registers the emitter of a process as kind `{process}.emitters`.
    pub fn register(
        kinds: &mut Kinds,
        process: &str,
        types: Vec<&'static str>,
        store: CurrentStore,
        groups: Groups,
    ) {
        let emitter = Emitter { store, groups, types, told: Arc::new(AtomicU64::new(NOWHERE)) };
        kinds.worker::<Telling>(format!("{process}.emitters"), None, move || emitter.clone());
    }

    async fn follow(self, store: Arc<dyn EventStore>) -> Result<(), ExitReason> {
        let after = match self.told.load(Relaxed) {
            NOWHERE => store.head(),
            // A restored log may end before what was told from the old one.
            told => told.min(store.head()),
        };
        self.told.store(after, Relaxed);
        let mut log = Subscription::new(store, after, Filter::types(self.types.iter().copied()));
        loop {
            let facts = log.next_page(PAGE_EVENTS).await.map_err(ExitReason::error)?;
            for fact in &facts {
                self.groups.tell(fact);
                self.told.store(fact.position, Relaxed);
            }
        }
    }
}

struct Telling;

/// An emitter hears the log, not messages.
enum Unheard {}

impl Message for Unheard {
    fn variant(&self) -> &'static str {
        match *self {}
    }
}

impl Actor for Telling {
    type Msg = Unheard;
    type Args = Emitter;

    async fn init(emitter: Emitter, me: &Me<Unheard>) -> Result<Self, ExitReason> {
        let store = emitter.store.get().ok_or_else(|| ExitReason::error("the event store is not open"))?;
        me.attach(emitter.follow(store));
        Ok(Telling)
    }

    async fn handle(&mut self, msg: Unheard, _: &Me<Unheard>) -> Result<(), ExitReason> {
        match msg {}
    }
}
