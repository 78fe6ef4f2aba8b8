//! Records what projections want recorded, as the daemon's process does.

use super::{Words, kit};
use crate::ReadModel;
use crate::tending::{
    Concern, EventParked, ParkedEventRetried, ParkedEventSkipped, ReadModelRebuildRequested, Tending,
};
use hecate_desk::{Refusal, Refused};
use hecate_event_store::{Append, BoxFuture, CurrentStore, EventStore, Expected};
use serde::Serialize;
use serde_json::json;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

/// The read model that the tests are about.
pub(super) const MODEL: &str = Words::<1>::NAME;

pub(super) struct Scribe {
    store: CurrentStore,
    /// Positions by key, as receipts keep them.
    told: Mutex<BTreeMap<String, u64>>,
}

impl Scribe {
    pub(super) fn new(store: CurrentStore) -> Arc<Scribe> {
        Arc::new(Scribe { store, told: Mutex::default() })
    }

    async fn record(&self, concern: Concern, key: String) -> Result<u64, Refused> {
        if let Some(position) = self.told.lock().unwrap().get(&key) {
            return Ok(*position);
        }
        let store = self.store.get().ok_or(Refusal::STARTING)?;
        let position = match concern {
            Concern::Park(parked) => decide(&*store, EventParked::TYPE, &parked).await,
            Concern::Settled { position, .. } => retry(&*store, position).await,
        };
        self.told.lock().unwrap().insert(key, position);
        Ok(position)
    }
}

impl Tending for Scribe {
    fn tend(&self, concern: Concern, key: String) -> BoxFuture<'_, Result<u64, Refused>> {
        Box::pin(self.record(concern, key))
    }
}

async fn decide<E: Serialize>(store: &dyn EventStore, event_type: &str, event: &E) -> u64 {
    record(store, &format!("read_model-{MODEL}"), event_type, &serde_json::to_value(event).unwrap()).await
}

/// One event more.
pub(super) async fn record(
    store: &dyn EventStore,
    stream: &str,
    event_type: &str,
    data: &serde_json::Value,
) -> u64 {
    let events = vec![kit::event(event_type, data)];
    let append = Append { stream_id: stream.into(), expected: Expected::Any, events, receipt: None };
    store.append(append).await.unwrap().last_position.unwrap()
}

/// What a stream says; a word that is no text does not fit its type.
pub(super) async fn say_in(store: &dyn EventStore, stream: &str, word: serde_json::Value) -> u64 {
    record(store, stream, "word_said_v1", &json!({ "word": word })).await
}

pub(super) async fn retry(store: &dyn EventStore, position: u64) -> u64 {
    let by = ParkedEventRetried { model: MODEL.into(), position, retried_by: "kit".into(), retried_at: 0 };
    decide(store, ParkedEventRetried::TYPE, &by).await
}

pub(super) async fn skip(store: &dyn EventStore, position: u64) -> u64 {
    let (model, reason) = (MODEL.into(), "no use".into());
    let by = ParkedEventSkipped { model, position, reason, skipped_by: "kit".into(), skipped_at: 0 };
    decide(store, ParkedEventSkipped::TYPE, &by).await
}

pub(super) async fn rebuild(store: &dyn EventStore) -> u64 {
    let (model, requested_by) = (MODEL.into(), "kit".into());
    let by = ReadModelRebuildRequested { model, reason: None, requested_by, requested_at: 0 };
    decide(store, ReadModelRebuildRequested::TYPE, &by).await
}
