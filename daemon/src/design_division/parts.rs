//! The parts of a design: aggregates with their status flags, events with their payload fields.

use hecate_desk::prelude::*;
use std::collections::BTreeSet;

/// One aggregate as it is designed now.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub(crate) struct AggregateDesign {
    pub(crate) aggregate_id: String,
    pub(crate) aggregate_name: String,
    pub(crate) stream_pattern: String,
    pub(crate) status_flags: Vec<StatusFlag>,
    pub(crate) description: Option<String>,
    pub(crate) revision: u32,
}

/// One event as it is designed now.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub(crate) struct EventDesign {
    pub(crate) designed_event_id: String,
    pub(crate) event_name: String,
    pub(crate) aggregate_name: String,
    pub(crate) payload_fields: Vec<PayloadField>,
    pub(crate) description: Option<String>,
    pub(crate) revision: u32,
}

/// One flag of an aggregate's status.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[schemars(inline)]
pub(crate) struct StatusFlag {
    /// What it says.
    pub(crate) name: StatusName,
    /// Its bit, a power of two.
    pub(crate) bit: u32,
}

type StatusName = Text<64>;

/// One field of an event's payload, as it is kept.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub(crate) struct PayloadField {
    pub(crate) name: String,
    #[serde(rename = "type")]
    pub(crate) of_type: String,
    pub(crate) required: bool,
}

/// One field of an event's payload, as it is asked for.
#[derive(Deserialize, JsonSchema)]
#[schemars(inline)]
pub(super) struct FieldAsked {
    /// What it is called.
    name: Snake,
    /// What it holds, in words of the design.
    #[serde(rename = "type")]
    of_type: Text<64>,
    /// Whether every event has it; not unless said so.
    required: Option<bool>,
}

pub(super) const INVALID_STATUS_FLAGS: Refusal = Refusal::new(
    422,
    "invalid_status_flags",
    "Status flags are powers of two, each bit and each name there once.",
);
pub(super) const INVALID_PAYLOAD_FIELDS: Refusal =
    Refusal::new(422, "invalid_payload_fields", "A payload has each field once.");

pub(super) const CRUD_EVENT_NAME: Refusal = Refusal::new(
    422,
    "crud_event_name",
    "An event says what happened in the business; created, updated and deleted say only that a row changed.",
);

/// Words that tell nothing of the business.
const CRUD_WORDS: [&str; 3] = ["created", "updated", "deleted"];

/// Refuses an event's name that tells nothing of the business.
pub(super) fn demand_business(event_name: &str) -> Result<(), Refused> {
    match event_name.split('_').find(|word| CRUD_WORDS.contains(word)) {
        None => Ok(()),
        Some(word) => Err(CRUD_EVENT_NAME.about("field", "event_name").about("word", word)),
    }
}

/// The flags, if they can be told apart.
pub(super) fn distinct(flags: Vec<StatusFlag>) -> Result<Vec<StatusFlag>, Refused> {
    let (mut bits, mut names) = (BTreeSet::new(), BTreeSet::new());
    for StatusFlag { name, bit } in &flags {
        if !bit.is_power_of_two() || !bits.insert(bit) || !names.insert(name.as_str()) {
            return Err(INVALID_STATUS_FLAGS.about("field", "status_flags").about("flag", name.as_str()));
        }
    }
    Ok(flags)
}

/// The fields to be kept, if none is there twice.
pub(super) fn kept(asked: Vec<FieldAsked>) -> Result<Vec<PayloadField>, Refused> {
    let mut names = BTreeSet::new();
    if let Some(twice) = asked.iter().find(|field| !names.insert(field.name.as_str())) {
        let refused = INVALID_PAYLOAD_FIELDS.about("field", "payload_fields");
        return Err(refused.about("name", twice.name.as_str()));
    }
    let keep = |field: FieldAsked| PayloadField {
        name: field.name.into(),
        of_type: field.of_type.into(),
        required: field.required.unwrap_or(false),
    };
    Ok(asked.into_iter().map(keep).collect())
}

/// A stream's name with one hole in it, for the id.
pub(super) type StreamPattern = hecate_desk::Word<StreamPatternForm>;

/// See [`StreamPattern`].
#[derive(Debug)]
pub(super) struct StreamPatternForm;

impl hecate_desk::Form for StreamPatternForm {
    const NAME: &'static str = "StreamPattern";
    const PATTERN: &'static str = "^[A-Za-z0-9_-]*\\{[a-z][a-z0-9_]*\\}[A-Za-z0-9_-]*$";
    const CHARS_MAX: usize = 200;

    fn fits(pattern: &str) -> bool {
        let is_name = |part: &str| part.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_' || b == b'-');
        let parts = pattern.split_once('{').and_then(|(before, rest)| Some((before, rest.split_once('}')?)));
        parts.is_some_and(|(before, (hole, after))| {
            is_name(before) && <hecate_desk::SnakeForm as hecate_desk::Form>::fits(hole) && is_name(after)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn flags_are_told_apart_by_bit_and_name() {
        let flag = |name: &str, bit| StatusFlag { name: name.to_owned().try_into().unwrap(), bit };
        assert!(distinct(vec![flag("paid", 1), flag("sent", 2)]).is_ok());
        for wrong in [
            [("paid", 1), ("sent", 3)],
            [("paid", 1), ("sent", 1)],
            [("paid", 1), ("paid", 2)],
            [("paid", 1), ("sent", 0)],
        ] {
            let flags = wrong.map(|(name, bit)| flag(name, bit));
            assert!(distinct(flags.to_vec()).unwrap_err().is(INVALID_STATUS_FLAGS), "{wrong:?}");
        }
    }

    #[test]
    fn a_stream_pattern_has_one_hole() {
        for (pattern, fits) in [
            ("order-{order_id}", true),
            ("{id}", true),
            ("order", false),
            ("a-{b}-{c}", false),
            ("a-{}", false),
        ] {
            assert_eq!(StreamPattern::try_from(pattern.to_owned()).is_ok(), fits, "{pattern}");
        }
    }
}
