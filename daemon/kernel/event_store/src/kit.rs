//! Events for tests that do not care what happened.

use serde_json::{Value, value::to_raw_value};
use uuid::Uuid;

use crate::event::{Metadata, NewEvent};

/// An event of this type with this data, made by nobody in particular at the epoch.
///
/// # Panics
/// When the data does not serialise.
pub fn event(event_type: &str, data: &Value) -> NewEvent {
    NewEvent {
        event_id: Uuid::now_v7(),
        event_type: event_type.into(),
        data: to_raw_value(data).expect("a value is plain data").into(),
        metadata: Metadata {
            correlation_id: Uuid::nil(),
            causation_id: Uuid::nil(),
            command_id: Uuid::nil(),
            actor: "uid:1@kit".into(),
            node_id: "kit".into(),
            realm: "kit".into(),
            idempotency_key: None,
            conversation_id: None,
            visibility: None,
        },
        tags: Vec::new(),
        at_us: 0,
    }
}
