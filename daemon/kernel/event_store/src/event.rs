//! An event before and after it was recorded. The payload stays the JSON text that the caller wrote:
//! the store keeps bytes, it never re-reads a business schema.

use std::sync::Arc;

use serde::{Deserialize, Serialize, Serializer};
use serde_json::value::RawValue;
use uuid::Uuid;

/// An event that somebody wants recorded.
#[derive(Debug, Clone)]
pub struct NewEvent {
    /// UUIDv7 made by the caller; unique in the store by construction, not checked.
    pub event_id: Uuid,
    /// Snake case with its version, for instance `venture_initiated_v1`.
    pub event_type: Arc<str>,
    /// The business payload: a JSON object.
    pub data: Json,
    /// Who, where, and because of what.
    pub metadata: Metadata,
    /// Keys for queries across streams, for instance `venture:v-01…`. A double counts once.
    pub tags: Vec<String>,
    /// When it happened, microseconds since the Unix epoch, by the caller's clock. Never an order.
    pub at_us: i64,
}

/// What is known about the making of an event, apart from its business payload.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Metadata {
    /// One id for the whole flow, from the first request to the last consequence.
    pub correlation_id: Uuid,
    /// The command, or the source event, that directly caused this one.
    pub causation_id: Uuid,
    /// The command that recorded it; for tracing only.
    pub command_id: Uuid,
    /// Who asked, for instance `uid:1000@node`.
    pub actor: Arc<str>,
    /// The node that recorded it.
    pub node_id: Arc<str>,
    /// The realm that the node lives in.
    pub realm: Arc<str>,
    /// The caller's own key of the request, where it gave one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub idempotency_key: Option<String>,
    /// Groups the events of one guided conversation.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub conversation_id: Option<String>,
    /// Who may see the venture that the event belongs to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub visibility: Option<Arc<str>>,
}

/// An event that the store has: durable, numbered, never changed. Shared as `Arc<RecordedEvent>`.
#[derive(Debug, Clone)]
pub struct RecordedEvent {
    /// The caller's id of the event.
    pub event_id: Uuid,
    /// The event type with its version.
    pub event_type: Arc<str>,
    /// The stream that it belongs to.
    pub stream_id: Arc<str>,
    /// Its place in the stream, from 0, without gaps.
    pub version: u64,
    /// Its place in the store, from 1, without gaps. 0 means "before everything".
    pub position: u64,
    /// When it happened, microseconds since the Unix epoch, as the caller said.
    pub at_us: i64,
    /// The business payload: a JSON object, byte for byte as it came.
    pub data: Json,
    /// Who, where, and because of what.
    pub metadata: Metadata,
    /// Keys for queries across streams, without doubles, in the order in which they came.
    pub tags: Vec<Arc<str>>,
}

/// JSON text that was checked when it came and is trusted from then on: reading an event back costs no parser.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Json(Box<str>);

impl Json {
    /// The text.
    pub fn get(&self) -> &str {
        &self.0
    }

    /// Text that the store itself wrote, and whose checksum fits.
    pub(crate) fn trusted(text: &str) -> Self {
        Self(text.into())
    }
}

impl From<Box<RawValue>> for Json {
    fn from(value: Box<RawValue>) -> Self {
        Self(value.into())
    }
}

impl Serialize for Json {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serde_json::from_str::<&RawValue>(&self.0).map_err(serde::ser::Error::custom)?.serialize(serializer)
    }
}

impl Metadata {
    /// Bytes that the texts and ids take; what the size bounds count.
    fn size_bytes(&self) -> usize {
        let optional = [&self.idempotency_key, &self.conversation_id];
        let optional_bytes = optional.into_iter().flatten().map(String::len).sum::<usize>()
            + self.visibility.as_ref().map_or(0, |visibility| visibility.len());
        3 * size_of::<Uuid>() + self.actor.len() + self.node_id.len() + self.realm.len() + optional_bytes
    }
}

impl NewEvent {
    /// Bytes of payload, metadata, tags and type together; what the size bounds count.
    pub fn size_bytes(&self) -> usize {
        let tags: usize = self.tags.iter().map(String::len).sum();
        self.data.get().len() + self.metadata.size_bytes() + tags + self.event_type.len()
    }
}

impl RecordedEvent {
    /// Bytes that the event holds in memory, near enough for a bound.
    pub(crate) fn size_bytes(&self) -> usize {
        size_of::<Self>()
            + self.data.get().len()
            + self.metadata.size_bytes()
            + self.tags.len() * size_of::<Arc<str>>()
    }
}
