//! The event that everybody records: 300 B of JSON, 121 B of metadata, a type and two tags, in one of 1,000
//! streams. Ids differ from event to event; who and where repeat, as they do on a real node.

use std::sync::LazyLock;
use uuid::Uuid;

pub(crate) const STREAMS: usize = 1_000;
pub(crate) const TYPE: &str = "sample_recorded_v1";
pub(crate) const PAYLOAD_BYTES: usize = 300;
/// Three ids of 16 bytes and the texts below.
pub(crate) const METADATA_BYTES: usize = 3 * 16 + ACTOR.len() + NODE_ID.len() + REALM.len();

pub(crate) const ACTOR: &str = "uid:1000@bench-node";
pub(crate) const NODE_ID: &str = "node-7f3a90c2d41e5b68aa07c9f1e2d3b4a5f6";
pub(crate) const REALM: &str = "io.hecate.bench";

/// Different payloads; each is a JSON object of exactly [`PAYLOAD_BYTES`].
const PAYLOADS: usize = 64;
static PAYLOAD_TEXTS: LazyLock<Vec<String>> = LazyLock::new(|| (0..PAYLOADS as u64).map(payload).collect());
static TAGS: LazyLock<Vec<[String; 2]>> = LazyLock::new(|| (0..STREAMS).map(tags_of).collect());

/// One event before anybody gave it a form of its own.
#[derive(Clone, Copy)]
pub(crate) struct Sample {
    /// Which of the [`STREAMS`].
    pub(crate) stream: usize,
    pub(crate) id: Uuid,
    pub(crate) correlation_id: Uuid,
    pub(crate) causation_id: Uuid,
    pub(crate) command_id: Uuid,
    payload: usize,
}

/// Makes one sample after the other; the same seed picks the same payloads and ids of metadata.
pub(crate) struct Samples {
    random: Random,
}

impl Samples {
    pub(crate) fn new(seed: u64) -> Samples {
        Samples { random: Random(seed) }
    }

    pub(crate) fn next(&mut self, stream: usize) -> Sample {
        let mut id = || Uuid::from_u64_pair(self.random.next(), self.random.next());
        let (correlation_id, causation_id, command_id) = (id(), id(), Uuid::now_v7());
        let payload = usize::try_from(self.random.next() % PAYLOADS as u64).unwrap_or(0);
        Sample { stream, id: Uuid::now_v7(), correlation_id, causation_id, command_id, payload }
    }
}

impl Sample {
    pub(crate) fn payload(&self) -> &'static str {
        &PAYLOAD_TEXTS[self.payload]
    }

    /// Names of the stream itself and of a group of ten streams.
    pub(crate) fn tags(&self) -> &'static [String; 2] {
        &TAGS[self.stream]
    }

    /// For those to whom metadata is opaque.
    pub(crate) fn metadata(&self) -> Vec<u8> {
        let ids = [self.correlation_id, self.causation_id, self.command_id];
        let mut bytes = Vec::with_capacity(METADATA_BYTES);
        ids.iter().for_each(|id| bytes.extend_from_slice(id.as_bytes()));
        [ACTOR, NODE_ID, REALM].iter().for_each(|text| bytes.extend_from_slice(text.as_bytes()));
        bytes
    }

    /// Microseconds since the epoch, as the id says.
    pub(crate) fn at_us(&self) -> i64 {
        let (seconds, nanos) = self.id.get_timestamp().map_or((0, 0), |at| at.to_unix());
        i64::try_from(seconds * 1_000_000 + u64::from(nanos) / 1_000).unwrap_or(0)
    }
}

fn tags_of(stream: usize) -> [String; 2] {
    [format!("venture:v-{stream:026}"), format!("division:d-{:026}", stream / 10)]
}

fn payload(seed: u64) -> String {
    let mut random = Random(seed);
    let mut text = format!(r#"{{"sample":{seed},"revision":{},"text":""#, random.next() % 1_000);
    while text.len() < PAYLOAD_BYTES - 2 {
        let letter = b"etaoin shrdlu cmfwyp vbgkjq"[usize::try_from(random.next() % 27).unwrap_or(0)];
        text.push(char::from(letter));
    }
    text + "\"}"
}

/// SplitMix64: good enough to pick, and it costs nothing.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sample_is_as_long_as_the_table_says() {
        let sample = Samples::new(7).next(3);
        assert_eq!(sample.payload().len(), PAYLOAD_BYTES);
        assert_eq!(sample.metadata().len(), METADATA_BYTES);
        assert_eq!(PAYLOAD_BYTES + METADATA_BYTES, 421);
        assert!(serde_json::from_str::<serde_json::Value>(sample.payload()).is_ok());
    }
}
