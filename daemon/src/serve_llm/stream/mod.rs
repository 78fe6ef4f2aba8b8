//! The two framings of streamed answers, as push parsers: bytes go in however the network cut them, whole
//! events come out. What is too long is refused, so that no provider can fill the daemon's memory.

mod lines;
mod ndjson;
mod sse;

pub(super) use ndjson::NdjsonReader;
pub(super) use sse::SseReader;

/// One line, without its end.
const LINE_BYTES_MAX: usize = 1024 * 1024;
/// The data of one event, its lines joined.
const EVENT_BYTES_MAX: usize = 8 * 1024 * 1024;

/// Bytes that are no stream of this framing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum FramingError {
    #[error("a line is longer than {max} bytes")]
    LineTooLong { max: usize },
    #[error("an event is longer than {max} bytes")]
    EventTooLong { max: usize },
    #[error("an event is not UTF-8")]
    NotUtf8,
}

/// Finds events in bytes.
pub(super) trait Reader: Send {
    /// Takes more bytes and hands every event that is now whole to `each`, until one fails.
    fn push<E: From<FramingError>>(
        &mut self,
        bytes: &[u8],
        each: &mut impl FnMut(&str) -> Result<(), E>,
    ) -> Result<(), E>
    where
        Self: Sized;

    /// Hands what is left at the end of the bytes to `each`: an event that lacks its end, whole or cut off.
    fn finish<E: From<FramingError>>(
        &mut self,
        each: &mut impl FnMut(&str) -> Result<(), E>,
    ) -> Result<(), E>
    where
        Self: Sized;
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    pub(super) fn read_in<R: Reader>(mut reader: R, pieces: &[&[u8]]) -> Result<Vec<String>, FramingError> {
        let mut events = Vec::new();
        for piece in pieces {
            reader.push(piece, &mut |event: &str| {
                events.push(event.to_owned());
                Ok::<_, FramingError>(())
            })?;
        }
        Ok(events)
    }

    /// The events of a stream, found to be the same wherever it is cut in two, and byte by byte.
    pub(super) fn events_however_split<R: Reader>(make: impl Fn() -> R, bytes: &[u8]) -> Vec<String> {
        let whole = read_in(make(), &[bytes]).unwrap();
        for at in 0..=bytes.len() {
            let (head, tail) = bytes.split_at(at);
            assert_eq!(read_in(make(), &[head, tail]).unwrap(), whole, "cut at {at}");
        }
        let single: Vec<&[u8]> = bytes.chunks(1).collect();
        assert_eq!(read_in(make(), &single).unwrap(), whole, "byte by byte");
        whole
    }
}
