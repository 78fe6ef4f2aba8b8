//! Idempotency: what a request did is kept under the caller's key, and a repetition is answered from it.

use crate::caller::Caller;
use crate::{answer::Outcome, answer::Told, refusal::Refusal, refusal::Refused, subject::Subject};
use hecate_event_store::{Keep, NewReceipt, Receipt};
use hecate_proto::answer::EventRef;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, value::RawValue, value::to_raw_value};
use sha2::{Digest, Sha256};
use ulid::Ulid;
use uuid::Uuid;

/// How long a client's key is remembered: 30 days.
const KEPT_US: i64 = 30 * 24 * 60 * 60 * 1_000_000;

/// The name of a receipt: one actor, one desk, one key.
pub(crate) fn receipt_key(process: &str, desk: &str, actor: &str, key: &str) -> String {
    format!("{actor}\n{process}.{desk}\n{key}")
}

/// Tells a repetition from another request under the same key: the ids in the path and the body, whatever
/// the order of their fields.
pub(crate) fn request_hash(path_ids: &Map<String, Value>, body: &Value) -> [u8; 32] {
    let mut request = Value::from_iter([Value::from(path_ids.clone()), body.clone()]);
    request.sort_all_objects();
    Sha256::digest(request.to_string()).into()
}

/// The hash of every request that is known by its key alone.
pub(crate) fn known_by_its_key() -> [u8; 32] {
    request_hash(&Map::new(), &Value::Object(Map::new()))
}

/// What a receipt remembers beside the events.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Note {
    Told(Outcome),
    Refused(Refused),
}

impl Note {
    /// # Panics
    /// Never: a note is plain data.
    pub(crate) fn write(&self) -> Box<RawValue> {
        to_raw_value(self).expect("a note is plain data")
    }
}

/// A receipt to be kept: for 30 days, or for ever where a listener asked, since its fact can come again at any
/// time.
pub(crate) fn keep(key: String, body_hash: [u8; 32], note: &Note, at_us: i64, caller: &Caller) -> NewReceipt {
    let until = Keep::UntilUs(at_us.saturating_add(KEPT_US));
    let keep = if caller.because.is_some() { Keep::Forever } else { until };
    NewReceipt { key, body_hash, note: note.write(), at_us, keep }
}

/// The first result again, or a conflict when the key came with another request.
pub(crate) fn replay(receipt: Receipt, body_hash: [u8; 32], correlation_id: Uuid) -> Result<Told, Refused> {
    if receipt.body_hash != body_hash {
        return Err(Refusal::IDEMPOTENCY_CONFLICT.about("field", "Idempotency-Key"));
    }
    let note: Note = serde_json::from_str(receipt.note.get())
        .map_err(|error| Refusal::INTERNAL.about("hint", format!("The receipt cannot be read: {error}")))?;
    match note {
        Note::Refused(refused) => Err(refused),
        Note::Told(outcome) => {
            let events = receipt.events.iter().map(event_ref).collect();
            Ok(outcome.told(events, receipt.last_position, correlation_id))
        }
    }
}

fn event_ref(event: &hecate_event_store::EventRef) -> EventRef {
    EventRef { event_id: event.event_id, event_type: event.event_type.to_string(), version: event.version }
}

/// One request on its way to its aggregate.
#[derive(Clone)]
pub(crate) struct Keyed {
    pub(crate) subject: Subject,
    pub(crate) body: Value,
    pub(crate) body_hash: [u8; 32],
    /// Present where the caller gave a key.
    pub(crate) receipt_key: Option<String>,
    /// What an id that is minted for this request wears.
    pub(crate) fresh: Ulid,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_order_of_fields_makes_no_other_request() {
        let hash = |body: &str| request_hash(&Map::new(), &serde_json::from_str(body).unwrap());
        assert_eq!(hash(r#"{"a":1,"b":{"c":2,"d":3}}"#), hash(r#"{"b":{"d":3,"c":2},"a":1}"#));
        assert_ne!(hash(r#"{"a":1}"#), hash(r#"{"a":2}"#));
    }
}
