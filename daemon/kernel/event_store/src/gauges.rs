//! What an operator wants to know of a store: which it is, how far it is, and of its writer what waits, how it is
//! served, how long the disk takes.

use serde::Serialize;
use serde_json::{Value, json};

use crate::store::EventStore;

/// All of it, as operators are shown it. Never blocks for the disk.
pub fn shown(store: &dyn EventStore) -> Value {
    json!({
        "store_id": store.store_id(),
        "epoch": store.epoch(),
        "head": store.head(),
        "writer": store.gauges(),
    })
}

/// How the writer is doing now, and how its last batches went.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Gauges {
    /// Appends that wait for the writer.
    pub queued_requests: usize,
    /// Bytes that wait with them.
    pub queued_bytes: usize,
    /// How long the oldest append that is not answered yet has waited, microseconds.
    pub oldest_unacknowledged_us: u64,
    /// Batches committed since the store opened.
    pub batches_total: u64,
    /// Events committed since the store opened.
    pub events_total: u64,
    /// Appends turned away since the store opened, because they would have waited for too long.
    pub refused_busy_total: u64,
    /// Appends per batch.
    pub batch_requests: Spread,
    /// Microseconds from taking a batch to its answers.
    pub batch_us: Spread,
    /// Microseconds of one flush to the disk.
    pub sync_us: Spread,
}

/// How the most recent samples of one kind are spread.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Spread {
    /// Samples that the figures below rest on; the oldest are forgotten.
    pub samples: usize,
    /// Half of them are at most this.
    pub p50: u64,
    /// All but one of a hundred are at most this.
    pub p99: u64,
    /// The largest.
    pub max: u64,
}
