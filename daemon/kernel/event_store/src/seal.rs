//! What makes damage visible. Every event carries a hash that continues the hash of the event before it in
//! its stream, and a checksum of its whole row. A row that was altered does not fit its checksum; a row
//! that was altered with its checksum does not fit the chain.

use sha2::{Digest, Sha256};
use uuid::Uuid;

use crate::event::RecordedEvent;

/// SHA-256 of an event and of everything before it in its stream.
pub(crate) type Hash = [u8; 32];

/// What the first event of a stream continues.
pub(crate) const BEFORE_FIRST: Hash = [0; 32];

/// What is kept with an event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Seal {
    pub(crate) hash: Hash,
    /// CRC-32 of the event and the hash.
    pub(crate) crc: u32,
}

/// Makes and checks seals; keeps its buffer from one event to the next.
#[derive(Default)]
pub(crate) struct Sealer {
    buffer: Vec<u8>,
}

impl Sealer {
    /// Seals the event that continues `previous`.
    pub(crate) fn seal(&mut self, previous: &Hash, event: &RecordedEvent) -> Seal {
        self.write(event);
        let hash = self.hash(previous);
        Seal { hash, crc: self.crc(&hash) }
    }

    /// Whether the row is what was once written.
    pub(crate) fn fits(&mut self, event: &RecordedEvent, seal: &Seal) -> bool {
        self.write(event);
        self.crc(&seal.hash) == seal.crc
    }

    /// Whether the event continues `previous`.
    pub(crate) fn continues(&mut self, previous: &Hash, event: &RecordedEvent, seal: &Seal) -> bool {
        self.write(event);
        self.hash(previous) == seal.hash
    }

    fn hash(&self, previous: &Hash) -> Hash {
        Sha256::new().chain_update(previous).chain_update(&self.buffer).finalize().into()
    }

    fn crc(&self, hash: &Hash) -> u32 {
        let mut crc = crc32fast::Hasher::new();
        crc.update(&self.buffer);
        crc.update(hash);
        crc.finalize()
    }

    /// Everything that an event says, each part behind its length, so that no two events read the same.
    fn write(&mut self, event: &RecordedEvent) {
        self.buffer.clear();
        let metadata = &event.metadata;
        for number in [event.position, event.version, event.at_us.cast_unsigned()] {
            self.buffer.extend_from_slice(&number.to_be_bytes());
        }
        let ids = [event.event_id, metadata.correlation_id, metadata.causation_id, metadata.command_id];
        ids.iter().map(Uuid::as_bytes).for_each(|id| self.buffer.extend_from_slice(id));
        for text in [&event.stream_id, &event.event_type, &metadata.actor, &metadata.node_id, &metadata.realm]
        {
            self.text(text);
        }
        self.optional(metadata.visibility.as_deref());
        self.optional(metadata.idempotency_key.as_deref());
        self.optional(metadata.conversation_id.as_deref());
        self.length(event.tags.len());
        event.tags.iter().for_each(|tag| self.text(tag));
        self.text(event.data.get());
    }

    fn optional(&mut self, text: Option<&str>) {
        self.buffer.push(u8::from(text.is_some()));
        self.text(text.unwrap_or_default());
    }

    fn text(&mut self, text: &str) {
        self.length(text.len());
        self.buffer.extend_from_slice(text.as_bytes());
    }

    fn length(&mut self, length: usize) {
        self.buffer.extend_from_slice(&(length as u64).to_be_bytes());
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::admission::sample;

    #[test]
    fn whatever_is_altered_does_not_fit() {
        let event = sample(7);
        let seal = Sealer::default().seal(&BEFORE_FIRST, &event);
        let alter: [fn(&mut RecordedEvent); 9] = [
            |event| event.position += 1,
            |event| event.version += 1,
            |event| event.at_us = -1,
            |event| event.event_id = Uuid::from_u128(1),
            |event| event.stream_id = "t".into(),
            |event| event.event_type = "thing_done_v2".into(),
            |event| event.metadata.actor = "uid:0@here".into(),
            |event| event.metadata.visibility = Some("".into()),
            |event| event.tags.push("".into()),
        ];
        assert!(Sealer::default().fits(&event, &seal));
        assert!(Sealer::default().continues(&BEFORE_FIRST, &event, &seal));
        for (number, alter) in alter.iter().enumerate() {
            let mut altered = event.clone();
            alter(&mut altered);
            assert!(!Sealer::default().fits(&altered, &seal), "alteration {number}");
            assert!(!Sealer::default().continues(&BEFORE_FIRST, &altered, &seal), "alteration {number}");
        }
    }

    #[test]
    fn the_same_event_elsewhere_in_a_stream_has_another_hash() {
        let (event, mut sealer) = (sample(7), Sealer::default());
        assert_ne!(sealer.seal(&BEFORE_FIRST, &event).hash, sealer.seal(&[1; 32], &event).hash);
    }
}
