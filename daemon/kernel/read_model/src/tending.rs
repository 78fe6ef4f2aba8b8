//! What is done about events that do not draw, as facts: each step is in the log, so that a read model that
//! is drawn anew takes the same decisions again. The kernel says the facts; a process outside records them.

use hecate_desk::Refused;
use hecate_event_store::{BoxFuture, RecordedEvent};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A read model could not draw an event. It and its stream wait; other streams go on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct EventParked {
    /// The read model.
    pub model: String,
    /// The event's position in the log.
    pub position: u64,
    /// Its stream.
    pub stream_id: String,
    /// Its type.
    pub event_type: String,
    /// Why it does not draw.
    pub error: String,
    /// How often it was tried.
    pub tries: u32,
}

/// A parked event is to be tried once more. It is parked again if it still does not draw.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ParkedEventRetried {
    /// The read model.
    pub model: String,
    /// The event's position in the log.
    pub position: u64,
    /// Who asked for it.
    pub retried_by: String,
    /// When, microseconds since the epoch.
    pub retried_at: i64,
}

/// A parked event is given up: its stream goes on without it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ParkedEventSkipped {
    /// The read model.
    pub model: String,
    /// The event's position in the log.
    pub position: u64,
    /// Why it may be left out.
    pub reason: String,
    /// Who decided it.
    pub skipped_by: String,
    /// When, microseconds since the epoch.
    pub skipped_at: i64,
}

/// A read model is to be drawn anew from the log.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ReadModelRebuildRequested {
    /// The read model.
    pub model: String,
    /// Why.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// Who asked for it.
    pub requested_by: String,
    /// When, microseconds since the epoch.
    pub requested_at: i64,
}

impl EventParked {
    /// Its name in the log.
    pub const TYPE: &'static str = "event_parked_v1";
}

impl ParkedEventRetried {
    /// Its name in the log.
    pub const TYPE: &'static str = "parked_event_retried_v1";
}

impl ParkedEventSkipped {
    /// Its name in the log.
    pub const TYPE: &'static str = "parked_event_skipped_v1";
}

impl ReadModelRebuildRequested {
    /// Its name in the log.
    pub const TYPE: &'static str = "read_model_rebuild_requested_v1";
}

/// What a projection wants recorded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Concern {
    /// An event does not draw.
    Park(EventParked),
    /// The log holds an event as parked that draws by now: a retry takes it off the list.
    Settled {
        /// The read model.
        model: String,
        /// The event's position in the log.
        position: u64,
    },
}

/// Where projections bring what they want recorded. They know no process; whoever wires them does.
pub trait Tending: Send + Sync + 'static {
    /// Records a concern, once under one `key`. Answers the position up to which the log tells of it.
    fn tend(&self, concern: Concern, key: String) -> BoxFuture<'_, Result<u64, Refused>>;
}

/// The types that every projection follows beside its own.
pub(crate) const TYPES: [&str; 4] =
    [EventParked::TYPE, ParkedEventRetried::TYPE, ParkedEventSkipped::TYPE, ReadModelRebuildRequested::TYPE];

/// What an event of these types asks of one read model.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Order {
    /// The log knows of this parked event.
    Told(u64),
    /// Try this one again.
    Retry(u64),
    /// Leave this one out.
    Skip(u64),
    /// Draw everything anew.
    Rebuild,
}

/// Whom and which event an order is about; the rest of its data is for people.
#[derive(Deserialize)]
struct Address {
    model: String,
    #[serde(default)]
    position: u64,
}

/// The order that an event gives to `model`. Data that nobody can read is no order.
pub(crate) fn order(model: &str, event: &RecordedEvent) -> Option<Order> {
    let kind = TYPES.iter().position(|known| **known == *event.event_type)?;
    let about: Address = serde_json::from_str(event.data.get())
        .inspect_err(|error| tracing::warn!(position = event.position, %error, "an order cannot be read"))
        .ok()?;
    let given = [Order::Told(about.position), Order::Retry(about.position), Order::Skip(about.position)];
    (about.model == model).then(|| given.get(kind).copied().unwrap_or(Order::Rebuild))
}
