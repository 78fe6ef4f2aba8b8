//! One JSON value a line. Blank lines mean nothing.

use super::lines::{Ends, Lines};
use super::{FramingError, Reader};

/// Finds the lines.
pub(in super::super) struct NdjsonReader(Lines);

impl NdjsonReader {
    pub(in super::super) fn new() -> NdjsonReader {
        NdjsonReader(Lines::new(Ends::Lf))
    }
}

impl Reader for NdjsonReader {
    fn push<E: From<FramingError>>(
        &mut self,
        bytes: &[u8],
        each: &mut impl FnMut(&str) -> Result<(), E>,
    ) -> Result<(), E> {
        self.0.push(bytes, |line| {
            let text = std::str::from_utf8(line).map_err(|_| FramingError::NotUtf8)?;
            if text.trim().is_empty() { Ok(()) } else { each(text) }
        })
    }

    fn finish<E: From<FramingError>>(
        &mut self,
        each: &mut impl FnMut(&str) -> Result<(), E>,
    ) -> Result<(), E> {
        self.push(b"\n", each)
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::{events_however_split, read_in};
    use super::super::{LINE_BYTES_MAX, Reader as _};
    use super::*;

    #[test]
    fn every_line_is_an_event_wherever_the_bytes_are_cut() {
        let text = "{\"a\":\"té\"}\r\n\n \n{\"b\":\"a\rb\"}\n{\"cut\":";
        let events = events_however_split(NdjsonReader::new, text.as_bytes());
        assert_eq!(events, ["{\"a\":\"té\"}", "{\"b\":\"a\rb\"}"]);
    }

    #[test]
    fn a_line_without_an_end_is_refused_at_the_bound() {
        let mut reader = NdjsonReader::new();
        let mut fed = 0;
        let refused = loop {
            let pushed = reader.push(&[b'x'; 1_000], &mut |_: &str| Ok::<_, FramingError>(()));
            fed += 1_000;
            if let Err(refused) = pushed {
                break refused;
            }
            assert!(fed <= LINE_BYTES_MAX, "nothing was refused");
        };
        assert_eq!(refused, FramingError::LineTooLong { max: LINE_BYTES_MAX });
        assert_eq!(read_in(NdjsonReader::new(), &[b"\xff\xfe\n"]), Err(FramingError::NotUtf8));
    }
}
