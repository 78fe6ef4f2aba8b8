//! Copies of what the daemon itself recorded of one division: every id is another one in every copy, so that each copy
//! is a division of its own and tells the same story.

use crate::contestant::store::Copied;
use hecate_event_store::RecordedEvent;
use std::fmt::Write as _;
use std::sync::Arc;
use uuid::Uuid;

const ULID_CHARS: usize = 26;
const UUID_CHARS: usize = 36;
/// The characters of an id that are the number of the copy: none of those that tell ids of one division apart.
const ULID_NUMBER: std::ops::Range<usize> = 4..10;
const UUID_NUMBER: std::ops::Range<usize> = 24..30;

/// An event with holes where its ids stand.
pub(super) struct Template {
    pub(super) event: Arc<RecordedEvent>,
    event_id: Text,
    stream_id: Text,
    tags: Vec<Text>,
    data: Text,
}

struct Text(Vec<Piece>);

enum Piece {
    Plain(String),
    Ulid(String),
    Uuid(String),
}

impl Template {
    /// None for an event that is not about a division or its venture: the daemon's own.
    pub(super) fn of(event: &Arc<RecordedEvent>) -> Option<Template> {
        let stream_id = Text::of(&event.stream_id);
        let is_about_one = stream_id.0.iter().any(|piece| matches!(piece, Piece::Ulid(_)));
        is_about_one.then(|| Template {
            event: Arc::clone(event),
            event_id: Text::of(&event.event_id.to_string()),
            stream_id,
            tags: event.tags.iter().map(|tag| Text::of(tag)).collect(),
            data: Text::of(event.data.get()),
        })
    }

    /// The event as copy `number` has it.
    pub(super) fn copy(&self, number: usize) -> Copied {
        Copied {
            event_id: Uuid::try_parse(&self.event_id.copy(number)).unwrap(),
            stream_id: self.stream_id.copy(number).into(),
            tags: self.tags.iter().map(|tag| tag.copy(number)).collect(),
            data: self.data.copy(number),
        }
    }
}

impl Text {
    fn of(text: &str) -> Text {
        let (mut pieces, mut plain, mut at) = (Vec::new(), String::new(), 0);
        while let Some(rest) = text.get(at..) {
            let Some(first) = rest.chars().next() else { break };
            let begins = !plain.ends_with(|c: char| c.is_ascii_alphanumeric());
            let id = if begins { id_at(rest) } else { None };
            match id {
                Some(id) => {
                    pieces.push(Piece::Plain(std::mem::take(&mut plain)));
                    at += id.len();
                    pieces.push(id);
                }
                None => {
                    plain.push(first);
                    at += first.len_utf8();
                }
            }
        }
        pieces.push(Piece::Plain(plain));
        Text(pieces)
    }

    fn copy(&self, number: usize) -> String {
        let mut text = String::new();
        for piece in &self.0 {
            let (id, range) = match piece {
                Piece::Plain(plain) => {
                    text.push_str(plain);
                    continue;
                }
                Piece::Ulid(id) => (id, ULID_NUMBER),
                Piece::Uuid(id) => (id, UUID_NUMBER),
            };
            // Decimal digits are digits of both kinds of id.
            let _ = write!(text, "{}{number:06}{}", &id[..range.start], &id[range.end..]);
        }
        text
    }
}

impl Piece {
    fn len(&self) -> usize {
        let (Piece::Plain(text) | Piece::Ulid(text) | Piece::Uuid(text)) = self;
        text.len()
    }
}

fn id_at(text: &str) -> Option<Piece> {
    let ulid = text.get(..ULID_CHARS).filter(|id| id.bytes().all(is_ulid));
    let uuid = || text.get(..UUID_CHARS).filter(|id| Uuid::try_parse(id).is_ok());
    let ulid = ulid.map(|id| Piece::Ulid(id.to_owned()));
    ulid.or_else(|| uuid().map(|id| Piece::Uuid(id.to_owned())))
}

fn is_ulid(byte: u8) -> bool {
    byte.is_ascii_digit() || byte.is_ascii_uppercase()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_id_is_another_one_in_every_copy() {
        let text =
            r#"{"a":"desk-d-01ARZ3NDEKTSV4RRFFQ69G5FAV-x","b":"0197f3a0-0000-7000-8000-aaaaaaaaaaaa","c":1}"#;
        let copy = Text::of(text).copy(42);
        let expected =
            r#"{"a":"desk-d-01AR000042TSV4RRFFQ69G5FAV-x","b":"0197f3a0-0000-7000-8000-000042aaaaaa","c":1}"#;
        assert_eq!(copy, expected);
    }
}
