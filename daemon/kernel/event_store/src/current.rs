//! The store that serves now. A restart of the store brings a new one; whoever holds this handle finds it.

use std::sync::Arc;

use tokio::sync::watch;

use crate::convoy::Convoy;
use crate::store::EventStore;

/// A cloneable handle on whichever store is open.
#[derive(Clone)]
pub struct CurrentStore {
    store: watch::Sender<Option<Arc<dyn EventStore>>>,
    damage: watch::Sender<Option<String>>,
    convoy: Convoy,
}

impl Default for CurrentStore {
    fn default() -> Self {
        let (store, damage) = (watch::Sender::new(None), watch::Sender::new(None));
        Self { store, damage, convoy: Convoy::default() }
    }
}

impl CurrentStore {
    /// The open store; none while it is down.
    pub fn get(&self) -> Option<Arc<dyn EventStore>> {
        self.store.borrow().clone()
    }

    /// The open store, as soon as there is one. Wait for it where a start may wait: a store that is about
    /// to be opened again is no reason to fail.
    pub async fn opened(&self) -> Arc<dyn EventStore> {
        let mut store = self.store.subscribe();
        loop {
            if let Some(open) = store.borrow_and_update().clone() {
                return open;
            }
            // The sender lives in `self`, so this ends only with news.
            let _ = store.changed().await;
        }
    }

    /// Those who read its whole log at the moment.
    pub fn convoy(&self) -> &Convoy {
        &self.convoy
    }

    /// Waits until damage is found, and says where. No restart mends it, so it is nobody's to retry.
    pub async fn damaged(&self) -> String {
        let mut damage = self.damage.subscribe();
        loop {
            if let Some(found) = damage.borrow_and_update().clone() {
                return found;
            }
            // The sender lives in `self`, so this ends only with news.
            let _ = damage.changed().await;
        }
    }

    /// Tells that damage was found.
    pub(crate) fn tell_damage(&self, found: &str) {
        self.damage.send_replace(Some(found.to_owned()));
    }

    /// Publishes an opened store, or takes it back with `None`.
    pub fn set(&self, store: Option<Arc<dyn EventStore>>) {
        self.store.send_replace(store);
    }
}
