//! How the read models are drawn, for operators: `GET /debug/read_models`.

use serde::{Deserialize, Serialize};

/// Answer of `GET /debug/read_models`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ReadModelsAnswer {
    /// Always true.
    pub ok: bool,
    /// Whose read models they are.
    pub node_id: String,
    /// When they were looked at, RFC 3339 in UTC.
    pub at: String,
    /// Position of the log's last event; none while the store is down.
    pub head: Option<u64>,
    /// One entry a read model.
    pub read_models: Vec<ReadModelState>,
}

/// How one read model is drawn.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ReadModelState {
    /// Its name, `query_ventures`.
    pub model: String,
    /// Up to where the file that answers is drawn; none while there is none.
    pub position: Option<u64>,
    /// Events of the log that it has not seen.
    pub positions_behind: Option<u64>,
    /// By how much the log's last event is younger than the last one seen.
    pub seconds_behind: Option<f64>,
    /// Events drawn per second, while there was something to draw.
    pub events_per_second: f64,
    /// Microseconds that it took to draw one of the last batches.
    pub batch_us: BatchTimes,
    /// Events that do not draw, each at the head of its stream.
    pub parked: u64,
    /// Events that wait behind those.
    pub parked_behind: u64,
    /// While a new file is made.
    pub rebuild: Option<RebuildProgress>,
    /// Bytes of the file that answers; 0 while there is none.
    pub file_bytes: u64,
    /// Bytes of the log that SQLite keeps beside it.
    pub wal_bytes: u64,
}

/// How long batches took.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BatchTimes {
    /// Batches that the figures rest on.
    pub samples: usize,
    /// Half of them took at most this.
    pub p50: u64,
    /// All but one of a hundred took at most this.
    pub p99: u64,
}

/// How far a new file is drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RebuildProgress {
    /// Up to where.
    pub position: u64,
    /// Where it has to come.
    pub head: Option<u64>,
}
