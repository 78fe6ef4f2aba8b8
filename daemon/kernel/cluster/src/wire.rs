//! What gateways say to each other: bytes with a version in front, then the link's token, then JSON.

use crate::outbox::Encoded;
use crate::stream::LinkToken;
use hecate_event_store::{Json, Metadata, RecordedEvent};
use hecate_proto::tree::TreeNode;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use std::sync::Arc;
use uuid::Uuid;

/// The version of everything below. Another one is counted and dropped.
pub(crate) const VERSION: u8 = 1;
/// The largest tree that is sent: ten thousand actors take about 3 MB.
pub(crate) const TREE_BYTES_MAX: usize = 6 * 1024 * 1024;
/// The largest parcel that is read at all.
pub(crate) const PARCEL_BYTES_MAX: u64 = 8 * 1024 * 1024;

/// One message between two gateways.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Frame {
    /// I live.
    Beat { sent_us: u64 },
    /// So do I.
    Echo { sent_us: u64 },
    /// Facts of the sender's log, the first of this number.
    Facts { number: u64, facts: Vec<Box<RawValue>> },
    /// Everything before this number was told.
    Taken { next: u64 },
    /// Show me your tree.
    AskTree { ask: u64 },
    /// Here it is, or why not.
    Tree { ask: u64, tree: Option<Box<RawValue>>, refused: Option<TreeRefusal> },
}

/// Why a node does not show its tree.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[serde(rename_all = "snake_case")]
pub enum TreeRefusal {
    /// It is too large for one answer.
    #[error("the tree is larger than {TREE_BYTES_MAX} bytes")]
    TooLarge,
    /// It has not booted yet.
    #[error("the node is starting")]
    Starting,
}

/// Bytes that are no frame of ours.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Garbled {
    #[error("version {0}; {VERSION} is spoken here")]
    Version(u8),
    #[error("too short")]
    Short,
    #[error("{0}")]
    Json(#[from] serde_json::Error),
}

impl Frame {
    pub(crate) fn encode(&self, token: &LinkToken) -> Result<Vec<u8>, serde_json::Error> {
        let mut bytes = vec![VERSION];
        bytes.extend_from_slice(token);
        serde_json::to_writer(&mut bytes, self)?;
        Ok(bytes)
    }

    pub(crate) fn decode(bytes: &[u8]) -> Result<(LinkToken, Frame), Garbled> {
        let (version, rest) = bytes.split_first().ok_or(Garbled::Short)?;
        if *version != VERSION {
            return Err(Garbled::Version(*version));
        }
        let (token, frame) = rest.split_first_chunk().ok_or(Garbled::Short)?;
        Ok((*token, serde_json::from_slice(frame)?))
    }

    /// A tree as the answer to `ask`.
    pub(crate) fn tree(ask: u64, tree: Option<&TreeNode>) -> Result<Frame, serde_json::Error> {
        let refused = |refused| Ok(Frame::Tree { ask, tree: None, refused: Some(refused) });
        let Some(tree) = tree else { return refused(TreeRefusal::Starting) };
        let tree = serde_json::value::to_raw_value(tree)?;
        if tree.get().len() > TREE_BYTES_MAX {
            return refused(TreeRefusal::TooLarge);
        }
        Ok(Frame::Tree { ask, tree: Some(tree), refused: None })
    }
}

/// A recorded event between two nodes, field by field: what is stored and what is sent may part ways.
#[derive(Serialize, Deserialize)]
struct WireFact {
    event_id: Uuid,
    event_type: Arc<str>,
    stream_id: Arc<str>,
    version: u64,
    position: u64,
    at_us: i64,
    data: Box<RawValue>,
    metadata: Metadata,
    tags: Vec<Arc<str>>,
}

/// Encodes a fact once for all peers.
pub(crate) fn encode_fact(fact: &RecordedEvent) -> Result<Encoded, serde_json::Error> {
    let RecordedEvent { event_id, event_type, stream_id, version, position, at_us, data, metadata, tags } =
        fact.clone();
    let data = RawValue::from_string(data.get().to_owned())?;
    let fact = WireFact { event_id, event_type, stream_id, version, position, at_us, data, metadata, tags };
    Ok(serde_json::to_string(&fact)?.into())
}

/// The fact that somebody encoded.
pub(crate) fn decode_fact(fact: &RawValue) -> Result<RecordedEvent, serde_json::Error> {
    let fact: WireFact = serde_json::from_str(fact.get())?;
    let WireFact { event_id, event_type, stream_id, version, position, at_us, data, metadata, tags } = fact;
    let data = Json::from(data);
    Ok(RecordedEvent { event_id, event_type, stream_id, version, position, at_us, data, metadata, tags })
}

#[cfg(test)]
mod tests {
    use super::*;

    pub(crate) fn a_fact(position: u64) -> RecordedEvent {
        RecordedEvent {
            event_id: Uuid::from_u128(u128::from(position)),
            event_type: "tea_made_v1".into(),
            stream_id: "tea-1".into(),
            version: 3,
            position,
            at_us: -7,
            data: RawValue::from_string("{\"a\" :  1.50}".into()).unwrap().into(),
            metadata: Metadata {
                correlation_id: Uuid::from_u128(1),
                causation_id: Uuid::from_u128(2),
                command_id: Uuid::from_u128(3),
                actor: "uid:1@n".into(),
                node_id: "n".into(),
                realm: "r".into(),
                idempotency_key: Some("k".into()),
                conversation_id: None,
                visibility: None,
            },
            tags: vec!["tea:1".into()],
        }
    }

    #[test]
    fn a_fact_crosses_byte_for_byte() {
        let fact = a_fact(u64::MAX);
        let raw = RawValue::from_string(encode_fact(&fact).unwrap().to_string()).unwrap();
        let frame = Frame::Facts { number: 1, facts: vec![raw] };
        let (token, frame) = Frame::decode(&frame.encode(&[7; 16]).unwrap()).unwrap();
        let Frame::Facts { facts, .. } = frame else { panic!("{frame:?}") };
        assert_eq!(token, [7; 16]);
        let crossed = decode_fact(&facts[0]).unwrap();
        assert_eq!(format!("{crossed:?}"), format!("{fact:?}"));
    }

    #[test]
    fn another_version_and_noise_are_told_apart_and_never_read() {
        let beat = Frame::Beat { sent_us: 1 }.encode(&[0; 16]).unwrap();
        let newer = [&[VERSION + 1], &beat[1..]].concat();
        assert!(matches!(Frame::decode(&newer), Err(Garbled::Version(2))));
        assert!(matches!(Frame::decode(&[]), Err(Garbled::Short)));
        assert!(matches!(Frame::decode(&beat[..10]), Err(Garbled::Short)));
        assert!(matches!(Frame::decode(&beat[..20]), Err(Garbled::Json(_))));
    }

    #[test]
    fn a_tree_that_is_too_large_is_refused_by_name() {
        let leaf = |path: String| -> TreeNode {
            serde_json::from_value(serde_json::json!({
                "path": path, "kind": "worker", "generation": 1, "status": "running",
                "restart": "permanent", "restarts": {"total": 0},
            }))
            .unwrap()
        };
        let mut root = leaf("/hecate".into());
        assert!(matches!(
            Frame::tree(1, Some(&root)).unwrap(),
            Frame::Tree { tree: Some(_), refused: None, .. }
        ));
        root.children.push(leaf("x".repeat(TREE_BYTES_MAX)));
        let refused = |frame| match frame {
            Frame::Tree { tree: None, refused, .. } => refused,
            other => panic!("{other:?}"),
        };
        assert_eq!(refused(Frame::tree(1, Some(&root)).unwrap()), Some(TreeRefusal::TooLarge));
        assert_eq!(refused(Frame::tree(1, None).unwrap()), Some(TreeRefusal::Starting));
    }
}
