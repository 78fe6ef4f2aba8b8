//! Server-sent events by the rules of the HTML standard: CR, LF or CRLF; one blank after the colon is no part
//! of the value; several `data` lines are one text; comments and unknown fields mean nothing; an event that
//! the end of the stream cuts off is none.

use super::lines::{Ends, Lines};
use super::{EVENT_BYTES_MAX, FramingError, Reader};

const BOM: &[u8] = b"\xef\xbb\xbf";

/// Finds the data of each event. Names and ids say nothing that the protocols of models need.
pub(in super::super) struct SseReader {
    lines: Lines,
    event: Event,
}

#[derive(Default)]
struct Event {
    data: String,
    has_data: bool,
    past_first_line: bool,
}

impl SseReader {
    pub(in super::super) fn new() -> SseReader {
        SseReader { lines: Lines::new(Ends::CrOrLf), event: Event::default() }
    }
}

impl Reader for SseReader {
    fn push<E: From<FramingError>>(
        &mut self,
        bytes: &[u8],
        each: &mut impl FnMut(&str) -> Result<(), E>,
    ) -> Result<(), E> {
        let event = &mut self.event;
        self.lines.push(bytes, |line| event.take(line, each))
    }

    fn finish<E: From<FramingError>>(
        &mut self,
        each: &mut impl FnMut(&str) -> Result<(), E>,
    ) -> Result<(), E> {
        self.push(b"\n\n", each)
    }
}

impl Event {
    fn take<E: From<FramingError>>(
        &mut self,
        line: &[u8],
        each: &mut impl FnMut(&str) -> Result<(), E>,
    ) -> Result<(), E> {
        let first = !std::mem::replace(&mut self.past_first_line, true);
        let line = if first { line.strip_prefix(BOM).unwrap_or(line) } else { line };
        if line.is_empty() {
            return self.dispatch(each);
        }
        let (field, value) = match line.iter().position(|byte| *byte == b':') {
            Some(colon) => (&line[..colon], &line[colon + 1..]),
            None => (line, &b""[..]),
        };
        if field == b"data" {
            self.add(value.strip_prefix(b" ").unwrap_or(value))?;
        }
        Ok(())
    }

    fn add(&mut self, value: &[u8]) -> Result<(), FramingError> {
        let value = std::str::from_utf8(value).map_err(|_| FramingError::NotUtf8)?;
        if self.data.len() + value.len() + 1 > EVENT_BYTES_MAX {
            return Err(FramingError::EventTooLong { max: EVENT_BYTES_MAX });
        }
        if std::mem::replace(&mut self.has_data, true) {
            self.data.push('\n');
        }
        self.data.push_str(value);
        Ok(())
    }

    fn dispatch<E>(&mut self, each: &mut impl FnMut(&str) -> Result<(), E>) -> Result<(), E> {
        if !std::mem::take(&mut self.has_data) {
            return Ok(());
        }
        let data = std::mem::take(&mut self.data);
        let done = each(&data);
        self.data = data;
        self.data.clear();
        done
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::{events_however_split, read_in};
    use super::super::{EVENT_BYTES_MAX, LINE_BYTES_MAX};
    use super::*;

    #[test]
    fn events_are_found_wherever_the_bytes_are_cut() {
        for (text, wanted) in [
            ("data: a\n\ndata: b\n\n", vec!["a", "b"]),
            ("data: a\r\n\r\ndata: b\r\n\r\n", vec!["a", "b"]),
            ("data: a\r\ndata: b\r\n\r\n", vec!["a\nb"]),
            ("data: a\rdata: b\r\r", vec!["a\nb"]),
            ("data: a\r\rdata: b\r\r", vec!["a", "b"]),
            ("data: a\r\n\rdata: b\n\r\n", vec!["a", "b"]),
            ("\u{feff}data: a\n\n\u{feff}data: b\n\n", vec!["a"]),
            ("data:a\ndata:  b\n\n", vec!["a\n b"]),
            (": keep-alive\n\ndata: a\n: note\nid: 7\nevent: x\nretry: 1\n\n", vec!["a"]),
            ("event: ping\n\ndata: a\n\n", vec!["a"]),
            ("data\n\ndata:\n\ndata: \ndata:\n\n", vec!["", "", "\n"]),
            ("data: tea ☕ é\n\n", vec!["tea ☕ é"]),
            ("data: a\n\ndata: cut off", vec!["a"]),
            ("data: a\n\ndata: cut off\n", vec!["a"]),
            ("data : a\n\ndatax: b\n\nDATA: c\n\n", vec![]),
        ] {
            assert_eq!(events_however_split(SseReader::new, text.as_bytes()), wanted, "{text:?}");
        }
    }

    #[test]
    fn what_is_too_long_or_no_text_is_refused() {
        let long = [b"data: ".as_slice(), &vec![b'x'; LINE_BYTES_MAX]].concat();
        let refused = read_in(SseReader::new(), &[&long, b"\n\n"]);
        assert_eq!(refused, Err(FramingError::LineTooLong { max: LINE_BYTES_MAX }));
        let line = [b"data: ".as_slice(), &vec![b'x'; 1_000_000], b"\n"].concat();
        let lines = vec![line.as_slice(); 9];
        let refused = read_in(SseReader::new(), &lines);
        assert_eq!(refused, Err(FramingError::EventTooLong { max: EVENT_BYTES_MAX }));
        assert_eq!(read_in(SseReader::new(), &[b"data: \xff\n\n"]), Err(FramingError::NotUtf8));
        // A comment may hold anything.
        assert_eq!(read_in(SseReader::new(), &[b": \xff\ndata: a\n\n"]), Ok(vec!["a".to_owned()]));
    }
}
