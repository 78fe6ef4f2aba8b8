//! The store under supervision: when the writer can no longer serve, the actor ends, and the supervisor
//! opens the file again.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use hecate_supervision::{Actor, ExitReason, Kinds, Me, Unheard};

use crate::current::CurrentStore;
use crate::error::{ClosedReason, OpenError};
use crate::gauges::shown;
use crate::store::EventStore;

/// Opens the store; blocks.
type Open = dyn Fn() -> Result<Arc<dyn EventStore>, OpenError> + Send + Sync;

/// How long a store rests before it is opened again.
const OPEN_PAUSE: Duration = Duration::from_millis(20);

/// How the store is opened, and where it is published.
#[derive(Clone)]
pub struct Supervised {
    current: CurrentStore,
    /// Opened by the daemon before the tree, so that a store that does not open has its own exit code.
    first: Arc<Mutex<Option<Arc<dyn EventStore>>>>,
    open: Arc<Open>,
}

impl Supervised {
    /// `first` serves until it fails; `open` opens the next one, or the first where none is given.
    pub fn new(
        current: CurrentStore,
        first: Option<Arc<dyn EventStore>>,
        open: impl Fn() -> Result<Arc<dyn EventStore>, OpenError> + Send + Sync + 'static,
    ) -> Self {
        Self { current, first: Arc::new(Mutex::new(first)), open: Arc::new(open) }
    }

    /// Registers the actor as kind `event_store`.
    pub fn register(self, kinds: &mut Kinds) {
        kinds.worker::<StoreActor>("event_store", None, move || self.clone());
    }

    async fn next(&self) -> Result<Arc<dyn EventStore>, ExitReason> {
        if let Some(first) = self.first.lock().unwrap_or_else(PoisonError::into_inner).take() {
            return Ok(first);
        }
        loop {
            let open = Arc::clone(&self.open);
            match tokio::task::spawn_blocking(move || open()).await.map_err(ExitReason::error)? {
                Ok(store) => return Ok(store),
                // The writer before us is still on its way out, or the disk is full: `start_timeout`
                // bounds the wait.
                Err(error @ (OpenError::Locked { .. } | OpenError::Io { .. })) => {
                    tracing::debug!(%error, "the event store is tried again");
                    tokio::time::sleep(OPEN_PAUSE).await;
                }
                Err(error @ (OpenError::Damaged { .. } | OpenError::OtherFormat { .. })) => {
                    self.current.tell_damage(&error.to_string());
                    return Err(ExitReason::error(error));
                }
            }
        }
    }
}

/// The store is called directly; its actor only watches over it.
struct StoreActor {
    store: Arc<dyn EventStore>,
    current: CurrentStore,
}

impl Actor for StoreActor {
    type Msg = Unheard;
    type Args = Supervised;

    async fn init(supervised: Supervised, me: &Me<Unheard>) -> Result<Self, ExitReason> {
        let store = supervised.next().await?;
        let (closed, current) = (store.closed(), supervised.current.clone());
        me.works_beside();
        me.attach(async move {
            let reason = closed.await;
            // Before the supervisor hears of it: whoever starts now waits for the next store.
            current.set(None);
            if let ClosedReason::Damaged(found) = &reason {
                current.tell_damage(found);
            }
            Err(ExitReason::error(reason))
        });
        supervised.current.set(Some(Arc::clone(&store)));
        Ok(Self { store, current: supervised.current })
    }

    async fn handle(&mut self, msg: Unheard, _: &Me<Unheard>) -> Result<(), ExitReason> {
        match msg {}
    }

    fn debug_state(&self) -> Option<serde_json::Value> {
        Some(shown(&*self.store))
    }

    async fn terminate(&mut self, _: &ExitReason) {
        self.current.set(None);
        self.store.close().await;
    }
}

impl Drop for StoreActor {
    /// A kill skips `terminate`.
    fn drop(&mut self) {
        self.current.set(None);
    }
}
