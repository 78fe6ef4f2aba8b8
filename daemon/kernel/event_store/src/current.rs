//! The store that serves now. A restart of the store brings a new one; whoever holds this handle finds it.

use std::sync::Arc;

use arc_swap::ArcSwapOption;

use crate::store::EventStore;

/// A cloneable handle on whichever store is open, read without a lock.
#[derive(Clone, Default)]
pub struct CurrentStore(Arc<ArcSwapOption<Arc<dyn EventStore>>>);

impl CurrentStore {
    /// The open store; none while it is down.
    pub fn get(&self) -> Option<Arc<dyn EventStore>> {
        self.0.load().as_deref().cloned()
    }

    /// Publishes an opened store, or takes it back with `None`.
    pub fn set(&self, store: Option<Arc<dyn EventStore>>) {
        self.0.store(store.map(Arc::new));
    }
}
