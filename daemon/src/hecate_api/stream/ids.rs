//! How the ids of a stream's frames are written, and read again when their client comes back.

use super::super::headers::digits;
use super::cursor::Cursor;
use hecate_desk::{Refusal, Refused, Rule};

/// The ids of one stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ids {
    /// Bare positions: the stream of facts alone.
    Positions,
    /// Opaque cursors: the stream of many topics.
    Cursors,
}

impl Ids {
    /// The id of the fact at this position.
    pub(super) fn write(self, position: u64) -> String {
        match self {
            Ids::Positions => position.to_string(),
            Ids::Cursors => Cursor { facts: Some(position) }.encode(),
        }
    }

    /// The position that an id names; none where it names no fact. `field` is where the client said it.
    pub(super) fn read(self, text: &str, field: &str) -> Result<Option<u64>, Refused> {
        match self {
            Ids::Positions => position(text, field).map(Some),
            Ids::Cursors => Ok(Cursor::decode(text, field)?.facts),
        }
    }
}

/// A bare position.
pub(super) fn position(text: &str, field: &str) -> Result<u64, Refused> {
    digits(text).ok_or_else(|| Refusal::rule(field, Rule::Type, "It is a position in the log, a number."))
}
